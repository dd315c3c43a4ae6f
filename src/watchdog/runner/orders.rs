//! What commands hand over, carried out one after the other in a task beside the seat: only what must be signed is done by
//! the seat, so that a trim goes before a venue that lets an order lie.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Address;
use tokio::sync::{Notify, mpsc, oneshot};

use super::{WatchContext, carried::Carried, govern::fresh_governor, work::Work};
use crate::{
    actions::{Done, PlanKind, Sent},
    chain::{Clock, Endpoints},
    journal::{IntentId, IntentState, Journal, JournalError},
    loops::known_loops,
    perps::{self, PerpVenue, Placed},
    plan::Plan,
    send::{Ending, Outcome, Settlement},
    strategy::Command,
    trade::{ClosingLeg, FlattenReport, Flattened, TradeContext, TradeError, plan_flatten, plan_leg},
    units::Millis,
    watchdog::ops::{Answer, Refused, Reply, Submit},
};

/// How often an action is tried that gave way to a trim before anything of it was signed.
const TRIES: u32 = 3;
/// Time between two looks at what became of something that was signed.
const POLL: Duration = Duration::from_millis(250);

/// What is to be carried out, and who hears of it.
#[derive(Debug)]
pub(super) enum Order {
    /// What a command hands over.
    Submitted(Box<Submit>, oneshot::Sender<Answer>),
    /// Close everything.
    Flatten { include_existing: bool, answer: oneshot::Sender<Answer> },
}

/// Carries orders out, one at a time.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) office: Arc<WatchContext>,
    pub(super) account: Address,
    pub(super) journal: Arc<Journal>,
    /// The seat, which signs.
    pub(super) seat: mpsc::Sender<Work>,
    /// Wakes the reader of perps: a fill is watched at once.
    pub(super) wake: Arc<Notify>,
}

/// What became of an action that gave way.
enum Became {
    /// Nothing of it will ever have an effect.
    Nothing,
    /// It is in a block.
    Included(IntentId),
    /// It reverted.
    Reverted(String),
    /// Nobody knows yet.
    Open,
}

impl Orders {
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Order>) {
        while let Some(order) = queue.recv().await {
            match order {
                Order::Submitted(with, answer) => {
                    let _ = answer.send(Box::pin(self.submitted(&with)).await);
                }
                Order::Flatten { include_existing, answer } => {
                    let _ = answer.send(Box::pin(self.flatten(include_existing)).await.map(Reply::Flattened));
                }
            }
            self.wake.notify_one();
        }
    }

    /// Has a plan sent and follows what it placed. One that gave way to a trim is taken up where it stands: what was signed
    /// is followed, what was not is tried again.
    pub(super) async fn carry_out(&self, mut plan: Plan) -> Result<Done, Refused> {
        let kind = PlanKind::of(&plan).map_err(|error| Refused::new(4, error.to_string()))?;
        for tries in 0..TRIES {
            let carried = self.ask(|answer| Work::CarryOut(Box::new(plan.clone()), answer)).await?;
            let after_trim = |refused: Refused| match tries {
                0 => refused,
                _ => Refused::new(refused.exit, format!("a trim went first, and then: {}", refused.message)),
            };
            match carried.map_err(after_trim)? {
                Carried::Sent(Sent::Placed(placed)) => return self.follow(placed).await,
                Carried::Sent(Sent::Over(done)) => return Ok(done),
                Carried::GaveWay => {}
            }
            match self.became(&plan).await? {
                Became::Nothing => {}
                Became::Included(id) => return self.take_up(id, &kind).await,
                Became::Reverted(reason) => return Err(Refused::new(5, reason)),
                Became::Open => {
                    let message = "it has left the daemon, and what becomes of it is not known yet: look with `trimtab journal \
                                   reconcile` before trying again";
                    return Err(Refused::new(7, message));
                }
            }
            // The earlier try has its place in the journal.
            let now = Millis(self.clock().wall_millis());
            plan.id = IntentId::derive(now, plan.id.as_bytes()).to_string();
        }
        let message = format!("a trim was due {TRIES} times and went first: nothing of this was sent; try again");
        Err(Refused::new(9, message))
    }

    /// Follows the orders that were placed, without the seat.
    async fn follow(&self, placed: Placed) -> Result<Done, Refused> {
        let (endpoints, clock, patience) = (self.endpoints(), self.clock(), self.office.order_patience());
        let follow = perps::follow(&self.journal, endpoints, self.venue()?, clock, placed, patience);
        let report = Box::pin(follow).await.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        Ok(report.into())
    }

    /// Goes on with what is in a block though its sender was called away: at the venue by itself, a loop's is settled by the
    /// seat and waited for.
    async fn take_up(&self, id: IntentId, kind: &PlanKind) -> Result<Done, Refused> {
        if let PlanKind::Perp(_) = kind {
            let placed = perps::take_up(&self.journal, self.endpoints(), self.venue()?, self.clock(), id).await;
            return self.follow(placed.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?).await;
        }
        let began = self.clock().monotonic();
        loop {
            let intent = self.journal.reader().intent(id).map_err(journal_refused)?;
            let settled = intent.actual.filter(|_| intent.state == IntentState::Reconciled);
            if let Some(settlement) = settled.and_then(|actual| serde_json::from_value::<Settlement>(actual).ok()) {
                return Ok(Done::of(Outcome { done: Vec::new(), ending: Ending::Mined }, Some(settlement)));
            }
            if self.is_over(began) {
                let message = "it went through, and is not compared with its plan yet: run `trimtab journal reconcile`";
                return Err(Refused::new(7, message));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether somebody who waits since then has waited long enough.
    fn is_over(&self, began: Duration) -> bool {
        self.clock().monotonic().saturating_sub(began) >= self.office.order_patience().timeout
    }

    /// What became of a plan that gave way, as soon as it is known or patience is over.
    async fn became(&self, plan: &Plan) -> Result<Became, Refused> {
        let id: IntentId = plan.id.parse().map_err(|_| Refused::new(2, "the plan has no usable id"))?;
        let began = self.clock().monotonic();
        loop {
            let intent = match self.journal.reader().intent(id) {
                Err(JournalError::UnknownIntent(_)) => return Ok(Became::Nothing),
                other => other.map_err(journal_refused)?,
            };
            match intent.state {
                IntentState::Mined | IntentState::Reconciled if intent.step + 1 >= intent.steps => {
                    return Ok(Became::Included(id));
                }
                IntentState::Signed | IntentState::Sent | IntentState::Unknown => {}
                IntentState::Failed => {
                    let records = self.journal.reader().transactions(id).map_err(journal_refused)?;
                    let reverts = records.iter().filter_map(|record| record.inclusion.as_ref());
                    let reverted = reverts.into_iter().find(|inclusion| !inclusion.success);
                    let words = |block: u64| format!("it reverted in block {block}");
                    return Ok(reverted.map_or(Became::Nothing, |at| Became::Reverted(words(at.block_number))));
                }
                _ => return Ok(Became::Nothing),
            }
            if self.is_over(began) {
                return Ok(Became::Open);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Pauses, and closes everything: each thing planned anew on the state of its moment. A trim goes in between.
    async fn flatten(&self, include_existing: bool) -> Result<FlattenReport, Refused> {
        self.office.sends()?;
        let trading = |error: TradeError| Refused::new(error.exit_code(), error.to_string());
        let fresh = Box::new(fresh_governor(&self.office, self.account, self.journal.reader(), false).await?);
        self.ask(|answer| Work::Govern { command: Command::Flatten, paper: false, fresh, answer }).await??;
        let desk = self.office.desk(self.account, self.office.venue.clone()).ok_or_else(super::govern::not_trading)?;
        let plan = plan_flatten(&desk, Some(self.journal.reader()), include_existing).await.map_err(trading)?;
        let mut closed = Vec::with_capacity(plan.legs.len());
        for leg in &plan.legs {
            let done = Flattened::of(leg, Box::pin(self.close(&desk, leg)).await);
            tracing::warn!(account = %self.account, "{done}");
            closed.push(done);
        }
        Ok(FlattenReport { closed, stays: plan.left })
    }

    /// Closes one thing; planned anew when a trim has changed what it was planned on.
    async fn close(&self, desk: &TradeContext, leg: &ClosingLeg) -> Result<Done, (String, u8)> {
        let mut last = (format!("a trim went first {TRIES} times"), 9);
        for _ in 0..TRIES {
            // What the loops before this one have left.
            let known = known_loops(self.journal.reader()).map_err(|error| (error.to_string(), 1))?;
            let plan = plan_leg(desk, leg, &known).await.map_err(|error| (error.to_string(), error.exit_code()))?;
            match Box::pin(self.carry_out(plan)).await {
                Ok(done) => return Ok(done),
                // What was called away, or found another state than it was planned on, was not sent.
                Err(refused) if matches!(refused.exit, 4 | 9) => last = (refused.message, refused.exit),
                Err(refused) => return Err((refused.message, refused.exit)),
            }
        }
        Err(last)
    }

    /// Has the seat do something, and waits for its answer.
    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<T>) -> Work) -> Result<T, Refused> {
        let gone = || Refused::new(9, "the daemon is ending");
        let (answer, answered) = oneshot::channel();
        self.seat.send(work(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }

    fn venue(&self) -> Result<&dyn PerpVenue, Refused> {
        self.office.venue.as_deref().ok_or_else(|| Refused::new(3, "the daemon knows no perp venue here"))
    }

    pub(super) fn endpoints(&self) -> &Endpoints {
        &self.office.endpoints
    }

    fn clock(&self) -> &dyn Clock {
        &*self.office.clock
    }
}

fn journal_refused(error: JournalError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}
