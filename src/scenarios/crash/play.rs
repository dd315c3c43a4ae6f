//! Playing one path.

use std::{pin::Pin, sync::Arc, time::Duration};

use alloy::primitives::{Address, U256, address};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    CrashOutcome, FeedMode,
    pace::Pace,
    reading::{Reading, Readings},
    surroundings::Surroundings,
    turned::{Block, judged},
};
use crate::{
    aave::StateError,
    chain::BlockRef,
    config::{BoundsConfig, FeesConfig, WatchConfig},
    journal::{NewLoop, Stamp},
    localchain::{BlockOrder, Course, CoursePrice, CourseStep, Kit, Opening, Quarry, ReplicaState},
    loops::{AccountsReader, FeedBook, class_of},
    scenarios::{
        Stage, StoryError,
        paths::{Judge, Path, Step, prey},
    },
    send::ResubmitPolicy,
    units::{Millis, Secs, WAD, Wad},
    watchdog::{
        ops::{Alert, AlertSink, Metrics},
        runner::{
            HeadOutcome, PerpRules, SignerAccess, Watch, WatchContext, WatchError, WatchSettings, WatchedAccount,
        },
    },
};

/// The account that is left alone belongs to the second of anvil's test accounts.
const TWIN: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// Ether for gas, wei: what the watch leaves alone in the wallet, so that nothing is added from it.
const GAS_MONEY: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);
/// How often is looked whether the watch has sent something.
const POLL: Duration = Duration::from_millis(2);
/// Blocks that a transaction of the watch may wait for after the block it was meant for.
const LATE: u32 = 60;
/// Seconds.
const YEAR: u64 = 31_536_000;
/// Looks, without anything waiting, after which the watch may be waiting for a block.
const LOOKS: u32 = 1_000;

/// Alerts are read from the turns; nobody has to be told.
#[derive(Debug)]
struct Nobody;

impl AlertSink for Nobody {
    fn raise(&self, _: Alert) {}
}

/// How paths are played.
#[derive(Debug, Clone)]
pub struct CrashRules {
    /// Settings of the watch. What may be sold and used is the path's; feeds are of another chain.
    pub watch: WatchConfig,
    /// Bounds.
    pub bounds: BoundsConfig,
    /// What the watch reads ahead of Aave's oracle.
    pub foresight: FeedMode,
    /// In every block standard feeds and pools move ahead of what the watch has sent; otherwise where the path says so.
    pub prices_first: bool,
}

/// A path under way.
struct Play<'p> {
    path: &'p Path,
    rules: &'p CrashRules,
    course: Course,
    pace: Pace,
    watch: Watch,
    seats: Vec<WatchedAccount>,
    readings: Readings,
    surroundings: Surroundings,
    judge: Judge<'p>,
    outcome: CrashOutcome,
}

/// Plays a path on a replica of its own.
pub async fn crash(
    kit: &Kit,
    state: &ReplicaState,
    path: &Path,
    rules: &CrashRules,
) -> Result<CrashOutcome, StoryError> {
    let directory = tempfile::tempdir().map_err(|error| StoryError::Figures(error.to_string()))?;
    let stage = Stage::set(kit, state, directory.path()).await?;
    let Stage { sender, list, network, clock, controls, anvil } = stage;
    let account = sender.account();
    let endpoints = sender.wire().clone();
    let Some(first) = path.steps.first() else { return Err(StoryError::InVain("a step".to_owned())) };
    let mut course = Course::begin(&controls, &first.prices.keys().copied().collect()).await?;
    let mut pace = Pace::from(controls.head().await?);
    // Ratios and prices where the path begins.
    let at = pace.next(controls.head().await?);
    let offered = course.offer_prices(course_step(first, at), BlockOrder::WaitingFirst).await?;
    course.strike(offered, &[]).await?;
    open(&course, path, [account, TWIN], &mut pace).await?;

    let foresight = rules.foresight;
    let drawn = &path.account;
    let watch = WatchConfig {
        use_wallet: drawn.use_wallet.clone(),
        sell: drawn.sell.clone(),
        ..foresight.settings(&rules.watch)
    };
    let feeds = FeedBook::new(&watch, &list)?;
    let readings = Readings {
        endpoints: endpoints.clone(),
        list: list.clone(),
        feeds: feeds.clone(),
        foresight,
        accounts: [account, TWIN],
    };
    let opened = readings.at(controls.head().await?).await?;
    for new in loops(path, &opened)? {
        let stamp = Stamp { block_time: opened.market.block.timestamp, wall: Millis(clock.wall_millis()) };
        sender.journal().adopt_loop(&new, stamp)?;
    }
    let rulebook = WatchSettings {
        watch,
        bounds: rules.bounds,
        fees: FeesConfig::default(),
        thresholds: drawn.thresholds,
        permit_ttl: Secs::HOUR,
        order_timeout: Duration::from_secs(60),
        perps: PerpRules::default(),
    };
    let meters = Metrics::new().map_err(|error| StoryError::Figures(error.to_string()))?;
    let office = Arc::new(WatchContext::new(endpoints, network, clock, Arc::new(Nobody), Arc::new(meters), rulebook));
    let hands = SignerAccess::Sender(Box::new(
        sender.with_patience(ResubmitPolicy { poll: POLL, ..ResubmitPolicy::default() }),
    ));
    let seats = vec![WatchedAccount::new(office.clone(), account, hands)];
    let survey = AccountsReader::new(list, Wad(WAD.saturating_mul(U256::from(2u64)))).with_feeds(feeds);
    let watch = Watch::over(office.clone(), survey, &seats);
    // Dollars with 6 decimals.
    let first_debt = drawn.values()?.1 / U256::from(100u64);
    let surroundings = Surroundings::quiet(course.depth().await?, first_debt);
    let mut judge = Judge::new(path, &rules.bounds).told(path);
    judge.opened(&opened.market)?;
    let outcome = CrashOutcome::nothing(path);
    let mut play = Play { path, rules, course, pace, watch, seats, readings, surroundings, judge, outcome };
    play.through().await?;
    let outcome =
        CrashOutcome { counted: play.judge.outcome.clone(), story: play.judge.lines().to_vec(), ..play.outcome };
    drop(anvil);
    Ok(outcome)
}

/// Both accounts as they are drawn.
async fn open(course: &Course, path: &Path, accounts: [Address; 2], pace: &mut Pace) -> Result<(), StoryError> {
    let drawn = &path.account;
    let supplies: Vec<_> =
        drawn.supplies.iter().map(|supply| (supply.token, supply.amount, supply.is_collateral)).collect();
    let opening = Opening { supplies: &supplies, debts: &drawn.debts, wallet: &drawn.wallet, emode: drawn.emode };
    for account in accounts {
        let at = pace.next(course.controls().head().await?);
        course.open(account, &opening, at).await?;
    }
    Ok(())
}

/// What the path's journal has, at the indices of the block in which the account is read first.
fn loops(path: &Path, opened: &Reading) -> Result<Vec<NewLoop>, StateError> {
    let (market, now) = (&opened.market, opened.market.block.timestamp);
    let mut loops = Vec::new();
    for known in &path.account.loops {
        let position = &known.position;
        let mut terms = position.terms.clone();
        let (held, owed) = (market.reserve(position.collateral)?, market.reserve(position.debt)?);
        let category = market.category(path.account.emode)?;
        let fitting = category.filter(|one| one.is_collateral(held.id) && one.is_borrowable(owed.id));
        let class = class_of(fitting.map(|category| category.liquidation_threshold));
        let thresholds = known.thresholds.unwrap_or_else(|| path.account.thresholds.of(class));
        terms.thresholds = serde_json::to_value(thresholds).unwrap_or_default();
        terms.collateral_index = Some(held.normalized_income(now)?.0);
        terms.debt_index = Some(owed.normalized_debt(now)?.0);
        let (collateral, debt) = (position.collateral, position.debt);
        loops.push(NewLoop { id: position.id, paper: false, collateral, debt, terms });
    }
    Ok(loops)
}

impl Play<'_> {
    async fn through(&mut self) -> Result<(), StoryError> {
        let mut steps = self.path.steps.iter();
        let Some(mut head) = steps.next() else { return Ok(()) };
        self.surroundings.become_those_of(head, &mut self.course, &mut self.pace).await?;
        for (at, step) in (0u64..).zip(steps) {
            let seen = self.course.controls().head().await?;
            let before = self.readings.at(seen).await?;
            if before.is_over() {
                break;
            }
            self.block((at, head, step), (seen, before)).await?;
            self.surroundings.become_those_of(step, &mut self.course, &mut self.pace).await?;
            head = step;
        }
        let last = self.readings.at(self.course.controls().head().await?).await?;
        Ok(self.judge.end(&last.scene(head), &last.twin)?)
    }

    /// The watch sees the head and acts while the block is made; then it is judged.
    async fn block(
        &mut self,
        (at, head, step): (u64, &Step, &Step),
        (seen, before): (BlockRef, Reading),
    ) -> Result<(), StoryError> {
        let [account, twin] = self.readings.accounts;
        self.course.set_ether(account, GAS_MONEY).await?;
        let sent = self.course.sent(account, false).await?;
        let Self { course, watch, seats, rules, readings, pace, .. } = self;
        let round = watch.round(seen, seats);
        tokio::pin!(round);
        let mut turns = None;
        // Until it has sent something, or has nothing to send.
        while turns.is_none() {
            tokio::select! {
                done = &mut round => turns = Some(done?),
                () = tokio::time::sleep(POLL) => if course.is_waiting(account).await? { break },
            }
        }
        let mut now = seen;
        let is_long = step.growth > 1;
        if is_long {
            // Interest of hours passes after the trim.
            for _ in 0..LATE {
                if turns.is_some() {
                    break;
                }
                now = course.mine(pace.next(now)).await?;
                turns = settle(course, account, round.as_mut()).await?;
            }
            pace.pass(time_for(step.growth, before.rate()));
        }
        let order = match (rules.prices_first || step.is_price_first) && !is_long {
            true => BlockOrder::PricesFirst,
            false => BlockOrder::WaitingFirst,
        };
        let to = pace.next(now);
        let arrivals = step.arrivals.iter().flat_map(|(token, amount)| [account, twin].map(|to| (*token, *amount, to)));
        let next = CourseStep { arrivals: arrivals.collect(), ..course_step(step, to) };
        let offered = course.offer_prices(next, order).await?;
        let stands = readings.ahead(course, now).await?;
        let priced = stands.priced(step, to);
        let mut quarry = Vec::new();
        for (who, state) in [(account, &priced.account), (twin, &priced.twin)] {
            let pairs = prey(state, &priced.market)?.into_iter();
            quarry.extend(pairs.map(|(collateral, debt)| Quarry { account: who, collateral, debt }));
        }
        let block = course.strike(offered, &quarry).await?;
        now = block.block;
        let in_block = course.sent(account, false).await?.saturating_sub(sent);
        for _ in 0..LATE {
            if turns.is_some() {
                break;
            }
            turns = settle(course, account, round.as_mut()).await?;
            if turns.is_none() {
                now = course.mine(pace.next(now)).await?;
            }
        }
        let turn: Option<HeadOutcome> = turns.and_then(|mut turns| turns.pop());
        let turn = turn.ok_or_else(|| StoryError::InVain("the watch to come to an end".to_owned()))?;
        let reverted = if in_block > 0 { course.reverted(account, block.block).await? } else { 0 };
        let later = if now.number > block.block.number {
            Some((readings.at(block.block).await?, readings.at(now).await?))
        } else {
            None
        };
        let played = Block { at, head, step, order, before, stands, priced, block, in_block, reverted, later };
        self.outcome.blocks = self.outcome.blocks.saturating_add(1);
        judged(&mut self.judge, &mut self.outcome, &self.readings, &turn, &played).await
    }
}

pub(super) fn course_step(step: &Step, at: Secs) -> CourseStep {
    let prices = step.prices.iter().map(|(token, price)| {
        let price = CoursePrice { feed: price.feed, oracle: price.oracle, pool: price.pool };
        (*token, price)
    });
    CourseStep { prices: prices.collect(), at, arrivals: Vec::new() }
}

/// How long a debt takes to grow by parts per billion at a rate.
fn time_for(growth: u64, rate: Decimal) -> Secs {
    let years = Decimal::new(i64::try_from(growth).unwrap_or_default(), 9).checked_div(rate).unwrap_or_default();
    let seconds = years.saturating_mul(Decimal::from(YEAR)).to_u64().unwrap_or_default();
    Secs(seconds.clamp(1, YEAR / 12))
}

/// Waits for the watch to end its round, or until something of it waits, or it waits for a block.
async fn settle<F>(
    course: &Course,
    account: Address,
    mut round: Pin<&mut F>,
) -> Result<Option<Vec<HeadOutcome>>, StoryError>
where
    F: Future<Output = Result<Vec<HeadOutcome>, WatchError>>,
{
    for _ in 0..LOOKS {
        tokio::select! {
            done = round.as_mut() => return Ok(Some(done?)),
            () = tokio::time::sleep(POLL) => if course.is_waiting(account).await? { break },
        }
    }
    Ok(None)
}
