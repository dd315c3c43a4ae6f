//! Margin put in or taken out; done in the transaction itself, with a price that comes along.

use alloy::primitives::U256;

use super::{
    Context, Draft, ORACLE_FEE, PerpPosition, Slot, Usdc,
    context::{price, usdc},
    figures::{TradeWord, derived},
};
use crate::{
    perps::{
        LeverageE10, MarginChange, PerpError,
        avantis_v1::{
            PriceUpdate,
            abi::{DEPOSIT, ITrading, WITHDRAW},
            math::{MarginStep, is_withdrawal_covered, liquidation_price, margin_change},
        },
    },
    plan::Quantity,
};

/// Rollover until the block that takes it in: a cent is more than any that was seen.
const ROLLOVER_TOLERANCE: U256 = U256::from_limbs([10_000, 0, 0, 0]);

pub(super) fn draft(
    ctx: &Context<'_>,
    position: &PerpPosition,
    change: MarginChange,
    update: &PriceUpdate,
) -> Result<Draft, PerpError> {
    ctx.require_running()?;
    Context::require_not_closing(position)?;
    let slot = Slot::of(position.key)?;
    let pair = ctx.pair(slot.pair)?;
    let step = MarginStep {
        side: position.side,
        collateral: position.collateral,
        open_interest: position.notional,
        open_price: position.entry,
        target: position.target,
        rollover: position.rollover,
        max_gain: pair.max_gain,
    };
    let (amount, kind, verb, takes) = match change {
        MarginChange::Add(amount) => (amount, DEPOSIT, "put", amount),
        MarginChange::Remove(amount) => (amount, WITHDRAW, "take", Usdc::ZERO),
    };
    check_amount(position, change, amount)?;
    let after = margin_change(&step, change)?;
    check_leverage(ctx, position, after.leverage)?;
    if kind == WITHDRAW && !is_withdrawal_covered(&step, &after, update.price)? {
        return Err(PerpError::Refused(format!(
            "at {} the position would be worth less than 20 % of the {} left in it, which the venue does not allow: \
             take out less",
            update.price,
            usdc(after.collateral),
        )));
    }
    let liquidation = liquidation_price(
        position.entry,
        position.side,
        after.collateral,
        after.leverage,
        Usdc::ZERO,
        ctx.detail.liquidation,
    )?;
    let names = format!("{} {}", position.pair, position.key);
    let headline = match change {
        MarginChange::Add(_) => format!("put {} into {names}", usdc(amount)),
        MarginChange::Remove(_) => format!("take {} out of {names}", usdc(amount)),
    };
    let mut draft = Draft { kind: "perp margin", headline, carries_price: true, ..Draft::default() };
    draft.notes.push(format!("carries the oracle's price {}, which the venue takes for 30 s", update.price));
    if position.rollover > Usdc::ZERO {
        draft.notes.push(format!("the rollover so far, {}, is paid out of the margin", usdc(position.rollover)));
    }
    if after.target != position.target {
        draft.notes.push("the target moves with the leverage: it stands at the most profit the venue pays".to_owned());
    }
    draft.bounds.push(ctx.timelock_bound(position.changeable_from));
    if takes > Usdc::ZERO {
        draft.bounds.push(ctx.usdc_bound(takes));
    }
    let wallet = match change {
        MarginChange::Add(amount) => ctx.snapshot.usdc.0.saturating_sub(amount.0),
        MarginChange::Remove(amount) => ctx.snapshot.usdc.0.saturating_add(amount.0),
    };
    let leverage = |figure: LeverageE10| Quantity::new(figure.0, LeverageE10::DECIMALS, "x");
    let margins = (usdc(position.collateral), usdc(after.collateral));
    let leverages = (leverage(position.leverage), leverage(after.leverage));
    let targets = (price(position.target), price(after.target));
    let share = |figure: U256| figure / U256::from(1_000);
    draft.figures = vec![
        ctx.trade_figure(slot, TradeWord::Collateral, ("collateral", "margin"), margins, ROLLOVER_TOLERANCE),
        ctx.trade_figure(slot, TradeWord::Leverage, ("leverage", "leverage"), leverages, share(after.leverage.0)),
        derived("liquidation_price", "liquidation price", price(position.liquidation), price(liquidation)),
        ctx.trade_figure(slot, TradeWord::Target, ("target", "target"), targets, share(after.target.0)),
        ctx.usdc_figure(wallet),
        ctx.ether_figure(update.fee),
    ];
    draft.figures.extend((takes > Usdc::ZERO).then(|| ctx.allowance_figure(takes)).flatten());
    draft.costs.push(("rollover so far".to_owned(), usdc(position.rollover)));
    draft.costs.push((ORACLE_FEE.to_owned(), Quantity::new(update.fee, 18, "ETH")));
    let (pair_index, index) = slot.arguments();
    let call = ITrading::updateMarginCall {
        pairIndex: pair_index,
        index,
        updateType: kind,
        amount: amount.0,
        priceUpdateData: vec![update.data.clone()],
    };
    let direction = if kind == DEPOSIT { "in" } else { "out" };
    draft.call(ctx, format!("{verb} margin {direction}"), update.fee, &call, takes);
    Ok(draft)
}

fn check_amount(position: &PerpPosition, change: MarginChange, amount: Usdc) -> Result<(), PerpError> {
    let field = |reason: String| Err(PerpError::Field { field: "amount", reason });
    if amount == Usdc::ZERO {
        return field("must be above zero".to_owned());
    }
    let most = position.collateral.0.saturating_sub(position.rollover.0);
    if matches!(change, MarginChange::Remove(_)) && amount.0 >= most {
        return field(format!("{} is not less than the margin {}; close it instead", usdc(amount), usdc(Usdc(most))));
    }
    Ok(())
}

fn check_leverage(ctx: &Context<'_>, position: &PerpPosition, leverage: LeverageE10) -> Result<(), PerpError> {
    let Some(terms) = ctx.snapshot.pair(&position.pair) else { return Ok(()) };
    let (least, most) = (terms.least_leverage, terms.most_leverage);
    if leverage >= least && leverage <= most {
        return Ok(());
    }
    Err(PerpError::Leverage { leverage, pair: terms.name.as_str().into(), least, most })
}
