//! How the services misbehave on request: `PUT /venue/faults`.

use serde::{Deserialize, Serialize};

use crate::units::Millis;

/// What goes wrong; by itself nothing does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Faults {
    /// Only paths that begin so; empty means all, but for `/venue` and `/keeper`.
    pub(super) path: String,
    /// How many requests are hit; without it all.
    pub(super) times: Option<u32>,
    /// How long an answer waits.
    pub(super) latency: Millis,
    /// Answers with this status instead, such as 429, 451 or 503.
    pub(super) status: Option<u16>,
    /// And with this text; without it the envelope of the service.
    pub(super) body: Option<String>,
    /// And with this header.
    pub(super) retry_after: Option<u64>,
    /// Does what was asked for, and then breaks the connection before the first byte of the answer's content.
    pub(super) lose_answer: bool,
    /// What goes wrong in the stream of an order.
    pub(super) stream: Option<StreamFault>,
}

/// What goes wrong in the stream of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StreamFault {
    /// It ends after the order was accepted; the order goes on.
    CutAfterAccepted,
    /// It says nothing after the order was accepted; the order goes on.
    Silence,
    /// A frame that is not JSON comes before each true one.
    BrokenFrames,
    /// Every event comes twice.
    Duplicates,
    /// The outcome comes before the events that lead to it.
    Reordered,
    /// Ids of events and of the order are others'.
    WrongIds,
    /// It ends with the service's own timeout, which is no outcome.
    Timeout,
}

impl Faults {
    /// What this request suffers; counts it.
    pub(super) fn take(&mut self, path: &str) -> Option<Self> {
        let spared = path.starts_with("/venue/") || path.starts_with("/keeper/");
        if spared || !path.starts_with(&self.path) || self.times == Some(0) || *self == Self::default() {
            return None;
        }
        if let Some(times) = &mut self.times {
            *times = times.saturating_sub(1);
        }
        Some(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_path_so_often_and_never_the_controls() {
        let mut faults = Faults { path: "/core".to_owned(), times: Some(2), status: Some(503), ..Faults::default() };
        assert!(faults.take("/v2/meta").is_none());
        assert!(faults.take("/core/user-data").is_some());
        assert!(faults.take("/core/user-data").is_some());
        assert!(faults.take("/core/user-data").is_none());
        let mut all = Faults { status: Some(451), ..Faults::default() };
        assert!(all.take("/venue/faults").is_none());
        assert!(all.take("/v2/meta").is_some());
    }

    #[test]
    fn nothing_asked_for_is_nothing_done() {
        assert!(Faults::default().take("/v2/meta").is_none());
    }
}
