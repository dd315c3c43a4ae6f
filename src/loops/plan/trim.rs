//! As much of a trim as goes now: what liquidity, pools and bounds let through, when the whole of it does not.

use std::collections::BTreeSet;

use alloy::primitives::U256;

use super::{
    context::{Context, pools_of},
    decrease::{Attempt, Decrease, Decreasing},
    draft::Draft,
    flash::Meanwhile,
    loan::Loan,
    loss,
    solve::{first_met, largest},
};
use crate::{
    config::Urgency,
    loops::{FlashCandidate, PlanError, Target},
    plan::{Bound, Quantity, Rule},
};

/// Into how many parts what is wanted is divided to find the largest that goes.
const PARTS: u64 = 1_024;

/// A repayment that every bound lets through.
struct Slice {
    candidate: FlashCandidate,
    amount: U256,
    attempt: Attempt,
    /// Why it is not the whole.
    cut: Option<PlanError>,
}

/// Plans a trim of at most `at_most` debt repaid.
pub(in crate::loops) fn trim(ctx: &Context<'_>, target: Target, at_most: Option<U256>) -> Result<Draft, PlanError> {
    let none = U256::ZERO;
    let ask = Decrease { kind: "loop trim", collateral_out: none, debt_out: none, unwrap: None, target: Some(target) };
    let work = Decreasing::new(ctx, &ask);
    if target.is_within(&ctx.standing(&work.base)?) {
        return Err(PlanError::AlreadyThere(target));
    }
    let owed = ctx.own_debt(&work.base)?;
    let cap = at_most.map_or(owed, |most| most.min(owed));
    if cap.is_zero() {
        return Err(PlanError::Zero("the debt to repay"));
    }
    ctx.require_open_to_lowering(true)?;
    let slice = best_slice(&work, target, cap)?;
    let sources = sources(ctx, &slice)?;
    let cut = slice
        .cut
        .map(|reason| format!("only {} of the debt can be repaid now: {reason}", ctx.debt_amount(slice.amount)));
    let mut draft = work.draft(slice.attempt, sources)?;
    if cut.is_some() {
        draft.headline = format!("{} as far as it goes", draft.headline);
    }
    draft.notes.extend(cut);
    Ok(draft)
}

/// The source that lets the most through, the cheapest of equals.
fn best_slice(work: &Decreasing<'_>, target: Target, cap: U256) -> Result<Slice, PlanError> {
    let ctx = work.ctx;
    let candidates = candidates(ctx, cap)?;
    let mut best: Option<Slice> = None;
    let mut obstacle = None;
    for candidate in &candidates {
        match slice_from(work, target, candidate, cap.min(candidate.liquidity.raw)) {
            Ok(mut slice) => {
                if slice.cut.is_none() && candidate.liquidity.raw < cap && !is_there(work, target, &slice.attempt) {
                    let lends = Box::new(candidate.liquidity.clone());
                    slice.cut = Some(PlanError::NoFlash { amount: lends, candidates: vec![candidate.clone()] });
                }
                let is_whole = slice.cut.is_none();
                if best.as_ref().is_none_or(|best| slice.amount > best.amount) {
                    best = Some(slice);
                }
                if is_whole {
                    break;
                }
            }
            Err(error) => obstacle = obstacle.or(Some(error)),
        }
    }
    best.ok_or_else(|| {
        let amount = Box::new(ctx.debt_amount(cap));
        obstacle.unwrap_or(PlanError::NoFlash { amount, candidates })
    })
}

/// Whoever lends anything: cheapest first, and after them the pools that the swap would rather go through.
fn candidates(ctx: &Context<'_>, cap: U256) -> Result<Vec<FlashCandidate>, PlanError> {
    let route = ctx.buy_debt((cap >> 6usize).max(U256::ONE), None).ok();
    let outside = ctx.flash_sources(U256::ONE, Meanwhile::Repays, &pools_of(&ctx.snapshot.pools, route.as_ref()));
    let (mut usable, refusal) = match outside {
        Ok(usable) => (usable, None),
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    usable.retain(|candidate| candidate.rejected.is_none());
    for pool in ctx.ranked(U256::ONE, Meanwhile::Repays, &BTreeSet::new())? {
        if pool.rejected.is_none() && usable.iter().all(|known| known.source != pool.source) {
            usable.push(pool);
        }
    }
    match refusal {
        Some(refusal) if usable.is_empty() => Err(refusal),
        _ => Ok(usable),
    }
}

fn is_there(work: &Decreasing<'_>, target: Target, attempt: &Attempt) -> bool {
    work.ctx.standing(&attempt.after).is_ok_and(|standing| target.is_within(&standing))
}

/// What meets the target, or the largest part of it that every bound lets through.
fn slice_from(
    work: &Decreasing<'_>,
    target: Target,
    candidate: &FlashCandidate,
    most: U256,
) -> Result<Slice, PlanError> {
    let loan = Loan::of(candidate, U256::ZERO)?;
    let mut obstacle = None;
    let wanted = first_met(most, |amount| work.judge(target, &loan, amount, &mut obstacle)).unwrap_or(most);
    let slice = |amount, attempt, cut| Slice { candidate: candidate.clone(), amount, attempt, cut };
    let cut = match fitting(work, &loan, wanted) {
        Ok(attempt) => return Ok(slice(wanted, attempt, None)),
        Err(error) => error,
    };
    let scale = U256::from(PARTS);
    let part = |share: U256| wanted.saturating_mul(share) / scale;
    let fits = |share: U256| fitting(work, &loan, part(share)).is_ok();
    // The unhealthier the account, the more must be repaid for Aave to let collateral go: look from above.
    let mut above = scale;
    let less = |share: U256| (share * U256::from(3u8)) >> 2usize;
    let mut share = less(above);
    while !share.is_zero() && !fits(share) {
        (above, share) = (share, less(share));
    }
    if share.is_zero() {
        return Err(cut);
    }
    let amount = part(largest(share, above - U256::ONE, fits));
    Ok(slice(amount, fitting(work, &loan, amount)?, Some(cut)))
}

/// The attempt at an amount, or which bound is in its way.
fn fitting(work: &Decreasing<'_>, loan: &Loan, amount: U256) -> Result<Attempt, PlanError> {
    let ctx = work.ctx;
    let named = |error: PlanError| error.naming_reserve(&ctx.pair.collateral.symbol);
    let attempt = work.attempt(Some(loan), amount, false).map_err(named)?;
    let worst = work.attempt(Some(loan), amount, true).map_err(named)?;
    let allowed = u64::from(ctx.cost_allowed().0);
    if let Some(swap) = &attempt.swap
        && (ctx.bound != Urgency::LastResort || ctx.settings.slippage.is_some())
    {
        hold(Bound {
            name: "swap cost against the oracle".into(),
            rule: Rule::AtMost,
            actual: Quantity::bps(swap.cost_bps),
            limit: Quantity::bps(allowed),
            blocking: true,
            hint: String::new(),
        })?;
    }
    hold(Bound {
        name: "health factor after the action, at the worst fill".into(),
        rule: Rule::AtLeast,
        actual: Quantity::wad(ctx.standing(&worst.after)?.health_factor),
        limit: Quantity::wad(ctx.standing(&work.base)?.health_factor),
        blocking: true,
        hint: String::new(),
    })?;
    if let Some(judged) = ctx.not_lower_where_judged(&work.base, &worst.after)? {
        hold(judged)?;
    }
    if loss::is_measured(ctx) {
        hold(loss::bound(ctx, attempt.swap.as_ref(), attempt.loan.as_ref())?)?;
    }
    Ok(attempt)
}

fn hold(bound: Bound) -> Result<(), PlanError> {
    if bound.holds() { Ok(()) } else { Err(PlanError::Bound(Box::new(bound))) }
}

/// All sources as they are for the slice, the one that lends it first.
fn sources(ctx: &Context<'_>, slice: &Slice) -> Result<Vec<FlashCandidate>, PlanError> {
    let swapped_in = pools_of(&ctx.snapshot.pools, slice.attempt.swap.as_ref());
    let mut all = ctx.ranked(slice.amount, Meanwhile::Repays, &swapped_in)?;
    all.retain(|candidate| candidate.source != slice.candidate.source);
    all.insert(0, slice.candidate.clone());
    Ok(all)
}
