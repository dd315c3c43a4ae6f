//! The bounded queue of one channel: most severe first, then oldest; what does not fit is the least severe oldest.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, oneshot, watch},
    time::Instant,
};

use super::alert::Notice;

/// A notice in the queue.
#[derive(Debug)]
pub(super) struct QueuedAlert {
    pub(super) notice: Notice,
    /// After this it is given up.
    pub(super) expires: Instant,
    /// Who wants to know what became of it.
    pub(super) report: Option<oneshot::Sender<Result<(), String>>>,
}

/// Parcels of one channel, oldest first.
#[derive(Debug)]
pub(super) struct Outbox {
    parcels: Mutex<VecDeque<QueuedAlert>>,
    room: usize,
    arrived: Notify,
    /// Parcels queued or on their way.
    pending: watch::Sender<usize>,
}

impl Outbox {
    pub(super) fn new(room: usize) -> Self {
        let (pending, _) = watch::channel(0);
        Self { parcels: Mutex::new(VecDeque::new()), room: room.max(1), arrived: Notify::new(), pending }
    }

    /// Puts a parcel in; gives back the one that had to leave for it, which may be itself.
    pub(super) fn put(&self, parcel: QueuedAlert) -> Option<QueuedAlert> {
        self.pending.send_modify(|pending| *pending += 1);
        let out = {
            let mut parcels = self.parcels();
            parcels.push_back(parcel);
            if parcels.len() > self.room { least(&parcels).and_then(|index| parcels.remove(index)) } else { None }
        };
        if out.is_some() {
            self.settled();
        }
        self.arrived.notify_one();
        out
    }

    /// Puts a parcel back that could not be delivered yet; it keeps its turn.
    pub(super) fn put_back(&self, parcel: QueuedAlert) -> Option<QueuedAlert> {
        let out = {
            let mut parcels = self.parcels();
            parcels.push_front(parcel);
            if parcels.len() > self.room { least(&parcels).and_then(|index| parcels.remove(index)) } else { None }
        };
        if out.is_some() {
            self.settled();
        }
        self.arrived.notify_one();
        out
    }

    /// The next parcel; waits for one.
    pub(super) async fn next(&self) -> QueuedAlert {
        loop {
            if let Some(parcel) = self.take() {
                return parcel;
            }
            self.arrived.notified().await;
        }
    }

    /// A parcel that was taken has arrived or was given up.
    pub(super) fn settled(&self) {
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(1));
    }

    /// Returns when nothing is queued or on its way.
    pub(super) async fn empty(&self) {
        // The sender lives in this value, so the channel cannot close while we wait.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    fn take(&self) -> Option<QueuedAlert> {
        let mut parcels = self.parcels();
        let best = parcels
            .iter()
            .enumerate()
            .max_by_key(|(index, parcel)| (parcel.notice.alert.level(), std::cmp::Reverse(*index)));
        let index = best.map(|(index, _)| index)?;
        parcels.remove(index)
    }

    fn parcels(&self) -> MutexGuard<'_, VecDeque<QueuedAlert>> {
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the oldest of the least severe stands.
fn least(parcels: &VecDeque<QueuedAlert>) -> Option<usize> {
    parcels.iter().enumerate().min_by_key(|(index, parcel)| (parcel.notice.alert.level(), *index)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{journal::Severity, units::Millis, watchdog::ops::alerts::Alert};

    fn parcel(severity: Severity, subject: &str) -> QueuedAlert {
        let alert = Alert::new(severity, "test", subject, "…");
        let notice = Notice { alert, held_back: 0, origin: String::new(), at: Millis(0) };
        QueuedAlert { notice, expires: Instant::now() + Duration::from_secs(60), report: None }
    }

    fn subject(parcel: &QueuedAlert) -> &str {
        &parcel.notice.alert.subject
    }

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_info_first_and_never_an_alert_for_an_info() {
        let outbox = Outbox::new(3);
        for (severity, name) in [(Severity::Alert, "a1"), (Severity::Info, "i1"), (Severity::Warning, "w1")] {
            assert!(outbox.put(parcel(severity, name)).is_none());
        }
        let dropped = |severity, name| outbox.put(parcel(severity, name)).map(|out| subject(&out).to_owned());
        assert_eq!(dropped(Severity::Info, "i2").as_deref(), Some("i1"));
        assert_eq!(dropped(Severity::Alert, "a2").as_deref(), Some("i2"));
        assert_eq!(dropped(Severity::Alert, "a3").as_deref(), Some("w1"));
        assert_eq!(dropped(Severity::Info, "i3").as_deref(), Some("i3"), "it is the least itself");
        assert_eq!(dropped(Severity::Alert, "a4").as_deref(), Some("a1"));
        for name in ["a2", "a3", "a4"] {
            assert_eq!(subject(&outbox.next().await), name);
            outbox.settled();
        }
        outbox.empty().await;
    }

    #[tokio::test]
    async fn the_most_severe_goes_first_and_what_was_put_back_keeps_its_turn() {
        let outbox = Outbox::new(10);
        for (severity, name) in [(Severity::Info, "i1"), (Severity::Info, "i2"), (Severity::Alert, "a1")] {
            outbox.put(parcel(severity, name));
        }
        let first = outbox.next().await;
        assert_eq!(subject(&first), "a1");
        outbox.put(parcel(Severity::Alert, "a2"));
        outbox.put_back(first);
        for name in ["a1", "a2", "i1", "i2"] {
            assert_eq!(subject(&outbox.next().await), name);
        }
    }
}
