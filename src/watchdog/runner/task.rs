//! A seat's task: each newest head one turn, between them what commands want, perps and signals need. A head that calls for
//! a trim goes before all of it, and calls it away; a trim that is due at every head and cannot be done keeps nothing else
//! from its turn.

use std::sync::Arc;

use alloy::primitives::Address;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
};

use super::{
    ActionReport, HeadOutcome, HeadSnapshot, News, WatchContext, WatchedAccount,
    give_way::Heads,
    govern::fresh_governor,
    orders::{Order, Orders},
    perps::Readings,
    signals::SignalRunner,
    work::Work,
};
use crate::{
    chain::BlockRef,
    journal::Severity,
    strategy::Command,
    trade::Ask,
    units::Secs,
    watchdog::ops::{Alert, Answer, Pulse, Refused, Request},
};

/// Most commands that wait for a seat.
pub(super) const QUEUE: usize = 16;
/// Time of the chain between two questions about tips while nothing is near.
const TIPS_EVERY: Secs = Secs(30);
/// How often a signal's command is tried that gave way to a trim.
const TRIES: u32 = 3;

/// A seat's task, as the daemon holds it.
#[derive(Debug)]
pub(super) struct SeatDesk {
    pub(super) account: Address,
    pub(super) can_act: bool,
    pub(super) seen: watch::Sender<Option<HeadSnapshot>>,
    pub(super) work: mpsc::Sender<Work>,
    pub(super) task: JoinHandle<WatchedAccount>,
}

impl SeatDesk {
    pub(super) fn open(
        index: usize,
        seat: WatchedAccount,
        news: watch::Sender<News>,
        office: Arc<WatchContext>,
        pulse: Arc<Pulse>,
    ) -> Self {
        let (seen, heads) = watch::channel(None);
        let (work, works) = mpsc::channel(QUEUE);
        let (account, can_act) = (seat.account(), seat.can_act());
        let service = Service::new(index, seat, heads, news, (office, pulse));
        let task = tokio::spawn(service.run(works));
        Self { account, can_act, seen, work, task }
    }
}

/// A seat's life.
#[derive(Debug)]
struct Service {
    index: usize,
    seat: WatchedAccount,
    heads: Heads,
    news: watch::Sender<News>,
    office: Arc<WatchContext>,
    pulse: Arc<Pulse>,
    /// For the tasks beside the seat; ended with it.
    beside: JoinSet<()>,
    inner: mpsc::Sender<Work>,
    inners: mpsc::Receiver<Work>,
    readings: Readings,
    /// Plans on loops and approvals; they wait for no venue.
    plans: Option<mpsc::Sender<Order>>,
    /// Plans at the perp venue, and flattening.
    orders: Option<mpsc::Sender<Order>>,
    hosted: Option<SignalRunner>,
    /// When others' tips were asked for last, by the chain's clock.
    tips_asked: Option<Secs>,
}

impl Service {
    fn new(
        index: usize,
        seat: WatchedAccount,
        heads: Heads,
        news: watch::Sender<News>,
        (office, pulse): (Arc<WatchContext>, Arc<Pulse>),
    ) -> Self {
        let (inner, inners) = mpsc::channel(QUEUE);
        let (readings, read) = watch::channel(None);
        let wake = Arc::new(Notify::new());
        let mut beside = JoinSet::new();
        if let Some(reader) = seat.perp_reader() {
            beside.spawn(reader.run(readings, wake.clone()));
        }
        let mut queue = || {
            let (account, journal) = (seat.account(), seat.sender()?.shared_journal());
            let orders = Orders { office: office.clone(), account, journal, seat: inner.clone(), wake: wake.clone() };
            let (sender, receiver) = mpsc::channel(QUEUE);
            beside.spawn(orders.run(receiver));
            Some(sender)
        };
        let (plans, orders) = (queue(), queue());
        Self {
            index,
            seat,
            heads,
            news,
            office,
            pulse,
            beside,
            inner,
            inners,
            readings: read,
            plans,
            orders,
            hosted: None,
            tips_asked: None,
        }
    }

    async fn run(mut self, mut works: mpsc::Receiver<Work>) -> WatchedAccount {
        self.show_pause();
        let mut was_head = false;
        loop {
            // Turns may take longer than blocks: after each of them one other thing that waits, if any does.
            let after_head = std::mem::take(&mut was_head);
            let mut hosted = self.hosted.take();
            let is_left = self.seat.gave_way;
            tokio::select! {
                biased;
                changed = self.heads.changed(), if !after_head => {
                    self.hosted = hosted;
                    if changed.is_err() {
                        break;
                    }
                    let seen = self.heads.borrow_and_update().clone();
                    if let Some(seen) = seen {
                        Box::pin(self.on_head(&seen)).await;
                    }
                    was_head = true;
                },
                Some(work) = self.inners.recv() => {
                    self.hosted = hosted;
                    Box::pin(self.on_work(work)).await;
                },
                () = std::future::ready(()), if is_left => {
                    self.hosted = hosted;
                    self.tidy().await;
                },
                work = works.recv() => {
                    self.hosted = hosted;
                    match work {
                        Some(Work::Stop) | None => break,
                        Some(work) => Box::pin(self.on_work(work)).await,
                    }
                },
                Ok(()) = self.readings.changed() => {
                    self.hosted = hosted;
                    Box::pin(self.on_reading()).await;
                },
                () = SignalRunner::due(&hosted) => {
                    if let Some(hosted) = &mut hosted {
                        Box::pin(self.on_round(hosted)).await;
                    }
                    self.hosted = hosted;
                },
                () = std::future::ready(()), if after_head => self.hosted = hosted,
            }
            while self.beside.try_join_next().is_some() {}
        }
        // Their hold on the journal ends with them.
        self.beside.shutdown().await;
        self.seat
    }

    async fn on_head(&mut self, seen: &HeadSnapshot) {
        let mut turn = match Box::pin(self.seat.turn(seen)).await {
            Ok(turn) => turn,
            Err(error) => {
                let account = self.seat.account();
                tracing::error!(%account, %error, "this head's turn failed");
                let text = format!("block {} could not be acted upon: {error}", seen.observation.block.number);
                self.office.alerts.raise(Alert::new(Severity::Alert, "turn-failed", "watch", text).of(account));
                return;
            }
        };
        self.pulse.set_unprotected(self.seat.account(), self.seat.unprotected(&turn));
        if !turn.due.is_empty() {
            self.publish(turn.clone(), seen.observation.block.number);
            let done = match self.seat.lookout(&self.heads) {
                Ok(lookout) => lookout.beside(Box::pin(self.seat.finish(&mut turn, seen))).await,
                Err(_) => self.seat.finish(&mut turn, seen).await,
            };
            if let Err(error) = done {
                tracing::error!(account = %self.seat.account(), %error, "what was due on a loop failed");
            }
        }
        self.publish(turn, seen.observation.block.number);
        self.ask_for_tips(seen.observation.block);
    }

    /// Asks now and then, beside everything else, what others pay: what a trim would take is reckoned with what was told last.
    fn ask_for_tips(&mut self, head: BlockRef) {
        let is_due =
            self.tips_asked.is_none_or(|asked| asked > head.timestamp || asked.plus(TIPS_EVERY) <= head.timestamp);
        if self.seat.can_act() && is_due {
            self.tips_asked = Some(head.timestamp);
            let office = self.office.clone();
            self.beside.spawn(async move {
                let _ = office.endpoints.fee_market(&head).await;
            });
        }
    }

    /// What the reader of perps has brought: judged at once, acted upon until a trim is due.
    async fn on_reading(&mut self) {
        let Some(reading) = self.readings.borrow_and_update().clone() else { return };
        let Some((mut turn, actions)) = self.seat.judge_perps(&reading) else { return };
        let block = turn.facts.as_ref().map_or(0, |facts| facts.block.number);
        if !actions.is_empty() {
            let done = match self.seat.lookout(&self.heads) {
                Ok(lookout) => lookout.instead(Box::pin(self.seat.act_on_perps(&actions, &mut turn))).await,
                Err(_) => Some(self.seat.act_on_perps(&actions, &mut turn).await),
            };
            self.seat.gave_way |= done.is_none();
            if let Some(Err(error)) = done {
                tracing::error!(account = %self.seat.account(), %error, "what was due on a perp failed");
            }
        }
        self.publish(turn, block);
    }

    /// What gave way to a trim may have left something that is in a block by now.
    async fn tidy(&mut self) {
        self.seat.gave_way = false;
        let account = self.seat.account();
        let Ok(lookout) = self.seat.lookout(&self.heads) else { return };
        if let Some(Err(error)) = lookout.instead(Box::pin(self.seat.catch_up())).await {
            tracing::warn!(%account, %error, "what gave way could not be looked up");
        }
    }

    async fn on_round(&mut self, hosted: &mut SignalRunner) {
        let Ok(lookout) = self.seat.lookout(&self.heads) else { return hosted.rest() };
        let done = lookout.instead(Box::pin(self.seat.host(hosted))).await;
        self.seat.gave_way |= done.is_none();
        hosted.rest();
    }

    async fn on_work(&mut self, work: Work) {
        match work {
            Work::Asked(request, answer) => Box::pin(self.on_request(*request, answer)).await,
            Work::Again(request, answer, tries) => self.with_signals(*request, answer, tries).await,
            Work::Host(host) => self.hosted = Some(SignalRunner::new(*host)),
            Work::CarryOut(plan, answer) => {
                let _ = answer.send(Box::pin(self.seat.submit(*plan, &self.heads)).await);
            }
            Work::Govern { command, paper, fresh, answer } => {
                if command == Command::Flatten {
                    self.seat.memory.expect_change();
                }
                let done = self.seat.govern(command, paper, *fresh).await;
                self.show_pause();
                let _ = answer.send(done);
            }
            // Ends the life before it comes here.
            Work::Stop => {}
        }
    }

    /// What waits for others than the chain is done by the tasks beside the seat.
    async fn on_request(&mut self, request: Request, answer: oneshot::Sender<Answer>) {
        match request {
            Request::Submit(with) => {
                let queue = match with.order.ask {
                    Ask::Perp(_) => &self.orders,
                    Ask::Loop(_) | Ask::Revoke(_) => &self.plans,
                };
                hand_over(queue.as_ref(), answer, |answer| Order::Submitted(with, answer));
            }
            Request::Flatten(with) => {
                let include_existing = with.include_existing;
                hand_over(self.orders.as_ref(), answer, |answer| Order::Flatten { include_existing, answer });
            }
            Request::Pause(with) => self.command(Command::Pause, with.paper, answer),
            Request::Resume(with) => self.command(Command::Resume, with.paper, answer),
            Request::Reconcile(with) => match Box::pin(self.seat.reconcile(&with, &self.heads)).await {
                Ok(half) => {
                    let office = self.office.clone();
                    self.beside.spawn(async move {
                        let _ = answer.send(Box::pin(half.at_venue(&office)).await);
                    });
                }
                Err(refused) => {
                    let _ = answer.send(Err(refused));
                }
            },
            Request::Signal(_) | Request::SignalResume(_) => self.with_signals(request, answer, 0).await,
            other => {
                let _ = answer.send(Box::pin(self.seat.answer(other, self.hosted.as_mut(), &self.heads)).await);
            }
        }
    }

    /// A command about signals, which waits for the venue: it gives way to a trim, and is then tried again.
    async fn with_signals(&mut self, request: Request, answer: oneshot::Sender<Answer>, tries: u32) {
        let lookout = match self.seat.lookout(&self.heads) {
            Ok(lookout) => lookout,
            Err(refused) => {
                let _ = answer.send(Err(refused));
                return;
            }
        };
        let work = self.seat.answer(request.clone(), self.hosted.as_mut(), &self.heads);
        match lookout.instead(Box::pin(work)).await {
            Some(done) => {
                let _ = answer.send(done);
            }
            None => {
                self.seat.gave_way = true;
                let again = Work::Again(Box::new(request), answer, tries + 1);
                let refused = match tries + 1 < TRIES {
                    true => self.inner.try_send(again).err().map(|error| error.into_inner()),
                    false => Some(again),
                };
                if let Some(Work::Again(_, answer, _)) = refused {
                    let message = "a trim is due and goes first: the signal was not taken; try again";
                    let _ = answer.send(Err(Refused::new(9, message)));
                }
            }
        }
    }

    /// The kill switch: what it begins from may have to be asked of the venue.
    fn command(&mut self, command: Command, paper: bool, answer: oneshot::Sender<Answer>) {
        let Some(sender) = self.seat.sender() else {
            let _ = answer.send(Err(super::no_key::no_key()));
            return;
        };
        let (journal, office, account) = (sender.shared_journal(), self.office.clone(), self.seat.account());
        let inner = self.inner.clone();
        self.beside.spawn(async move {
            let fresh = match Box::pin(fresh_governor(&office, account, journal.reader(), paper)).await {
                Ok(fresh) => Box::new(fresh),
                Err(refused) => {
                    let _ = answer.send(Err(refused));
                    return;
                }
            };
            drop(journal);
            // Should the seat be gone, so is whoever waits for the answer.
            let _ = inner.send(Work::Govern { command, paper, fresh, answer }).await;
        });
    }

    /// Shows whether the account is paused, where everything about it is shown.
    fn show_pause(&self) {
        let (account, paused) = (self.seat.account(), self.seat.is_paused());
        self.office.meters.paused(&account.to_string(), paused);
        self.news.send_modify(|news| {
            if paused {
                news.paused.insert(account);
            } else {
                news.paused.remove(&account);
            }
        });
    }

    fn publish(&self, turn: HeadOutcome, block: u64) {
        /// Decisions that are shown.
        const SHOWN: usize = 20;
        let (index, account) = (self.index, self.seat.account());
        self.news.send_modify(|news| {
            if let Some(acted) = &turn.acted {
                news.acted.insert(0, (block, account, ActionReport::clone(acted)));
                news.acted.truncate(SHOWN);
            }
            if let Some(place) = news.turns.get_mut(index) {
                *place = Some(turn);
            }
        });
    }
}

/// Puts something into a queue, or says why not.
fn hand_over(
    queue: Option<&mpsc::Sender<Order>>,
    answer: oneshot::Sender<Answer>,
    order: impl FnOnce(oneshot::Sender<Answer>) -> Order,
) {
    let refused = match queue.map(mpsc::Sender::try_reserve) {
        Some(Ok(place)) => {
            place.send(order(answer));
            return;
        }
        Some(Err(_)) => Refused::new(9, "the daemon is busy with other commands"),
        None => super::no_key::no_key(),
    };
    let _ = answer.send(Err(refused));
}
