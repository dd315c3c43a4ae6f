//! The kill switch, flattening, and the record of a drill, as commands ask for them beside the daemon.

use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Seat, Seen, answer::no_key, seat::Hands, submit::watched};
use crate::{
    chain::Reader,
    journal::{DRILL_PASSED, Event, Severity, Stamp},
    perps::{Interest, PerpVenue},
    strategy::{self, GovernorState},
    trade::{FlattenReport, command_governor, flatten, load_governor, plan_flatten, stored_governor},
    units::Millis,
    watchdog::ops::{Answer, Refused},
};

impl Seat {
    /// Pauses or resumes: the state in this seat's journal, or that of practice in it.
    pub(super) async fn govern(&self, command: strategy::Command, paper: bool) -> Answer {
        let state = self.governor(paper).await?;
        let sender = self.sender().ok_or_else(no_key)?;
        let stamp = self.now().await?;
        let after = command_governor(sender.journal(), paper, &state, command, stamp).map_err(refused)?;
        tracing::warn!(account = %self.account, ?command, paper, was_paused = state.paused, "governor");
        Ok(json!({ "governor": after, "was_paused": state.paused }))
    }

    /// Opens nothing from now on and closes everything that the journal has open, or also what it did not place. A trim
    /// goes before it.
    pub(super) async fn flatten(&mut self, include_existing: bool, sees: &watch::Receiver<Option<Seen>>) -> Answer {
        let office = self.office.clone();
        office.sends()?;
        let Some(venue) = office.venue.clone() else {
            return Err(Refused::new(3, "the daemon knows no perp venue here, so it cannot close everything"));
        };
        let desk = office.desk(self.account, venue).ok_or_else(not_trading)?;
        self.govern(strategy::Command::Flatten, false).await?;
        self.memory.expect_change();
        let lookout = self.lookout(sees)?;
        let Hands::Sender(sender) = &mut self.hands else { return Err(no_key()) };
        let interrupt = sender.interrupt();
        let plan = plan_flatten(&desk, Some(sender.journal().reader()), include_existing).await.map_err(refused)?;
        let closing =
            Box::pin(flatten(&desk, sender, &plan.legs, office.order_patience(), |done| tracing::warn!("{done}")));
        let closed = watched(closing, lookout).await;
        interrupt.lower();
        Ok(json!(FlattenReport { closed, stays: plan.left }))
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
        Ok(json!({ "recorded": true }))
    }

    /// The governor's state, begun from what the account is worth when there is none yet.
    async fn governor(&self, paper: bool) -> Result<GovernorState, Refused> {
        let reader = self.journal_reader().ok_or_else(no_key)?;
        if let Some(state) = stored_governor(reader, paper).map_err(refused)? {
            return Ok(state);
        }
        let desk = self.office.desk(self.account, ()).ok_or_else(not_trading)?;
        // A venue that does not answer must not keep anybody from pausing.
        let perps = match &self.office.venue {
            Some(venue) => venue.snapshot(self.account, &Interest::default()).await.ok(),
            None => None,
        };
        load_governor(&desk, Some(reader), perps.as_ref(), paper).await.map_err(refused)
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
