//! From a signal to everything its trade would be; nothing is sent.

mod assessment;

use crate::{
    perps::PerpVenue,
    strategy::{GovernorState, Signal},
};

use super::{Desk, OpenTrades, TradeError};
pub use assessment::{Assessment, CapitalNeeded, Cost, OpenNotional};

/// What the user allows beyond the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssessOptions {
    /// Lower leverage to what fits instead of refusing.
    pub cap: bool,
    /// Act on a loop that the journal did not open.
    pub include_existing: bool,
    /// Trade the naive table live.
    pub forced: bool,
    /// No transactions will be sent.
    pub paper: bool,
}

/// Assesses a signal on the newest state. Its age is not looked at here: a signal that was taken in time is still assessed
/// again between the steps of its trade ([`Signal::check_age`] is for taking it).
pub async fn assess<V: PerpVenue>(
    desk: &Desk<V>,
    signal: &Signal,
    governor: &GovernorState,
    open: &OpenTrades,
    options: &AssessOptions,
) -> Result<Assessment, TradeError> {
    let _ = (desk, signal, governor, open, options);
    Err(TradeError::GovernorState("being written".to_owned()))
}
