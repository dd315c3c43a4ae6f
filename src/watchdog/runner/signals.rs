//! Signals traded by the seat that owns the sender, between two heads: those of the daemon's file, and those that commands
//! hand over.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{WatchedAccount, account::SignerAccess, no_key::no_key};
use crate::{
    journal::Severity,
    trade::{
        TradeContext,
        saga::{Executor, Host, Notice, SignalOrder},
    },
    watchdog::ops::{Alert, Answer, Refused, Reply, SignalResumeWith, SignalTaken, SignalsResumed},
};

/// Time between two rounds.
const PAUSE: Duration = Duration::from_millis(500);

/// A host and when it is due.
#[derive(Debug)]
pub(super) struct SignalRunner {
    host: Host,
    next: Instant,
    /// The last round's failure, so that it is told once.
    failed: Option<String>,
}

impl SignalRunner {
    pub(super) fn new(host: Host) -> Self {
        Self { host, next: Instant::now(), failed: None }
    }

    /// The next round is due after the pause, whatever this one came to.
    pub(super) fn rest(&mut self) {
        self.next = Instant::now() + PAUSE;
    }

    /// When the next round is due; never, without signals.
    pub(super) async fn due(hosted: &Option<Self>) {
        match hosted {
            Some(hosted) => sleep_until(hosted.next).await,
            None => std::future::pending().await,
        }
    }
}

impl WatchedAccount {
    /// One round: new lines are taken, open trades go on as far as they go. It may be dropped at any wait, when a trim is due:
    /// the next round goes on.
    pub(super) async fn host(&mut self, hosted: &mut SignalRunner) {
        let result = self.round(hosted).await;
        hosted.rest();
        match result {
            Ok(notices) => {
                hosted.failed = None;
                notices.iter().for_each(|notice| self.tell_notice(notice));
            }
            Err(reason) => {
                if hosted.failed.as_ref() != Some(&reason) {
                    tracing::error!(account = %self.account, "signals: {reason}");
                }
                let alert = Alert::new(Severity::Alert, "signals-failed", "signals", reason.clone());
                self.office.alerts.raise(alert.of(self.account));
                hosted.failed = Some(reason);
            }
        }
    }

    async fn round(&mut self, hosted: &mut SignalRunner) -> Result<Vec<Notice>, String> {
        let mut notices = Vec::new();
        if !self.office.shadow {
            let desk = self.trading()?;
            let SignerAccess::Sender(sender) = &mut self.hands else { return Err("no key".to_owned()) };
            let live = Box::pin(hosted.host.round(&desk, &mut Executor::Live(sender))).await;
            notices.extend(live.map_err(|error| error.to_string())?);
        }
        notices.extend(self.practise(hosted).await?);
        Ok(notices)
    }

    /// Practice goes on with what it has open: it signs nothing, so nothing has to call it away.
    async fn practise(&self, hosted: &mut SignalRunner) -> Result<Vec<Notice>, String> {
        let journal = self.sender().ok_or("no key")?.journal();
        let open = journal.reader().open_sagas().map_err(|error| error.to_string())?;
        if open.iter().all(|saga| !saga.paper) {
            return Ok(Vec::new());
        }
        let desk = self.trading()?;
        let round = Box::pin(hosted.host.go_on(&desk, &mut Executor::Paper(journal))).await;
        round.map_err(|error| error.to_string())
    }

    fn trading(&self) -> Result<TradeContext, String> {
        let venue = self.office.venue.clone().ok_or("the daemon knows no perp venue here")?;
        self.office.desk(self.account, Some(venue)).ok_or_else(|| "the daemon has no settings for trades".to_owned())
    }

    /// Takes a signal that a command hands over, as one of the daemon's file: what is open goes first, and from then on
    /// every round goes on with it.
    pub(super) async fn take_signal(&mut self, order: &SignalOrder, hosted: Option<&mut SignalRunner>) -> Answer {
        if !order.paper {
            self.office.sends()?;
        }
        let hosted =
            hosted.ok_or_else(|| Refused::new(3, "the daemon knows no perp venue here: it trades no signals"))?;
        Box::pin(self.host(hosted)).await;
        let desk = self.trading().map_err(|reason| Refused::new(3, reason))?;
        let SignerAccess::Sender(sender) = &mut self.hands else { return Err(no_key()) };
        // Nothing is signed yet: what is taken is a row of the journal.
        let hand = if order.paper { Executor::Paper(sender.journal()) } else { Executor::Live(sender) };
        let accepted = Box::pin(hosted.host.accept(&desk, &hand, order)).await;
        let assessment = accepted.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        hosted.next = Instant::now();
        let taken = assessment.signal.id.clone();
        self.tell_notice(&Notice::Taken { id: taken.clone() });
        let words = self.office.trade.as_ref().map_or_else(String::new, |trade| {
            (trade.words)(&assessment, &self.office.network, &order.strategy.collateral)
        });
        Ok(Reply::SignalTaken(SignalTaken { taken, words }))
    }

    /// One round at once, with other settings where the command brings some.
    pub(super) async fn resume_signals(
        &mut self,
        with: &SignalResumeWith,
        hosted: Option<&mut SignalRunner>,
    ) -> Answer {
        if !with.paper {
            self.office.sends()?;
        }
        let hosted =
            hosted.ok_or_else(|| Refused::new(3, "the daemon knows no perp venue here: it trades no signals"))?;
        if let Some(strategy) = &with.strategy {
            let SignerAccess::Sender(sender) = &mut self.hands else { return Err(no_key()) };
            let hand = if with.paper { Executor::Paper(sender.journal()) } else { Executor::Live(sender) };
            let resettled = hosted.host.resettle(&hand, strategy);
            resettled.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        }
        Box::pin(self.host(hosted)).await;
        match &hosted.failed {
            Some(reason) => Err(Refused::new(6, reason.clone())),
            None => Ok(Reply::SignalsResumed(SignalsResumed { resumed: true })),
        }
    }

    fn tell_notice(&mut self, notice: &Notice) {
        let account = self.account;
        let (severity, kind, text) = match notice {
            Notice::Taken { id } => {
                // The loop is about to change by our own hand.
                self.memory.expect_change();
                (Severity::Info, "signal-taken", format!("signal {id} taken"))
            }
            Notice::Skipped { reason, .. } => (Severity::Warning, "signal-skipped", format!("skipped: {reason}")),
            Notice::Over(report) => {
                self.memory.expect_change();
                (Severity::Info, "signal-over", report.words())
            }
            Notice::Stuck { id, error } => (Severity::Alert, "signal-stuck", format!("signal {id}: {error}")),
            Notice::Overdue { id, reason } => (Severity::Alert, "signal-overdue", format!("signal {id}: {reason}")),
            Notice::Waits { id, wait, .. } => {
                tracing::debug!(%account, signal = %id, "{}", wait.words());
                return;
            }
        };
        self.office.alerts.raise(Alert::new(severity, kind, "signals", text).of(account));
    }
}
