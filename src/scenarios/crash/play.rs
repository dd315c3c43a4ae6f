//! Playing one path.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{Address, U256, address};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    CrashOutcome, Foresight,
    tape::{Played, Tape},
};
use crate::{
    chain::BlockRef,
    config::{BoundsConfig, FeesConfig, SellConfig, WalletUse, WatchConfig},
    dex::WETH,
    localchain::{BlockOrder, Course, CourseStep, Kit, ReplicaState, Standing},
    loops::{FeedBook, Survey},
    scenarios::{Stage, StoryError},
    send::Patience,
    units::{Secs, WAD, Wad, mul_div_up},
    watchdog::{
        ops::{Alert, AlertSink, Meters},
        paths::{AssetPrice, Path, Step},
        runner::{Hands, Office, PerpRules, Rulebook, Seat, Turn, Watch, WatchError},
    },
};

/// The loop that is left alone belongs to the second of anvil's test accounts.
const TWIN: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// Ether for gas, wei: what the watch leaves alone in the wallet, so that nothing is added from it.
const GAS_MONEY: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);
/// Base's time between blocks.
const BLOCK: Secs = Secs(2);
/// How often is looked whether the watch has sent something.
const POLL: Duration = Duration::from_millis(2);
/// Blocks that a transaction of the watch may wait for after the block it was meant for.
const LATE: u32 = 60;
/// Depth of a pool on a quiet day in a path, hundredths of the debt: there the replica's pools stay as they are.
const DEEP: u64 = 20_000;
/// A liquidator tries what its own reckoning puts below this: rounding and interest must not save anybody.
const NEARLY_ONE: U256 = U256::from_limbs([1_010_000_000_000_000_000, 0, 0, 0]);
/// Seconds.
const YEAR: u64 = 31_536_000;
/// Looks, without anything waiting, after which the watch may be waiting for a block.
const LOOKS: u32 = 1_000;
/// Who borrows so much that interest jumps: another test account, ether supplied and dollars borrowed.
const BORROWER: Address = address!("90F79bf6EB2c4f870365E785982E1f101E93b906");
const SQUEEZE: (u64, u64) = (40_000, 60_000_000);

/// Alerts are read from the turns; nobody has to be told.
#[derive(Debug)]
struct Nobody;

impl AlertSink for Nobody {
    fn raise(&self, _: Alert) {}
}

/// A path under way.
struct Play<'p> {
    path: &'p Path,
    foresight: Foresight,
    order: BlockOrder,
    course: Course,
    watch: Watch,
    seats: Vec<Seat>,
    accounts: [Address; 2],
    surroundings: Surroundings,
}

/// What besides prices has changed.
struct Surroundings {
    full_depth: U256,
    first_debt: U256,
    depth: u64,
    squeezed: bool,
}

/// Plays a path on a replica of its own. Feeds in the settings are of another chain; `foresight` says what is read here, and
/// `order` where the watch's transactions stand in the path's blocks.
pub async fn crash(
    kit: &Kit,
    state: &ReplicaState,
    path: &Path,
    watch: &WatchConfig,
    bounds: &BoundsConfig,
    foresight: Foresight,
    order: BlockOrder,
) -> Result<CrashOutcome, StoryError> {
    let directory = tempfile::tempdir().map_err(|error| StoryError::Figures(error.to_string()))?;
    let stage = Stage::set(kit, state, directory.path()).await?;
    let Stage { sender, list, network, clock, controls, anvil } = stage;
    let account = sender.account();
    let endpoints = sender.wire().clone();
    let patience = Patience { poll: POLL, ..Patience::default() };
    let meters = Meters::new().map_err(|error| StoryError::Figures(error.to_string()))?;
    let course = Course::begin(&controls).await?;
    // The wallet is a part of the path, and no journal has opened the loop.
    let watch = WatchConfig { use_wallet: WalletUse::Everything, sell: SellConfig::All, ..foresight.settings(watch) };
    let feeds = FeedBook::new(&watch, &list)?;
    let thresholds = path.account.thresholds;
    let rulebook = Rulebook {
        watch,
        bounds: *bounds,
        fees: FeesConfig::default(),
        thresholds,
        permit_ttl: Secs::HOUR,
        order_timeout: std::time::Duration::from_secs(60),
        perps: PerpRules::default(),
    };
    let office = Arc::new(Office::new(endpoints, network, clock, Arc::new(Nobody), Arc::new(meters), rulebook));
    let hands = Hands::Sender(Box::new(sender.with_patience(patience)));
    let seats = vec![Seat::new(office.clone(), account, hands)];
    let survey = Survey::new(list, Wad(WAD.saturating_mul(U256::from(2u64)))).with_feeds(feeds);
    let watch = Watch::over(office.clone(), survey, &seats);
    let accounts = [account, TWIN];
    let (collateral, debt, wallet) =
        path.account.pair().ok_or_else(|| StoryError::InVain("a single loop".to_owned()))?;
    for who in accounts {
        course.lever(who, collateral, debt, wallet).await?;
    }
    let full_depth = course.depth().await?;
    let first_debt = debt;
    let surroundings = Surroundings { full_depth, first_debt, depth: DEEP, squeezed: false };
    let mut play = Play { path, foresight, order, course, watch, seats, accounts, surroundings };
    let outcome = play.through().await;
    drop(anvil);
    outcome
}

impl Play<'_> {
    async fn through(&mut self) -> Result<CrashOutcome, StoryError> {
        let mut tape = Tape::new(self.path, self.foresight, self.order);
        let mut steps = self.path.steps.iter();
        let Some(mut head) = steps.next() else { return Ok(tape.outcome) };
        self.surroundings(head).await?;
        let first = course_step(head, self.next().await?);
        self.course.block(&first, &[], BlockOrder::WaitingFirst).await?;
        for (at, step) in (0u64..).zip(steps) {
            let before = self.standings().await?;
            if before.iter().all(|held| held.debt.0.is_zero()) {
                break;
            }
            let (turn, block) = self.block(head, step, before).await?;
            let after = self.standings().await?;
            let accounts = self.accounts;
            tape.note(&Played { at, head, step, before, after, turn: &turn, block: &block, accounts })?;
            head = step;
        }
        tape.end(self.standings().await?);
        Ok(tape.outcome)
    }

    /// The watch sees the head and acts while the block is made.
    async fn block(
        &mut self,
        head: &Step,
        step: &Step,
        before: [Standing; 2],
    ) -> Result<(Turn, crate::localchain::CourseBlock), StoryError> {
        let account = self.accounts[0];
        self.course.set_ether(account, GAS_MONEY).await?;
        let seen = self.course.controls().head().await?;
        let prey = prey(self.accounts, before, head, step);
        let Self { course, watch, seats, surroundings, order, .. } = self;
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
        if turns.is_none() && is_long {
            now = course.mine(now.timestamp.plus(BLOCK)).await?;
        }
        let mut late = 0;
        if is_long {
            // Interest of hours passes after the trim; the rate is the one that was read on the head.
            while turns.is_none() && late < LATE {
                turns = settle(course, account, &mut round, &mut now).await?;
                late += 1;
            }
        }
        let rate = turns.as_ref().map_or(Decimal::ZERO, |turns| rate(turns.first()));
        surroundings.become_those_of(step, course, &mut now).await?;
        let at = now.timestamp.plus(if is_long { time_for(step.growth, rate) } else { BLOCK });
        let block = course.block(&course_step(step, at), &prey, *order).await?;
        now = block.block;
        while turns.is_none() {
            if late >= LATE {
                return Err(StoryError::InVain("the watch to come to an end".to_owned()));
            }
            turns = settle(course, account, &mut round, &mut now).await?;
            late += 1;
        }
        let turn = turns.and_then(|mut turns| turns.pop());
        let turn = turn.ok_or_else(|| StoryError::InVain("the watch to look".to_owned()))?;
        Ok((turn, block))
    }

    async fn surroundings(&mut self, step: &Step) -> Result<(), StoryError> {
        let mut now = self.course.controls().head().await?;
        self.surroundings.become_those_of(step, &mut self.course, &mut now).await
    }

    async fn next(&self) -> Result<Secs, StoryError> {
        Ok(self.course.controls().head().await?.timestamp.plus(BLOCK))
    }

    async fn standings(&self) -> Result<[Standing; 2], StoryError> {
        let found = self.course.standings(&self.accounts).await?;
        <[Standing; 2]>::try_from(found).map_err(|_| StoryError::InVain("two accounts".to_owned()))
    }
}

impl Surroundings {
    async fn become_those_of(
        &mut self,
        step: &Step,
        course: &mut Course,
        now: &mut BlockRef,
    ) -> Result<(), StoryError> {
        course.empty_morpho(step.best_source_empty).await?;
        if step.growth > 1 && !self.squeezed {
            self.squeezed = true;
            let unit = U256::from(10u64).pow(U256::from(6u64));
            let (ether, dollars) =
                (WAD.saturating_mul(U256::from(SQUEEZE.0)), unit.saturating_mul(U256::from(SQUEEZE.1)));
            course.lever(BORROWER, ether, dollars, dollars).await?;
            *now = course.controls().head().await?;
        }
        if step.depth == self.depth {
            return Ok(());
        }
        self.depth = step.depth;
        let at = now.timestamp.plus(BLOCK);
        if step.depth >= DEEP {
            course.refill(at).await?;
        } else {
            let wanted = self.first_debt.saturating_mul(U256::from(step.depth)) / U256::from(100u64);
            let kept = mul_div_up(wanted, U256::from(1_000_000u64), self.full_depth.max(U256::ONE))?;
            course.thin(u64::try_from(kept).unwrap_or(u64::MAX), at).await?;
        }
        *now = course.controls().head().await?;
        Ok(())
    }
}

fn course_step(step: &Step, at: Secs) -> CourseStep {
    let AssetPrice { feed, oracle, pool } = step.of(WETH);
    CourseStep { feed, oracle, pool, at }
}

/// Whom the liquidator tries: whoever the next oracle answer takes near or below one, by its own reckoning.
fn prey(accounts: [Address; 2], before: [Standing; 2], head: &Step, step: &Step) -> Vec<Address> {
    let falls = |held: &Standing| {
        let next = mul_div_up(held.health_factor.0, step.of(WETH).oracle.0, head.of(WETH).oracle.0).unwrap_or_default();
        !held.debt.0.is_zero() && next < NEARLY_ONE
    };
    accounts.into_iter().zip(&before).filter(|(_, held)| falls(held)).map(|(account, _)| account).collect()
}

/// What borrowing costs a year, as the watch read it.
fn rate(turn: Option<&Turn>) -> Decimal {
    let held = turn.and_then(|turn| turn.facts.as_ref()).and_then(|facts| facts.loops.first());
    held.map_or(Decimal::ZERO, |held| held.borrow_rate)
}

/// How long a debt takes to grow by parts per billion at a rate.
fn time_for(growth: u64, rate: Decimal) -> Secs {
    let years = Decimal::new(i64::try_from(growth).unwrap_or_default(), 9).checked_div(rate).unwrap_or_default();
    let seconds = years.saturating_mul(Decimal::from(YEAR)).to_u64().unwrap_or_default();
    Secs(seconds.clamp(BLOCK.0, YEAR / 12))
}

/// Waits for the watch to end its round; mines a block when something of it waits, or when it waits for one.
async fn settle<F>(
    course: &Course,
    account: Address,
    round: &mut std::pin::Pin<&mut F>,
    now: &mut BlockRef,
) -> Result<Option<Vec<Turn>>, StoryError>
where
    F: Future<Output = Result<Vec<Turn>, WatchError>>,
{
    for _ in 0..LOOKS {
        tokio::select! {
            done = &mut *round => return Ok(Some(done?)),
            () = tokio::time::sleep(POLL) => if course.is_waiting(account).await? { break },
        }
    }
    *now = course.mine(now.timestamp.plus(BLOCK)).await?;
    Ok(None)
}
