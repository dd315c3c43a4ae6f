//! What commands ask of a seat, one after the other: the seat is the only one that decides about its journal.

use super::{WatchedAccount, give_way::Heads, signals::SignalRunner};
use crate::watchdog::ops::{Answer, Refused, Request};

impl WatchedAccount {
    /// Does what a command asks, of what the seat does by itself.
    pub(super) async fn answer(
        &mut self,
        request: Request,
        hosted: Option<&mut SignalRunner>,
        heads: &Heads,
    ) -> Answer {
        match request {
            Request::Adopt(with) => Box::pin(self.adopt(&with, heads)).await,
            Request::Thresholds(with) => self.change_thresholds(&with, heads).await,
            Request::Signal(order) => Box::pin(self.take_signal(&order, hosted)).await,
            Request::SignalResume(with) => Box::pin(self.resume_signals(&with, hosted)).await,
            Request::Drilled(with) => self.drilled(with.figures).await,
            other => Err(Refused::new(2, format!("the daemon does not do `{}` by itself", other.name()))),
        }
    }
}
