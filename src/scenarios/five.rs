//! The five scenarios of strategy.md §10 on the replica: assessed, carried out to each end, compared with the arithmetic.

use std::{path::Path, time::Duration};

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use serde::Serialize;

use super::{Stage, StoryError};
use crate::{
    config::{Config, TableName, Urgency},
    dex::USDC,
    journal::IntentId,
    localchain::{Behaviour, FeedAge, Keeper, KeeperOptions, Kit, PriceChange, PriceScope, ReplicaState},
    loops::{self, Payout, Request, Share, WETH},
    perps::{
        self, EndKind, Forecast, Interest, OpenForecast, OrderPatience, OrderState, PerpRequest, PerpSettings,
        PerpSubject, PerpVenue, Portion, PositionKey, Usdc,
        avantis_v1::{AvantisV1, PriceService},
    },
    plan::{Deviation, Plan, check},
    send::Settlement,
    strategy::{GovernorState, SCENARIOS, Scenario},
    trade::{AssessOptions, Assessment, Desk, OpenTrades, TradeSettings, assess},
    units::{Millis, Secs, WAD, from_decimal},
};

/// Prices of the scenarios' assets.
const PRICES: [(&str, &str); 3] = [("ETH", "1969"), ("ARB", "0.0958"), ("OP", "0.1246")];
/// Where ether falls to in the shock: 10 % below.
const SHOCK: &str = "1772.1";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// Looks at the rollover before the end, three blocks apart.
const LOOKS: usize = 40;
/// Most that computed and executed may differ: 0.000001 USDC.
const UNIT: U256 = U256::ONE;

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The perp's pair reaches the target.
    Win,
    /// It reaches the stop.
    Loss,
    /// Ether falls by 10 %.
    Shock,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 3] = [Self::Win, Self::Loss, Self::Shock];
}

/// One cell of the grid.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Which scenario.
    pub scenario: &'static Scenario,
    /// Which table.
    pub table: TableName,
    /// Base capital, US dollars.
    pub base: Decimal,
}

/// What a cell came to.
#[derive(Debug, Serialize)]
pub struct CellResult {
    /// 1–5.
    pub scenario: u8,
    /// Table.
    pub table: TableName,
    /// Base capital.
    pub base: Decimal,
    /// The plan with all its checks; the arithmetic is in it whether it is feasible or not.
    pub assessment: Box<Assessment>,
    /// Result of the loop's exposure when ether falls by 10 %, before costs: arithmetic.
    pub shock: Decimal,
    /// What was carried out; none when a check refused.
    pub executed: Vec<Executed>,
}

/// One end, carried out.
#[derive(Debug, Clone, Serialize)]
pub struct Executed {
    /// Which.
    pub end: End,
    /// How the perp ended.
    pub ended_by: EndKind,
    /// Paid out by arithmetic, less the rollover that accrued meanwhile.
    pub computed: Usdc,
    /// Paid out on the chain.
    pub paid: Usdc,
    /// Rollover between fill and end.
    pub rollover: Usdc,
    /// Difference of the two, USDC units.
    pub difference: U256,
    /// Largest relative difference between a loop plan and its outcome, parts per million.
    pub loop_ppm: U256,
    /// Ether that the loop gave back when it was restored, wei, beside what was put in.
    pub loop_returned: U256,
    /// See `loop_returned`.
    pub loop_equity: U256,
    /// Gas and L1 fees of all transactions, wei.
    pub gas: U256,
}

impl Executed {
    /// Whether arithmetic and chain agree.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.difference <= UNIT && self.loop_ppm <= UNIT
    }
}

/// The grid: every scenario under every table at each capital.
#[must_use]
pub fn grid(tables: &[TableName], bases: &[Decimal]) -> Vec<Cell> {
    let cells = SCENARIOS.iter().flat_map(|scenario| tables.iter().map(move |table| (scenario, *table)));
    cells.flat_map(|(scenario, table)| bases.iter().map(move |base| Cell { scenario, table, base: *base })).collect()
}

/// Assesses a cell, and carries out each of its ends on a replica of its own if it is feasible.
pub async fn play(kit: &Kit, state: &ReplicaState, config: &Config, cell: Cell) -> Result<CellResult, StoryError> {
    let folder = tempfile::tempdir().map_err(|error| StoryError::InVain(error.to_string()))?;
    let arena = Arena::set(kit, state, &folder.path().join("plan"), config, cell).await?;
    let assessment = arena.assess().await?;
    let mut executed = Vec::new();
    if assessment.is_feasible() {
        drop(arena);
        for end in End::ALL {
            let place = folder.path().join(format!("{end:?}"));
            let mut arena = Arena::set(kit, state, &place, config, cell).await?;
            executed.push(arena.carry_out(end).await?);
        }
    }
    let exposure =
        if assessment.loop_target > Decimal::ONE { cell.base * assessment.loop_target } else { Decimal::ZERO };
    Ok(CellResult {
        scenario: cell.scenario.number,
        table: cell.table,
        base: cell.base,
        shock: exposure * dec!(-0.1),
        assessment: Box::new(assessment),
        executed,
    })
}

/// A replica at the scenarios' prices, with a keeper and a trader.
struct Arena {
    cell: Cell,
    desk: Desk<AvantisV1>,
    // Before the stage: it ends before its chain does.
    _keeper: Keeper,
    stage: Stage,
}

impl Arena {
    async fn set(
        kit: &Kit,
        state: &ReplicaState,
        journal: &Path,
        config: &Config,
        cell: Cell,
    ) -> Result<Self, StoryError> {
        let stage = Stage::set(kit, state, journal).await?;
        for (asset, price) in PRICES {
            stage.controls.price(&PriceChange::parse(asset, price)?, PriceScope::Everything).await?;
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
        let desk = Desk {
            venue: AvantisV1::recognise(&endpoints, prices).await?,
            endpoints,
            reserves: stage.list.clone(),
            account,
            settings,
            clock: stage.clock.clone(),
            network: stage.network.clone(),
            live: false,
        };
        Ok(Self { cell, desk, _keeper: keeper, stage })
    }

    async fn assess(&self) -> Result<Assessment, StoryError> {
        let wall = Millis(self.desk.clock.wall_millis());
        let signal = self.cell.scenario.signal(wall);
        let equity = self.cell.base * dec!(3);
        let governor = GovernorState::new(equity, Secs(wall.0 / 1_000));
        Ok(assess(&self.desk, &signal, &governor, &OpenTrades::default(), &AssessOptions::default()).await?)
    }

    async fn carry_out(&mut self, end: End) -> Result<Executed, StoryError> {
        let assessment = self.assess().await?;
        let mut loop_ppm = U256::ZERO;
        let mut gas = U256::ZERO;
        if let Some(plan) = assessment.loop_plan.clone() {
            let settlement = self.send_loop(plan).await?;
            (loop_ppm, gas) = (worst(&settlement.figures), settlement.gas_cost.raw);
        }
        let (forecast, key, opened, cost) = self.open(&assessment).await?;
        gas = gas.saturating_add(cost);
        let growth = self.rollover(key, opened).await?;
        self.move_price(end, &forecast, assessment.signal.side.is_long()).await?;
        let (ended_by, at_price, paid, block) = self.ended(end, key, opened).await?;
        // Every forecast is without the rollover that accrues until the end.
        let by_arithmetic = match ended_by {
            EndKind::Target => forecast.paid_at_target,
            EndKind::Stop => forecast.paid_at_stop,
            _ => at_price,
        };
        let rollover = growth.after(block.saturating_sub(opened));
        let computed = Usdc(by_arithmetic.0.saturating_sub(rollover.0));
        let mut returned = U256::ZERO;
        if assessment.loop_plan.is_some() {
            let request = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } };
            let (plan, _) = self.stage.plan("WETH", "USDC", &request).await?;
            let settlement = self.send_loop(plan.clone()).await?;
            loop_ppm = loop_ppm.max(worst(&settlement.figures));
            gas = gas.saturating_add(settlement.gas_cost.raw);
            returned = plan.figure("wallet_native").map_or(U256::ZERO, |f| f.after.raw.saturating_sub(f.before.raw));
        }
        Ok(Executed {
            end,
            ended_by,
            difference: computed.0.abs_diff(paid.0),
            computed,
            paid,
            rollover,
            loop_ppm,
            loop_returned: returned,
            loop_equity: assessment.capital.loop_collateral,
            gas,
        })
    }

    async fn send_loop(&mut self, plan: Plan) -> Result<Settlement, StoryError> {
        let at = plan.block.timestamp;
        let approved = check(plan, &self.desk.network, at)?;
        let report = loops::execute(&mut self.stage.sender, &*self.desk.clock, approved).await?;
        report.settlement.ok_or_else(|| StoryError::NotMined(Box::new(report.outcome)))
    }

    async fn send_perp(&mut self, request: &PerpRequest, id: &str) -> Result<(perps::Report, PerpSubject), StoryError> {
        let desk = &self.desk;
        let snapshot = desk.venue.snapshot(desk.account, &Interest::default()).await?;
        let subject = format!("{id} {}", snapshot.block.hash);
        let settings = PerpSettings {
            id: IntentId::derive(Millis(desk.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: desk.network.clone(),
            urgency: Urgency::Open,
            valid_for: Secs::HOUR,
            gas_price: U256::from(1_000_000_000u64),
        };
        let plan = desk.venue.plan(request, &snapshot, &settings).await?;
        let subject = serde_json::from_value(plan.subject.clone());
        let subject: PerpSubject = subject.map_err(|error| StoryError::InVain(error.to_string()))?;
        let at = plan.block.timestamp;
        let approved = check(plan, &desk.network, at)?;
        let patience = OrderPatience { timeout: PATIENCE, poll: POLL };
        let report =
            perps::execute(&mut self.stage.sender, &self.desk.venue, &*self.desk.clock, approved, patience).await?;
        Ok((report, subject))
    }

    /// Opens the perp; what it should pay, where it is, the block of its fill, and what sending cost.
    async fn open(&mut self, plan: &Assessment) -> Result<(OpenForecast, PositionKey, u64, U256), StoryError> {
        // The signal is not in this journal: the saga is another story.
        let request = perps::OpenRequest { signal: None, ..plan.perp.clone() };
        let (report, subject) = self.send_perp(&PerpRequest::Open(request), "open").await?;
        let Some(Forecast::Open(forecast)) = subject.forecast else {
            return Err(StoryError::InVain("a forecast".to_owned()));
        };
        let gas = report.settlement.as_ref().map_or(U256::ZERO, |settled| settled.gas_cost.raw);
        match report.orders.first() {
            Some((_, OrderState::Filled(fill))) => Ok((forecast, fill.key, fill.block, gas)),
            other => Err(StoryError::InVain(format!("a fill: {other:?}"))),
        }
    }

    /// What a position pays in rollover each block. Every look is cut off to a unit and so gives two limits of it; many looks
    /// together tell it far better than one.
    async fn rollover(&self, key: PositionKey, opened: u64) -> Result<Growth, StoryError> {
        let mut growth = Growth { least: U256::ZERO, most: U256::MAX };
        for _ in 0..LOOKS {
            for age in [FeedAge::Grows, FeedAge::Grows, FeedAge::Refreshed] {
                self.stage.controls.warp(Secs(2), age).await?;
            }
            let snapshot = self.desk.venue.snapshot(self.desk.account, &Interest::default()).await?;
            let position = snapshot.position(key).ok_or_else(|| StoryError::InVain("the position".to_owned()))?;
            growth = growth.seen(position.rollover, snapshot.block.number.saturating_sub(opened));
        }
        Ok(growth)
    }

    async fn move_price(&self, end: End, forecast: &OpenForecast, is_long: bool) -> Result<(), StoryError> {
        let pair = self.cell.scenario.pair.split('/').next().unwrap_or_default();
        // A hair beyond the level: the feed has eight digits, the level ten.
        let beyond = |level: perps::PriceE10, up: bool| {
            let price = level.to_decimal().unwrap_or_default();
            let moved = if up { price * dec!(1.0005) } else { price * dec!(0.9995) };
            moved.round_dp(8).normalize().to_string()
        };
        let (asset, price) = match end {
            End::Win => (pair, beyond(forecast.target, is_long)),
            End::Loss => (pair, beyond(forecast.stop, !is_long)),
            End::Shock => ("ETH", SHOCK.to_owned()),
        };
        self.stage.controls.price(&PriceChange::parse(asset, &price)?, PriceScope::Everything).await?;
        Ok(())
    }

    /// How the perp ended; one that a shock left open is closed at the market.
    async fn ended(
        &mut self,
        end: End,
        key: PositionKey,
        since: u64,
    ) -> Result<(EndKind, Usdc, Usdc, u64), StoryError> {
        let is_untouched = end == End::Shock && self.cell.scenario.pair != "ETH/USD";
        if is_untouched {
            let request = PerpRequest::Close { position: key, portion: Portion::All };
            let (report, subject) = self.send_perp(&request, "close").await?;
            let Some(Forecast::Close(forecast)) = subject.forecast else {
                return Err(StoryError::InVain("a forecast".to_owned()));
            };
            return match report.orders.first() {
                Some((_, OrderState::Filled(fill))) => {
                    let gross = Usdc(forecast.paid.0.saturating_add(forecast.rollover.0));
                    Ok((EndKind::Closed, gross, fill.paid, fill.block))
                }
                other => Err(StoryError::InVain(format!("a close: {other:?}"))),
            };
        }
        let started = self.desk.clock.monotonic();
        loop {
            if let Some(ending) = self.desk.venue.ending(self.desk.account, key, since).await? {
                return Ok((ending.kind, Usdc::ZERO, ending.fill.paid, ending.fill.block));
            }
            if self.desk.clock.monotonic().saturating_sub(started) > PATIENCE {
                return Err(StoryError::InVain(format!("the perp's end by {end:?}")));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Limits of what accrues in one block, USDC units with 18 more digits.
#[derive(Debug, Clone, Copy)]
struct Growth {
    least: U256,
    most: U256,
}

impl Growth {
    /// Narrowed by what had accrued, cut off, after so many blocks.
    fn seen(self, accrued: Usdc, blocks: u64) -> Self {
        let blocks = U256::from(blocks.max(1));
        let scaled = |units: U256| units.saturating_mul(WAD);
        let next = scaled(accrued.0.saturating_add(U256::ONE));
        Self { least: self.least.max(scaled(accrued.0) / blocks), most: self.most.min(next / blocks) }
    }

    /// What accrues in so many blocks, cut off.
    fn after(self, blocks: u64) -> Usdc {
        let middle = self.least + self.most.saturating_sub(self.least) / U256::from(2u8);
        Usdc(middle.saturating_mul(U256::from(blocks)) / WAD)
    }
}

fn worst(figures: &[Deviation]) -> U256 {
    let shown = ["collateral", "debt", "leverage", "health_factor"];
    let counted = figures.iter().filter(|figure| shown.contains(&figure.name.as_str()));
    counted.filter_map(|figure| figure.ppm).max().unwrap_or_default()
}
