//! What a pause refuses: every action that adds risk, whoever wants it and however it is sent.

use super::{TradeError, stored_governor};
use crate::{
    actions::{PlanKind, UnknownKind, added_risk},
    journal::JournalReader,
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
    /// The process's exit code (DESIGN.md §3).
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
    let Some(what) = added_risk(plan, &PlanKind::of(plan)?) else { return Ok(()) };
    if is_paused(reader)? { Err(PauseError::Paused(what)) } else { Ok(()) }
}
