//! An order that a command hands over: planned anew with the daemon's own settings, and carried out.

use super::orders::Orders;
use crate::{
    aave::{Deployment, ReserveList},
    actions,
    chain::{BASE_CHAIN_ID, Reader},
    loops::known_loops,
    trade::{OrderError, Planner, Source},
    watchdog::ops::{Answer, Delivered, Refused, Reply, Submit},
};

impl Orders {
    /// What a command hands over is somebody's text: it is planned anew, as if the daemon had been asked itself.
    pub(super) async fn submitted(&self, Submit { order, unchecked_price }: &Submit) -> Answer {
        self.office.sends()?;
        let refused = |error: OrderError| Refused::new(error.exit_code(), error.to_string());
        order.is_new(self.journal.reader()).map_err(refused)?;
        let head = Reader::head(self.endpoints()).await;
        let head = head.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        let list = ReserveList::read(self.endpoints(), Deployment::BASE, BASE_CHAIN_ID, &head).await;
        let list = list.map_err(|error| Refused::new(3, error.to_string()))?;
        let rules = self.office.rulebook();
        let market = self.endpoints().fee_market(&head).await;
        // As the command that planned it: a tip that nobody would pay makes no fee look too small.
        let gas_price = market.map_or(head.base_fee, |market| market.price(&rules.fees.open));
        let venue = self.office.venue.clone();
        let venue = if *unchecked_price { venue.map(|venue| venue.with_unchecked_prices()) } else { venue };
        let planner = Planner {
            endpoints: self.endpoints(),
            reserves: &list,
            venue: venue.as_deref(),
            network: &self.office.network,
            account: self.account,
            bounds: rules.bounds,
            fees: rules.fees,
            thresholds: rules.thresholds,
            loops: known_loops(self.journal.reader())
                .map_err(|error| Refused::new(error.exit_code(), error.to_string()))?,
            permit_ttl: rules.permit_ttl,
            perp_ttl: rules.perps.plan_ttl,
            perp_slippage: rules.perps.slippage,
            gas_price,
        };
        let plan = Box::pin(planner.carry(order, Source::Command, None)).await.map_err(refused)?;
        // A second look at what our own planner wrote.
        let audit = actions::audit(&plan, self.office.venue.as_deref(), gas_price);
        Box::pin(audit).await.map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        let done = Box::pin(self.carry_out(plan)).await?;
        Ok(Reply::Delivered(Box::new(Delivered::of(done, self.office.words))))
    }
}
