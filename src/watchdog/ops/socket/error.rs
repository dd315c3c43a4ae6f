//! Why the daemon cannot be asked, or cannot listen.

use std::path::PathBuf;

use super::refused::Refused;

/// What went wrong with the socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another daemon listens there.
    #[error("another daemon listens on {}; there is one per network and account: stop it first", crate::text::path(.0))]
    Taken(PathBuf),
    /// Longer than the system allows.
    #[error(
        "the socket's path {} has {length} bytes, the system allows {most}; set socket.path to a shorter one (its short place, $XDG_RUNTIME_DIR/trimtab or /tmp/trimtab-UID, is not this user's alone)",
        crate::text::path(path)
    )]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        length: usize,
        /// What fits.
        most: usize,
    },
    /// Something that is no socket stands there, or others could replace it.
    #[error("{} cannot be used for the socket: {reason}", crate::text::path(path))]
    Place {
        /// The path.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The connection broke, or the daemon did not answer in time.
    #[error("the daemon at {} did not answer: {reason}{}", crate::text::path(path), if *asked { "; it may have begun: look with `trimtab journal list`" } else { "" })]
    Silent {
        /// The socket.
        path: PathBuf,
        /// Why.
        reason: String,
        /// Whether the request had reached it, so that its outcome is unknown.
        asked: bool,
    },
    /// The answer cannot be read.
    #[error("the daemon's answer cannot be read: {reason}; is it of another version?{}", if *asked { " What was asked may be done: look with `trimtab journal list`" } else { "" })]
    Answer {
        /// What is wrong with it.
        reason: String,
        /// Whether something that changes was asked for, so that its outcome is unknown.
        asked: bool,
    },
    /// The daemon refused.
    #[error("the daemon refused: {}", .0.message)]
    Refused(Refused),
}

impl SocketError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Taken(_) => 9,
            Self::TooLong { .. } | Self::Place { .. } | Self::Answer { asked: false, .. } => 3,
            // What it began goes on: unknown. What it never heard was not done, and the journal is still its own.
            Self::Silent { asked: true, .. } | Self::Answer { asked: true, .. } => 7,
            Self::Silent { asked: false, .. } => 9,
            Self::Refused(refused) => refused.exit,
        }
    }
}
