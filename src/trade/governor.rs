//! The governor's state in the journal: loaded, started from what the account has, commanded.

use rust_decimal::Decimal;

use super::{OpenTrades, TradeContext, TradeError, assess::state::LoopState};
use crate::{
    journal::{Event, Journal, JournalReader, Severity, Stamp},
    perps::{OrderKind, Usdc, VenueSnapshot},
    strategy::{Command, GovernorState},
    units::{Secs, to_decimal},
};

/// The state as the journal has it; `None` before it was ever written. Practice has one of its own.
pub fn stored_governor(reader: &JournalReader, paper: bool) -> Result<Option<GovernorState>, TradeError> {
    let state = reader.governor_state(paper)?;
    let read = |state| serde_json::from_value(state).map_err(|error| TradeError::GovernorState(error.to_string()));
    state.map(read).transpose()
}

/// Writes the state.
pub fn store_governor(journal: &Journal, paper: bool, state: &GovernorState, stamp: Stamp) -> Result<(), TradeError> {
    let body = serde_json::to_value(state).map_err(|error| TradeError::GovernorState(error.to_string()))?;
    Ok(journal.set_governor_state(paper, &body, stamp)?)
}

/// The stored state, or a fresh one from the account's equity. Practice begins with the equity of the real account.
pub async fn load_governor(
    desk: &TradeContext,
    reader: Option<&JournalReader>,
    perps: Option<&VenueSnapshot>,
    paper: bool,
) -> Result<GovernorState, TradeError> {
    let stored = match reader {
        Some(reader) => stored_governor(reader, paper)?,
        None => None,
    };
    if let Some(state) = stored {
        return Ok(state);
    }
    let now = Secs(desk.clock.wall_millis() / 1_000);
    Ok(GovernorState::new(account_equity(desk, perps).await?, now))
}

/// What the account is worth, US dollars: its equity at Aave, free USDC, and what its perps would pay out now
/// (our reading of strategy.md §9). Perps that cannot be read count for nothing.
pub async fn account_equity(desk: &TradeContext, perps: Option<&VenueSnapshot>) -> Result<Decimal, TradeError> {
    let loop_ = LoopState::read(desk, &OpenTrades::default(), false, false).await?;
    let in_loop = loop_.equity;
    let value = |value: Usdc| to_decimal(value.0, Usdc::DECIMALS).unwrap_or_default();
    let in_perps = perps.map_or(Decimal::ZERO, |venue| {
        let pending = venue.pending.iter().filter(|order| order.kind != OrderKind::Close);
        let open = venue.positions.iter().map(|position| value(position.value));
        let waiting =
            pending.map(|order| value(order.amount)).chain(venue.limits.iter().map(|limit| value(limit.margin)));
        open.chain(waiting).fold(Decimal::ZERO, Decimal::saturating_add)
    });
    Ok(in_loop.saturating_add(loop_.usdc()?).saturating_add(in_perps))
}

/// Uses the kill switch: the state first, then the event that says so. Takes effect with the next question to the governor,
/// in whichever process.
pub fn command_governor(
    journal: &Journal,
    paper: bool,
    state: &GovernorState,
    command: Command,
    stamp: Stamp,
) -> Result<GovernorState, TradeError> {
    let after = state.commanded(command);
    store_governor(journal, paper, &after, stamp)?;
    let (kind, reason) = match command {
        Command::Pause => ("paused", "nothing is opened and no risk is added until `trimtab resume`"),
        Command::Resume => ("resumed", "opening and adding risk is allowed again"),
        Command::Flatten => ("flattening", "nothing is opened, no risk is added, and everything is closed"),
    };
    journal.append_event(&Event {
        severity: Severity::Warning,
        kind: kind.to_owned(),
        reason: reason.to_owned(),
        figures: serde_json::json!({ "paper": paper, "was_paused": state.paused }),
        intent: None,
        position: None,
        saga: None,
        at: stamp,
    })?;
    Ok(after)
}
