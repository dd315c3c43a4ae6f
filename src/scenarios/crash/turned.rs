//! What a turn of the watch came to in a block, brought before the judge of the pure paths.

use alloy::primitives::{Address, U256};

use super::{
    CrashOutcome,
    reading::{Reading, Readings},
};
use crate::{
    aave::{AccountState, Market, StateError},
    localchain::{BlockOrder, CourseBlock, Liquidated},
    scenarios::{
        StoryError,
        paths::{Applied, AssetPrice, Decided, Deed, Judge, Scene, Step},
    },
    units::{Bps, UsdE8, Wad, mul_div_down},
    watchdog::{
        ladder::{Rung, RungOutcome},
        rules::{Action, Levels, PairKey, Pressure},
        runner::{ActionReport, HeadOutcome},
    },
};

/// Basis points that prices may move on before a trim of each pressure: its bound by default, less what the swap itself costs.
const TRIM_ALLOWS: u32 = 50;
const URGENT_ALLOWS: u32 = 250;
const LAST_ALLOWS: u32 = 400;

/// A block of a path, with what was known before it.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Index of the head's step.
    pub(super) at: u64,
    pub(super) head: &'a Step,
    pub(super) step: &'a Step,
    pub(super) order: BlockOrder,
    /// On the head.
    pub(super) before: Reading,
    /// In the block, behind what the watch had sent and before strangers and liquidator.
    pub(super) stands: Reading,
    /// The same at the block's prices and time.
    pub(super) priced: Reading,
    pub(super) block: CourseBlock,
    /// Transactions of the watch up to the block.
    pub(super) in_block: u64,
    /// Those in it that reverted.
    pub(super) reverted: u32,
    /// Behind the block and at the end of the turn, where it took more blocks.
    pub(super) later: Option<(Reading, Reading)>,
}

/// Judges a block.
pub(super) async fn judged(
    judge: &mut Judge<'_>,
    outcome: &mut CrashOutcome,
    readings: &Readings,
    turn: &HeadOutcome,
    block: &Block<'_>,
) -> Result<(), StoryError> {
    let Some(facts) = &turn.facts else { return Ok(()) };
    let acted = turn.acted.as_ref();
    let deeds = acted.map_or_else(Vec::new, deeds);
    let first = deeds.first().copied().or_else(|| acted.filter(|_| block.in_block > 0).and_then(failed));
    let decided = decided(turn, first);
    let (head, step) = (readings.foresight.seen(block.head), readings.foresight.seen(block.step));
    tell(judge, block, turn);
    let Some(decided) = decided else { return Ok(()) };
    judge.head(block.at, &decided);

    let scene = block.before.scene(&head);
    let needs_pools = decided.deed.is_none() && (decided.wanted.is_some() || judge.is_idle(&decided, &scene)?);
    let pools = if needs_pools { Some(readings.pools(block.before.market.block).await?) } else { None };
    if let (Some(pools), true) = (&pools, judge.is_idle(&decided, &scene)?) {
        judge.idle(&decided, &scene, pools)?;
    }

    let mut rest = deeds.as_slice();
    let has_changed = is_changed(&block.before.account, &block.stands.account);
    let number = block.at.saturating_add(1);
    if has_changed && let Some(deed) = &first {
        rest = rest.get(1..).unwrap_or_default();
        // Behind the prices of its block it finds pools and feeds that have moved, and an oracle that has not.
        let found = match block.order {
            BlockOrder::WaitingFirst => head.clone(),
            BlockOrder::PricesFirst => between(&head, &step),
        };
        judge.mined(deed, &decided, number, &block.before.scene(&found), &block.stands.account)?;
        let is_first = block.block.before_prices > 0;
        let is_here = acted.is_some_and(|acted| acted.mined_in == Some(block.block.block.number));
        outcome.out_of_order |= is_here && is_first != (block.order == BlockOrder::WaitingFirst);
    }
    let applied = match (has_changed, block.reverted > 0) {
        (true, _) => Applied::Mined,
        (false, true) if outpaces(acted, first.as_ref(), block) => {
            outcome.outpaced = outcome.outpaced.saturating_add(1);
            Applied::Nothing
        }
        (false, true) => Applied::Reverted,
        (false, false) => Applied::Nothing,
    };
    if block.order == BlockOrder::WaitingFirst {
        judge.outcome.failed |= block.reverted > 0;
    }
    judge.outcome.reverted = judge.outcome.reverted.saturating_add(block.reverted);

    let stands = Scene { account: &block.stands.account, ..scene };
    let notice = judge.notice(&decided, applied, &stands, pools.as_ref())?;
    let twin_notice = Scene { account: &block.before.twin, ..scene }.shown()?.notice(&Levels::of(facts));
    let [account, twin] = readings.accounts;
    let taken = taken(&block.block.liquidated, account, &block.priced.market)?;
    let mut fell = block.priced.scene(&step).fallen()?;
    if taken.0 > 0 && fell.is_none() {
        fell = Some(health_factor(&block.priced.account, &block.priced.market)?);
    }
    judge.block(number, fell, notice, taken);
    let from_twin = self::taken(&block.block.liquidated, twin, &block.priced.market)?;
    let twin_fell = from_twin.0 > 0
        || Scene { account: &block.priced.twin, market: &block.priced.market, step: &step }.fallen()?.is_some();
    judge.twin(twin_fell, twin_notice, from_twin);

    // What the same turn did in blocks of its own behind the path's.
    if let (Some((behind, end)), Some(deed)) = (&block.later, rest.last())
        && is_changed(&behind.account, &end.account)
    {
        judge.goes_on(number);
        judge.mined(deed, &decided, number.saturating_add(1), &behind.scene(&step), &end.account)?;
    }
    Ok(())
}

fn tell(judge: &mut Judge<'_>, block: &Block<'_>, turn: &HeadOutcome) {
    for (token, amount) in &block.step.arrivals {
        judge.tell(|| format!("head {}: a stranger supplies {amount} of {token} in the next block", block.at));
    }
    let (Some(facts), Some(acted)) = (&turn.facts, &turn.acted) else { return };
    let at = |health: Option<Wad>| health.map_or_else(|| "none".to_owned(), |health| health.to_string());
    judge.tell(|| {
        format!(
            "head {} (block {}, {:?}): {} at {} (feed {}, pool {}): {}",
            block.at,
            facts.block.number,
            block.order,
            facts.name,
            facts.health_factor,
            at(facts.at_feed),
            at(facts.at_pool),
            acted.words
        )
    });
    for attempt in &acted.attempts {
        judge.tell(|| {
            let about = attempt.rung.pair().map_or("", |pair| pair.name.as_str());
            format!("  {about}: {}: {:?}", attempt.rung, attempt.outcome)
        });
    }
    for one in &block.block.liquidated {
        judge.tell(|| format!("  liquidated: {one:?}"));
    }
}

/// The rungs of a turn that were mined, in their order; for what is no trim, the one transaction.
fn deeds(acted: &ActionReport) -> Vec<Deed<'_>> {
    match &acted.action {
        action @ Action::Boost { pair, .. } if acted.mined_in.is_some() => {
            vec![Deed { action, collateral: pair.collateral, rung: None, is_part: false }]
        }
        action @ Action::Trim(_) => {
            let done = acted.attempts.iter().filter(|attempt| attempt.outcome == RungOutcome::Done);
            done.filter_map(|attempt| of_rung(action, &attempt.rung)).collect()
        }
        _ => Vec::new(),
    }
}

/// What was sent and did not go through, where nothing did.
fn failed(acted: &ActionReport) -> Option<Deed<'_>> {
    acted.attempts.iter().rev().find_map(|attempt| of_rung(&acted.action, &attempt.rung))
}

fn of_rung<'a>(action: &'a Action, rung: &'a Rung) -> Option<Deed<'a>> {
    let collateral = rung.pair()?.collateral;
    let is_part = matches!(rung, Rung::Flash { repay: Some(_), .. });
    Some(Deed { action, collateral, rung: Some(rung), is_part })
}

/// What was decided; `deed` is what was sent first, if anything was.
fn decided<'a>(turn: &'a HeadOutcome, deed: Option<Deed<'a>>) -> Option<Decided<'a>> {
    let facts = turn.facts.as_ref()?;
    let wanted = turn.acted.as_ref().and_then(|acted| match &acted.action {
        Action::Trim(trim) => Some(trim),
        _ => None,
    });
    let tried = turn.acted.iter().flat_map(|acted| &acted.attempts);
    let collaterals = tried.filter_map(|attempt| Some(attempt.rung.pair()?.collateral)).collect();
    Some(Decided { facts, firings: Some(&turn.firings), wanted, deed, collaterals, is_first_part: true })
}

/// Feeds and pools of a step, and the oracle of the one before it.
fn between(head: &Step, step: &Step) -> Step {
    let prices =
        step.prices.iter().map(|(token, price)| (*token, AssetPrice { oracle: head.of(*token).oracle, ..*price }));
    Step { prices: prices.collect(), ..step.clone() }
}

fn is_changed(before: &AccountState, after: &AccountState) -> bool {
    let amounts = |account: &AccountState| -> Vec<(Address, [U256; 3])> {
        let of = account.holdings.iter();
        of.map(|(token, held)| (*token, [held.scaled_supply, held.scaled_debt, held.wallet])).collect()
    };
    amounts(before) != amounts(after)
}

/// Whether prices moved on by more than the trim that was behind them allows: nothing signed before could be carried out.
fn outpaces(acted: Option<&ActionReport>, deed: Option<&Deed<'_>>, block: &Block<'_>) -> bool {
    let Some(Action::Trim(trim)) = acted.map(|acted| &acted.action) else { return false };
    let Some(PairKey { collateral, debt, .. }) = deed.and_then(|deed| deed.rung).and_then(Rung::pair) else {
        return false;
    };
    if block.order == BlockOrder::WaitingFirst {
        return false;
    }
    let allowed = match trim.pressure {
        Pressure::Trim => TRIM_ALLOWS,
        Pressure::Urgent => URGENT_ALLOWS,
        Pressure::LastResort => LAST_ALLOWS,
    };
    let part = |token: Address, of: &Step, to: &Step| {
        mul_div_down(to.of(token).pool.0, U256::from(1_000_000_000u64), of.of(token).pool.0).unwrap_or_default()
    };
    let kept = part(*collateral, block.head, block.step).saturating_mul(U256::from(Bps::ONE.0));
    kept < part(*debt, block.head, block.step).saturating_mul(U256::from(Bps::ONE.0.saturating_sub(allowed)))
}

/// How often liquidators took of an account, and what above what they paid, USD with 8 decimals.
fn taken(liquidated: &[Liquidated], account: Address, market: &Market) -> Result<(u32, U256), StateError> {
    let (mut count, mut lost) = (0u32, U256::ZERO);
    for one in liquidated.iter().filter(|one| one.of.account == account) {
        let UsdE8(seized) = market.reserve(one.of.collateral)?.collateral_value(one.seized)?;
        let UsdE8(covered) = market.reserve(one.of.debt)?.collateral_value(one.covered)?;
        count = count.saturating_add(1);
        lost = lost.saturating_add(seized.saturating_sub(covered));
    }
    Ok((count, lost))
}

fn health_factor(account: &AccountState, market: &Market) -> Result<Wad, StateError> {
    Ok(account.at(market, market.block.timestamp)?.health_factor)
}
