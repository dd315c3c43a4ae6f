//! What commands ask of a seat, one after the other: the seat is the only one that writes its journal.

use tokio::sync::watch;

use super::{Seat, Seen, hosting::Hosted};
use crate::{
    strategy::Command,
    watchdog::ops::{Answer, Refused, Request},
};

impl Seat {
    /// Does what a command asks. While something is sent for it, a newer head that calls for a trim goes first.
    pub(super) async fn answer(
        &mut self,
        request: Request,
        hosted: &mut Option<Hosted>,
        sees: &watch::Receiver<Option<Seen>>,
    ) -> Answer {
        match request {
            Request::Submit(plan) => Box::pin(self.submit(*plan, sees)).await,
            Request::Adopt(with) => Box::pin(self.adopt(&with, sees)).await,
            Request::Thresholds(with) => self.change_thresholds(&with).await,
            Request::Pause(with) => self.govern(Command::Pause, with.paper).await,
            Request::Resume(with) => self.govern(Command::Resume, with.paper).await,
            Request::Flatten(with) => Box::pin(self.flatten(with.include_existing, sees)).await,
            Request::Signal(order) => Box::pin(self.take_signal(&order, hosted.as_mut(), sees)).await,
            Request::SignalResume(with) => Box::pin(self.resume_signals(&with, hosted.as_mut(), sees)).await,
            Request::Reconcile(with) => Box::pin(self.reconcile(&with, sees)).await,
            Request::Drilled(with) => self.drilled(with.figures).await,
            other => Err(Refused::new(2, format!("the daemon does not do `{}` by itself", other.name()))),
        }
    }
}

/// The seat only looks on.
pub(super) fn no_key() -> Refused {
    Refused::new(4, "the daemon has no key for this account")
}
