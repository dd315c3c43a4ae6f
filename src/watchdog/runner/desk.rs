//! A seat's task: each newest head one turn, between them what commands want and signals need.

use std::sync::Arc;

use alloy::primitives::Address;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use super::{News, Office, Seat, Seen, Turn, hosting::Hosted};
use crate::{
    journal::Severity,
    trade::saga::Host,
    watchdog::ops::{Alert, Answer, Pulse, Request},
};

/// Most commands that wait for a seat.
pub(super) const QUEUE: usize = 16;

/// A seat's task, as the daemon holds it.
#[derive(Debug)]
pub(super) struct SeatDesk {
    pub(super) account: Address,
    pub(super) can_act: bool,
    pub(super) seen: watch::Sender<Option<Seen>>,
    /// What is announced and not sealed yet, beside what is: neither hides the other.
    pub(super) ahead: watch::Sender<Option<Seen>>,
    pub(super) work: mpsc::Sender<Work>,
    pub(super) task: JoinHandle<Seat>,
}

/// What a seat does besides watching.
#[derive(Debug)]
pub(super) enum Work {
    Asked(Box<Request>, oneshot::Sender<Answer>),
    Host(Box<Host>),
    Stop,
}

impl SeatDesk {
    pub(super) fn open(
        index: usize,
        seat: Seat,
        news: watch::Sender<News>,
        office: Arc<Office>,
        pulse: Arc<Pulse>,
    ) -> Self {
        let (seen, sees) = watch::channel(None);
        let (ahead, sees_ahead) = watch::channel(None);
        let (work, works) = mpsc::channel(QUEUE);
        let (account, can_act) = (seat.account(), seat.can_act());
        let task = tokio::spawn(serve(index, seat, (sees, sees_ahead), works, news, (office, pulse)));
        Self { account, can_act, seen, ahead, work, task }
    }
}

/// A seat's life: each newest head one turn, between them what commands want.
async fn serve(
    index: usize,
    mut seat: Seat,
    (mut sees, mut sees_ahead): (watch::Receiver<Option<Seen>>, watch::Receiver<Option<Seen>>),
    mut works: mpsc::Receiver<Work>,
    news: watch::Sender<News>,
    (office, pulse): (Arc<Office>, Arc<Pulse>),
) -> Seat {
    let mut hosted: Option<Hosted> = None;
    loop {
        tokio::select! {
            biased;
            changed = sees.changed() => {
                if changed.is_err() {
                    return seat;
                }
                let Some(seen) = sees.borrow_and_update().clone() else { continue };
                match Box::pin(seat.turn(&seen)).await {
                    Ok(turn) => {
                        pulse.set_unprotected(seat.account(), seat.unprotected(&turn));
                        publish(&news, (index, seat.account()), &seen, turn);
                    }
                    Err(error) => {
                        tracing::error!(account = %seat.account(), %error, "this head's turn failed");
                        let text = format!("block {} could not be acted upon: {error}", seen.observation.block.number);
                        office.alerts.raise(Alert::new(Severity::Alert, "turn-failed", "watch", text).of(seat.account()));
                    }
                }
            },
            Ok(()) = sees_ahead.changed() => {
                let Some(seen) = sees_ahead.borrow_and_update().clone() else { continue };
                match Box::pin(seat.turn_ahead(&seen)).await {
                    Ok(Some(turn)) => publish(&news, (index, seat.account()), &seen, turn),
                    Ok(None) => {}
                    // The sealed block comes in any case, and is alarmed about.
                    Err(error) => tracing::warn!(account = %seat.account(), %error, "a pre-confirmed block's turn failed"),
                }
            },
            work = works.recv() => match work {
                Some(Work::Asked(request, answer)) => {
                    let done = Box::pin(seat.answer(*request, &mut hosted, &sees)).await;
                    let _ = answer.send(done);
                }
                Some(Work::Host(host)) => hosted = Some(Hosted::new(*host)),
                Some(Work::Stop) | None => return seat,
            },
            () = Hosted::due(&hosted) => if let Some(hosted) = &mut hosted {
                Box::pin(seat.host(hosted, &sees)).await;
            },
        }
    }
}

fn publish(news: &watch::Sender<News>, (index, account): (usize, Address), seen: &Seen, turn: Turn) {
    /// Decisions that are shown.
    const SHOWN: usize = 20;
    news.send_modify(|news| {
        if let Some(acted) = &turn.acted {
            news.acted.insert(0, (seen.observation.block.number, account, acted.clone()));
            news.acted.truncate(SHOWN);
        }
        if let Some(place) = news.turns.get_mut(index) {
            *place = Some(turn);
        }
    });
}
