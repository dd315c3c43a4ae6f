//! The plan for an order, as its command makes it: on the present state, with the settings of whoever signs.

use alloy::primitives::{Address, U256};

use super::{Ask, LoopAsk, Order, OrderError, Source, Which, hold};
use crate::{
    aave::{Market, MarketQuery, ReserveList},
    chain::{Batch, BlockRef, Endpoints, Reader},
    config::{BoundsConfig, FeesConfig, Thresholds, ThresholdsConfig, Urgency},
    loops::{
        self, Approval, ApprovalsQuery, KnownLoop, LoopSnapshot, Pair, PairError, Request, Revocation, Scope, Settings,
        ThresholdChange, thresholds_in_force,
    },
    perps::{PercentE10, PerpRequest, PerpSettings, PerpVenue, VenueSnapshot},
    plan::Plan,
    units::Secs,
};

/// Everything of one's own that a plan is made with.
#[derive(Debug)]
pub struct Planner<'a> {
    /// The chain.
    pub endpoints: &'a Endpoints,
    /// Aave's reserves.
    pub reserves: &'a ReserveList,
    /// The perp venue, where one is known.
    pub venue: Option<&'a dyn PerpVenue>,
    /// The network's name.
    pub network: &'a str,
    /// Whose plan.
    pub account: Address,
    /// What an action may cost.
    pub bounds: BoundsConfig,
    /// What gas may cost.
    pub fees: FeesConfig,
    /// Thresholds of loops that have none of their own.
    pub thresholds: ThresholdsConfig,
    /// The journal's loops.
    pub loops: Vec<KnownLoop>,
    /// How long plans of loops and their permits are valid.
    pub permit_ttl: Secs,
    /// How long plans of perps are valid.
    pub perp_ttl: Secs,
    /// Most that a perp's fill may be worse than the mark.
    pub perp_slippage: PercentE10,
    /// Wei per gas.
    pub gas_price: U256,
}

impl Planner<'_> {
    /// The plan for an order from elsewhere, or why there is none: it asks what no order may, or has come to something else
    /// than it predicted. `at` is the block after which a perp's plan is imagined, where that is not the newest.
    pub async fn carry(&self, order: &Order, from: Source, at: Option<BlockRef>) -> Result<Plan, OrderError> {
        let now = match at {
            Some(block) => block,
            None => Reader::head(self.endpoints).await?,
        };
        order.check(self.network, self.account, now.timestamp, self.permit_ttl)?;
        order.ask.check(self.perp_slippage)?;
        let plan = match &order.ask {
            Ask::Loop(ask) => {
                let (market, pair) = self.pair_of(ask).await?;
                let plan = self.of_loop(ask, &market, &pair, order.id.to_string()).await?.0;
                ask.is_within(&self.bounds, plan.urgency)?;
                if from == Source::File {
                    self.is_for_a_file(ask, &market, &pair, &plan)?;
                }
                plan
            }
            Ask::Perp(request) => {
                let venue = self.venue.ok_or(OrderError::NoVenue)?;
                let mut snapshot = venue.snapshot(self.account, &venue.interest(request)?).await?;
                snapshot.block = at.unwrap_or(snapshot.block);
                self.of_perp(venue, request, &snapshot, order.id.to_string()).await?
            }
            Ask::Revoke(which) => {
                let (block, approvals) = self.approvals().await?;
                self.of_revocation(which, block, &approvals, order.id.to_string())
            }
        };
        if plan.steps.is_empty() {
            return Err(OrderError::Asks { what: "nothing that is left to do".to_owned(), instead: "plan again" });
        }
        hold(&order.predicted, &plan, self.bounds.plan_drift_bps)?;
        Ok(plan)
    }

    /// Aave at the newest block.
    pub async fn market(&self) -> Result<Market, OrderError> {
        let block = Reader::head(self.endpoints).await?;
        let mut batch = Batch::new();
        let query = MarketQuery::add(self.reserves, &mut batch);
        let answers = self.endpoints.read(block, &batch).await?;
        Ok(query.decode(&answers, block)?)
    }

    /// The pair of an ask: both are reserves, and they are two unless it is about one supply.
    async fn pair_of(&self, ask: &LoopAsk) -> Result<(Market, Pair), OrderError> {
        let market = self.market().await?;
        let (collateral, debt) = (ask.collateral.to_string(), ask.debt.to_string());
        let pair = match ask.request {
            Request::UseAsCollateral { .. } if ask.collateral == ask.debt => {
                let known =
                    || market.reserves.iter().map(|reserve| reserve.symbol.as_str()).collect::<Vec<_>>().join(", ");
                Pair::of(self.reserves, &market, ask.collateral, ask.debt)
                    .ok_or_else(|| PairError::Unknown { name: collateral, known: known() })?
            }
            _ => Pair::find(self.reserves, &market, &collateral, &debt)?,
        };
        Ok((market, pair))
    }

    /// Plans what is asked of a loop.
    pub async fn of_loop(
        &self,
        ask: &LoopAsk,
        market: &Market,
        pair: &Pair,
        id: String,
    ) -> Result<(Plan, LoopSnapshot), OrderError> {
        let (base, _) = thresholds_in_force(&self.loops, &self.thresholds, market, pair)?;
        let thresholds = ask.thresholds.over(base)?;
        let snapshot = LoopSnapshot::read_after(self.endpoints, self.reserves, pair, self.account, market.block);
        let snapshot = snapshot.await?;
        let settings = Settings {
            id,
            network: self.network.to_owned(),
            urgency: None,
            bounds: self.bounds,
            fees: self.fees,
            slippage: ask.slippage_bps,
            thresholds,
            defaults: self.thresholds,
            loops: self.loops.clone(),
            scope: if ask.existing { Scope::WithExisting } else { Scope::Loop },
            permit_ttl: self.permit_ttl,
            flash: ask.flash,
            gas_price: self.gas_price,
        };
        let mut plan = loops::plan(&ask.request, &snapshot, pair, &settings, &LoopSnapshot::hubs(self.reserves))?;
        plan.notes.extend(changed(&base, &thresholds, &ask.thresholds));
        Ok((plan, snapshot))
    }

    /// Refuses what is not taken from a file: none is written that would not be sent.
    pub fn is_for_a_file(&self, ask: &LoopAsk, market: &Market, pair: &Pair, plan: &Plan) -> Result<(), OrderError> {
        ask.is_within(&self.bounds, plan.urgency)?;
        ask.keeps(&thresholds_in_force(&self.loops, &self.thresholds, market, pair)?.0, plan)
    }

    /// Plans what is asked of the perp venue, on a snapshot of it.
    pub async fn of_perp(
        &self,
        venue: &dyn PerpVenue,
        request: &PerpRequest,
        snapshot: &VenueSnapshot,
        id: String,
    ) -> Result<Plan, OrderError> {
        let settings = PerpSettings {
            id,
            network: self.network.to_owned(),
            urgency: Urgency::Open,
            valid_for: self.perp_ttl,
            gas_price: self.gas_price,
        };
        venue.capabilities().allow(venue.name(), request)?;
        Ok(venue.plan(request, snapshot, &settings).await?)
    }

    /// The approvals in force.
    pub async fn approvals(&self) -> Result<(BlockRef, Vec<Approval>), OrderError> {
        let block = Reader::head(self.endpoints).await?;
        let mut batch = Batch::new();
        let market = MarketQuery::add(self.reserves, &mut batch);
        let approvals = ApprovalsQuery::add(self.reserves, self.account, &mut batch);
        let answers = self.endpoints.read(block, &batch).await?;
        let market = market.decode(&answers, block)?;
        Ok((block, approvals.decode(&answers, &market)?))
    }

    /// Plans to take approvals back.
    #[must_use]
    pub fn of_revocation(&self, which: &Which, block: BlockRef, approvals: &[Approval], id: String) -> Plan {
        let wanted: Vec<Approval> = approvals.iter().filter(|one| which.includes(&one.symbol)).cloned().collect();
        let valid_until = block.timestamp.plus(self.permit_ttl);
        Revocation { id, network: self.network.to_owned(), account: self.account, block, valid_until }.plan(&wanted)
    }
}

/// Says which thresholds are stored that were not in force before.
fn changed(base: &Thresholds, now: &Thresholds, change: &ThresholdChange) -> Option<String> {
    if change.is_empty() || base == now {
        return None;
    }
    let all = [
        ("warn", base.warn, now.warn),
        ("trigger", base.trigger, now.trigger),
        ("target", base.target, now.target),
        ("urgent", base.urgent, now.urgent),
    ];
    let differ = all.iter().filter(|(_, before, after)| before != after);
    let words: Vec<String> = differ.map(|(name, before, after)| format!("{name} {before} → {after}")).collect();
    Some(format!("thresholds change: {}", words.join(", ")))
}
