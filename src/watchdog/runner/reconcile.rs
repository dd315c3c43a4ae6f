//! `journal reconcile` for a command: the seat asks the chain what became of everything, and settles it.

use serde_json::json;
use tokio::sync::watch;

use super::{Seat, Seen, answer::no_key, seat::Hands, submit::watched};
use crate::{
    actions::{ReconcileError, Reconciled, settle_at_venue, settle_included},
    send::{SendError, reconcile},
    watchdog::ops::{Answer, ReconcileAnswer, ReconcileWith, Refused},
};

impl Seat {
    /// Sends one intent again or takes it back where the command says so; otherwise looks everything up.
    pub(super) async fn reconcile(&mut self, with: &ReconcileWith, sees: &watch::Receiver<Option<Seen>>) -> Answer {
        let office = self.office.clone();
        let mut done = Reconciled::default();
        let mut ending = None;
        self.memory.expect_change();
        if let Some(id) = with.resend.or(with.take_back) {
            office.sends()?;
            let lookout = self.lookout(sees)?;
            let Hands::Sender(sender) = &mut self.hands else { return Err(no_key()) };
            let interrupt = sender.interrupt();
            let sending =
                async { if with.resend.is_some() { sender.resend(id).await } else { sender.take_back(id).await } };
            let outcome = watched(Box::pin(sending), lookout).await;
            interrupt.lower();
            ending = Some((office.words)(&outcome.map_err(unsent)?));
        } else {
            let journal = self.sender().ok_or_else(no_key)?.journal();
            done.findings = Box::pin(reconcile(journal, &office.endpoints, &*office.clock)).await.map_err(unsent)?;
        }
        let journal = self.sender().ok_or_else(no_key)?.journal();
        let (endpoints, clock) = (&office.endpoints, &*office.clock);
        if Box::pin(settle_included(journal, endpoints, clock, &mut done)).await.map_err(refused)? {
            let no_venue = || Refused::new(3, "the daemon knows no perp venue here: its orders stay open");
            let venue = office.venue.as_ref().ok_or_else(no_venue)?;
            Box::pin(settle_at_venue(journal, endpoints, venue, clock, &mut done)).await.map_err(refused)?;
        }
        Ok(json!(ReconcileAnswer { ending, reconciled: done }))
    }
}

fn unsent(error: SendError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}

fn refused(error: ReconcileError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}
