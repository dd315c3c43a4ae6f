//! What an action loses against what being liquidated would lose (strategy.md §5): a protective action is refused only
//! when it costs more.

use alloy::primitives::U256;

use super::{context::Context, loan::Loan, swap::Swap};
use crate::{
    config::Urgency,
    loops::PlanError,
    plan::{Bound, Quantity, Rule},
    units::{Bps, WAD, mul_div_down, mul_div_up},
};

/// Collateral or debt below this may be liquidated whole (Aave v3.6, base-replica.md §4).
const WHOLE_BELOW: U256 = U256::from_limbs([200_000_000_000, 0, 0, 0]);
/// At or below this health factor, 0.95, it may be liquidated whole.
const WHOLE_AT: U256 = U256::from_limbs([950_000_000_000_000_000, 0, 0, 0]);
/// Gas of a loop action, about (onedelta-composer.md §14).
const GAS: u64 = 700_000;

/// Whether the action is in such haste that liquidation is the measure.
pub(in crate::loops) fn is_measured(ctx: &Context<'_>) -> bool {
    let hasty = |urgency| matches!(urgency, Urgency::Urgent | Urgency::LastResort);
    hasty(ctx.urgency) || ctx.bound == Urgency::LastResort
}

/// Expected loss against that of being liquidated.
pub(in crate::loops) fn bound(ctx: &Context<'_>, swap: Option<&Swap>, loan: Option<&Loan>) -> Result<Bound, PlanError> {
    Ok(Bound {
        name: "expected loss against being liquidated".into(),
        rule: Rule::AtMost,
        actual: Quantity::usd(expected(ctx, swap, loan)?),
        limit: Quantity::usd(of_liquidation(ctx)?),
        blocking: true,
        hint: "the swap costs more than a liquidator would take: repay from the wallet or add collateral".into(),
    })
}

/// Loss of the swap against the oracle, or against the feed behind it where that is lower already, flash fee and gas, USD
/// with 8 decimals. What the feed has lost is lost either way.
fn expected(ctx: &Context<'_>, swap: Option<&Swap>, loan: Option<&Loan>) -> Result<U256, PlanError> {
    let whole = U256::from(Bps::ONE.0);
    let left = whole.saturating_sub(U256::from(ctx.feed_gap.0));
    let swapped = swap.map_or(Ok(U256::ZERO), |swap| {
        mul_div_up(swap.value_in, left, whole).map(|value| value.saturating_sub(swap.value_out))
    })?;
    let fee = loan.map_or(Ok(U256::ZERO), |loan| ctx.debt.debt_value(loan.fee).map(|usd| usd.0))?;
    Ok(swapped.saturating_add(fee).saturating_add(gas_in_usd(ctx)?))
}

/// Gas of one action now, USD with 8 decimals; nothing where ether has no price.
pub(in crate::loops) fn gas_in_usd(ctx: &Context<'_>) -> Result<U256, PlanError> {
    let ether = ctx.snapshot.market.reserve_by_symbol("WETH").and_then(|reserve| reserve.price().ok());
    let wei = ctx.settings.gas_price.saturating_mul(U256::from(GAS));
    Ok(ether.map_or(Ok(U256::ZERO), |price| mul_div_up(wei, price.0, WAD))?)
}

/// The bonus on the debt that a liquidator may repay with the close factor in force, USD with 8 decimals; at the price of
/// the feed behind Aave's oracle where that is lower, because the oracle liquidates there next.
fn of_liquidation(ctx: &Context<'_>) -> Result<U256, PlanError> {
    let start = ctx.start();
    let standing = ctx.whole_pair(&start)?;
    let (health, collateral) = (ctx.ahead(standing.health_factor)?, ctx.ahead(standing.collateral)?);
    let whole = health <= WHOLE_AT || collateral < WHOLE_BELOW || standing.debt < WHOLE_BELOW;
    let half = start.account_data()?.debt.0 >> 1;
    let repayable = if whole { standing.debt } else { standing.debt.min(half) };
    let (one, bonus) = (U256::from(Bps::ONE.0), U256::from(ctx.liquidation_bonus().0));
    // No more can be seized than there is.
    let covered = mul_div_down(collateral, one, one.saturating_add(bonus))?;
    Ok(mul_div_down(repayable.min(covered), bonus, one)?)
}
