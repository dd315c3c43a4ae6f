//! `journal reconcile` for a command: the seat asks the chain what became of everything, and settles it; what is at the perp
//! venue is then looked up without the seat.

use std::sync::Arc;

use super::{WatchContext, WatchedAccount, account::SignerAccess, give_way::Heads, no_key::no_key};
use crate::{
    actions::{ReconcileError, Reconciled, settle_at_venue, settle_included},
    journal::Journal,
    send::{SendError, reconcile},
    trade::{PauseError, refuse_again_while_paused},
    watchdog::ops::{Answer, ReconcileAnswer, ReconcileWith, Refused, Reply},
};

/// What a seat has found, and what the venue has still to be asked.
#[derive(Debug)]
pub(super) struct Half {
    ending: Option<String>,
    done: Reconciled,
    needs_venue: bool,
    /// Why not everything that needs no venue is settled.
    failed: Option<Refused>,
    journal: Arc<Journal>,
}

impl WatchedAccount {
    /// Sends one intent again or takes it back where the command says so; otherwise looks everything up.
    pub(super) async fn reconcile(&mut self, with: &ReconcileWith, heads: &Heads) -> Result<Half, Refused> {
        let office = self.office.clone();
        let mut done = Reconciled::default();
        let mut ending = None;
        self.memory.expect_change();
        if let Some(id) = with.resend.or(with.take_back) {
            office.sends()?;
            if with.resend.is_some() {
                let reader = self.journal_reader().ok_or_else(no_key)?;
                let refused = |error: PauseError| Refused::new(error.exit_code(), error.to_string());
                refuse_again_while_paused(reader, id).map_err(refused)?;
            }
            let lookout = self.lookout(heads)?;
            let SignerAccess::Sender(sender) = &mut self.hands else { return Err(no_key()) };
            let sending =
                async { if with.resend.is_some() { sender.resend(id).await } else { sender.take_back(id).await } };
            let outcome = lookout.beside(Box::pin(sending)).await;
            ending = Some((office.words)(&outcome.map_err(unsent)?));
        } else {
            let journal = self.sender().ok_or_else(no_key)?.journal();
            done.findings = Box::pin(reconcile(journal, &office.endpoints, &*office.clock)).await.map_err(unsent)?;
        }
        let journal = self.sender().ok_or_else(no_key)?.shared_journal();
        let settled = settle_included(&journal, &office.endpoints, &*office.clock, &mut done);
        let (needs_venue, failed) = match Box::pin(settled).await {
            Ok(needs_venue) => (needs_venue, None),
            // Loops that cannot be settled are no reason to leave the perps.
            Err(error) => (true, Some(refused(error))),
        };
        Ok(Half { ending, done, needs_venue, failed, journal })
    }
}

impl Half {
    /// The other half.
    pub(super) async fn at_venue(self, office: &WatchContext) -> Answer {
        let Self { ending, mut done, needs_venue, failed, journal } = self;
        let at_venue = match (&office.venue, needs_venue) {
            (_, false) => None,
            (None, true) => Some(Refused::new(3, "the daemon knows no perp venue here: its orders stay open")),
            (Some(venue), true) => {
                let (endpoints, clock) = (&office.endpoints, &*office.clock);
                let settled = settle_at_venue(&journal, endpoints, &**venue, clock, &mut done);
                Box::pin(settled).await.err().map(refused)
            }
        };
        Ok(Reply::Reconciled(Box::new(ReconcileAnswer { ending, reconciled: done, failed: failed.or(at_venue) })))
    }
}

fn unsent(error: SendError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}

fn refused(error: ReconcileError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}
