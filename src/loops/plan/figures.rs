//! The figures of a loop plan: before and after, and where the outcome is read.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};

use super::{
    bounds::gas_reserve,
    context::{Context, grown_at_most, wad},
    draft::{Draft, Flow},
};
use crate::{
    aave::{self, Projection, abi::IPool::getUserAccountDataCall},
    abi::{
        ICreditDelegation::borrowAllowanceCall,
        IERC20::{allowanceCall, balanceOfCall},
    },
    chain::multicall3,
    loops::{
        PlanError,
        algebra::leverage_wad,
        carry::{carry_label, net_carry_per_day},
        moving_price::MovingPrice,
    },
    onedelta::{CALL_FORWARDER, COMPOSER},
    plan::{Figure, Quantity, ReadBack},
    units::{Bps, WAD, mul_div_down},
};

/// Interest that nobody could foresee is below this yearly rate: tolerance of the simulation.
const TOLERATED_RATE: Bps = Bps(10_000);

/// All figures of a drafted action.
pub(in crate::loops) fn figures(ctx: &Context<'_>, draft: &Draft) -> Result<Vec<Figure>, PlanError> {
    let mut figures = vec![collateral(ctx, draft)?, debt(ctx, draft)?, leverage(ctx, draft)?, health(ctx, draft)?];
    figures.extend(prices(ctx, draft)?);
    figures.push(carry(ctx, draft)?);
    figures.extend(wallet(ctx, draft)?);
    figures.extend(leftovers(ctx, draft));
    Ok(figures)
}

fn collateral(ctx: &Context<'_>, draft: &Draft) -> Result<Figure, PlanError> {
    let token = ctx.pair.collateral.token;
    let (before, after, worst) =
        (draft.before.supplied(token)?, draft.after.supplied(token)?, draft.worst.supplied(token)?);
    Ok(Figure {
        name: "collateral".into(),
        label: "collateral".into(),
        before: ctx.collateral_amount(before),
        after: ctx.collateral_amount(after),
        read: Some(read(ctx.pair.collateral.a_token, balance_of(ctx.snapshot.account.address))),
        tolerance: after.abs_diff(worst).saturating_add(interest(ctx, after)?),
        at_least: false,
        detail: false,
    })
}

fn debt(ctx: &Context<'_>, draft: &Draft) -> Result<Figure, PlanError> {
    let token = ctx.pair.debt.token;
    let (after, worst) = (draft.after.owed(token)?, draft.worst.owed(token)?);
    Ok(Figure {
        name: "debt".into(),
        label: "debt".into(),
        before: ctx.debt_amount(draft.before.owed(token)?),
        after: ctx.debt_amount(after),
        read: Some(read(ctx.pair.debt.debt_token, balance_of(ctx.snapshot.account.address))),
        tolerance: after.abs_diff(worst).saturating_add(interest(ctx, after)?),
        at_least: false,
        detail: false,
    })
}

fn leverage(ctx: &Context<'_>, draft: &Draft) -> Result<Figure, PlanError> {
    let of = |projection: &Projection| {
        ctx.standing(projection).map(|s| Quantity::new(leverage_wad(s.collateral, s.debt), 18, "x"))
    };
    Ok(derived("leverage", "leverage", of(&draft.before)?, of(&draft.after)?))
}

fn health(ctx: &Context<'_>, draft: &Draft) -> Result<Figure, PlanError> {
    let (before, after, worst) =
        (ctx.standing(&draft.before)?, ctx.standing(&draft.after)?, ctx.standing(&draft.worst)?);
    let account = ctx.snapshot.account.address;
    let data = getUserAccountDataCall { user: account }.abi_encode().into();
    let slack = if after.health_factor == U256::MAX {
        U256::ZERO
    } else {
        let share = U256::from(ctx.slippage().0.max(10));
        mul_div_down(after.health_factor, share, U256::from(Bps::ONE.0))?
    };
    Ok(Figure {
        name: "health_factor".into(),
        label: "health factor".into(),
        before: Quantity::wad(before.health_factor),
        after: Quantity::wad(after.health_factor),
        read: Some(ReadBack { to: aave::Deployment::BASE.pool, data, word: 5, pays_gas: false }),
        tolerance: after.health_factor.abs_diff(worst.health_factor).saturating_add(slack),
        at_least: false,
        detail: false,
    })
}

/// Trim and liquidation price of the asset that moves.
fn prices(ctx: &Context<'_>, draft: &Draft) -> Result<[Figure; 2], PlanError> {
    let moving = MovingPrice::of(ctx.collateral, ctx.debt);
    let at = |projection: &Projection, health_factor| {
        let price = moving.at_health_factor(projection, health_factor)?;
        Ok::<_, PlanError>(price.unwrap_or_else(|| moving.none()))
    };
    let figure = |name, label, level| {
        Ok::<_, PlanError>(derived(name, &moving.label(label), at(&draft.before, level)?, at(&draft.after, level)?))
    };
    Ok([
        figure("trim_price", "trim price", wad(ctx.thresholds.trigger))?,
        figure("liquidation_price", "liquidation price", WAD)?,
    ])
}

fn carry(ctx: &Context<'_>, draft: &Draft) -> Result<Figure, PlanError> {
    let of = |projection: &Projection| {
        net_carry_per_day(projection, ctx.collateral.asset, ctx.debt.asset).map_err(PlanError::from)
    };
    let label = carry_label([ctx.collateral.symbol.as_str(), ctx.debt.symbol.as_str()]);
    Ok(derived("net_carry", &label, of(&draft.before)?, of(&draft.after)?))
}

fn wallet(ctx: &Context<'_>, draft: &Draft) -> Result<Vec<Figure>, PlanError> {
    let account = &ctx.snapshot.account;
    let balance = |label: &str, name: &str, before: Quantity, flow: Flow, read: ReadBack| {
        let after = before.raw.saturating_sub(flow.pays).saturating_add(flow.receives);
        let slack = flow.receives.abs_diff(flow.receives_at_worst);
        Ok::<_, PlanError>(Figure {
            name: name.to_owned(),
            label: label.to_owned(),
            after: Quantity { raw: after, ..before.clone() },
            before,
            read: Some(read),
            tolerance: slack.saturating_add(interest(ctx, flow.receives)?),
            at_least: true,
            detail: false,
        })
    };
    let mut figures = Vec::new();
    let native = multicall3::IMulticall3::getEthBalanceCall { addr: account.address }.abi_encode().into();
    let native = ReadBack { to: multicall3::ADDRESS, data: native, word: 0, pays_gas: true };
    let ether = Quantity::new(account.native, 18, "ETH");
    let mut native = balance("wallet", "wallet_native", ether, draft.flows.native, native)?;
    // Gas of something else that the account does between plan and send.
    native.tolerance = native.tolerance.saturating_add(gas_reserve(ctx.settings.gas_price));
    figures.push(native);
    let held = |token| account.holding(token).wallet;
    let token = ctx.pair.collateral.token;
    let collateral = read(token, balance_of(account.address));
    let before = ctx.collateral_amount(held(token));
    figures.push(balance("wallet", "wallet_collateral", before, draft.flows.collateral, collateral)?);
    let token = ctx.pair.debt.token;
    let debt = read(token, balance_of(account.address));
    figures.push(balance("wallet", "wallet_debt", ctx.debt_amount(held(token)), draft.flows.debt, debt)?);
    Ok(figures)
}

/// What must be nothing afterwards: balances of composer and forwarder, allowances of this account.
fn leftovers(ctx: &Context<'_>, draft: &Draft) -> Vec<Figure> {
    let account = ctx.snapshot.account.address;
    let contracts = &ctx.snapshot.contracts;
    let holdings = [ctx.pair.collateral.token, ctx.pair.debt.token].map(|token| ctx.snapshot.account.holding(token));
    let none = |name: String, label: String, before: Quantity, read: ReadBack| Figure {
        name,
        label,
        after: Quantity { raw: U256::ZERO, ..before.clone() },
        before,
        read: Some(read),
        tolerance: U256::ZERO,
        at_least: false,
        detail: true,
    };
    let mut figures = Vec::new();
    for (index, asset) in [&ctx.pair.collateral, &ctx.pair.debt].into_iter().enumerate() {
        let amount = |raw| Quantity::new(raw, asset.decimals, asset.symbol.clone());
        for (who, address, held) in [
            ("composer", COMPOSER, contracts.composer[index]),
            ("forwarder", CALL_FORWARDER, contracts.forwarder[index]),
        ] {
            let (name, label) = (format!("{who}_{index}"), format!("left in the {who}"));
            let mut figure = none(name, label, amount(held), read(asset.token, balance_of(address)));
            // What somebody left there may stay where the stream has no reason to sweep it.
            figure.tolerance = held;
            figures.push(figure);
        }
    }
    let allowance =
        |token: Address| read(token, allowanceCall { owner: account, spender: COMPOSER }.abi_encode().into());
    if draft.a_token.is_some() {
        let before = ctx.collateral_amount(holdings[0].a_token_allowance);
        let label = format!("allowance of a{}", ctx.pair.collateral.symbol);
        figures.push(none("a_token_allowance".into(), label, before, allowance(ctx.pair.collateral.a_token)));
    }
    if draft.delegation.is_some() {
        let data = borrowAllowanceCall { fromUser: account, toUser: COMPOSER }.abi_encode().into();
        let before = ctx.debt_amount(holdings[1].borrow_allowance);
        let label = format!("delegation of {}", ctx.pair.debt.symbol);
        figures.push(none("delegation".into(), label, before, read(ctx.pair.debt.debt_token, data)));
    }
    if let Some((token, amount)) = draft.pull {
        let index = usize::from(token == ctx.pair.debt.token);
        let asset = [&ctx.pair.collateral, &ctx.pair.debt][index];
        let standing = holdings[index].wallet_allowance;
        // A standing allowance that was enough is spent, not replaced, where the token takes no permit.
        let is_signed = ctx.signable(asset.token_permit.as_ref()).is_some();
        let rest = if is_signed { U256::ZERO } else { standing.saturating_sub(amount) };
        let before = Quantity::new(standing, asset.decimals, asset.symbol.clone());
        let mut figure = none("allowance".into(), format!("allowance of {}", asset.symbol), before, allowance(token));
        figure.after.raw = if standing >= amount { rest } else { U256::ZERO };
        figures.push(figure);
    }
    figures
}

fn derived(name: &str, label: &str, before: Quantity, after: Quantity) -> Figure {
    Figure {
        name: name.into(),
        label: label.into(),
        before,
        after,
        read: None,
        tolerance: U256::ZERO,
        at_least: false,
        detail: false,
    }
}

fn interest(ctx: &Context<'_>, amount: U256) -> Result<U256, PlanError> {
    Ok(grown_at_most(amount, TOLERATED_RATE, ctx.settings.permit_ttl)?
        .saturating_sub(amount)
        .saturating_add(U256::from(10)))
}

fn read(to: Address, data: Bytes) -> ReadBack {
    ReadBack { to, data, word: 0, pays_gas: false }
}

fn balance_of(account: Address) -> Bytes {
    balanceOfCall { owner: account }.abi_encode().into()
}
