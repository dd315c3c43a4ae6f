//! An intent's part in a saga.

use serde::Serialize;

use super::IntentId;

/// An intent's part in a saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SagaIntent {
    /// The saga.
    pub saga: String,
    /// The intent; after a crash between link and plan it is not in the journal, and nothing of it was done.
    pub intent: IntentId,
    /// What it is for, in the trade room's words.
    pub role: String,
}
