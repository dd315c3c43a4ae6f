//! Less debt or less collateral: levering down, taking equity out.

use alloy::primitives::{Address, U256};

use super::{
    context::{Context, pools_of},
    draft::{Draft, Flow, Flows, Grant, Prepare},
    flash::Meanwhile,
    increase::is_close,
    loan::Loan,
    solve::{Judgement, first_met, largest},
    stream::{Streams, without_standing_approvals},
    swap::Swap,
};
use crate::{
    aave::{Amount as AaveAmount, Projection, Refusal},
    loops::{FlashCandidate, PlanError, Target},
    onedelta::{Amount, Op, SweepAmount},
    plan::Quantity,
};

/// Collateral withdrawn on top of what the swap may need, so that something is always left to put back: supplying nothing
/// reverts.
const REST: u64 = 100;

/// What is asked of [`decrease`].
#[derive(Debug, Clone)]
pub(in crate::loops) struct Decrease {
    pub(in crate::loops) kind: &'static str,
    /// Collateral paid out.
    pub(in crate::loops) collateral_out: U256,
    /// Debt asset paid out.
    pub(in crate::loops) debt_out: U256,
    /// Pay collateral out as ether: the wrapped token.
    pub(in crate::loops) unwrap: Option<Address>,
    /// Without a target no debt is repaid.
    pub(in crate::loops) target: Option<Target>,
}

/// One candidate repayment, worked out.
#[derive(Debug, Clone)]
pub(in crate::loops) struct Attempt {
    pub(in crate::loops) loan: Option<Loan>,
    pub(in crate::loops) swap: Option<Swap>,
    /// aTokens moved.
    withdrawn: U256,
    pub(in crate::loops) after: Projection,
}

pub(in crate::loops) struct Decreasing<'a> {
    pub(in crate::loops) ctx: &'a Context<'a>,
    ask: &'a Decrease,
    pub(in crate::loops) base: Projection,
    /// What the account does first.
    prepare: Vec<Prepare>,
}

/// Plans a decrease.
pub(in crate::loops) fn decrease(ctx: &Context<'_>, ask: &Decrease) -> Result<Draft, PlanError> {
    ctx.require_open_to_lowering(ask.target.is_some())?;
    let work = Decreasing::new(ctx, ask);
    let (attempt, sources) = match ask.target {
        None => (work.withdraw()?, Vec::new()),
        Some(target) => work.solve(target)?,
    };
    work.draft(attempt, sources)
}

impl<'a> Decreasing<'a> {
    pub(in crate::loops) fn new(ctx: &'a Context<'a>, ask: &'a Decrease) -> Self {
        let mut base = ctx.start();
        // What cannot be done first is refused when the collateral is to leave.
        let prepare = ctx.unblocking(&base);
        for step in &prepare {
            let _ = step.apply(&mut base);
        }
        Self { ctx, ask, base, prepare }
    }

    /// The attempt as an action.
    pub(in crate::loops) fn draft(self, attempt: Attempt, sources: Vec<FlashCandidate>) -> Result<Draft, PlanError> {
        let (ctx, ask) = (self.ctx, self.ask);
        let repaid = attempt.loan.as_ref().map_or(U256::ZERO, |loan| loan.amount);
        let worst = self.attempt(attempt.loan.as_ref(), repaid, true)?.after;
        let ops = without_standing_approvals(self.ops(&attempt)?, ctx.pair, &ctx.snapshot.contracts);
        let received = |receives| Flow { pays: U256::ZERO, receives, receives_at_worst: receives };
        let mut flows = Flows { debt: received(ask.debt_out), ..Flows::default() };
        match ask.unwrap {
            Some(_) => flows.native = received(ask.collateral_out),
            None => flows.collateral = received(ask.collateral_out),
        }
        Ok(Draft {
            kind: ask.kind,
            headline: self.headline(),
            before: ctx.start(),
            after: attempt.after,
            worst,
            prepare: self.prepare,
            direct: None,
            ops,
            pull: None,
            delegation: None,
            a_token: Some(Grant { value: attempt.withdrawn, leaves_rest: false }),
            loan: attempt.loan,
            sources,
            swap: attempt.swap,
            flows,
            target: ask.target,
            adds_risk: !ask.collateral_out.is_zero() || !ask.debt_out.is_zero(),
            ends: false,
            notes: Vec::new(),
            floor_hint: "take less out, or repay with --keep-leverage".to_owned(),
        })
    }

    /// Takes equity out and repays nothing; refused with the most that the opening floor leaves room for.
    fn withdraw(&self) -> Result<Attempt, PlanError> {
        let ctx = self.ctx;
        let fits = |attempt: &Attempt| {
            ctx.standing(&attempt.after).is_ok_and(|standing| standing.health_factor >= ctx.floor())
        };
        let attempt = self.attempt(None, U256::ZERO, false);
        if attempt.as_ref().is_ok_and(fits) {
            return attempt;
        }
        let reason = match &attempt {
            Ok(attempt) => {
                let after = Quantity::wad(ctx.standing(&attempt.after)?.health_factor);
                format!("health factor after the action {after} is below the limit {}", Quantity::wad(ctx.floor()))
            }
            Err(error) => error.to_string(),
        };
        let in_debt = self.ask.collateral_out.is_zero();
        let asked = if in_debt { self.ask.debt_out } else { self.ask.collateral_out };
        let of = |amount| {
            let (collateral_out, debt_out) = if in_debt { (U256::ZERO, amount) } else { (amount, U256::ZERO) };
            let ask = Decrease { collateral_out, debt_out, ..self.ask.clone() };
            Decreasing { ctx, ask: &ask, base: self.base.clone(), prepare: Vec::new() }.attempt(None, U256::ZERO, false)
        };
        let most = largest(U256::ZERO, asked, |amount| amount.is_zero() || of(amount).as_ref().is_ok_and(fits));
        // A little less, or the next second's interest would refuse what is named here.
        let most = most - most / U256::from(10_000);
        let quantity = |raw| if in_debt { ctx.debt_amount(raw) } else { ctx.collateral_amount(raw) };
        let (asked, most) = (Box::new(quantity(asked)), Box::new(quantity(most)));
        Err(PlanError::EquityTooLarge { asked, reason, most })
    }

    pub(in crate::loops) fn attempt(
        &self,
        loan: Option<&Loan>,
        amount: U256,
        at_worst: bool,
    ) -> Result<Attempt, PlanError> {
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let loan = loan.filter(|_| !amount.is_zero()).map(|loan| Loan::of(&loan.candidate, amount)).transpose()?;
        let owed_back = loan.as_ref().map_or(U256::ZERO, |loan| loan.amount.saturating_add(loan.fee));
        let bought = owed_back.saturating_add(self.ask.debt_out);
        let locked = loan.as_ref().and_then(|loan| loan.candidate.source.locked_pool());
        let swap = if bought.is_zero() { None } else { Some(ctx.buy_debt(bought, locked)?) };

        let mut after = self.base.clone();
        let taken = match &loan {
            Some(loan) if loan.is_from_aave() => Some(after.flash_loan(pair.debt.token, loan.amount)?),
            _ => None,
        };
        if let Some(loan) = &loan {
            after.repay(pair.debt.token, AaveAmount::Exact(loan.amount))?;
        }
        let (limit, sold) = swap.as_ref().map_or((U256::ZERO, U256::ZERO), |swap| {
            (swap.limit, if at_worst { swap.limit } else { swap.quote.amount_in })
        });
        let rest = if swap.is_some() { U256::from(REST) } else { U256::ZERO };
        let withdrawn = self.ask.collateral_out.saturating_add(limit).saturating_add(rest);
        let own = ctx.own_supply(&self.base)?;
        if withdrawn > own && !ctx.apart.collateral.is_zero() {
            let (needed, own) = (Box::new(ctx.collateral_amount(withdrawn)), Box::new(ctx.collateral_amount(own)));
            return Err(PlanError::NotOwn { needed, own });
        }
        let moved = after.transfer_a_token(pair.collateral.token, AaveAmount::Exact(withdrawn))?;
        after.withdraw_transferred(moved)?;
        if swap.is_some() {
            let left = ctx.snapshot.contracts.composer[0].saturating_add(ctx.snapshot.contracts.forwarder[0]);
            after.supply(pair.collateral.token, (limit - sold).saturating_add(rest).saturating_add(left))?;
        }
        if let Some(taken) = taken {
            after.repay_flash_loan(taken)?;
        }
        Ok(Attempt { loan, swap, withdrawn, after })
    }

    /// The smallest repayment that meets the target, with the cheapest source that lends it.
    fn solve(&self, target: Target) -> Result<(Attempt, Vec<FlashCandidate>), PlanError> {
        let ctx = self.ctx;
        let owed = ctx.own_debt(&self.base)?;
        // A little to begin with: what the target needs is ranked again once it is known.
        let little = (owed >> 6usize).max(U256::ONE);
        let route = ctx.buy_debt(little, None).ok();
        let usable =
            ctx.flash_sources(little, Meanwhile::Repays, &pools_of(&self.ctx.snapshot.pools, route.as_ref()))?;
        let mut refused = None;
        for candidate in usable.iter().filter(|candidate| candidate.rejected.is_none()) {
            let attempt = match self.solve_with(target, &Loan::of(candidate, U256::ZERO)?, owed) {
                Ok(attempt) => attempt,
                Err(error) => {
                    refused = refused.or(Some(error));
                    continue;
                }
            };
            let amount = attempt.loan.as_ref().map_or(U256::ZERO, |loan| loan.amount);
            if amount.is_zero() {
                return Ok((attempt, Vec::new()));
            }
            let mut ranked =
                ctx.ranked(amount, Meanwhile::Repays, &pools_of(&self.ctx.snapshot.pools, attempt.swap.as_ref()))?;
            let lends = |other: &FlashCandidate| other.source == candidate.source && other.rejected.is_none();
            let Some(place) = ranked.iter().position(lends) else {
                let none = PlanError::NoFlash { amount: Box::new(ctx.debt_amount(amount)), candidates: ranked };
                refused = refused.or(Some(none));
                continue;
            };
            let chosen = ranked.remove(place);
            ranked.insert(0, chosen);
            return Ok((attempt, ranked));
        }
        let none = || PlanError::NoFlash { amount: Box::new(ctx.debt_amount(little)), candidates: usable.clone() };
        Err(refused.unwrap_or_else(none))
    }

    fn solve_with(&self, target: Target, loan: &Loan, owed: U256) -> Result<Attempt, PlanError> {
        let ctx = self.ctx;
        let mut obstacle = None;
        let amount = first_met(owed, |amount| self.judge(target, loan, amount, &mut obstacle));
        let reached = match amount {
            Some(amount) => {
                let attempt = self.attempt(Some(loan), amount, false)?;
                let measured = target.measure(&ctx.standing(&attempt.after)?);
                (amount.is_zero() || is_close(measured, target.wad())).then_some(attempt)
            }
            None => None,
        };
        reached.ok_or_else(|| {
            let obstacle = obstacle.map(|error| error.naming_reserve(&ctx.pair.collateral.symbol));
            if let Some(short @ PlanError::NoLiquidity { .. }) = obstacle {
                return short;
            }
            let standing = ctx.standing(&self.base).map(|s| crate::loops::algebra::leverage_wad(s.collateral, s.debt));
            let highest = Quantity::new(standing.unwrap_or_default(), 18, "x");
            let reason = obstacle.map_or_else(|| "repaying does not lead there".to_owned(), |error| error.to_string());
            PlanError::Unreachable { target, reason, highest: Box::new(highest) }
        })
    }

    /// Whether repaying an amount is enough for the target, too little, or more than anything in its way lets through,
    /// which is then noted.
    pub(in crate::loops) fn judge(
        &self,
        target: Target,
        loan: &Loan,
        amount: U256,
        obstacle: &mut Option<PlanError>,
    ) -> Judgement {
        match self.attempt(Some(loan), amount, false) {
            Ok(attempt) => match self.ctx.standing(&attempt.after) {
                Ok(standing) if target.is_within(&standing) => Judgement::Met,
                _ => Judgement::Short,
            },
            // Repaying more would heal it.
            Err(PlanError::Aave(refusal)) if matches!(*refusal, Refusal::HealthFactorBelowOne(_)) => Judgement::Short,
            Err(error) => {
                // The first is the one that counts: what comes after it are smaller and smaller amounts.
                if obstacle.is_none() && !amount.is_zero() {
                    *obstacle = Some(error);
                }
                Judgement::Beyond
            }
        }
    }

    fn ops(&self, attempt: &Attempt) -> Result<Vec<Op>, PlanError> {
        let pair = self.ctx.pair;
        let streams = Streams {
            pair,
            exchanges: self.ctx.snapshot.pools.exchanges(),
            account: self.ctx.snapshot.account.address,
        };
        let mut inner = Vec::new();
        if let Some(loan) = &attempt.loan {
            inner.extend(streams.repay(Amount::exact(loan.amount)?));
        }
        inner.push(streams.withdraw(Amount::exact(attempt.withdrawn)?));
        if let Some(swap) = &attempt.swap {
            inner.extend(streams.buy(swap)?);
        }
        let out = self.ask.collateral_out;
        if !out.is_zero() {
            inner.push(match (self.ask.unwrap, attempt.swap.is_some()) {
                // Ether goes to the account last of all; until then the composer keeps it apart from what is put back.
                (Some(weth), true) => streams.unwrap(weth, out)?,
                (unwrap, _) => streams.pay_collateral(SweepAmount::exact(out)?, unwrap),
            });
        }
        if attempt.swap.is_some() {
            inner.extend(streams.deposit_all());
        }
        let mut ops = Vec::new();
        match &attempt.loan {
            Some(loan) => {
                inner.extend(streams.return_loan(loan)?);
                ops.extend(streams.flash(loan, inner)?);
            }
            None => ops.extend(inner),
        }
        if attempt.swap.is_some() {
            ops.push(streams.sweep(pair.debt.token, self.ask.debt_out)?);
            if self.ask.unwrap.is_some() && !out.is_zero() {
                ops.push(streams.sweep(Address::ZERO, out)?);
            }
        }
        Ok(ops)
    }

    fn headline(&self) -> String {
        let (ctx, name) = (self.ctx, self.ctx.pair.name());
        let mut parts = Vec::new();
        if !self.ask.collateral_out.is_zero() {
            parts.push(format!("take {} out", ctx.collateral_amount(self.ask.collateral_out)));
        }
        if !self.ask.debt_out.is_zero() {
            parts.push(format!("take {} out", ctx.debt_amount(self.ask.debt_out)));
        }
        if let Some(target) = self.ask.target {
            parts.push(if parts.is_empty() { format!("lower to {target}") } else { format!("at {target}") });
        }
        format!("{name}: {}", parts.join(", "))
    }
}
