//! What a user asks of a loop, and the plan for it.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    Funds, LoopSnapshot, Pair, Payout, PlanError, Settings, Share, Target, Via,
    algebra::leverage_wad,
    close::close,
    context::Context,
    decrease::{Decrease, decrease},
    increase::{Increase, increase},
    repay::repay_from_wallet,
    trim::trim,
    unwind::unwind,
    write::{funds_suffice, write},
};
use crate::{
    aave::emode,
    plan::{Plan, Quantity},
    units::{Bps, to_decimal},
};

/// An action on a loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Opens a loop.
    Open {
        /// Equity put in.
        funds: Funds,
        /// Where to.
        target: Target,
    },
    /// Brings a loop to another target.
    Adjust {
        /// Where to.
        target: Target,
    },
    /// Puts equity in.
    Deposit {
        /// Equity put in.
        funds: Funds,
        /// Borrows as much as keeps the leverage.
        keep_leverage: bool,
    },
    /// Puts equity in (or none), brings the loop to a target (or leaves it), and pays out an amount of the debt asset that
    /// is borrowed beside the loop: a perp's margin. The target does not count that amount, every bound does.
    Draw {
        /// Equity put in.
        funds: Funds,
        /// Where to, before the amount is drawn; it must not be below the present state.
        target: Option<Target>,
        /// Paid out, in the debt asset.
        amount: U256,
    },
    /// Takes equity out.
    Withdraw {
        /// In collateral.
        collateral: U256,
        /// In the debt asset.
        debt: U256,
        /// Collateral as ether: the wrapped token.
        unwrap: Option<Address>,
        /// Repays as much as keeps the leverage.
        keep_leverage: bool,
    },
    /// Repays as much of what a target needs as goes now: liquidity, pools and bounds decide.
    Trim {
        /// Where to, in the end.
        target: Target,
        /// Most debt repaid by this action.
        at_most: Option<U256>,
    },
    /// Repays debt from the wallet.
    Repay {
        /// In the debt asset; never more than the debt.
        amount: U256,
        /// How it is paid.
        via: Via,
    },
    /// Sells collateral and repays without any loan, as far as the health factor has room; repeatable.
    Unwind {
        /// Where to, in the end.
        target: Target,
        /// How far above 1 the health factor stays in between.
        margin: Bps,
    },
    /// Closes a loop or a share of it.
    Close {
        /// How much.
        share: Share,
        /// In what it is paid out.
        payout: Payout,
    },
}

/// Whose the amounts are that an action would touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The journal has an open position of the pair, or the user said to include what exists.
    Known,
    /// The journal knows nothing of it.
    Foreign,
}

/// Plans an action. Pure: everything is in the snapshot.
pub fn plan(
    request: &Request,
    snapshot: &LoopSnapshot,
    pair: &Pair,
    settings: &Settings,
    hubs: &[Address],
    ownership: Ownership,
) -> Result<Plan, PlanError> {
    plan_ahead(request, snapshot, pair, settings, hubs, ownership, Bps(0))
}

/// The same where the collateral already stands `feed_gap` lower at the feed behind Aave's oracle: what a swap may cost
/// against the oracle is more by that, what it may cost against the quote is not (strategy.md §5).
pub fn plan_ahead(
    request: &Request,
    snapshot: &LoopSnapshot,
    pair: &Pair,
    settings: &Settings,
    hubs: &[Address],
    ownership: Ownership,
    feed_gap: Bps,
) -> Result<Plan, PlanError> {
    let mut ctx = Context { feed_gap, ..Context::new(snapshot, pair, settings, hubs)? };
    let draft = match *request {
        Request::Open { funds, target } => {
            nonzero(funds)?;
            refuse_second_loop(&ctx)?;
            refuse_foreign(&ctx, ownership)?;
            let emode = best_emode(&ctx);
            increase(
                &ctx,
                &Increase { kind: "loop open", funds, target: Some(target.validate()?), emode, draw: U256::ZERO },
            )?
        }
        Request::Adjust { target } => {
            require_loop(&ctx)?;
            refuse_foreign(&ctx, ownership)?;
            let target = target.validate()?;
            if lowers_debt(&ctx, target)? {
                ctx = ctx.lowering_debt()?;
            }
            adjust(&ctx, target)?
        }
        Request::Deposit { funds, keep_leverage } => {
            nonzero(funds)?;
            refuse_foreign(&ctx, ownership)?;
            let target = if keep_leverage { present_leverage(&ctx)? } else { None };
            increase(&ctx, &Increase { kind: "loop deposit", funds, target, emode: None, draw: U256::ZERO })?
        }
        Request::Draw { funds, target, amount } => {
            if amount.is_zero() {
                return Err(PlanError::Zero("margin"));
            }
            refuse_foreign(&ctx, ownership)?;
            draw(&ctx, funds, target, amount)?
        }
        Request::Withdraw { collateral, debt, unwrap, keep_leverage } => {
            if collateral.is_zero() && debt.is_zero() {
                return Err(PlanError::Zero("equity"));
            }
            require_collateral(&ctx)?;
            refuse_foreign(&ctx, ownership)?;
            let target = if keep_leverage { present_leverage(&ctx)? } else { None };
            let ask = Decrease { kind: "loop withdraw", collateral_out: collateral, debt_out: debt, unwrap, target };
            decrease(&ctx, &ask)?
        }
        Request::Trim { target, at_most } => {
            require_loop(&ctx)?;
            refuse_foreign(&ctx, ownership)?;
            ctx = ctx.lowering_debt()?;
            trim(&ctx, target.validate()?, at_most)?
        }
        Request::Repay { amount, via } => {
            if amount.is_zero() {
                return Err(PlanError::Zero("the amount to repay"));
            }
            refuse_foreign(&ctx, ownership)?;
            ctx = ctx.lowering_debt()?;
            repay_from_wallet(&ctx, amount, via)?
        }
        Request::Unwind { target, margin } => {
            require_loop(&ctx)?;
            refuse_foreign(&ctx, ownership)?;
            ctx = ctx.lowering_debt()?;
            unwind(&ctx, target.validate()?, margin)?
        }
        Request::Close { share, payout } => {
            require_collateral(&ctx)?;
            refuse_foreign(&ctx, ownership)?;
            if let Share::Part(part) = share
                && (part <= Decimal::ZERO || part >= Decimal::ONE)
            {
                return Err(PlanError::Fraction(part));
            }
            ctx = ctx.lowering_debt()?;
            close(&ctx, share, payout)?
        }
    };
    funds_suffice(&ctx, &draft.flows)?;
    write(&ctx, &draft)
}

fn nonzero(funds: Funds) -> Result<(), PlanError> {
    match funds {
        Funds::Native(amount) | Funds::Collateral(amount) | Funds::Debt(amount) if amount.is_zero() => {
            Err(PlanError::Zero("equity"))
        }
        _ => Ok(()),
    }
}

fn draw(
    ctx: &Context<'_>,
    funds: Funds,
    target: Option<Target>,
    amount: U256,
) -> Result<super::draft::Draft, PlanError> {
    let target = target.map(Target::validate).transpose()?;
    let is_new = ctx.start().supplied(ctx.pair.collateral.token)?.is_zero();
    // A loop that is where it should be only gets the debt of the amount.
    let target = match target {
        Some(target) if !is_new && is_there(ctx, target)? => None,
        Some(target) if lowers_debt(ctx, target)? => return Err(PlanError::DrawWhileLowering(target)),
        other => other,
    };
    let emode = if is_new { best_emode(ctx) } else { None };
    increase(ctx, &Increase { kind: "loop draw", funds, target, emode, draw: amount })
}

/// Whether the loop is at a target, within a ten-thousandth.
fn is_there(ctx: &Context<'_>, target: Target) -> Result<bool, PlanError> {
    let present = target.measure(&ctx.standing(&ctx.start())?);
    Ok(present.abs_diff(target.wad()).saturating_mul(U256::from(10_000u64)) <= target.wad())
}

fn adjust(ctx: &Context<'_>, target: Target) -> Result<super::draft::Draft, PlanError> {
    if is_there(ctx, target)? {
        return Err(PlanError::AlreadyThere(target));
    }
    if !lowers_debt(ctx, target)? {
        let ask =
            Increase { kind: "loop adjust", funds: Funds::None, target: Some(target), emode: None, draw: U256::ZERO };
        return increase(ctx, &ask);
    }
    let none = U256::ZERO;
    let ask =
        Decrease { kind: "loop adjust", collateral_out: none, debt_out: none, unwrap: None, target: Some(target) };
    decrease(ctx, &ask)
}

/// Whether the loop carries more risk now than the target asks for.
fn lowers_debt(ctx: &Context<'_>, target: Target) -> Result<bool, PlanError> {
    Ok(!target.is_within(&ctx.standing(&ctx.start())?))
}

/// Leverage now, to six digits downwards, as a target; `None` without debt.
fn present_leverage(ctx: &Context<'_>) -> Result<Option<Target>, PlanError> {
    let standing = ctx.standing(&ctx.start())?;
    if standing.debt.is_zero() {
        return Ok(None);
    }
    let leverage = leverage_wad(standing.collateral, standing.debt);
    let value = to_decimal(leverage, 18).ok_or_else(|| PlanError::NoLoop(ctx.pair.name()))?;
    Ok(Some(Target::Leverage(value.trunc_with_scale(6).normalize()).validate()?))
}

fn refuse_second_loop(ctx: &Context<'_>) -> Result<(), PlanError> {
    let standing = ctx.standing(&ctx.start())?;
    if standing.collateral.is_zero() || standing.debt.is_zero() {
        return Ok(());
    }
    let leverage = Quantity::new(leverage_wad(standing.collateral, standing.debt), 18, "x");
    Err(PlanError::LoopExists { pair: ctx.pair.name(), leverage: Box::new(leverage) })
}

fn require_loop(ctx: &Context<'_>) -> Result<(), PlanError> {
    require_collateral(ctx)
}

fn require_collateral(ctx: &Context<'_>) -> Result<(), PlanError> {
    if ctx.start().supplied(ctx.pair.collateral.token)?.is_zero() {
        return Err(PlanError::NoLoop(ctx.pair.name()));
    }
    Ok(())
}

fn refuse_foreign(ctx: &Context<'_>, ownership: Ownership) -> Result<(), PlanError> {
    let start = ctx.start();
    let (supplied, owed) = (start.supplied(ctx.pair.collateral.token)?, start.owed(ctx.pair.debt.token)?);
    if ownership == Ownership::Known || (supplied.is_zero() && owed.is_zero()) {
        return Ok(());
    }
    Err(PlanError::Existing {
        collateral: Box::new(ctx.collateral_amount(supplied)),
        debt: Box::new(ctx.debt_amount(owed)),
    })
}

/// The e-mode to enter first (0 leaves the present one): the one that fits the pair best, if the account is not in it and
/// its other positions allow the change.
fn best_emode(ctx: &Context<'_>) -> Option<u8> {
    let fitting = emode::fitting(&ctx.snapshot.market, ctx.collateral, ctx.debt);
    let wanted = fitting.map_or(0, |category| category.id);
    let is_change = wanted != ctx.snapshot.account.emode;
    (is_change && ctx.start().set_emode(wanted).is_ok()).then_some(wanted)
}
