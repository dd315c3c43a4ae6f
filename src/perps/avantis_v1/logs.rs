//! The venue's events, in ranges that every endpoint answers.

use alloy::{
    primitives::{Address, B256},
    rpc::types::Filter,
};

use crate::chain::{Endpoints, LocatedLog, ReadError};

/// Blocks asked for at a time; public endpoints refuse much more.
const RANGE: u64 = 2_000;

/// What is looked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) emitters: Vec<Address>,
    /// First topics.
    pub(super) events: Vec<B256>,
}

/// The first event in `from ..= to` of which `pick` makes something.
pub(super) async fn first<T>(
    endpoints: &Endpoints,
    wanted: &Wanted,
    (from, to): (u64, u64),
    mut pick: impl FnMut(&LocatedLog) -> Option<T>,
) -> Result<Option<(T, LocatedLog)>, ReadError> {
    let mut start = from;
    while start <= to {
        let end = to.min(start.saturating_add(RANGE - 1));
        let filter = Filter::new()
            .address(wanted.emitters.clone())
            .event_signature(wanted.events.clone())
            .from_block(start)
            .to_block(end);
        for log in endpoints.logs(&filter).await? {
            if let Some(found) = pick(&log) {
                return Ok(Some((found, log)));
            }
        }
        start = end.saturating_add(1);
    }
    Ok(None)
}
