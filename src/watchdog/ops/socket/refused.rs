//! Why the daemon did not do it.

use serde::{Deserialize, Serialize};

/// Why the daemon did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What the command's exit code becomes.
    pub exit: u8,
    /// Why, in words with the figures.
    pub message: String,
}

impl Refused {
    /// A refusal.
    #[must_use]
    pub fn new(exit: u8, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}
