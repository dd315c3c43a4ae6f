//! The bounds of a plan (strategy.md §4, §5).

use alloy::primitives::U256;

use super::{
    context::{Context, wad},
    draft::Draft,
    loss,
    payout::CLOSE,
};
use crate::{
    config::Urgency,
    loops::{
        PlanError,
        algebra::{leverage_wad, max_leverage_wad},
        deviation::deviation,
    },
    plan::{Bound, Quantity, Rule},
    units::{Bps, WAD, from_decimal, mul_div_up},
};

/// Everything that limits a drafted action.
pub(in crate::loops) fn bounds(ctx: &Context<'_>, draft: &Draft) -> Result<Vec<Bound>, PlanError> {
    let mut bounds = Vec::new();
    if draft.adds_risk && !ctx.standing(&draft.after)?.debt.is_zero() {
        bounds.extend(health(ctx, draft)?);
    }
    if !draft.adds_risk && !ctx.standing(&draft.before)?.debt.is_zero() {
        bounds.push(if draft.kind == CLOSE { after_closing(ctx, draft)? } else { never_worse(ctx, draft)? });
        bounds.extend(ctx.not_lower_where_judged(&draft.before, &draft.worst)?);
    }
    if let Some(swap) = &draft.swap {
        let allowed = ctx.slippage();
        bounds.push(Bound {
            name: "swap cost against the oracle".into(),
            rule: Rule::AtMost,
            actual: Quantity::bps(swap.cost_bps),
            limit: Quantity::bps(ctx.cost_allowed().0.into()),
            // At the last resort what liquidation would cost is the measure.
            blocking: ctx.bound != Urgency::LastResort || ctx.settings.slippage.is_some(),
            hint: "act in smaller steps, wait, or allow more with --slippage-bps".into(),
        });
        bounds.push(Bound {
            name: "swap limit against the quote".into(),
            rule: Rule::AtMost,
            actual: Quantity::bps(swap.limit_bps()?),
            limit: Quantity::bps(allowed.0.into()),
            blocking: true,
            hint: String::new(),
        });
        bounds.push(oracle_gate(ctx, draft)?);
    }
    if loss::is_measured(ctx) && !draft.adds_risk && draft.swap.is_some() {
        bounds.push(loss::bound(ctx, draft.swap.as_ref(), draft.loan.as_ref())?);
    }
    if draft.adds_risk {
        bounds.extend(gas_share(ctx, draft)?);
    }
    bounds.push(gas_price(ctx));
    Ok(bounds)
}

fn health(ctx: &Context<'_>, draft: &Draft) -> Result<Vec<Bound>, PlanError> {
    let after = ctx.standing(&draft.after)?;
    let worst = ctx.standing(&draft.worst)?;
    let market = draft.after.market();
    let category = market.category(draft.after.account().emode)?;
    let ltv = market.ltv_in(ctx.collateral, category);
    let mut bounds = vec![
        Bound {
            name: "health factor after the action".into(),
            rule: Rule::AtLeast,
            actual: Quantity::wad(after.health_factor),
            limit: Quantity::wad(ctx.floor()),
            blocking: true,
            hint: draft.floor_hint.clone(),
        },
        Bound {
            name: "health factor at the worst fill".into(),
            rule: Rule::AtLeast,
            actual: Quantity::wad(worst.health_factor),
            limit: Quantity::wad(wad(ctx.thresholds.trigger)),
            blocking: true,
            hint: "aim lower, or allow less with --slippage-bps".into(),
        },
    ];
    if ltv.0 > 0 {
        bounds.push(Bound {
            name: "leverage after the action".into(),
            rule: Rule::AtMost,
            actual: Quantity::new(leverage_wad(after.collateral, after.debt), 18, "x"),
            limit: Quantity::new(max_leverage_wad(ltv)?, 18, "x"),
            blocking: true,
            hint: "the loan to value of the collateral allows no more".into(),
        });
    }
    Ok(bounds)
}

/// An action that lowers debt never lowers the health factor.
fn never_worse(ctx: &Context<'_>, draft: &Draft) -> Result<Bound, PlanError> {
    let before = ctx.standing(&draft.before)?.health_factor;
    Ok(Bound {
        name: "health factor after the action, at the worst fill".into(),
        rule: Rule::AtLeast,
        actual: Quantity::wad(ctx.standing(&draft.worst)?.health_factor),
        limit: Quantity::wad(before),
        blocking: before >= WAD || ctx.is_protective(),
        hint: "the swap costs more than it helps: act in smaller steps".into(),
    })
}

/// A closing takes the loop's equity along, which may have been what lifted the account: what stays is above the opening
/// floor, or stands no lower than before.
fn after_closing(ctx: &Context<'_>, draft: &Draft) -> Result<Bound, PlanError> {
    let before = ctx.standing(&draft.before)?.health_factor;
    Ok(Bound {
        name: "health factor after the action".into(),
        rule: Rule::AtLeast,
        actual: Quantity::wad(ctx.standing(&draft.worst)?.health_factor),
        limit: Quantity::wad(before.min(ctx.floor())),
        blocking: before >= WAD || ctx.is_protective(),
        hint: "the rest of the account stands lower than this loop: close or bring down that first".into(),
    })
}

/// The price of every pool in the route against the oracle.
fn oracle_gate(ctx: &Context<'_>, draft: &Draft) -> Result<Bound, PlanError> {
    let pools = draft.swap.as_ref().map(|swap| swap.quote.route.pools());
    let furthest = pools.map_or(Ok(0), |pools| deviation(ctx.snapshot, pools))?;
    Ok(Bound {
        name: "pool price against the oracle".into(),
        rule: Rule::AtMost,
        actual: Quantity::bps(furthest),
        limit: Quantity::bps(ctx.settings.bounds.oracle_gate_bps.0.into()),
        blocking: ctx.urgency == Urgency::Open && draft.adds_risk,
        hint: "pool and oracle disagree: wait until they meet".into(),
    })
}

/// The gas of the action and of getting out again against the equity it leaves.
fn gas_share(ctx: &Context<'_>, draft: &Draft) -> Result<Option<Bound>, PlanError> {
    let after = ctx.standing(&draft.after)?;
    let equity = after.collateral.saturating_sub(after.debt);
    let gas = loss::gas_in_usd(ctx)?.saturating_mul(U256::from(2u8));
    share_warning(gas, equity, ctx.settings.bounds.gas_share_bps)
}

/// A warning where gas is more than a share of the equity, both in the same unit.
fn share_warning(gas: U256, equity: U256, limit: Bps) -> Result<Option<Bound>, PlanError> {
    if limit.0 == 0 || equity.is_zero() {
        return Ok(None);
    }
    let share = mul_div_up(gas, U256::from(Bps::ONE.0), equity)?;
    Ok((share > U256::from(limit.0)).then(|| Bound {
        name: "gas of this action and of getting out, of the equity".into(),
        rule: Rule::AtMost,
        actual: Quantity::bps(share.saturating_to()),
        limit: Quantity::bps(limit.0.into()),
        blocking: false,
        hint: "warning: gas eats the position; put more equity in, wait for cheaper gas, or set bounds.gas_share_bps"
            .into(),
    }))
}

/// What gas costs now against the ceiling of the action's class; the sender holds every bid to the same ceiling.
fn gas_price(ctx: &Context<'_>) -> Bound {
    let ceiling = ctx.settings.fees.of(ctx.urgency).max_fee_gwei;
    let gwei = |raw| Quantity::new(raw, 9, "gwei");
    Bound {
        name: "gas price".into(),
        rule: Rule::AtMost,
        actual: gwei(ctx.settings.gas_price),
        limit: gwei(from_decimal(ceiling, 9).unwrap_or(U256::MAX)),
        blocking: true,
        hint: format!("wait, or raise the fee ceiling of `{}` actions in the settings", ctx.urgency.name()),
    }
}

/// Ether that must stay in the wallet for the gas of this action and of getting out again.
pub(in crate::loops) fn gas_reserve(gas_price: U256) -> U256 {
    /// Two loop actions with room to spare (onedelta-composer.md §14: up to 700 k each).
    const GAS: u64 = 2_000_000;
    /// L1 fees and quiet base fees: 0.0001 ether.
    const LEAST: u64 = 100_000_000_000_000;
    gas_price.saturating_mul(U256::from(GAS)).max(U256::from(LEAST))
}

/// Ether below which nothing that lowers risk can be sent, with whatever tip: nothing is worth keeping gas back from it.
pub(in crate::loops) fn least_gas(base_fee: U256) -> U256 {
    /// The smallest of these actions, a repayment from the wallet.
    const GAS: u64 = 200_000;
    /// The L1 fee of one action on a quiet day: 0.00001 ether.
    const LEAST: u64 = 10_000_000_000_000;
    base_fee.saturating_mul(U256::from(GAS)).max(U256::from(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_whose_gas_exceeds_a_share_of_the_equity_warns_and_is_not_refused() {
        let dollars = |cents: u64| U256::from(cents).saturating_mul(U256::from(1_000_000u64));
        let warning = |gas, equity, limit| share_warning(dollars(gas), dollars(equity), Bps(limit)).expect("fits");
        // 5 cents of 3 dollars are 1.67 %.
        let warned = warning(5, 300, 100).expect("above 1 %");
        assert!(!warned.blocking && !warned.holds());
        let words = warned.to_string();
        assert!(words.contains("1.67 %") && words.contains("bounds.gas_share_bps"), "{words}");
        assert!(warning(5, 500, 100).is_none(), "1 % exactly");
        assert!(warning(5, 300, 0).is_none(), "switched off");
        assert!(warning(5, 0, 100).is_none(), "nothing is left");
    }
}
