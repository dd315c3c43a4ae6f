//! One path, block by block, with the watchdog and beside it without.

use alloy::primitives::U256;

use super::{Kind, Path, Position, Step, liquidator::liquidate, seen::Seen, swap::Pool, trim::Bench};
use crate::{
    config::{BoundsConfig, LoopClass, WatchConfig},
    journal::Severity,
    loops::FlashSource,
    plan::Quantity,
    units::{Bps, MathError, UsdE8, WAD, Wad, mul_div_down},
    watchdog::{
        ladder::{Next, Rung, RungOutcome, Situation, Tried, next},
        rules::{AccountFacts, Action, Evaluation, Levels, Memory, PairTrim, evaluate},
    },
};

/// What became of a loop on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Repeats it.
    pub seed: u64,
    /// What the path was made of.
    pub kind: Kind,
    /// Some head showed a crossing: a health factor below the trigger by the oracle, the pool or the feed.
    pub touched: bool,
    /// One block took the loop below one from where no head had shown a crossing that was not answered: nobody could have
    /// acted. All other paths are solvent.
    pub gapped: bool,
    /// Left alone, a head shows a crossing before the health factor is below one.
    pub announced_if_idle: bool,
    /// Liquidations with the watchdog.
    pub liquidations: u32,
    /// Liquidations without.
    pub liquidations_if_idle: u32,
    /// It was liquidated although a head had shown the crossing: what must never happen.
    pub missed: bool,
    /// The first head that showed a crossing, or amounts after a liquidation, brought no alert.
    pub silent: bool,
    /// An action of ours lowered the health factor.
    pub lowered: bool,
    /// A boost went below the opening floor.
    pub below_floor: bool,
    /// The lowest health factor of a head.
    pub worst: Wad,
    /// Equity at the end, wallet included, USD with 8 decimals.
    pub equity: U256,
    /// The same for the loop left alone.
    pub equity_if_idle: U256,
    /// What liquidators took above the debt they paid, USD with 8 decimals.
    pub lost: U256,
    /// The same for the loop left alone.
    pub lost_if_idle: U256,
    /// Of each trim that was called for: blocks until one was mined.
    pub blocks_to_trim: Vec<u64>,
    /// Trims that were mined, slices included.
    pub trims: u32,
    /// Boosts that were mined.
    pub boosts: u32,
    /// Boosts that came after a trim.
    pub swings: u32,
    /// Heads on which only a human was left.
    pub humans: u32,
}

impl Outcome {
    /// Of a path before its first block.
    #[must_use]
    pub const fn nothing(path: &Path) -> Self {
        Self {
            seed: path.seed,
            kind: path.kind,
            touched: false,
            gapped: false,
            announced_if_idle: false,
            liquidations: 0,
            liquidations_if_idle: 0,
            missed: false,
            silent: false,
            lowered: false,
            below_floor: false,
            worst: Wad(U256::MAX),
            equity: U256::ZERO,
            equity_if_idle: U256::ZERO,
            lost: U256::ZERO,
            lost_if_idle: U256::ZERO,
            blocks_to_trim: Vec::new(),
            trims: 0,
            boosts: 0,
            swings: 0,
            humans: 0,
        }
    }
}

/// Runs a path.
pub fn run(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<Outcome, MathError> {
    let mut sim = Sim::new(path, watch, bounds)?;
    let mut steps = path.steps.iter();
    let Some(mut head) = steps.next() else { return Ok(sim.outcome) };
    for (number, step) in (1u64..).zip(steps) {
        sim.block(number, head, step)?;
        head = step;
    }
    let wallet = sim.wallet.saturating_mul(super::position::CENTI);
    let first = path.wallet.saturating_mul(super::position::CENTI);
    sim.outcome.equity = sim.position.equity(head.feed)?.0.saturating_add(wallet);
    sim.outcome.equity_if_idle = sim.idle.equity(head.feed)?.0.saturating_add(first);
    Ok(sim.outcome)
}

struct Sim<'a> {
    path: &'a Path,
    watch: &'a WatchConfig,
    bounds: &'a BoundsConfig,
    seen: Seen,
    levels: Levels,
    memory: Memory,
    position: Position,
    wallet: U256,
    idle: Position,
    idle_fell: bool,
    /// Block of the head that first called for a trim that is not mined yet.
    called: Option<u64>,
    shrunk: bool,
    outcome: Outcome,
}

impl<'a> Sim<'a> {
    fn new(path: &'a Path, watch: &'a WatchConfig, bounds: &'a BoundsConfig) -> Result<Self, MathError> {
        let seen = Seen::new(path, bounds);
        let outcome = Outcome::nothing(path);
        Ok(Self {
            path,
            watch,
            bounds,
            levels: seen.levels(),
            seen,
            memory: Memory::default(),
            position: path.position,
            wallet: path.wallet,
            idle: path.position,
            idle_fell: false,
            called: None,
            shrunk: false,
            outcome,
        })
    }

    /// The watchdog sees `head` and acts; its transaction is the first of the block `number`, then prices become `step`'s.
    fn block(&mut self, number: u64, head: &Step, step: &Step) -> Result<(), MathError> {
        let facts = self.seen.facts(&self.position, number.saturating_sub(1), head)?;
        let evaluation = evaluate(&facts, self.watch, &self.memory);
        self.watch_alerts(&facts, &evaluation);
        self.memory = evaluation.memory;
        self.outcome.worst = self.outcome.worst.min(facts.health_factor);
        if let Some(action) = evaluation.actions.first() {
            self.act(number, head, action)?;
        }
        let announced = self.is_crossing(&self.position, head)?;
        for position in [&mut self.position, &mut self.idle] {
            position.accrue(step.growth)?;
        }
        self.fall(step, announced)?;
        self.idle_block(head, step)
    }

    /// Whether the prices of a head, of which the loop is as it is now, show a crossing that can be answered.
    fn is_crossing(&self, position: &Position, head: &Step) -> Result<bool, MathError> {
        let now = position.health_factor(head.oracle)?;
        let next = position.health_factor(head.feed)?;
        // Beyond help, nothing can be trimmed: that crossing warns of nothing that could be answered.
        let shows = now < self.levels.trigger && now >= Wad(WAD) || next < self.levels.trigger;
        Ok(shows && now.min(next) > self.levels.beyond_help)
    }

    /// New prices; the liquidator takes what it may.
    fn fall(&mut self, step: &Step, announced: bool) -> Result<(), MathError> {
        if self.position.health_factor(step.oracle)? < Wad(WAD) && !self.outcome.gapped {
            if announced {
                self.outcome.missed = true;
            } else {
                self.outcome.gapped = true;
            }
        }
        let (count, lost) = liquidate_all(&mut self.position, step.oracle)?;
        self.outcome.liquidations = self.outcome.liquidations.saturating_add(count);
        self.outcome.lost = self.outcome.lost.saturating_add(lost);
        self.shrunk = count > 0;
        Ok(())
    }

    fn idle_block(&mut self, head: &Step, step: &Step) -> Result<(), MathError> {
        if !self.idle_fell && self.is_crossing(&self.idle, head)? {
            self.outcome.announced_if_idle = true;
        }
        self.idle_fell |= self.idle.health_factor(step.oracle)? < Wad(WAD);
        let (count, lost) = liquidate_all(&mut self.idle, step.oracle)?;
        self.outcome.liquidations_if_idle = self.outcome.liquidations_if_idle.saturating_add(count);
        self.outcome.lost_if_idle = self.outcome.lost_if_idle.saturating_add(lost);
        Ok(())
    }

    fn watch_alerts(&mut self, facts: &AccountFacts, evaluation: &Evaluation) {
        let next = facts.at_feed.into_iter().chain(facts.at_pool).min().unwrap_or(facts.health_factor);
        let shows = facts.health_factor.min(next) < self.levels.trigger;
        let alerted = evaluation.firings.iter().any(|firing| firing.severity == Severity::Alert);
        let is_first = shows && !self.outcome.touched;
        self.outcome.touched |= shows;
        self.outcome.silent |= (is_first || self.shrunk) && !alerted;
    }

    fn act(&mut self, number: u64, head: &Step, action: &Action) -> Result<(), MathError> {
        let before = self.position;
        match action {
            Action::Trim(trim) => self.climb(number, head, trim, action)?,
            Action::Boost { target, .. } => {
                self.boost(head, *target)?;
                self.memory.done(action, number);
                self.outcome.boosts = self.outcome.boosts.saturating_add(1);
                self.outcome.swings = self.outcome.swings.saturating_add(u32::from(self.outcome.trims > 0));
                self.outcome.below_floor |= self.position.health_factor(head.oracle)? < self.levels.floor;
                return Ok(());
            }
            _ => return Ok(()),
        }
        for price in [head.oracle, head.feed] {
            self.outcome.lowered |= self.position.health_factor(price)? < before.health_factor(price)?;
        }
        Ok(())
    }

    /// Up the ladder until a rung is done; planning finds what is impossible, so all of it happens on one head.
    fn climb(&mut self, number: u64, head: &Step, trim: &PairTrim, action: &Action) -> Result<(), MathError> {
        let called = *self.called.get_or_insert(number.saturating_sub(1));
        let situation = self.situation(head, trim)?;
        let kept = Bps::ONE.0.saturating_sub(trim.feed_gap.0);
        let reference = mul_div_down(head.oracle.0, U256::from(kept), U256::from(Bps::ONE.0))?;
        let pool = Pool::new(head, self.path.position.debt)?;
        let mut bench = Bench {
            position: &mut self.position,
            wallet: &mut self.wallet,
            pool,
            bounds: self.bounds,
            oracle: head.oracle,
            reference: UsdE8(reference),
            target: trim.target,
            best_source_empty: head.best_source_empty,
        };
        let mut tried = Tried::nothing();
        while let Next::Try { rung, skipped, .. } = next(&situation, &tried) {
            for attempt in skipped {
                tried.record(attempt.rung, attempt.outcome);
            }
            let outcome = bench.attempt(&rung)?;
            tried.record(rung, outcome);
        }
        let done = tried.attempts().iter().find(|attempt| attempt.outcome == RungOutcome::Done);
        match done.map(|attempt| &attempt.rung) {
            Some(Rung::AskHuman) | None => self.outcome.humans = self.outcome.humans.saturating_add(1),
            Some(_) => {
                self.memory.done(action, number);
                self.outcome.trims = self.outcome.trims.saturating_add(1);
                self.outcome.blocks_to_trim.push(number.saturating_sub(called));
                self.called = None;
            }
        }
        Ok(())
    }

    fn situation(&self, head: &Step, trim: &PairTrim) -> Result<Situation, MathError> {
        Ok(Situation {
            class: LoopClass::Volatile,
            pressure: trim.pressure,
            health_factor: self.position.health_factor(head.oracle)?,
            target: trim.target,
            flash_sources: vec![FlashSource::MorphoBlue, FlashSource::AaveV3],
            free_collateral: Quantity::new(self.position.collateral, 18, "WETH"),
            wallet_debt: Quantity::new(self.wallet, 6, "USDC"),
            wallet_collateral: Quantity::new(U256::ZERO, 18, "WETH"),
        })
    }

    /// Borrows and buys until the health factor is at the target, never below it.
    fn boost(&mut self, head: &Step, target: Wad) -> Result<(), MathError> {
        let pool = Pool::new(head, self.path.position.debt)?;
        let after = |borrowed: U256| -> Result<Position, MathError> {
            Ok(Position {
                collateral: self.position.collateral.saturating_add(pool.buy(borrowed)?),
                debt: self.position.debt.saturating_add(borrowed),
            })
        };
        let (mut low, mut high) = (U256::ZERO, self.position.debt.saturating_mul(U256::from(4u64)));
        while high.saturating_sub(low) > U256::ONE {
            let middle = low.saturating_add(high) >> 1;
            if after(middle)?.health_factor(head.oracle)? >= target { low = middle } else { high = middle }
        }
        self.position = after(low)?;
        Ok(())
    }
}

fn liquidate_all(position: &mut Position, price: UsdE8) -> Result<(u32, U256), MathError> {
    let (mut count, mut lost) = (0u32, U256::ZERO);
    while let Some(bonus) = liquidate(position, price)? {
        count = count.saturating_add(1);
        lost = lost.saturating_add(bonus);
    }
    Ok((count, lost))
}
