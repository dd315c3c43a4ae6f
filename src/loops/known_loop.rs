//! A loop that the journal knows.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{config::Thresholds, journal::LoopPosition};

/// A loop of the journal with its thresholds read.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KnownLoop {
    /// As recorded.
    pub position: LoopPosition,
    /// Its thresholds; `None` where the journal's make no sense.
    #[serde(skip)]
    pub thresholds: Option<Thresholds>,
}
