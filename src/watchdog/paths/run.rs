//! One path, block by block, with the watchdog and beside it without.

use alloy::primitives::U256;

use super::{
    Notice, Outcome, Path, Position, Shown, Step,
    liquidator::liquidate,
    seen::{Seen, pair},
    swap::Pool,
    trim::Bench,
};
use crate::{
    config::{BoundsConfig, LoopClass, WatchConfig},
    journal::Severity,
    loops::FlashSource,
    plan::Quantity,
    units::{MathError, UsdE8, WAD, Wad},
    watchdog::{
        ladder::{Next, Rung, RungOutcome, SaleOption, Situation, Tried, WalletOption, next},
        rules::{AccountFacts, AccountTrim, Action, Evaluation, Levels, Memory, evaluate},
    },
};

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
        let notice = shown(&self.position, head)?.notice(&self.levels);
        for position in [&mut self.position, &mut self.idle] {
            position.accrue(step.growth)?;
        }
        self.fall(step, notice)?;
        self.idle_block(head, step)
    }

    /// New prices; the liquidator takes what it may.
    fn fall(&mut self, step: &Step, notice: Notice) -> Result<(), MathError> {
        if self.position.health_factor(step.oracle)? < Wad(WAD) {
            self.outcome.fell(notice);
        }
        let (count, lost) = liquidate_all(&mut self.position, step.oracle)?;
        self.outcome.liquidations = self.outcome.liquidations.saturating_add(count);
        self.outcome.lost = self.outcome.lost.saturating_add(lost);
        self.shrunk = count > 0;
        Ok(())
    }

    fn idle_block(&mut self, head: &Step, step: &Step) -> Result<(), MathError> {
        if !self.idle_fell && shown(&self.idle, head)?.notice(&self.levels) == Notice::Announced {
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
        self.outcome.warned |= shows && facts.health_factor >= Wad(WAD) && self.outcome.first_fall.is_none();
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
    fn climb(&mut self, number: u64, head: &Step, trim: &AccountTrim, action: &Action) -> Result<(), MathError> {
        let called = *self.called.get_or_insert(number.saturating_sub(1));
        let situation = self.situation(head, trim)?;
        let reference = head.oracle.0.min(head.feed.0);
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

    fn situation(&self, head: &Step, trim: &AccountTrim) -> Result<Situation, MathError> {
        Ok(Situation {
            class: LoopClass::Volatile,
            pressure: trim.pressure,
            health_factor: self.position.health_factor(head.oracle)?,
            target: trim.target,
            sales: vec![SaleOption {
                pair: pair(),
                repay: None,
                flash_sources: vec![FlashSource::MorphoBlue, FlashSource::AaveV3],
                free_collateral: Quantity::new(self.position.collateral, 18, "WETH"),
            }],
            wallet: vec![WalletOption {
                pair: pair(),
                debt: Quantity::new(self.wallet, 6, "USDC"),
                collateral: Quantity::new(U256::ZERO, 18, "WETH"),
                barred: None,
            }],
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

/// What a head shows of a loop as it is now.
fn shown(position: &Position, head: &Step) -> Result<Shown, MathError> {
    Ok(Shown {
        now: position.health_factor(head.oracle)?,
        at_feed: Some(position.health_factor(head.feed)?),
        at_pool: Some(position.health_factor(head.pool)?),
    })
}

fn liquidate_all(position: &mut Position, price: UsdE8) -> Result<(u32, U256), MathError> {
    let (mut count, mut lost) = (0u32, U256::ZERO);
    while let Some(bonus) = liquidate(position, price)? {
        count = count.saturating_add(1);
        lost = lost.saturating_add(bonus);
    }
    Ok((count, lost))
}
