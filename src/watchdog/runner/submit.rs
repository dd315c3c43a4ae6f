//! A plan that a command hands to the daemon: the same checks, and a trim goes before it.

use serde_json::json;
use tokio::sync::watch;

use std::future::Future;

use super::{Seat, Seen, answer::no_key, seat::Hands};
use crate::{
    actions::{self, ActionError},
    chain::Reader,
    plan::{Plan, check},
    watchdog::ops::{Answer, Refused},
};

impl Seat {
    /// Checks, simulates and sends a plan. While it is followed, a newer head that calls for a trim calls the sender away.
    pub(super) async fn submit(&mut self, plan: Plan, sees: &watch::Receiver<Option<Seen>>) -> Answer {
        let office = self.office.clone();
        office.sends()?;
        let head = Reader::head(&office.endpoints).await.map_err(|error| Refused::new(6, error.to_string()))?;
        let market = office.endpoints.fee_market(&head).await;
        let gas_price = market.map_or(head.base_fee, |market| market.base_fee.saturating_add(market.suggested_tip));
        actions::audit(&plan, office.venue.as_ref(), gas_price).await.map_err(refused)?;
        let approved = check(plan, &office.network, head.timestamp)
            .map_err(|refusal| Refused::new(4, format!("refused: {refusal}")))?;
        self.memory.expect_change();
        let lookout = self.lookout(sees)?;
        let Hands::Sender(sender) = &mut self.hands else {
            return Err(no_key());
        };
        let sending = async {
            let (venue, patience) = (office.venue.as_ref(), office.order_patience());
            let execution = actions::execute(sender, venue, &*office.clock, approved, patience);
            let done = Box::pin(execution).await.map_err(refused)?;
            Ok(json!({
                "exit": done.exit_code(), "settlement": done.settlement, "orders": done.orders, "fills": done.fills,
                "ending": (office.words)(&done.outcome),
            }))
        };
        let answer = watched(sending, lookout).await;
        // Whatever it did, older heads do not show it.
        if let Ok(head) = Reader::head(&office.endpoints).await {
            self.acted_in = Some(head.number);
        }
        answer
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

fn refused(error: ActionError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
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
