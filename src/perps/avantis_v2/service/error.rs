//! What a service's answer can be instead of an answer.

use std::time::Duration;

/// Why a service did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VenueServiceError {
    /// Nobody answered, or the connection broke.
    #[error("{service}: no answer: {reason}")]
    Unreachable {
        /// Which service.
        service: &'static str,
        /// In the connection's words, without the address.
        reason: String,
    },
    /// Not in this country.
    #[error("{service}: it does not serve this place (451): {message}; orders can be built and sent without it")]
    Geo {
        /// Which service.
        service: &'static str,
        /// In its words.
        message: String,
    },
    /// Too many requests.
    #[error("{service}: too many requests (429){}", wait.map_or_else(String::new, |wait| format!(", to be asked again after {} s", wait.as_secs())))]
    RateLimited {
        /// Which service.
        service: &'static str,
        /// How long it wants to be left alone.
        wait: Option<Duration>,
    },
    /// It refused.
    #[error("{service}: refused ({status}): {message}")]
    Refused {
        /// Which service.
        service: &'static str,
        /// Its HTTP status, or that of its envelope.
        status: u16,
        /// In its words.
        message: String,
    },
    /// It has a fault of its own.
    #[error("{service}: fault of its own ({status}): {message}")]
    Fault {
        /// Which service.
        service: &'static str,
        /// HTTP status.
        status: u16,
        /// In its words.
        message: String,
    },
    /// Longer than any answer should be.
    #[error("{service}: the answer is longer than {most} bytes")]
    TooLarge {
        /// Which service.
        service: &'static str,
        /// Most.
        most: usize,
    },
    /// Something else than JSON.
    #[error("{service}: the answer is not JSON but begins with `{start}`")]
    NotJson {
        /// Which service.
        service: &'static str,
        /// Its first letters.
        start: String,
    },
    /// JSON that is not what it should be.
    #[error("{service}: {path}: {reason}")]
    Field {
        /// Which service.
        service: &'static str,
        /// Which field.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl VenueServiceError {
    /// Whether a request that was to change something certainly did not: only a plain refusal says so.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Geo { .. } => true,
            // 408: the service gave up waiting, perhaps for the rest of a body that it has.
            Self::Refused { status, .. } => matches!(status, 400..=407 | 409..=499),
            _ => false,
        }
    }

    /// Whether a read may be asked again soon.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::RateLimited { .. } => true,
            Self::Fault { status, .. } => matches!(status, 502..=504),
            _ => false,
        }
    }
}
