//! A plan that a command hands to the daemon: the same checks, and a trim goes before it.

use serde_json::json;
use tokio::sync::watch;

use std::future::Future;

use super::{Seat, Seen, answer::no_key, seat::Hands};
use crate::{
    chain::{BlockRef, Reader},
    loops,
    perps::{self, PerpSubject},
    plan::{Plan, check},
    watchdog::ops::{Answer, Refused},
};

impl Seat {
    /// Checks, simulates and sends a plan. While it is followed, a newer head that calls for a trim calls the sender away.
    pub(super) async fn submit(&mut self, plan: Plan, sees: &watch::Receiver<Option<Seen>>) -> Answer {
        let office = self.office.clone();
        office.sends()?;
        let is_perp = serde_json::from_value::<PerpSubject>(plan.subject.clone()).is_ok();
        let head = Reader::head(&office.endpoints).await.map_err(|error| Refused::new(6, error.to_string()))?;
        if is_perp {
            self.audit_perp(&plan, head).await?;
        } else {
            loops::audit(&plan).map_err(|error| Refused::new(4, error.to_string()))?;
        }
        let approved = check(plan, &office.network, head.timestamp)
            .map_err(|refusal| Refused::new(4, format!("refused: {refusal}")))?;
        self.memory.expect_change();
        let lookout = self.lookout(sees)?;
        let Hands::Sender(sender) = &mut self.hands else {
            return Err(no_key());
        };
        let sending = async {
            if is_perp {
                let Some(venue) = &office.venue else {
                    return Err(Refused::new(3, "the daemon knows no perp venue here"));
                };
                let execution = perps::execute(sender, venue, &*office.clock, approved, office.order_patience());
                let result = Box::pin(execution).await;
                let report = result.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
                let code = report.exit_code();
                let orders: Vec<_> =
                    report.orders.iter().map(|(order, state)| json!({ "order": order, "state": state })).collect();
                return Ok(json!({
                    "exit": code, "settlement": report.settlement, "orders": orders, "fills": report.fills,
                    "ending": (office.words)(&report.outcome),
                }));
            }
            let result = Box::pin(loops::execute(sender, &*office.clock, approved)).await;
            let report = result.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
            Ok(json!({
                "exit": report.outcome.exit_code(), "settlement": report.settlement,
                "ending": (office.words)(&report.outcome),
            }))
        };
        let answer = watched(sending, lookout).await;
        // Whatever it did, older heads do not show it.
        if let Ok(head) = Reader::head(&office.endpoints).await {
            self.acted_in = Some(head.number);
        }
        answer
    }

    /// Refuses a plan whose transactions are not what its perp action would send now.
    async fn audit_perp(&self, plan: &Plan, head: BlockRef) -> Result<(), Refused> {
        let venue = self.office.venue.as_ref().ok_or_else(|| Refused::new(3, "the daemon knows no perp venue here"))?;
        let snapshot = venue.snapshot_for(plan).await;
        let snapshot = snapshot.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        let market = self.office.endpoints.fee_market(&head).await;
        let gas_price = market.map_or(head.base_fee, |market| market.price(&self.office.rulebook().fees.open));
        venue.audit(plan, &snapshot, gas_price).map_err(|error| Refused::new(4, error.to_string()))
    }

    /// Looks at newer heads while something of less haste is under way, and calls the sender away when a trim is due.
    pub(super) fn lookout(
        &self,
        sees: &watch::Receiver<Option<Seen>>,
    ) -> Result<impl Future<Output = ()> + Send + use<>, Refused> {
        let interrupt = match &self.hands {
            Hands::Sender(sender) => sender.interrupt(),
            Hands::None(_) => return Err(no_key()),
        };
        let mut probe = Self::new(self.office.clone(), self.account, Hands::None(None));
        probe.memory = self.memory.clone();
        // Eyes of its own: what it sees is still to be acted upon.
        let mut sees = sees.clone();
        Ok(async move {
            while sees.changed().await.is_ok() {
                let seen = sees.borrow().clone();
                if let Some(seen) = seen
                    && probe.is_pressed(&seen).await.unwrap_or(false)
                {
                    tracing::warn!(account = %probe.account(), "a trim is due: what is under way gives way");
                    interrupt.raise();
                    return;
                }
            }
        })
    }
}

/// Does the work, with the lookout beside it.
pub(super) async fn watched<T>(work: impl Future<Output = T>, lookout: impl Future<Output = ()>) -> T {
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => done,
        () = lookout => work.await,
    }
}
