//! Which collateral is sold for which debt to bring an account to a health factor at the least cost (strategy.md §5, "Which
//! collateral, which debt"). Pure.
//!
//! Repaying r dollars with collateral of the liquidation threshold LT, of which `g r` dollars must be sold, brings the account
//! `HF* − g LT` nearer for each dollar, at a cost of `g − 1`. What is needed is `HF* D − S`, S the weighted collateral. It is
//! divided into slices, and each slice goes to the combination that is cheapest for it, with swaps replayed at the sizes that
//! they have by then: two pools beat one where their marginal costs cross. Same-asset collateral and debt costs nothing.

mod candidate;
mod merge;
pub(super) mod sale;

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use merge::{Left, merge};

use super::{
    Ahead, LoopSnapshot, Pair, PlanError, Settings,
    account::{AccountModel, Sell},
    plan::context::Context,
    protect::{
        candidate::{Candidate, rate, take},
        sale::{Combination, Protection},
    },
    sales::{Haste, PartOf, Single, conclude},
};
use crate::{
    config::Urgency,
    units::{Bps, MathError, WAD, mul_div_down, mul_div_up},
};

/// Into how many slices of progress a repayment is divided.
const SLICES: u64 = 24;

/// Every collateral that may be sold with every debt that matters, as far as plans can be made for them.
pub fn combinations(
    model: &AccountModel,
    sell: &Sell,
    mut snapshot: impl FnMut(Address, Address) -> Option<(Pair, LoopSnapshot, Ahead)>,
) -> Vec<Combination> {
    let mut all = Vec::new();
    for (collateral, sell_at_most) in model.sellable(sell) {
        for debt in model.owed() {
            if let Some((pair, snapshot, ahead)) = snapshot(collateral, debt.asset) {
                all.push(Combination { pair, snapshot, sell_at_most, ahead });
            }
        }
    }
    all
}

/// Chooses what is sold and repaid so that the account comes to `target` (wad). `in_order`: the combinations' order is the
/// owner's, otherwise the cheapest come first.
pub fn protect(
    model: &AccountModel,
    combinations: &[Combination],
    settings: &Settings,
    hubs: &[Address],
    target: U256,
    in_order: bool,
) -> Result<Protection, PlanError> {
    let needed = needed(model, target)?;
    let mut candidates = Vec::new();
    for (index, combination) in combinations.iter().enumerate() {
        let own = Settings {
            scope: super::Scope::Account { sell_at_most: combination.sell_at_most },
            urgency: Some(settings.urgency.unwrap_or(Urgency::Trim)),
            ..settings.clone()
        };
        candidates.push((index, combination, own));
    }
    let mut open: Vec<Candidate<'_>> = Vec::new();
    for (index, combination, own) in &candidates {
        let ctx = Context::new(&combination.snapshot, &combination.pair, own, hubs)?.with(&combination.ahead);
        let supply = model.supply(combination.pair.collateral.token);
        let threshold = supply.map_or(U256::ZERO, |supply| U256::from(supply.threshold.0));
        let threshold = mul_div_up(WAD, threshold, U256::from(Bps::ONE.0))?;
        let (zero, next) = (U256::ZERO, None);
        open.push(Candidate { index: *index, ctx, threshold, repaid: zero, sold: zero, cost: zero, next });
    }
    let haste = Haste::of(settings, combinations)?;
    // Where the owner's first collateral is enough, nothing behind it is looked at.
    let first = combinations.first().filter(|_| in_order).map(|first| first.pair.collateral.token);
    let single = cheapest_single(&mut open, target, needed, first)?;
    let (parts, reaches) = divide(&mut open, model, (target, needed), haste.gas, in_order)?;
    Ok(conclude(combinations.len(), parts, reaches, single, (in_order, haste)))
}

/// `HF* D − S` in wad dollars; zero when the account is there.
fn needed(model: &AccountModel, target: U256) -> Result<U256, MathError> {
    let wanted = mul_div_up(model.data.debt.0, target, U256::ONE)?;
    let there = match model.data.health_factor.0 {
        U256::MAX => wanted,
        health_factor => mul_div_down(model.data.debt.0, health_factor, U256::ONE)?,
    };
    Ok(wanted.saturating_sub(there))
}

/// Slices go to whatever is cheapest for them, or to the owner's first while there is any of it.
fn divide(
    open: &mut [Candidate<'_>],
    model: &AccountModel,
    (target, needed): (U256, U256),
    gas: U256,
    in_order: bool,
) -> Result<(Vec<PartOf>, bool), PlanError> {
    let mut left_debt: BTreeMap<Address, U256> = model.debts.iter().map(|debt| (debt.asset, debt.amount)).collect();
    let mut left_supply: BTreeMap<Address, U256> = BTreeMap::new();
    for candidate in open.iter() {
        let own = candidate.ctx.own_supply(&candidate.ctx.start())?;
        left_supply.insert(candidate.ctx.pair.collateral.token, own);
    }
    let mut progress = BTreeMap::new();
    let mut done = U256::ZERO;
    let step = (needed / U256::from(SLICES)).max(U256::ONE);
    // Twice as many rounds as slices: those that a limit cuts short are smaller.
    for _ in 0..SLICES.saturating_mul(3) {
        if done >= needed {
            break;
        }
        for candidate in open.iter_mut() {
            let tokens = (candidate.ctx.pair.collateral.token, candidate.ctx.pair.debt.token);
            let left = (left_supply.get(&tokens.0).copied(), left_debt.get(&tokens.1).copied());
            let wanted = step.min(needed.saturating_sub(done));
            candidate.next = candidate.slice(target, wanted, left.0.unwrap_or_default(), left.1.unwrap_or_default());
        }
        let able = open.iter().enumerate().filter_map(|(at, candidate)| Some((at, candidate, candidate.next?)));
        let best = match in_order {
            // Of the owner's first collateral the cheapest debt.
            true => able.min_by_key(|(at, candidate, slice)| {
                let collateral = candidate.ctx.pair.collateral.token;
                let order = open[..*at].iter().position(|other| other.ctx.pair.collateral.token == collateral);
                (order.unwrap_or(*at), rate(slice), candidate.ctx.pair.debt.token)
            }),
            false => able.min_by_key(|(_, candidate, slice)| {
                let pair = candidate.ctx.pair;
                (rate(slice), pair.collateral.token, pair.debt.token)
            }),
        };
        let Some((at, _, slice)) = best else { break };
        let Some(candidate) = open.get_mut(at) else { break };
        let tokens = (candidate.ctx.pair.collateral.token, candidate.ctx.pair.debt.token);
        take(&mut left_supply, tokens.0, slice.sold.saturating_sub(candidate.sold));
        take(&mut left_debt, tokens.1, slice.repaid.saturating_sub(candidate.repaid));
        (candidate.repaid, candidate.sold, candidate.cost) = (slice.repaid, slice.sold, slice.cost);
        done = done.saturating_add(slice.progress);
        let sum = progress.entry(candidate.index).or_insert(U256::ZERO);
        *sum = sum.saturating_add(slice.progress);
    }
    let mut left = Left { supply: &mut left_supply, debt: &mut left_debt, progress: &mut progress };
    merge(open, target, gas, in_order, &mut left);
    let part = |candidate: &Candidate<'_>| PartOf {
        combination: candidate.index,
        repaid: candidate.repaid,
        cost: candidate.cost,
        progress: progress.get(&candidate.index).copied().unwrap_or_default(),
    };
    // A thousandth is what a slice's rounding may leave; the last part goes to the target in any case.
    let reaches = done.saturating_add(needed / U256::from(1_000u64)) >= needed;
    let mut parts: Vec<&Candidate<'_>> = open.iter().filter(|candidate| candidate.is_part()).collect();
    if in_order {
        // Within a collateral what brings the account furthest goes first.
        let order: Vec<Address> = open.iter().map(|candidate| candidate.ctx.pair.collateral.token).collect();
        parts.sort_by_key(|candidate| {
            let place = order.iter().position(|token| *token == candidate.ctx.pair.collateral.token);
            (place, std::cmp::Reverse(progress.get(&candidate.index).copied().unwrap_or_default()), candidate.index)
        });
    }
    Ok((parts.into_iter().map(part).collect(), reaches))
}

/// The combination that reaches the target alone at the least cost; of the owner's first collateral, where there is an order.
fn cheapest_single(
    open: &mut [Candidate<'_>],
    target: U256,
    needed: U256,
    first: Option<Address>,
) -> Result<Option<Single>, PlanError> {
    let mut best: Option<((U256, Address, Address), Single)> = None;
    for candidate in open.iter() {
        let pair = candidate.ctx.pair;
        if first.is_some_and(|first| first != pair.collateral.token) {
            continue;
        }
        let start = candidate.ctx.start();
        let (supply, debt) = (candidate.ctx.own_supply(&start)?, candidate.ctx.own_debt(&start)?);
        let Some(whole) = candidate.slice(target, needed, supply, debt) else { continue };
        if whole.progress.saturating_add(needed / U256::from(1_000u64)) < needed {
            continue;
        }
        let ranked = (whole.cost, pair.collateral.token, pair.debt.token);
        if best.as_ref().is_none_or(|(best, _)| ranked < *best) {
            let repaid = candidate.ctx.debt.debt_value(whole.repaid)?.0;
            best = Some((ranked, Single { combination: candidate.index, repaid, cost: whole.cost }));
        }
    }
    Ok(best.map(|(_, single)| single))
}
