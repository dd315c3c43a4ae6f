//! A trim goes before whatever is in less haste: what a command wants, a signal's trade, a perp.

use std::future::Future;

use tokio::sync::watch;

use super::{HeadSnapshot, WatchedAccount, account::SignerAccess};
use crate::{send::Interrupt, watchdog::ops::Refused};

/// What is seen of the chain: the newest head that was read.
pub(super) type Heads = watch::Receiver<Option<HeadSnapshot>>;

/// Looks at newer heads while something of less haste is under way.
#[derive(Debug)]
pub(super) struct Lookout {
    probe: WatchedAccount,
    /// Of its own: what it sees is still to be acted upon.
    heads: Heads,
    interrupt: Interrupt,
}

impl WatchedAccount {
    /// A lookout on what comes after what this seat has seen; the refusal is that it has no sender to be called away.
    pub(super) fn lookout(&self, heads: &Heads) -> Result<Lookout, Refused> {
        let SignerAccess::Sender(sender) = &self.hands else { return Err(super::no_key::no_key()) };
        let mut probe = Self::new(self.office.clone(), self.account, SignerAccess::Beside(sender.shared_journal()));
        probe.memory = self.memory.clone();
        probe.acted_in = self.acted_in;
        Ok(Lookout { probe, heads: heads.clone(), interrupt: sender.interrupt() })
    }
}

impl Lookout {
    /// Does the work; when a trim is due the sender stops following what protects nothing, and the work goes on to its end.
    /// For work that waits for nobody but the chain, which a trim needs as well.
    pub(super) async fn beside<T>(self, work: impl Future<Output = T>) -> T {
        let interrupt = self.interrupt.clone();
        tokio::pin!(work);
        let done = tokio::select! {
            biased;
            done = &mut work => done,
            () = self.calls_away() => work.await,
        };
        interrupt.lower();
        done
    }

    /// The same for what lowers risk itself: it is called away only once it is signed, when the trim can take its place. A
    /// trim that is due and cannot be done does not keep anybody from helping.
    pub(super) async fn beside_help<T>(self, work: impl Future<Output = T>) -> T {
        let interrupt = self.interrupt.clone();
        tokio::pin!(work);
        let signed = async {
            interrupt.busy().await;
            self.calls_away().await;
        };
        let done = tokio::select! {
            biased;
            done = &mut work => done,
            () = signed => work.await,
        };
        interrupt.lower();
        done
    }

    /// Does the work until a trim is due, then drops it where it stands; `None` when it was dropped. What the sender has
    /// begun to follow is left to the sender, which leaves it within a poll. For work that waits for others: for the perp
    /// venue's prices and its keeper. All of it must bear to be dropped at any wait, as it bears `kill -9`.
    pub(super) async fn instead<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let interrupt = self.interrupt.clone();
        tokio::pin!(work);
        let done = tokio::select! {
            biased;
            done = &mut work => Some(done),
            () = self.calls_away() => tokio::select! {
                biased;
                done = &mut work => Some(done),
                () = interrupt.idle() => None,
            },
        };
        interrupt.lower();
        done
    }

    /// Ends when a head calls for a trim and the sender is called away.
    async fn calls_away(mut self) {
        self.until_due().await;
        tracing::warn!(account = %self.probe.account(), "a trim is due: what is under way gives way");
        self.interrupt.raise();
    }

    async fn until_due(&mut self) {
        loop {
            // Nobody reads heads any more: the watch is ending.
            let Ok(()) = self.heads.changed().await else { return std::future::pending().await };
            let seen = self.heads.borrow_and_update().clone();
            if seen.is_some_and(|seen| self.probe.is_pressed(&seen)) {
                return;
            }
        }
    }
}
