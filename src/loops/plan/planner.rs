//! From a request to a plan: what is to be done is chosen here, and by which planner.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    close::close,
    context::Context,
    decrease::{Decrease, decrease},
    draft::{Draft, Prepare},
    increase::{Increase, increase},
    repay::repay_from_wallet,
    request::Request,
    same_asset::{repay_with_supply, use_as_collateral},
    trim::trim,
    unwind::unwind,
    write::{funds_suffice, write},
};
use crate::{
    aave::emode,
    loops::{
        Funds, LoopSnapshot, Pair, PairError, PlanError, Scope, Settings, Share, Target, ahead::Ahead,
        algebra::leverage_wad, payable::payable,
    },
    plan::{Plan, Quantity},
    units::to_decimal,
};

/// Plans an action. Pure: everything is in the snapshot.
pub fn plan(
    request: &Request,
    snapshot: &LoopSnapshot,
    pair: &Pair,
    settings: &Settings,
    hubs: &[Address],
) -> Result<Plan, PlanError> {
    plan_ahead(request, snapshot, pair, settings, hubs, &Ahead::default())
}

/// The same where prices have moved ahead of Aave's oracle.
pub fn plan_ahead(
    request: &Request,
    snapshot: &LoopSnapshot,
    pair: &Pair,
    settings: &Settings,
    hubs: &[Address],
    ahead: &Ahead,
) -> Result<Plan, PlanError> {
    Ok(plan_with_draft(request, snapshot, pair, settings, hubs, ahead)?.0)
}

/// The plan with what it was written from.
pub(in crate::loops) fn plan_with_draft(
    request: &Request,
    snapshot: &LoopSnapshot,
    pair: &Pair,
    settings: &Settings,
    hubs: &[Address],
    ahead: &Ahead,
) -> Result<(Plan, Draft), PlanError> {
    let mut ctx = Context::new(snapshot, pair, settings, hubs)?.with(ahead);
    let (request, kept_wrapped) = payable(request, &snapshot.account);
    let request = &request;
    if pair.is_same_asset() {
        let draft = with_supply(&mut ctx, request)?;
        return Ok((write(&ctx, &draft)?, draft));
    }
    let mut draft = match *request {
        Request::Open { funds, target } => {
            nonzero(funds)?;
            refuse_second_loop(&ctx)?;
            refuse_loop_elsewhere(&ctx)?;
            refuse_foreign(&ctx)?;
            let prepare = preparation(&ctx, true)?;
            let target = Some(target.validate()?);
            increase(&ctx, &Increase { kind: "loop open", funds, target, prepare, draw: U256::ZERO })?
        }
        Request::Adjust { target } => {
            require_loop(&ctx)?;
            let target = target.validate()?;
            if lowers_debt(&ctx, target)? {
                ctx = ctx.lowering_debt()?;
            }
            adjust(&ctx, target)?
        }
        Request::Deposit { funds, keep_leverage } => {
            nonzero(funds)?;
            refuse_foreign(&ctx)?;
            let target = if keep_leverage { present_leverage(&ctx)? } else { None };
            let prepare = preparation(&ctx, false)?;
            increase(&ctx, &Increase { kind: "loop deposit", funds, target, prepare, draw: U256::ZERO })?
        }
        Request::Draw { funds, target, amount } => {
            if amount.is_zero() {
                return Err(PlanError::Zero("margin"));
            }
            refuse_foreign(&ctx)?;
            draw(&ctx, funds, target, amount)?
        }
        Request::Withdraw { collateral, debt, unwrap, keep_leverage } => {
            if collateral.is_zero() && debt.is_zero() {
                return Err(PlanError::Zero("equity"));
            }
            require_loop(&ctx)?;
            let target = if keep_leverage { present_leverage(&ctx)? } else { None };
            let ask = Decrease { kind: "loop withdraw", collateral_out: collateral, debt_out: debt, unwrap, target };
            decrease(&ctx, &ask)?
        }
        Request::Trim { target, at_most } => {
            require_loop(&ctx)?;
            ctx = ctx.lowering_debt()?;
            trim(&ctx, target.validate()?, at_most)?
        }
        Request::Repay { amount, via } => {
            if amount.is_zero() {
                return Err(PlanError::Zero("the amount to repay"));
            }
            refuse_foreign(&ctx)?;
            ctx = ctx.lowering_debt()?;
            repay_from_wallet(&ctx, amount, via)?
        }
        Request::Unwind { target, margin } => {
            require_loop(&ctx)?;
            ctx = ctx.lowering_debt()?;
            unwind(&ctx, target.validate()?, margin)?
        }
        Request::UseAsCollateral { .. } => return Err(PlanError::TwoAssets(ctx.pair.name())),
        Request::Close { share, payout } => {
            require_loop(&ctx)?;
            if let Share::Part(part) = share
                && (part <= Decimal::ZERO || part >= Decimal::ONE)
            {
                return Err(PlanError::Fraction(part));
            }
            ctx = ctx.lowering_debt()?;
            close(&ctx, share, payout)?
        }
    };
    draft.notes.extend(kept_wrapped);
    funds_suffice(&ctx, &draft.flows)?;
    Ok((write(&ctx, &draft)?, draft))
}

fn nonzero(funds: Funds) -> Result<(), PlanError> {
    match funds {
        Funds::Native(amount) | Funds::Collateral(amount) | Funds::Debt(amount) if amount.is_zero() => {
            Err(PlanError::Zero("equity"))
        }
        _ => Ok(()),
    }
}

fn draw(ctx: &Context<'_>, funds: Funds, target: Option<Target>, amount: U256) -> Result<Draft, PlanError> {
    let target = target.map(Target::validate).transpose()?;
    let is_new = ctx.own_supply(&ctx.start())?.is_zero();
    // A loop that is where it should be only gets the debt of the amount.
    let target = match target {
        Some(target) if !is_new && is_there(ctx, target)? => None,
        Some(target) if lowers_debt(ctx, target)? => return Err(PlanError::DrawWhileLowering(target)),
        other => other,
    };
    let prepare = preparation(ctx, is_new)?;
    increase(ctx, &Increase { kind: "loop draw", funds, target, prepare, draw: amount })
}

/// Whether the loop is at a target, within a ten-thousandth.
fn is_there(ctx: &Context<'_>, target: Target) -> Result<bool, PlanError> {
    let present = target.measure(&ctx.standing(&ctx.start())?);
    Ok(present.abs_diff(target.wad()).saturating_mul(U256::from(10_000u64)) <= target.wad())
}

fn adjust(ctx: &Context<'_>, target: Target) -> Result<Draft, PlanError> {
    if is_there(ctx, target)? {
        return Err(PlanError::AlreadyThere(target));
    }
    if !lowers_debt(ctx, target)? {
        let prepare = preparation(ctx, false)?;
        let (kind, target) = ("loop adjust", Some(target));
        return increase(ctx, &Increase { kind, funds: Funds::None, target, prepare, draw: U256::ZERO });
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

/// The same for one that was opened elsewhere, whether it may be touched or not.
fn refuse_loop_elsewhere(ctx: &Context<'_>) -> Result<(), PlanError> {
    let (model, dust) = (&ctx.model, ctx.model.dust_below());
    let supply = model.supply(ctx.pair.collateral.token).filter(|supply| supply.has_unclaimed(dust));
    let owed = model.debt(ctx.pair.debt.token).filter(|debt| debt.has_unclaimed(dust));
    let (Some(supply), Some(owed)) = (supply, owed) else { return Ok(()) };
    let collateral = ctx.collateral.collateral_value(supply.unclaimed)?.0;
    let debt = ctx.debt.debt_value(owed.unclaimed)?.0;
    let leverage = Box::new(Quantity::new(leverage_wad(collateral, debt), 18, "x"));
    Err(PlanError::LoopElsewhere { pair: ctx.pair.name(), leverage })
}

/// The action needs something that it is about: a loop of the journal, or what is there with `--include-existing`.
fn require_loop(ctx: &Context<'_>) -> Result<(), PlanError> {
    if !ctx.own_supply(&ctx.start())?.is_zero() {
        return Ok(());
    }
    // What no loop has is named, with the way to act on it.
    refuse_foreign(ctx)?;
    Err(PlanError::NoLoop(ctx.pair.name()))
}

/// What no loop of the journal has of the pair's assets, where the journal has no loop of the pair, is left alone unless
/// the user says otherwise. Dust is nobody's and stands in nobody's way.
fn refuse_foreign(ctx: &Context<'_>) -> Result<(), PlanError> {
    let (collateral, debt) = (ctx.pair.collateral.token, ctx.pair.debt.token);
    let model = &ctx.model;
    if ctx.settings.scope != Scope::Loop || model.loop_of(collateral, debt).is_some() {
        return Ok(());
    }
    let dust = model.dust_below();
    let supply = model.supply(collateral).filter(|supply| supply.has_unclaimed(dust));
    let owed = model.debt(debt).filter(|debt| debt.has_unclaimed(dust));
    if supply.is_none() && owed.is_none() {
        return Ok(());
    }
    Err(PlanError::Existing {
        collateral: Box::new(ctx.collateral_amount(supply.map_or(U256::ZERO, |supply| supply.unclaimed))),
        debt: Box::new(ctx.debt_amount(owed.map_or(U256::ZERO, |debt| debt.unclaimed))),
    })
}

/// What the account must do before collateral that is added backs debt: enter the e-mode that fits (for a new loop), and
/// use the supply as collateral where a first supply by somebody else has left that undone.
fn preparation(ctx: &Context<'_>, is_new: bool) -> Result<Vec<Prepare>, PlanError> {
    let mut steps = if is_new { entering(ctx) } else { Vec::new() };
    let Some(supply) = ctx.model.supply(ctx.pair.collateral.token).filter(|supply| !supply.is_collateral) else {
        return Ok(steps);
    };
    if supply.has_unclaimed(ctx.model.dust_below()) && ctx.settings.scope == Scope::Loop {
        let supplied = Box::new(ctx.collateral_amount(supply.amount));
        return Err(PlanError::NotCollateral { symbol: supply.symbol.clone(), supplied });
    }
    steps.push(Prepare::Collateral { asset: supply.asset, enabled: true });
    Ok(steps)
}

/// The e-mode to enter first (0 leaves the present one): the one that fits the pair best, if the account is not in it and
/// its other positions allow the change; dust that does not is switched off as collateral. An account that owes changes
/// its e-mode only where the pair cannot be opened in the present one: the change concerns all that it has.
fn entering(ctx: &Context<'_>) -> Vec<Prepare> {
    let (start, market) = (ctx.start(), &ctx.snapshot.market);
    let wanted = emode::fitting(market, ctx.collateral, ctx.debt).map_or(0, |category| category.id);
    let present = market.category(ctx.snapshot.account.emode).ok().flatten();
    let opens_now = market.is_borrowable_in(ctx.debt, present) && market.ltv_in(ctx.collateral, present).0 > 0;
    let owes = ctx.model.owed().next().is_some();
    if wanted == ctx.snapshot.account.emode || (owes && opens_now) {
        return Vec::new();
    }
    let (mut after, mut steps) = (start, Vec::new());
    for dust in ctx.model.supplies.iter().filter(|supply| supply.is_dust && supply.is_collateral) {
        let bars = market
            .reserve(dust.asset)
            .is_ok_and(|reserve| market.category(wanted).is_ok_and(|category| market.ltv_in(reserve, category).0 == 0));
        let step = Prepare::Collateral { asset: dust.asset, enabled: false };
        if bars && step.apply(&mut after).is_ok() {
            steps.push(step);
        }
    }
    let enter = Prepare::EMode(wanted);
    if enter.apply(&mut after).is_err() {
        return Vec::new();
    }
    steps.push(enter);
    steps
}

/// Actions whose collateral and debt are the same asset.
fn with_supply(ctx: &mut Context<'_>, request: &Request) -> Result<Draft, PlanError> {
    let name = ctx.pair.collateral.symbol.clone();
    match *request {
        Request::Adjust { target } => repay_with_supply(ctx, target.validate()?, None, true),
        Request::Trim { target, at_most } => repay_with_supply(ctx, target.validate()?, at_most, false),
        Request::Unwind { target, .. } => repay_with_supply(ctx, target.validate()?, None, false),
        Request::Repay { amount, via } => repay_from_wallet(ctx, amount, via),
        Request::UseAsCollateral { enabled } => use_as_collateral(ctx, enabled),
        _ => Err(PairError::Same(name).into()),
    }
}
