//! The task that carries one channel's notices.

use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};

use super::{
    alert::Notice,
    outbox::{Outbox, QueuedAlert},
};
use crate::watchdog::ops::metrics::{Delivery, Metrics};

/// No service may silence us for longer than this, whatever it asks for.
const LONGEST_SILENCE: Duration = Duration::from_secs(300);

/// A way to tell somebody.
pub(in crate::watchdog::ops) trait Channel: Debug + Send + Sync + 'static {
    /// Its name in logs and figures.
    fn name(&self) -> &'static str;

    /// One attempt; the deadline is the caller's.
    fn deliver(&self, notice: &Notice) -> impl Future<Output = Result<(), Failed>> + Send;
}

/// Why a notice was not taken. Reasons are without tokens and addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::watchdog::ops) enum Failed {
    /// It may be taken later.
    #[error("{reason}")]
    Later {
        /// Why not now.
        reason: String,
        /// When the service wants to be asked again.
        after: Option<Duration>,
    },
    /// It will never be taken: wrong token, wrong address, wrong form.
    #[error("{reason}")]
    Never {
        /// Why.
        reason: String,
    },
}

/// How patient a courier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Deadline of one attempt.
    pub attempt: Duration,
    /// First pause after a failure; it doubles.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
}

impl Pace {
    /// Attempts with this deadline, pauses from 1 s to 30 s.
    #[must_use]
    pub const fn with_timeout(attempt: Duration) -> Self {
        Self { attempt, first_pause: Duration::from_secs(1), longest_pause: Duration::from_secs(30) }
    }

    fn pauses(self) -> impl Iterator<Item = Duration> {
        ExponentialBuilder::default()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .without_max_times()
            .build()
    }
}

/// Delivers until it is aborted.
pub(super) async fn carry<C: Channel>(channel: C, outbox: Arc<Outbox>, pace: Pace, meters: Arc<Metrics>) {
    let name = channel.name();
    let mut pauses = pace.pauses();
    loop {
        let parcel = outbox.next().await;
        let attempt = timeout(pace.attempt, channel.deliver(&parcel.notice)).await;
        let outcome = attempt.unwrap_or_else(|_| {
            let reason = format!("no answer within {}", humantime::format_duration(pace.attempt));
            Err(Failed::Later { reason, after: None })
        });
        match outcome {
            Ok(()) => {
                debug!(channel = name, kind = parcel.notice.alert.kind, "alert delivered");
                pauses = pace.pauses();
                settle(parcel, Ok(()), name, &outbox, &meters);
            }
            Err(Failed::Never { reason }) => settle(parcel, Err(reason), name, &outbox, &meters),
            Err(Failed::Later { reason, after }) => {
                let own = pauses.next().unwrap_or(pace.longest_pause);
                let pause = after.map_or(own, |after| after.min(LONGEST_SILENCE));
                if Instant::now() + pause > parcel.expires {
                    settle(parcel, Err(reason), name, &outbox, &meters);
                } else {
                    debug!(channel = name, reason, ?pause, "alert not delivered yet");
                    if let Some(out) = outbox.put_back(parcel) {
                        dropped(out, name, &meters);
                    }
                }
                sleep(pause).await;
            }
        }
    }
}

fn settle(parcel: QueuedAlert, outcome: Result<(), String>, name: &'static str, outbox: &Outbox, meters: &Metrics) {
    match &outcome {
        Ok(()) => meters.alert(name, Delivery::Sent),
        Err(reason) => {
            meters.alert(name, Delivery::Failed);
            let alert = &parcel.notice.alert;
            warn!(channel = name, reason, kind = alert.kind, subject = alert.subject, "alert not delivered, given up");
        }
    }
    if let Some(report) = parcel.report {
        // Whoever asked may have gone.
        let _ = report.send(outcome);
    }
    outbox.settled();
}

/// Says that a notice had no room.
pub(super) fn dropped(parcel: QueuedAlert, name: &'static str, meters: &Metrics) {
    meters.alert(name, Delivery::Dropped);
    let alert = &parcel.notice.alert;
    warn!(channel = name, kind = alert.kind, subject = alert.subject, "alert dropped: too many wait for this channel");
    if let Some(report) = parcel.report {
        let _ = report.send(Err("no room in the queue".to_owned()));
    }
}
