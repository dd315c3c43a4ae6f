//! Where a scenario happens: a replica at its prices, with a keeper and a trader.

use std::{path::Path, sync::Arc, time::Duration};

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};

use super::{
    End, Executed, LoopGap, Stage, StoryError,
    arithmetic::{Expected, Payment},
    cell::Cell,
};
use crate::{
    config::{Config, Urgency},
    dex::USDC,
    journal::IntentId,
    localchain::{Behaviour, FeedAge, Keeper, KeeperOptions, Kit, PriceChange, PriceScope, ReplicaState},
    loops::{self, Funds, Payout, Request, Share, Target, WETH},
    perps::{
        self, EndKind, Fill, Interest, OpenRequest, OrderPatience, OrderState, PerpRequest, PerpSettings, Portion,
        PriceE10, Usdc, VenueSnapshot,
        avantis_v1::{AvantisV1, Detail, PriceService},
    },
    plan::{Plan, check},
    send::Settlement,
    strategy::GovernorState,
    trade::{AssessOptions, Assessment, OpenTrades, TradeContext, TradeSettings, assess},
    units::{Millis, Secs, from_decimal, to_decimal},
};

/// Prices of the scenarios' assets.
const PRICES: [(&str, Decimal); 3] = [("ETH", dec!(1969)), ("ARB", dec!(0.0958)), ("OP", dec!(0.1246))];
/// Where ether falls to in the shock: 10 % below.
const SHOCK: Decimal = dec!(1772.1);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// Blocks that a position is held before its end, two seconds each, so that it owes rollover.
const HELD: u32 = 120;
const BLOCK: Secs = Secs(2);

/// A replica at the scenarios' prices, with a keeper and a trader.
pub(super) struct Arena {
    cell: Cell,
    desk: TradeContext,
    // Before the stage: it ends before its chain does.
    _keeper: Keeper,
    stage: Stage,
}

/// What the perp came to.
struct Perp {
    ended_by: EndKind,
    filled: u64,
    ended: u64,
    paid: Usdc,
    computed: Payment,
    /// Largest difference of anything computed.
    difference: U256,
    gas: U256,
}

impl Arena {
    pub(super) async fn set(
        kit: &Kit,
        state: &ReplicaState,
        journal: &Path,
        config: &Config,
        cell: Cell,
    ) -> Result<Self, StoryError> {
        let stage = Stage::set(kit, state, journal).await?;
        for (asset, price) in PRICES {
            let change = PriceChange::parse(asset, &price.to_string())?;
            stage.controls.price(&change, PriceScope::Everything).await?;
        }
        let account = stage.sender.account();
        // Margins of the tables are at most 5/3 of the capital; kelly-notional sizes from what is free.
        let usdc = from_decimal(cell.base * dec!(2), 6).unwrap_or_default();
        stage.controls.fund(account, U256::ZERO, &[(USDC, usdc)]).await?;
        let options = KeeperOptions { price_port: 0, behaviour: Behaviour::default() };
        let keeper = Keeper::start(stage.url(), kit, options).await?;
        let endpoints = stage.sender.wire().clone();
        let prices = PriceService::new(Some(keeper.price_url().parse()?), PATIENCE)?;
        let mut settings = TradeSettings::from(config);
        settings.strategy.table = cell.table;
        settings.strategy.base_capital = Some(cell.base);
        let desk = TradeContext {
            venue: Some(Arc::new(AvantisV1::recognise(&endpoints, prices).await?)),
            endpoints,
            reserves: stage.list.clone(),
            account,
            settings,
            clock: stage.clock.clone(),
            network: stage.network.clone(),
            live: false,
        };
        let mut arena = Self { cell, desk, _keeper: keeper, stage };
        if let Some(leverage) = cell.loop_before {
            let equity = from_decimal(cell.base / price_of("ETH"), 18).unwrap_or_default();
            let request = Request::Open { funds: Funds::Native(equity), target: Target::Leverage(leverage) };
            arena.act_on_loop(&request).await?;
        }
        Ok(arena)
    }

    pub(super) async fn assess(&self) -> Result<Assessment, StoryError> {
        let wall = Millis(self.desk.clock.wall_millis());
        let signal = self.cell.scenario.signal(wall);
        let equity = self.cell.base * dec!(3);
        let governor = GovernorState::new(equity, Secs(wall.0 / 1_000));
        let options = AssessOptions { cap: self.cell.cap, ..AssessOptions::default() };
        let open = OpenTrades::read(&self.desk, self.stage.sender.journal().reader(), false)?;
        Ok(assess(&self.desk, &signal, &governor, &open, &options).await?)
    }

    /// The loop to where the trade wants it, the perp opened, held and ended, the loop back to what it was.
    pub(super) async fn carry_out(&mut self, end: End) -> Result<Executed, StoryError> {
        let assessment = self.assess().await?;
        if let Some(refusal) = assessment.refusals.first() {
            return Err(StoryError::InVain(format!("a feasible trade: {refusal}")));
        }
        let (mut loop_gap, mut gas) = (LoopGap::default(), U256::ZERO);
        if let Some(plan) = assessment.loop_plan.clone() {
            let settlement = self.send_loop(plan).await?;
            (loop_gap, gas) = (LoopGap::of(&settlement.figures), settlement.gas_cost.raw);
        }
        let perp = self.trade(end, &assessment).await?;
        gas = gas.saturating_add(perp.gas);
        let (mut returned, mut left) = (U256::ZERO, self.cell.loop_before);
        if assessment.loop_plan.is_some() {
            let request = match self.cell.loop_before {
                Some(leverage) => Request::Adjust { target: Target::Leverage(leverage) },
                None => Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } },
            };
            let (plan, settlement) = self.act_on_loop(&request).await?;
            loop_gap = loop_gap.or(LoopGap::of(&settlement.figures));
            gas = gas.saturating_add(settlement.gas_cost.raw);
            let native = plan.figure("wallet_native");
            returned = native.map_or(U256::ZERO, |figure| figure.after.raw.saturating_sub(figure.before.raw));
            left = match self.cell.loop_before {
                Some(_) => leverage_after(&settlement),
                None => None,
            };
        }
        Ok(Executed {
            end,
            ended_by: perp.ended_by,
            filled: perp.filled,
            ended: perp.ended,
            computed: perp.computed.paid,
            paid: perp.paid,
            rollover: perp.computed.rollover,
            difference: perp.difference,
            loop_gap,
            loop_left: left,
            loop_returned: returned,
            loop_equity: assessment.capital.loop_collateral,
            gas,
        })
    }

    /// Opens the perp, holds it, moves the price and follows it to its end.
    async fn trade(&mut self, end: End, assessment: &Assessment) -> Result<Perp, StoryError> {
        let scenario = self.cell.scenario;
        let asset = scenario.pair.split('/').next().unwrap_or_default();
        let oracle = PriceE10::from_decimal(price_of(asset)).unwrap_or_default();
        // The signal is not in this journal: the saga is another story.
        let order = OpenRequest { signal: None, ..assessment.perp.clone() };
        let before = self.venue().await?;
        let detail = before.detail_as::<Detail>();
        let detail = detail.ok_or_else(|| StoryError::InVain("the venue's detail".to_owned()))?;
        let terms = before.pair(&order.pair).and_then(|pair| detail.pair(pair.index));
        let terms = terms.ok_or_else(|| StoryError::InVain(format!("the pair {}", order.pair)))?;
        let expected = Expected::new(terms, detail.liquidation, &order, oracle)?;

        let (fill, mut gas) = self.send_perp(&PerpRequest::Open(order.clone()), "open").await?;
        for _ in 1..HELD {
            self.stage.controls.warp(BLOCK, FeedAge::Grows).await?;
        }
        self.stage.controls.warp(BLOCK, FeedAge::Refreshed).await?;
        self.move_price(end, asset, &expected, order.side.is_long()).await?;
        let (ended_by, last) = if end == End::Shock && asset != "ETH" {
            let close = PerpRequest::Close { position: fill.key, portion: Portion::All };
            let (last, cost) = self.send_perp(&close, "close").await?;
            gas = gas.saturating_add(cost);
            (EndKind::Closed, last)
        } else {
            self.ended(end, &fill).await?
        };
        let after = self.venue().await?;
        let computed = expected.ended(ended_by, oracle, fill.block, last.block)?;
        let computed = computed.ok_or_else(|| StoryError::InVain(format!("{end:?}: the venue took the position")))?;
        let wallet = before.usdc.0.saturating_sub(order.margin.0).saturating_add(computed.paid.0);
        let differences = [
            fill.price.0.abs_diff(expected.entry.0),
            fill.collateral.0.abs_diff(expected.collateral.0),
            fill.stop.0.abs_diff(expected.stop.0),
            fill.target.0.abs_diff(expected.target.0),
            last.paid.0.abs_diff(computed.paid.0),
            after.usdc.0.abs_diff(wallet),
        ];
        Ok(Perp {
            ended_by,
            filled: fill.block,
            ended: last.block,
            paid: last.paid,
            computed,
            difference: differences.into_iter().max().unwrap_or_default(),
            gas,
        })
    }

    async fn venue(&self) -> Result<VenueSnapshot, StoryError> {
        Ok(self.desk.venue()?.snapshot(self.desk.account, &Interest::default()).await?)
    }

    async fn act_on_loop(&mut self, request: &Request) -> Result<(Plan, Settlement), StoryError> {
        let (plan, _) = self.stage.plan("WETH", "USDC", request).await?;
        let settlement = self.send_loop(plan.clone()).await?;
        Ok((plan, settlement))
    }

    async fn send_loop(&mut self, plan: Plan) -> Result<Settlement, StoryError> {
        let at = plan.block.timestamp;
        let approved = check(plan, &self.desk.network, at)?;
        let report = loops::execute(&mut self.stage.sender, &*self.desk.clock, approved).await?;
        report.settlement.ok_or_else(|| StoryError::NotMined(Box::new(report.outcome)))
    }

    /// Orders something and waits for its fill; with what sending cost.
    async fn send_perp(&mut self, request: &PerpRequest, id: &str) -> Result<(Fill, U256), StoryError> {
        let desk = &self.desk;
        let snapshot = self.venue().await?;
        let subject = format!("{id} {}", snapshot.block.hash);
        let settings = PerpSettings {
            id: IntentId::derive(Millis(desk.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: desk.network.clone(),
            urgency: Urgency::Open,
            valid_for: Secs::HOUR,
            gas_price: U256::from(1_000_000_000u64),
        };
        let plan = desk.venue()?.plan(request, &snapshot, &settings).await?;
        let at = plan.block.timestamp;
        let approved = check(plan, &desk.network, at)?;
        let patience = OrderPatience { timeout: PATIENCE, poll: POLL };
        let report =
            perps::execute(&mut self.stage.sender, self.desk.venue()?, &*self.desk.clock, approved, patience).await?;
        let gas = report.settlement.as_ref().map_or(U256::ZERO, |settled| settled.gas_cost.raw);
        match report.orders.into_iter().next() {
            Some((_, OrderState::Filled(fill))) => Ok((fill, gas)),
            other => Err(StoryError::InVain(format!("a fill: {other:?}"))),
        }
    }

    async fn move_price(
        &self,
        end: End,
        asset: &str,
        expected: &Expected<'_>,
        is_long: bool,
    ) -> Result<(), StoryError> {
        // A hair beyond the level: the feed has eight digits, the level ten.
        let beyond = |level: PriceE10, up: bool| {
            let price = level.to_decimal().unwrap_or_default();
            let moved = if up { price * dec!(1.0005) } else { price * dec!(0.9995) };
            moved.round_dp(8).normalize()
        };
        let (asset, price) = match end {
            End::Win => (asset, beyond(expected.target, is_long)),
            End::Loss => (asset, beyond(expected.stop, !is_long)),
            End::Shock => ("ETH", SHOCK),
        };
        let change = PriceChange::parse(asset, &price.to_string())?;
        self.stage.controls.price(&change, PriceScope::Everything).await?;
        Ok(())
    }

    /// The venue's keeper ends the perp.
    async fn ended(&self, end: End, fill: &Fill) -> Result<(EndKind, Fill), StoryError> {
        let started = self.desk.clock.monotonic();
        loop {
            if let Some(ending) = self.desk.venue()?.ending(self.desk.account, fill.key, fill.block).await? {
                return Ok((ending.kind, ending.fill));
            }
            if self.desk.clock.monotonic().saturating_sub(started) > PATIENCE {
                return Err(StoryError::InVain(format!("the perp's end by {end:?}")));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

fn price_of(asset: &str) -> Decimal {
    PRICES.iter().find(|(name, _)| *name == asset).map_or(Decimal::ZERO, |(_, price)| *price)
}

/// Leverage by the settlement's own reading of the chain.
fn leverage_after(settlement: &Settlement) -> Option<Decimal> {
    let figure = settlement.figures.iter().find(|figure| figure.name == "leverage")?;
    to_decimal(figure.actual.raw, figure.actual.decimals)
}
