//! What was read at a head.

use std::{sync::Arc, time::Duration};

use crate::{aave::ReserveList, loops::Observation};

/// What was read at a head, and when the head was first seen by the monotonic clock.
#[derive(Debug, Clone)]
pub struct HeadSnapshot {
    /// The reading.
    pub observation: Arc<Observation>,
    /// When its head came.
    pub first_seen: Duration,
    /// Aave's reserves.
    pub list: Arc<ReserveList>,
}
