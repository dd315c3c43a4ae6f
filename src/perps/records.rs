//! What the journal keeps of orders and positions.

use serde::{Deserialize, Serialize};

use super::{ExecuteError, Fill, OrderHandle, PerpSubject};
use crate::{
    chain::{BlockRef, Clock, Reader},
    journal::Stamp,
    plan::Plan,
    units::Millis,
};

/// What the journal keeps with an order: enough to follow it after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// What is followed.
    pub handle: OrderHandle,
    /// What it was placed for.
    pub subject: PerpSubject,
}

/// What the journal keeps with a position: what was ordered, and the fill that opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedRecord {
    /// What was ordered.
    pub subject: PerpSubject,
    /// The fill; the position's end is after its block.
    pub fill: Fill,
}

/// The perp action that a plan is.
pub(super) fn subject_of(plan: &Plan) -> Result<PerpSubject, ExecuteError> {
    plan.subject.read_perp().map_err(ExecuteError::Subject)
}

/// The newest block, and the times of a journal entry made now.
pub(super) async fn now<R: Reader>(reader: &R, clock: &dyn Clock) -> Result<(BlockRef, Stamp), ExecuteError> {
    let head = reader.head().await?;
    Ok((head, Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) }))
}
