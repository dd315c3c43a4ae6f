//! Taking a limit order back.

use alloy::primitives::U256;

use super::{Context, Draft, PositionKey, Usdc, context::usdc};
use crate::perps::{
    PerpError,
    avantis_v1::{abi::ITrading, slot::Slot},
};

pub(super) fn draft(ctx: &Context<'_>, key: PositionKey) -> Result<Draft, PerpError> {
    let order = ctx.snapshot.limits.iter().find(|order| order.key == key).ok_or_else(|| PerpError::NotFound {
        what: "limit order",
        key: key.to_string(),
        account: ctx.snapshot.account,
    })?;
    let headline = format!(
        "take back the limit order {key}: {} {} with {} at {}",
        order.side,
        order.pair,
        usdc(order.margin),
        order.price
    );
    let mut draft = Draft { kind: "perp cancel", headline, ..Draft::default() };
    draft.bounds.push(ctx.timelock_bound(order.changeable_from));
    let slot = Slot::of(key)?;
    let limits = ctx.pair(slot.pair)?.limits;
    draft.figures = vec![
        ctx.usdc_figure(ctx.snapshot.usdc.0.saturating_add(order.margin.0)),
        ctx.limits_figure(slot.pair, limits, limits.saturating_sub(1)),
        ctx.ether_figure(U256::ZERO),
    ];
    let (pair_index, index) = slot.arguments();
    let call = ITrading::cancelOpenLimitOrderCall { pairIndex: pair_index, index };
    draft.call(ctx, format!("take back the limit order {key}"), U256::ZERO, &call, Usdc::ZERO);
    Ok(draft)
}
