//! More collateral: opening, levering up, putting equity in.

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{
    context::{Context, pools_of},
    draft::{Draft, Flow, Flows, Grant, Prepare},
    flash::Meanwhile,
    loan::Loan,
    solve::largest,
    stream::{Streams, without_standing_approvals},
    swap::Swap,
    write::funds_suffice,
};
use crate::{
    aave::Projection,
    loops::{
        PairState, PlanError, Target,
        algebra::{leverage_at_health_factor, leverage_wad},
    },
    onedelta::Op,
    plan::Quantity,
    units::{Raw, WAD, mul_div_down, mul_div_up},
};

/// Equity put in, in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Funds {
    /// None: only more debt against what is there.
    None,
    /// Ether, wrapped in the stream; the collateral is WETH.
    Native(#[serde(with = "Raw")] U256),
    /// The collateral token.
    Collateral(#[serde(with = "Raw")] U256),
    /// The debt token, swapped into collateral.
    Debt(#[serde(with = "Raw")] U256),
}

/// What is asked of [`increase`].
#[derive(Debug, Clone)]
pub(in crate::loops) struct Increase {
    pub(in crate::loops) kind: &'static str,
    pub(in crate::loops) funds: Funds,
    /// Without a target nothing is borrowed.
    pub(in crate::loops) target: Option<Target>,
    /// What the account does first.
    pub(in crate::loops) prepare: Vec<Prepare>,
    /// Debt asset borrowed beside the loop and paid out.
    pub(in crate::loops) draw: U256,
}

impl Funds {
    const fn collateral(self) -> U256 {
        match self {
            Self::Native(amount) | Self::Collateral(amount) => amount,
            Self::None | Self::Debt(_) => U256::ZERO,
        }
    }

    const fn debt(self) -> U256 {
        match self {
            Self::Debt(amount) => amount,
            Self::None | Self::Native(_) | Self::Collateral(_) => U256::ZERO,
        }
    }
}

/// One candidate amount, worked out.
struct Attempt {
    loan: Option<Loan>,
    swap: Option<Swap>,
    after: Projection,
}

struct Increasing<'a> {
    ctx: &'a Context<'a>,
    ask: &'a Increase,
    base: Projection,
}

/// Plans an increase.
pub(in crate::loops) fn increase(ctx: &Context<'_>, ask: &Increase) -> Result<Draft, PlanError> {
    let before = ctx.start();
    let mut base = before.clone();
    for step in &ask.prepare {
        step.apply(&mut base)?;
    }
    let work = Increasing { ctx, ask, base };
    let (flows, pull) = work.payment();
    // Before anything is solved: what bars every amount, then too little money.
    work.require_open()?;
    funds_suffice(ctx, &flows)?;
    let (attempt, sources, floor_hint) = match ask.target {
        None => (work.attempt(None, U256::ZERO, false)?, Vec::new(), String::new()),
        Some(target) => work.solve(target)?,
    };
    let worst =
        work.attempt(attempt.loan.as_ref(), attempt.loan.as_ref().map_or(U256::ZERO, |l| l.amount), true)?.after;
    let ops = without_standing_approvals(work.ops(&attempt)?, ctx.pair, &ctx.snapshot.contracts);
    let borrowed = attempt.loan.as_ref().map_or(U256::ZERO, |loan| loan.amount.saturating_add(loan.fee));
    let delegation = delegation(borrowed, ask.draw);
    Ok(Draft {
        kind: ask.kind,
        headline: work.headline(),
        before,
        after: attempt.after,
        worst,
        prepare: ask.prepare.clone(),
        direct: None,
        ops,
        pull,
        delegation,
        a_token: None,
        loan: attempt.loan,
        sources,
        swap: attempt.swap,
        flows,
        target: ask.target,
        adds_risk: ask.target.is_some() || !ask.draw.is_zero(),
        ends: false,
        notes: Vec::new(),
        floor_hint,
    })
}

/// What the composer may borrow. Each borrow uses up to one unit more than its amount, because the debt token rounds up;
/// a single one may come down to less than was granted, two may not.
fn delegation(borrowed: U256, drawn: U256) -> Option<Grant> {
    match (borrowed.is_zero(), drawn.is_zero()) {
        (true, true) => None,
        (false, false) => {
            let value = borrowed.saturating_add(drawn).saturating_add(U256::from(2u8));
            Some(Grant { value, leaves_rest: true })
        }
        _ => Some(Grant { value: borrowed.saturating_add(drawn), leaves_rest: false }),
    }
}

impl Increasing<'_> {
    /// Whether the reserves take part at all.
    fn require_open(&self) -> Result<(), PlanError> {
        let pair = self.ctx.pair;
        if self.ask.target.is_some() || self.ask.funds != Funds::None {
            self.base.open_to_supply(pair.collateral.token)?;
        }
        if self.ask.target.is_some() || !self.ask.draw.is_zero() {
            self.base.open_to_borrow(pair.debt.token)?;
        }
        Ok(())
    }

    /// What the wallet pays, and what is pulled from it.
    fn payment(&self) -> (Flows, Option<(Address, U256)>) {
        let pair = self.ctx.pair;
        let draw = self.ask.draw;
        let drawn = Flow { pays: U256::ZERO, receives: draw, receives_at_worst: draw };
        let mut flows = Flows { debt: drawn, ..Flows::default() };
        let pull = match self.ask.funds {
            Funds::None => None,
            Funds::Native(amount) => {
                flows.native.pays = amount;
                None
            }
            Funds::Collateral(amount) => {
                flows.collateral.pays = amount;
                Some((pair.collateral.token, amount))
            }
            Funds::Debt(amount) => {
                flows.debt.pays = amount;
                Some((pair.debt.token, amount))
            }
        };
        (flows, pull)
    }

    /// Collateral and debt after borrowing `amount` through a loan and swapping it. `at_worst` uses the limits.
    fn attempt(&self, loan: Option<&Loan>, amount: U256, at_worst: bool) -> Result<Attempt, PlanError> {
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let loan = loan.filter(|_| !amount.is_zero()).map(|loan| Loan::of(&loan.candidate, amount)).transpose()?;
        let sold = amount.saturating_add(self.ask.funds.debt());
        let locked = loan.as_ref().and_then(|loan| loan.candidate.source.locked_pool());
        let swap = if sold.is_zero() { None } else { Some(ctx.sell(true, sold, locked)?) };
        let bought = swap.as_ref().map_or(U256::ZERO, |s| if at_worst { s.limit } else { s.quote.amount_out });
        // DEPOSIT and the forwarder's sweep take whole balances, so what somebody left there comes along.
        let left = ctx.snapshot.contracts.composer[0].saturating_add(ctx.snapshot.contracts.forwarder[0]);
        let supplied = self.ask.funds.collateral().saturating_add(bought).saturating_add(left);

        let mut after = self.base.clone();
        let taken = match &loan {
            Some(loan) if loan.is_from_aave() => Some(after.flash_loan(pair.debt.token, loan.amount)?),
            _ => None,
        };
        if !supplied.is_zero() || self.ask.draw.is_zero() {
            after.supply(pair.collateral.token, supplied)?;
        }
        if let Some(loan) = &loan {
            after.borrow_delegated(pair.debt.token, loan.amount.saturating_add(loan.fee))?;
        }
        if let Some(taken) = taken {
            after.repay_flash_loan(taken)?;
        }
        if !self.ask.draw.is_zero() {
            after.borrow_delegated(pair.debt.token, self.ask.draw)?;
        }
        Ok(Attempt { loan, swap, after })
    }

    /// The largest loan that stays within the target.
    fn solve(&self, target: Target) -> Result<(Attempt, Vec<crate::loops::FlashCandidate>, String), PlanError> {
        let guess = self.guess(target)?;
        let route = self.ctx.sell(true, guess.saturating_add(self.ask.funds.debt()), None).ok();
        let mut sources =
            self.ctx.flash_sources(guess, Meanwhile::Borrows, &pools_of(&self.ctx.snapshot.pools, route.as_ref()))?;
        for _ in 0..3 {
            let Some(candidate) = sources.first().cloned() else { break };
            let loan = Loan::of(&candidate, U256::ZERO)?;
            let (attempt, hint) = self.solve_with(target, &loan, guess)?;
            let amount = attempt.loan.as_ref().map_or(U256::ZERO, |loan| loan.amount);
            let again = self.ctx.flash_sources(
                amount,
                Meanwhile::Borrows,
                &pools_of(&self.ctx.snapshot.pools, attempt.swap.as_ref()),
            )?;
            let same = again.first().map(|c| c.source) == sources.first().map(|c| c.source);
            sources = again;
            if same {
                return Ok((attempt, sources, hint));
            }
        }
        Err(PlanError::NoFlash { amount: Box::new(self.ctx.debt_amount(guess)), candidates: sources })
    }

    fn solve_with(&self, target: Target, loan: &Loan, guess: U256) -> Result<(Attempt, String), PlanError> {
        let ctx = self.ctx;
        let mut obstacle = None;
        let mut within = |amount: U256, wanted: Target| match self.attempt(Some(loan), amount, false) {
            Ok(attempt) => self.standing(wanted, &attempt.after).is_ok_and(|standing| wanted.is_within(&standing)),
            Err(error) => {
                obstacle = Some(error);
                false
            }
        };
        let mut high = guess.max(U256::from(1_000u64));
        for _ in 0..24 {
            if !within(high, target) {
                break;
            }
            high = high.saturating_mul(U256::from(2u8));
        }
        let amount = largest(U256::ZERO, high, |amount| within(amount, target));
        let attempt = match self.attempt(Some(loan), amount, false) {
            // Nothing fits, for the reason that any amount met: that nothing is too little is none.
            Err(error) if amount.is_zero() => return Err(obstacle.unwrap_or(error)),
            attempt => attempt?,
        };
        let standing = self.standing(target, &attempt.after)?;
        let floor = Target::HealthFactor(ctx.thresholds.opening_floor());
        let fitting = if standing.health_factor < ctx.floor() {
            largest(U256::ZERO, amount, |amount| within(amount, floor))
        } else {
            amount
        };
        let fitting = ctx.standing(&self.attempt(Some(loan), fitting, false)?.after)?;
        let highest = Quantity::new(leverage_wad(fitting.collateral, fitting.debt), 18, "x");
        if !is_close(target.measure(&standing), target.wad()) {
            let reason = obstacle.map_or_else(|| "the market does not allow it".to_owned(), |error| error.to_string());
            return Err(PlanError::Unreachable { target, reason, highest: Box::new(highest) });
        }
        Ok((attempt, format!("highest leverage that fits is {highest}")))
    }

    /// How the loop stands as far as a target looks at it: what is drawn beside it counts in the health factor only.
    fn standing(&self, target: Target, after: &Projection) -> Result<PairState, PlanError> {
        let mut standing = self.ctx.standing(after)?;
        if !matches!(target, Target::HealthFactor(_)) {
            let drawn = self.ctx.debt.collateral_value(self.ask.draw)?.0;
            standing.debt = standing.debt.saturating_sub(drawn);
        }
        Ok(standing)
    }

    /// The first-order size of the loan: equity × (L − 1) less the debt there is (base-replica.md §5).
    fn guess(&self, target: Target) -> Result<U256, PlanError> {
        let ctx = self.ctx;
        let standing = ctx.standing(&self.base)?;
        let collateral = ctx.collateral.collateral_value(self.ask.funds.collateral())?.0;
        let debt = ctx.debt.collateral_value(self.ask.funds.debt())?.0;
        let equity = (standing.collateral + collateral + debt).saturating_sub(standing.debt);
        let category = self.base.market().category(self.base.account().emode)?;
        let threshold = ctx.snapshot.market.liquidation_threshold_in(ctx.collateral, category);
        let leverage = match target {
            Target::Leverage(_) => target.wad(),
            Target::HealthFactor(_) => leverage_at_health_factor(target.wad(), threshold)?,
            Target::Ltv(_) => mul_div_down(WAD, WAD, WAD.saturating_sub(target.wad()).max(U256::ONE))?,
        };
        let wanted = mul_div_up(equity, leverage.saturating_sub(WAD), WAD)?.saturating_sub(standing.debt);
        let unit = ctx.debt.unit()?;
        Ok(mul_div_up(wanted, unit, ctx.debt.price()?.0)?.max(U256::ONE))
    }

    fn ops(&self, attempt: &Attempt) -> Result<Vec<Op>, PlanError> {
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let streams =
            Streams { pair, exchanges: ctx.snapshot.pools.exchanges(), account: ctx.snapshot.account.address };
        let mut ops = Vec::new();
        match self.ask.funds {
            Funds::None => {}
            Funds::Native(amount) => ops.push(streams.wrap(pair.collateral.token, amount)?),
            Funds::Collateral(amount) => ops.push(streams.pull(pair.collateral.token, amount)?),
            Funds::Debt(amount) => ops.push(streams.pull(pair.debt.token, amount)?),
        }
        let mut inner = Vec::new();
        if let Some(swap) = &attempt.swap {
            inner.extend(streams.sell(swap)?);
        }
        let supplies = attempt.swap.is_some() || !self.ask.funds.collateral().is_zero();
        if supplies || self.ask.draw.is_zero() {
            inner.extend(streams.deposit_all());
        }
        match &attempt.loan {
            Some(loan) => {
                inner.push(streams.borrow_for(loan)?);
                ops.extend(streams.flash(loan, inner)?);
            }
            None => ops.extend(inner),
        }
        if attempt.swap.is_some() {
            ops.push(streams.sweep(pair.debt.token, U256::ZERO)?);
        }
        if !self.ask.draw.is_zero() {
            ops.push(streams.draw(self.ask.draw)?);
        }
        Ok(ops)
    }

    fn headline(&self) -> String {
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let funds = match self.ask.funds {
            Funds::None => None,
            Funds::Native(amount) => Some(Quantity::new(amount, 18, "ETH")),
            Funds::Collateral(amount) => Some(ctx.collateral_amount(amount)),
            Funds::Debt(amount) => Some(ctx.debt_amount(amount)),
        };
        let name = pair.name();
        let drawn = match self.ask.draw {
            draw if draw.is_zero() => String::new(),
            draw => format!(", draw {}", ctx.debt_amount(draw)),
        };
        let loop_ = match (funds, self.ask.target) {
            (Some(funds), Some(target)) => format!("{name}: put {funds} in, to {target}"),
            (Some(funds), None) => format!("{name}: put {funds} in, borrow nothing"),
            (None, Some(target)) => format!("{name}: lever up to {target}"),
            (None, None) => format!("{name}: as it is"),
        };
        format!("{loop_}{drawn}")
    }
}

/// Within a thousandth: what an action promises of its target.
pub(in crate::loops) fn is_close(measured: U256, wanted: U256) -> bool {
    measured.abs_diff(wanted).saturating_mul(U256::from(1_000u64)) <= wanted
}
