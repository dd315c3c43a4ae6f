//! What is noted of a path while it is played.

use alloy::primitives::{Address, U256};

use super::{CrashOutcome, Foresight};
use crate::{
    dex::WETH,
    journal::Severity,
    localchain::{BlockOrder, CourseBlock, Liquidated, Standing},
    units::{Bps, MathError, UsdE8, WAD, Wad, mul_div_down},
    watchdog::{
        paths::{Notice, Outcome, Path, Shown, Step},
        rules::{Action, Levels, Pressure},
        runner::Turn,
    },
};

/// Basis points that prices may move on before a trim of each pressure: its bound by default, less what the swap itself costs.
const TRIM_ALLOWS: u32 = 50;
const URGENT_ALLOWS: u32 = 250;
const LAST_ALLOWS: u32 = 400;

/// Notes of one path.
#[derive(Debug)]
pub(super) struct Tape {
    pub(super) outcome: CrashOutcome,
    foresight: Foresight,
    order: BlockOrder,
    levels: Option<Levels>,
    /// Index of the head that first called for a trim that is not mined yet.
    called: Option<u64>,
    shrunk: bool,
    idle_fell: bool,
}

/// One block of a path, with what was known before it.
#[derive(Debug)]
pub(super) struct Played<'a> {
    /// Index of the head's step.
    pub(super) at: u64,
    /// The step of the head.
    pub(super) head: &'a Step,
    /// The step of the block.
    pub(super) step: &'a Step,
    /// The loop and its twin on the head.
    pub(super) before: [Standing; 2],
    /// After the block.
    pub(super) after: [Standing; 2],
    /// What was decided on the head, and came of it.
    pub(super) turn: &'a Turn,
    /// The block.
    pub(super) block: &'a CourseBlock,
    /// The loop, and its twin.
    pub(super) accounts: [Address; 2],
}

impl Tape {
    pub(super) fn new(path: &Path, foresight: Foresight, order: BlockOrder) -> Self {
        let counted = Outcome::nothing(path);
        let outcome = CrashOutcome { counted, out_of_order: false, outpaced: 0, blocks: 0 };
        Self { outcome, foresight, order, levels: None, called: None, shrunk: false, idle_fell: false }
    }

    /// Notes a block.
    pub(super) fn note(&mut self, played: &Played<'_>) -> Result<(), MathError> {
        self.outcome.blocks = self.outcome.blocks.saturating_add(1);
        self.alerts(played);
        let Some(levels) = self.levels else { return Ok(()) };
        self.trims(played);
        self.fall(played, levels)?;
        self.idle(played, levels)
    }

    /// Notes how it ended; USD with 8 decimals, the wallet's dollars included.
    pub(super) fn end(&mut self, loop_and_twin: [Standing; 2]) {
        let worth = |held: Standing| {
            let wallet = held.wallet.saturating_mul(U256::from(100u64));
            held.collateral.0.saturating_sub(held.debt.0).saturating_add(wallet)
        };
        let [held, twin] = loop_and_twin;
        (self.outcome.counted.equity, self.outcome.counted.equity_if_idle) = (worth(held), worth(twin));
    }

    fn alerts(&mut self, played: &Played<'_>) {
        let Some(facts) = &played.turn.facts else { return };
        if !facts.debt_value.0.is_zero() {
            self.levels = Some(Levels::of(facts));
        }
        let Some(levels) = self.levels else { return };
        let counted = &mut self.outcome.counted;
        counted.worst = counted.worst.min(facts.health_factor);
        let next = facts.at_feed.into_iter().chain(facts.at_pool).min().unwrap_or(facts.health_factor);
        let shows = facts.health_factor.min(next) < levels.trigger;
        let alerted = played.turn.firings.iter().any(|firing| firing.severity == Severity::Alert);
        let is_first = shows && !counted.touched;
        counted.touched |= shows;
        counted.silent |= (is_first || self.shrunk) && !alerted;
        counted.warned |= shows && facts.health_factor >= Wad(WAD) && counted.first_fall.is_none();
    }

    fn trims(&mut self, played: &Played<'_>) {
        let Some(acted) = &played.turn.acted else { return };
        if !matches!(acted.action, Action::Trim(_)) {
            return;
        }
        let counted = &mut self.outcome.counted;
        let called = *self.called.get_or_insert(played.at);
        if let Some(mined_in) = acted.mined_in {
            let is_first = played.block.before_prices > 0;
            let is_meant = is_first == (self.order == BlockOrder::WaitingFirst);
            self.outcome.out_of_order |= mined_in == played.block.block.number && !is_meant;
            counted.trims = counted.trims.saturating_add(1);
            counted.blocks_to_trim.push(played.at.saturating_add(1).saturating_sub(called));
            self.called = None;
            counted.lowered |= after_action(played).is_ok_and(|after| after < played.before[0].health_factor);
        } else {
            counted.humans = counted.humans.saturating_add(1);
        }
    }

    fn fall(&mut self, played: &Played<'_>, levels: Levels) -> Result<(), MathError> {
        let account = played.accounts[0];
        let count = played.block.liquidated.iter().filter(|one| one.account == account).count();
        let owes = !played.after[0].debt.0.is_zero();
        let below = count > 0 || owes && played.after[0].health_factor < Wad(WAD);
        let stands = after_action(played)?;
        let counted = &mut self.outcome.counted;
        // Where the head was below one already, this block is not the fall.
        if below && stands >= Wad(WAD) {
            let notice = shown(stands, played.head, self.foresight)?.notice(&levels);
            let outpaced = self.order == BlockOrder::PricesFirst && notice == Notice::Announced && outpaces(played)?;
            self.outcome.outpaced = self.outcome.outpaced.saturating_add(u32::from(outpaced));
            counted.fell(if outpaced { Notice::Nothing } else { notice });
        }
        self.shrunk = count > 0;
        counted.liquidations = counted.liquidations.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        counted.lost = counted.lost.saturating_add(lost(played, account)?);
        Ok(())
    }

    fn idle(&mut self, played: &Played<'_>, levels: Levels) -> Result<(), MathError> {
        let twin = played.accounts[1];
        let now = played.before[1].health_factor;
        let counted = &mut self.outcome.counted;
        if !self.idle_fell && shown(now, played.head, self.foresight)?.notice(&levels) == Notice::Announced {
            counted.announced_if_idle = true;
        }
        let count = played.block.liquidated.iter().filter(|one| one.account == twin).count();
        self.idle_fell |= count > 0 || played.after[1].health_factor < Wad(WAD);
        counted.liquidations_if_idle =
            counted.liquidations_if_idle.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        counted.lost_if_idle = counted.lost_if_idle.saturating_add(lost(played, twin)?);
        Ok(())
    }
}

/// What a head shows of a loop that has this health factor by its oracle. Only ether has a price that moves.
fn shown(now: Wad, head: &Step, foresight: Foresight) -> Result<Shown, MathError> {
    let at = |price: UsdE8| mul_div_down(now.0, price.0, head.of(WETH).oracle.0).map(Wad);
    Ok(Shown { now, at_feed: foresight.price(head).map(at).transpose()?, at_pool: Some(at(head.of(WETH).pool)?) })
}

/// The loop's health factor after what was done about the head, at the head's price.
fn after_action(played: &Played<'_>) -> Result<Wad, MathError> {
    let [before, _] = played.before;
    if played.turn.acted.as_ref().is_none_or(|acted| acted.mined_in.is_none()) {
        return Ok(before.health_factor);
    }
    // Taken apart from the liquidations of the same block, and brought back to the head's price. Values, so that what
    // is rounded is less than a millionth of a dollar.
    let [after, _] = played.after;
    let (seized, covered) = taken(&played.block.liquidated, played.accounts[0]);
    let price = played.step.of(WETH).oracle.0;
    let collateral = after.collateral.0.saturating_add(value(seized, price)?);
    let debt = after.debt.0.saturating_add(covered.saturating_mul(U256::from(100u64)));
    if debt.is_zero() {
        return Ok(Wad(U256::MAX));
    }
    let at_head = mul_div_down(collateral, played.head.of(WETH).oracle.0, price)?;
    let counted = mul_div_down(at_head, U256::from(83u64), U256::from(100u64))?;
    mul_div_down(counted, WAD, debt).map(Wad)
}

/// Whether prices moved on by more than the trim that was behind them allows: nothing signed before could be carried out.
fn outpaces(played: &Played<'_>) -> Result<bool, MathError> {
    let allowed = match played.turn.acted.as_ref().map(|acted| &acted.action) {
        Some(Action::Trim(trim)) => match trim.pressure {
            Pressure::Trim => TRIM_ALLOWS,
            Pressure::Urgent => URGENT_ALLOWS,
            Pressure::LastResort => LAST_ALLOWS,
        },
        _ => return Ok(false),
    };
    let kept = mul_div_down(played.step.of(WETH).pool.0, U256::from(Bps::ONE.0), played.head.of(WETH).pool.0)?;
    Ok(kept < U256::from(Bps::ONE.0 - allowed))
}

/// What a liquidator took above what it paid, USD with 8 decimals.
fn lost(played: &Played<'_>, account: Address) -> Result<U256, MathError> {
    let (seized, covered) = taken(&played.block.liquidated, account);
    Ok(value(seized, played.step.of(WETH).oracle.0)?.saturating_sub(covered.saturating_mul(U256::from(100u64))))
}

fn taken(liquidated: &[Liquidated], account: Address) -> (U256, U256) {
    let own = liquidated.iter().filter(|one| one.account == account);
    own.fold((U256::ZERO, U256::ZERO), |(seized, covered), one| {
        (seized.saturating_add(one.seized), covered.saturating_add(one.covered))
    })
}

/// Of an amount of ether.
fn value(wei: U256, price: U256) -> Result<U256, MathError> {
    mul_div_down(wei, price, WAD).map(|value| UsdE8(value).0)
}
