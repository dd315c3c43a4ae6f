//! What a trade takes and costs, in US dollars.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{
    CapitalNeeded, Cost, Legs, OpenNotional, Sized,
    ask::Ask,
    legs::usd,
    market::share,
    state::{LoopState, decimal},
};
use crate::{config::TableName, perps::Usdc, trade::TradeError};

/// Capital needed, part by part.
pub(super) fn capital(loop_: &LoopState, sized: &Sized, legs: &Legs) -> Result<CapitalNeeded, TradeError> {
    let collateral = loop_.collateral()?;
    let loop_equity = decimal(collateral.debt_value(legs.equity)?.0, 8)?;
    let borrowed = sized.borrowed();
    let margin = sized.size.margin.saturating_sub(borrowed);
    let gas =
        gas(loop_, legs.loop_gas).saturating_add(gas(loop_, legs.perp_gas)).saturating_add(execution(loop_, legs));
    let total = loop_equity.saturating_add(margin).saturating_add(gas);
    Ok(CapitalNeeded { loop_equity, loop_collateral: legs.equity, margin, borrowed, gas, total })
}

/// Costs of each leg, one after the other.
pub(super) fn costs(loop_: &LoopState, sized: &Sized, legs: &Legs) -> Result<Vec<Cost>, TradeError> {
    let mut costs = Vec::new();
    let mut add = |leg, name: &str, usd: Decimal| {
        if !usd.is_zero() {
            costs.push(Cost { leg, name: name.to_owned(), usd });
        }
    };
    for (name, cost) in legs.loop_plan.iter().flat_map(|plan| &plan.costs) {
        add("loop", name, usd(cost));
    }
    add("loop", "gas", gas(loop_, legs.loop_gas));
    if let Some(forecast) = &legs.forecast {
        let notional = decimal(forecast.notional.0, Usdc::DECIMALS)?;
        add("perp", "opening fee", decimal(forecast.fee.0, Usdc::DECIMALS)?);
        add("perp", "spread", notional.saturating_mul(share(forecast.spread)?));
        add("perp", "closing fee, about", notional.saturating_mul(share(sized.venue.terms.closing_fee)?));
    }
    add("perp", "gas", gas(loop_, legs.perp_gas));
    add("perp", "execution fee", execution(loop_, legs));
    Ok(costs)
}

/// Notional over all open perps beside its cap.
pub(super) fn open_notional(ask: &Ask<'_>, sized: &Sized) -> OpenNotional {
    let own = sized.size.ordered_notional().unwrap_or_default();
    let factor = ask.desk.settings.governor.open_notional_equities;
    OpenNotional {
        notional: ask.open.notional().saturating_add(own),
        cap: ask.governor.equity.saturating_mul(factor),
        binds: sized.size.table == TableName::FixedRisk,
    }
}

fn gas(loop_: &LoopState, units: Option<u64>) -> Decimal {
    let wei = loop_.gas_price.saturating_mul(U256::from(units.unwrap_or_default()));
    loop_.ether_usd(wei).unwrap_or_default()
}

fn execution(loop_: &LoopState, legs: &Legs) -> Decimal {
    loop_.ether_usd(legs.execution_fee()).unwrap_or_default()
}
