//! Signals traded by the seat that owns the sender, between two heads.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Seat, Seen, seat::Hands, submit::watched};
use crate::{
    journal::Severity,
    trade::saga::{Hand, Host, Notice},
    watchdog::ops::Alert,
};

/// Time between two rounds.
const PAUSE: Duration = Duration::from_millis(500);

/// A host and when it is due.
#[derive(Debug)]
pub(super) struct Hosted {
    host: Host,
    next: Instant,
    /// The last round's failure, so that it is told once.
    failed: Option<String>,
}

impl Hosted {
    pub(super) fn new(host: Host) -> Self {
        Self { host, next: Instant::now(), failed: None }
    }

    /// When the next round is due; never, without signals.
    pub(super) async fn due(hosted: &Option<Self>) {
        match hosted {
            Some(hosted) => sleep_until(hosted.next).await,
            None => std::future::pending().await,
        }
    }
}

impl Seat {
    /// One round: new lines are taken, open trades go on as far as they go. A head that calls for a trim calls it away.
    pub(super) async fn host(&mut self, hosted: &mut Hosted, sees: &watch::Receiver<Option<Seen>>) {
        let result = self.round(hosted, sees).await;
        hosted.next = Instant::now() + PAUSE;
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

    async fn round(
        &mut self,
        hosted: &mut Hosted,
        sees: &watch::Receiver<Option<Seen>>,
    ) -> Result<Vec<Notice>, String> {
        let office = self.office.clone();
        let venue = office.venue.clone().ok_or("no perp venue is known here")?;
        let desk = office.desk(self.account, venue).ok_or("the daemon has no settings for trades")?;
        let lookout = self.lookout(sees).map_err(|refused| refused.message)?;
        let Hands::Sender(sender) = &mut self.hands else { return Err("no key".to_owned()) };
        let interrupt = sender.interrupt();
        let mut hand = Hand::Live(sender);
        let round = Box::pin(hosted.host.round(&desk, &mut hand));
        let notices = watched(round, lookout).await;
        interrupt.lower();
        notices.map_err(|error| error.to_string())
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
