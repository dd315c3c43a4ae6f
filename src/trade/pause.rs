//! What a pause refuses: every action that adds risk, whoever wants it and however it is sent.

use super::{TradeError, stored_governor};
use crate::{
    actions::{PlanKind, UnknownKind, added_risk},
    journal::{IntentId, IntentState, JournalReader, PerpSide},
    perps::{Change, PerpRequest, PerpSubject, PriceE10},
    plan::Plan,
};

/// Why an action is not carried out while its account is paused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PauseError {
    /// It adds risk.
    #[error(
        "paused: this {0}, and nothing that adds risk is done until `trimtab resume`; lowering risk is always allowed"
    )]
    Paused(&'static str),
    /// Nobody can tell what it does.
    #[error(transparent)]
    Unknown(#[from] UnknownKind),
    /// The governor's state cannot be read, so nobody knows whether the account is paused.
    #[error(transparent)]
    State(Box<TradeError>),
}

impl From<TradeError> for PauseError {
    fn from(error: TradeError) -> Self {
        Self::State(Box::new(error))
    }
}

impl PauseError {
    /// The process's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Paused(_) | Self::Unknown(_) => 4,
            Self::State(error) => error.exit_code(),
        }
    }
}

/// Whether the account of this journal is paused; practice has a switch of its own.
pub fn is_paused(reader: &JournalReader) -> Result<bool, TradeError> {
    Ok(stored_governor(reader, false)?.is_some_and(|state| state.paused))
}

/// Refuses an action that adds risk while the account is paused. What lowers risk passes, even if the state cannot be read.
pub fn refuse_while_paused(reader: &JournalReader, plan: &Plan) -> Result<(), PauseError> {
    let kind = PlanKind::of(plan)?;
    let loosens = || matches!(&kind, PlanKind::Perp(subject) if is_looser(reader, subject));
    let what = added_risk(plan, &kind).or_else(|| loosens().then_some("moves the stop of a perp further away"));
    let Some(what) = what else { return Ok(()) };
    if is_paused(reader)? { Err(PauseError::Paused(what)) } else { Ok(()) }
}

/// The same of an action that was planned before and whose signed bytes are to be sent again.
pub fn refuse_again_while_paused(reader: &JournalReader, intent: IntentId) -> Result<(), PauseError> {
    let intent = reader.intent(intent).map_err(TradeError::from)?;
    let is_open = matches!(intent.state, IntentState::Signed | IntentState::Sent | IntentState::Unknown);
    // What waits for nothing, and what is no plan, is for whoever sends it to refuse.
    match serde_json::from_value(intent.plan) {
        Ok(plan) if is_open => refuse_while_paused(reader, &plan),
        _ => Ok(()),
    }
}

/// Whether a stop is moved away from the market, by the journal's knowledge of the position; of what it does not know
/// nobody can say.
fn is_looser(reader: &JournalReader, subject: &PerpSubject) -> bool {
    let PerpRequest::Levels { position, stop: Change::To(level), .. } = &subject.perp else { return false };
    let Ok(Some(perp)) = reader.open_perp_at(&subject.venue, position.as_str()) else { return false };
    let is_long = perp.entry.side == PerpSide::Long;
    let stop = level.price(PriceE10(perp.entry.entry_price), !is_long);
    let before = perp.terms.stop;
    let is_further = |stop: PriceE10| if is_long { stop.0 < before } else { stop.0 > before };
    !before.is_zero() && stop.is_none_or(is_further)
}
