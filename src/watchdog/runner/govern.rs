//! The kill switch, and the record of a drill, as commands ask for them beside the daemon.

use std::time::Duration;

use alloy::primitives::Address;
use serde_json::Value;
use tokio::time::timeout;

use super::{WatchContext, WatchedAccount, no_key::no_key};
use crate::{
    chain::Reader,
    journal::{DRILL_PASSED, Event, JournalReader, Severity, Stamp},
    perps::Interest,
    strategy::{Command, GovernorState},
    trade::{command_governor, load_governor, stored_governor},
    units::Millis,
    watchdog::ops::{Answer, Governed, Recorded, Refused, Reply},
};

/// How long the perp venue may take to say what an account's perps are worth; without its word they count for nothing.
const WORTH_DEADLINE: Duration = Duration::from_secs(5);

/// The governor's state as stored, or as it begins from what the account is worth when there is none yet. It may wait for
/// the perp venue: nothing for a seat to do.
pub(super) async fn fresh_governor(
    office: &WatchContext,
    account: Address,
    reader: &JournalReader,
    paper: bool,
) -> Result<GovernorState, Refused> {
    if let Some(state) = stored_governor(reader, paper).map_err(refused)? {
        return Ok(state);
    }
    let desk = office.desk(account, None).ok_or_else(not_trading)?;
    // A venue that does not answer must not keep anybody from pausing.
    let perps = match &office.venue {
        Some(venue) => {
            let interest = Interest::default();
            let snapshot = timeout(WORTH_DEADLINE, Box::pin(venue.snapshot(account, &interest))).await;
            snapshot.ok().and_then(Result::ok)
        }
        None => None,
    };
    load_governor(&desk, Some(reader), perps.as_ref(), paper).await.map_err(refused)
}

impl WatchedAccount {
    /// Pauses or resumes: the state in this seat's journal, or that of practice in it; `fresh` where there is none yet. Done
    /// by the seat, so that no signal that it trades writes an older state over it.
    pub(super) async fn govern(&self, command: Command, paper: bool, fresh: GovernorState) -> Answer {
        let sender = self.sender().ok_or_else(no_key)?;
        let stamp = self.now().await?;
        let stored = stored_governor(sender.journal().reader(), paper).map_err(refused)?;
        let state = stored.unwrap_or(fresh);
        let after = command_governor(sender.journal(), paper, &state, command, stamp).map_err(refused)?;
        tracing::warn!(account = %self.account, ?command, paper, was_paused = state.paused, "governor");
        Ok(Reply::Governed(Governed { governor: after, was_paused: state.paused }))
    }

    /// Writes down that a drill has passed on this network.
    pub(super) async fn drilled(&self, figures: Value) -> Answer {
        let sender = self.sender().ok_or_else(no_key)?;
        let event = Event {
            severity: Severity::Info,
            kind: DRILL_PASSED.to_owned(),
            reason: format!("a drill has passed on {}", self.office.network),
            figures,
            intent: None,
            position: None,
            saga: None,
            at: self.now().await?,
        };
        sender.journal().append_event(&event).map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        Ok(Reply::Recorded(Recorded { recorded: true }))
    }

    pub(super) async fn now(&self) -> Result<Stamp, Refused> {
        let head = Reader::head(&self.office.endpoints).await;
        let head = head.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        Ok(Stamp { block_time: head.timestamp, wall: Millis(self.office.clock.wall_millis()) })
    }
}

pub(super) fn not_trading() -> Refused {
    Refused::new(3, "this daemon was started without settings for trades")
}

fn refused(error: crate::trade::TradeError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}
