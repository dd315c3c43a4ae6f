//! Actions on one asset: debt repaid with the account's own supply of it (no swap, no loan, one call to Aave's pool), and a
//! supply that is used as collateral or not.

use alloy::{primitives::U256, sol_types::SolCall};

use super::{
    context::Context,
    draft::{Draft, Flows, Prepare},
    solve::smallest,
};
use crate::{
    aave::{self, Amount as AaveAmount, abi::IPool::repayWithATokensCall},
    loops::{PlanError, Target},
    plan::{CallData, Step},
};

/// Aave's only interest rate mode: variable.
const VARIABLE: u64 = 2;

/// Plans the least repayment that meets a target, or as much as there is and `at_most` allows.
pub(in crate::loops) fn repay_with_supply(
    ctx: &Context<'_>,
    target: Target,
    at_most: Option<U256>,
    reaches: bool,
) -> Result<Draft, PlanError> {
    let (pair, before) = (ctx.pair, ctx.start());
    if target.is_within(&ctx.standing(&before)?) {
        return Err(PlanError::AlreadyThere(target));
    }
    let most = ctx.own_supply(&before)?.min(ctx.own_debt(&before)?).min(at_most.unwrap_or(U256::MAX));
    if most.is_zero() {
        return Err(PlanError::Zero("the debt to repay"));
    }
    let met = |amount: U256| {
        let mut after = before.clone();
        let repaid = amount.is_zero() || after.repay_with_supply(pair.debt.token, AaveAmount::Exact(amount)).is_ok();
        repaid && ctx.standing(&after).is_ok_and(|standing| target.is_within(&standing))
    };
    let amount = match smallest(U256::ZERO, most, met) {
        Some(amount) => amount,
        None if reaches => {
            let (needed, own) = (Box::new(ctx.debt_amount(ctx.own_debt(&before)?)), Box::new(ctx.debt_amount(most)));
            return Err(PlanError::NotOwn { needed, own });
        }
        None => most,
    };
    let mut after = before.clone();
    // Supply and debt grow with every second. An exact amount that is the whole of one of them is more than there is in a
    // block that is earlier than expected, and Aave reverts; "all" is as much as there is by then.
    let is_all = amount >= before.supplied(pair.debt.token)?.min(before.owed(pair.debt.token)?);
    let (in_aave, asked) = if is_all { (AaveAmount::All, U256::MAX) } else { (AaveAmount::Exact(amount), amount) };
    after.repay_with_supply(pair.debt.token, in_aave)?;
    let quantity = ctx.debt_amount(amount);
    let data = repayWithATokensCall { asset: pair.debt.token, amount: asked, interestRateMode: U256::from(VARIABLE) };
    let step = Step {
        purpose: format!("repay {quantity} with the account's own supply of it"),
        to: aave::Deployment::BASE.pool,
        value: U256::ZERO,
        data: CallData::Fixed { data: data.abi_encode().into() },
    };
    Ok(Draft {
        kind: "loop repay",
        headline: format!("{}: repay {quantity} with the account's own supply, without a swap", pair.debt.symbol),
        worst: after.clone(),
        before,
        after,
        prepare: Vec::new(),
        pull: None,
        direct: Some(vec![step]),
        ops: Vec::new(),
        delegation: None,
        a_token: None,
        loan: None,
        sources: Vec::new(),
        swap: None,
        flows: Flows::default(),
        target: Some(target),
        adds_risk: false,
        ends: false,
        notes: Vec::new(),
        floor_hint: String::new(),
    })
}

/// Plans that a supply backs debt, or does so no longer.
pub(in crate::loops) fn use_as_collateral(ctx: &Context<'_>, enabled: bool) -> Result<Draft, PlanError> {
    let before = ctx.start();
    let asset = ctx.pair.collateral.token;
    let step = Prepare::Collateral { asset, enabled };
    let supplied = ctx.collateral_amount(before.supplied(asset)?);
    let is_used = ctx.model.supply(asset).is_some_and(|supply| supply.is_collateral);
    if is_used == enabled {
        return Err(PlanError::CollateralAlready { symbol: ctx.pair.collateral.symbol.clone(), enabled });
    }
    let mut after = before.clone();
    step.apply(&mut after)?;
    let headline = match enabled {
        true => format!("use {supplied} as collateral"),
        false => format!("stop using {supplied} as collateral"),
    };
    Ok(Draft {
        kind: "loop collateral",
        headline,
        worst: after.clone(),
        before,
        after,
        prepare: vec![step],
        pull: None,
        direct: Some(Vec::new()),
        ops: Vec::new(),
        delegation: None,
        a_token: None,
        loan: None,
        sources: Vec::new(),
        swap: None,
        flows: Flows::default(),
        target: None,
        adds_risk: !enabled,
        ends: false,
        notes: Vec::new(),
        floor_hint: "repay first, or leave it enabled".to_owned(),
    })
}
