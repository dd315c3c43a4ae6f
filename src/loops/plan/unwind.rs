//! Debt lowered without any loan: collateral leaves as far as the health factor has room, is sold, and repays. Done again
//! it goes on from where it ended.

use alloy::primitives::U256;

use super::{
    context::Context,
    draft::{Draft, Flow, Flows, Grant, Prepare},
    loss,
    solve::largest,
    stream::{Streams, without_standing_approvals},
    swap::Swap,
};
use crate::{
    aave::{Amount as AaveAmount, Projection},
    config::Urgency,
    loops::{PlanError, Target},
    onedelta::{Amount, Op},
    plan::{Bound, Quantity, Rule},
    units::{Bps, WAD, mul_div_up},
};

/// Into how many parts the supply is divided to find the largest that may leave.
const PARTS: u64 = 4_096;

struct Attempt {
    withdrawn: U256,
    swap: Swap,
    after: Projection,
}

struct Unwinding<'a> {
    ctx: &'a Context<'a>,
    base: Projection,
    /// What the account does first.
    prepare: Vec<Prepare>,
    /// The least health factor while the collateral is out, wad.
    least: U256,
    before: U256,
}

/// Plans one step towards `target`; in between the health factor stays `margin` above 1.
pub(in crate::loops) fn unwind(ctx: &Context<'_>, target: Target, margin: Bps) -> Result<Draft, PlanError> {
    let mut base = ctx.start();
    let prepare = ctx.unblocking(&base);
    for step in &prepare {
        let _ = step.apply(&mut base);
    }
    let standing = ctx.standing(&base)?;
    if target.is_within(&standing) {
        return Err(PlanError::AlreadyThere(target));
    }
    let one = U256::from(Bps::ONE.0);
    let least = mul_div_up(WAD, one.saturating_add(U256::from(margin.0)), one)?;
    let work = Unwinding { ctx, base, prepare, least, before: standing.health_factor };
    if work.before <= least {
        let (health_factor, least) = (Box::new(Quantity::wad(work.before)), Box::new(Quantity::wad(least)));
        return Err(PlanError::NoRoom { health_factor, least });
    }
    let attempt = work.solve(target)?;
    work.draft(attempt, target)
}

impl Unwinding<'_> {
    /// The least that meets the target, or the most that may leave.
    fn solve(&self, target: Target) -> Result<Attempt, PlanError> {
        let ctx = self.ctx;
        let supplied = ctx.own_supply(&self.base)?;
        let (scale, available) = (U256::from(PARTS), ctx.collateral.virtual_balance);
        let part = |share: U256| supplied.saturating_mul(share) / scale;
        let fits = |share: U256| !share.is_zero() && self.fitting(part(share)).is_ok();
        let mut share = U256::ONE;
        if !fits(share) {
            let short = PlanError::NoLiquidity {
                symbol: ctx.pair.collateral.symbol.clone(),
                available: Box::new(ctx.collateral_amount(available)),
                needed: Box::new(ctx.collateral_amount(part(share))),
            };
            let lacks = available < part(share);
            return Err(if lacks { short } else { self.fitting(part(share)).err().unwrap_or(short) });
        }
        let enough = |share: U256| {
            let attempt = self.fitting(part(share));
            attempt.is_ok_and(|attempt| ctx.standing(&attempt.after).is_ok_and(|s| target.is_within(&s)))
        };
        share = largest(share, scale, fits);
        if enough(share) {
            share = super::solve::smallest(U256::ONE, share, enough).unwrap_or(share);
        }
        self.fitting(part(share))
    }

    /// The attempt, or which bound is in its way.
    fn fitting(&self, withdrawn: U256) -> Result<Attempt, PlanError> {
        let ctx = self.ctx;
        let attempt = self.attempt(withdrawn, false)?;
        let at_worst = self.attempt(withdrawn, true)?.after;
        let worst = ctx.standing(&at_worst)?.health_factor;
        let limited = ctx.bound != Urgency::LastResort || ctx.settings.slippage.is_some();
        if limited && attempt.swap.cost_bps > u64::from(ctx.cost_allowed().0) {
            return Err(PlanError::Bound(Box::new(Bound {
                name: "swap cost against the oracle".into(),
                rule: Rule::AtMost,
                actual: Quantity::bps(attempt.swap.cost_bps),
                limit: Quantity::bps(ctx.cost_allowed().0.into()),
                blocking: true,
                hint: "act in smaller steps, or with the next bound".into(),
            })));
        }
        if worst < self.before {
            return Err(PlanError::Bound(Box::new(Bound {
                name: "health factor after the action, at the worst fill".into(),
                rule: Rule::AtLeast,
                actual: Quantity::wad(worst),
                limit: Quantity::wad(self.before),
                blocking: true,
                hint: "the swap costs more than it helps".into(),
            })));
        }
        if let Some(judged) = ctx.not_lower_where_judged(&self.base, &at_worst)?.filter(|bound| !bound.holds()) {
            return Err(PlanError::Bound(Box::new(judged)));
        }
        if loss::is_measured(ctx) {
            let bound = loss::bound(ctx, Some(&attempt.swap), None)?;
            if !bound.holds() {
                return Err(PlanError::Bound(Box::new(bound)));
            }
        }
        Ok(attempt)
    }

    fn attempt(&self, withdrawn: U256, at_worst: bool) -> Result<Attempt, PlanError> {
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let named = |error: PlanError| error.naming_reserve(&pair.collateral.symbol);
        let mut after = self.base.clone();
        let moved =
            after.transfer_a_token(pair.collateral.token, AaveAmount::Exact(withdrawn)).map_err(PlanError::from)?;
        let between = ctx.standing(&after)?.health_factor;
        if between < self.least {
            let health_factor = Box::new(Quantity::wad(between));
            return Err(PlanError::NoRoom { health_factor, least: Box::new(Quantity::wad(self.least)) });
        }
        after.withdraw_transferred(moved).map_err(|refusal| named(refusal.into()))?;
        let swap = ctx.sell(false, withdrawn, None)?;
        let bought = if at_worst { swap.limit } else { swap.quote.amount_out };
        let left = ctx.snapshot.contracts.composer[1].saturating_add(ctx.snapshot.contracts.forwarder[1]);
        after.repay(pair.debt.token, AaveAmount::Exact(bought.saturating_add(left)))?;
        Ok(Attempt { withdrawn, swap, after })
    }

    fn draft(self, attempt: Attempt, target: Target) -> Result<Draft, PlanError> {
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let worst = self.attempt(attempt.withdrawn, true)?.after;
        let ops = without_standing_approvals(self.ops(&attempt)?, pair, &ctx.snapshot.contracts);
        let owed = self.base.owed(pair.debt.token)?;
        let received = Flow {
            pays: U256::ZERO,
            receives: attempt.swap.quote.amount_out.saturating_sub(owed),
            receives_at_worst: attempt.swap.limit.saturating_sub(owed),
        };
        let there = target.is_within(&ctx.standing(&attempt.after)?);
        let sold = ctx.collateral_amount(attempt.withdrawn);
        let towards = if there { "to" } else { "one step towards" };
        Ok(Draft {
            kind: "loop unwind",
            headline: format!("{}: sell {sold} and repay, without a loan, {towards} {target}", pair.name()),
            before: ctx.start(),
            after: attempt.after,
            worst,
            prepare: self.prepare,
            direct: None,
            ops,
            pull: None,
            delegation: None,
            a_token: Some(Grant { value: attempt.withdrawn, leaves_rest: false }),
            loan: None,
            sources: Vec::new(),
            swap: Some(attempt.swap),
            flows: Flows { debt: received, ..Flows::default() },
            target: Some(target),
            adds_risk: false,
            ends: false,
            notes: Vec::new(),
            floor_hint: String::new(),
        })
    }

    fn ops(&self, attempt: &Attempt) -> Result<Vec<Op>, PlanError> {
        let streams = Streams {
            pair: self.ctx.pair,
            exchanges: self.ctx.snapshot.pools.exchanges(),
            account: self.ctx.snapshot.account.address,
        };
        let mut ops = vec![streams.withdraw(Amount::exact(attempt.withdrawn)?)];
        ops.extend(streams.sell(&attempt.swap)?);
        ops.extend(streams.repay(Amount::Max));
        ops.push(streams.sweep(self.ctx.pair.debt.token, U256::ZERO)?);
        Ok(ops)
    }
}
