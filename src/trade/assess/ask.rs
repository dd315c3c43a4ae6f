//! What an assessment is asked, and what it is made from.

use crate::{
    strategy::{GovernorState, Signal},
    trade::{OpenTrades, TradeContext},
};

/// What the user allows beyond the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssessOptions {
    /// Lower leverage to what fits instead of refusing.
    pub cap: bool,
    /// Act on a loop that the journal did not open.
    pub include_existing: bool,
    /// Trade the naive table live.
    pub forced: bool,
    /// No transactions will be sent: the account's own money is not asked for.
    pub paper: bool,
}

/// Everything an assessment is made from.
pub(super) struct Ask<'a> {
    pub(super) desk: &'a TradeContext,
    pub(super) signal: &'a Signal,
    pub(super) governor: &'a GovernorState,
    pub(super) open: &'a OpenTrades,
    pub(super) options: &'a AssessOptions,
}
