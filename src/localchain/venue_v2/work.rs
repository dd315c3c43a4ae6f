//! What the operator does by itself: orders of the direct mode, triggers, liquidations, limit orders.

use std::{collections::BTreeMap, time::Duration};

use alloy::primitives::{Address, U256};
use tokio::time::Instant;
use tracing::{info, warn};

use super::{
    abi::IV2StandIn::{LimitOrder, Position},
    context::Context,
    link::{Refusal, Signed},
    pairs::Listings,
};
use crate::localchain::{LocalChainError, keeper::Conduct};

/// How often the chain is looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long a chain may be silent before it counts as ended.
const PATIENCE: Duration = Duration::from_secs(2);
/// Triggers of the stand-in.
const TAKE_PROFIT: u8 = 0;
const STOP_LOSS: u8 = 1;
const LIQUIDATION: u8 = 2;
const OPEN_LIMIT: u8 = 3;

/// What was tried, so that a refusal is not tried again at the same price.
type Tried = BTreeMap<(u8, Address, U256, U256), U256>;

/// Works until the chain ends.
pub(super) async fn work(context: Context) {
    let mut tried = Tried::new();
    let mut since = BTreeMap::new();
    let mut looked_at = None;
    let mut answered = Instant::now();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut behaviour = context.behaviour.subscribe();
    loop {
        tick.tick().await;
        let newest = match context.link.node.metadata().await {
            Ok(metadata) if metadata.instance_id != context.link.instance => return,
            Ok(metadata) => metadata.latest_block_hash,
            Err(_) if answered.elapsed() > PATIENCE => return,
            Err(_) => continue,
        };
        answered = Instant::now();
        let changed = behaviour.has_changed().unwrap_or(false);
        let triggers = !context.triggers.lock().await.is_empty();
        if looked_at == Some(newest) && !changed && !triggers {
            continue;
        }
        behaviour.mark_unchanged();
        match round(&context, &mut tried, &mut since).await {
            Ok(waits) => looked_at = (!waits).then_some(newest),
            Err(error) => warn!(%error, "round failed, trying again"),
        }
    }
}

/// One look at the books; tells whether something waits for its delay.
async fn round(
    context: &Context,
    tried: &mut Tried,
    since: &mut BTreeMap<U256, Instant>,
) -> Result<bool, LocalChainError> {
    if context.behaviour.borrow().conduct == Conduct::Stop {
        return Ok(false);
    }
    let waits = direct_orders(context, since).await?;
    let prices = prices(context).await?;
    for position in context.link.positions().await? {
        let Some(price) = prices.get(&position.pairIndex).copied() else { continue };
        if let Some(trigger) = due(&position, price) {
            let key = (trigger, position.trader, position.pairIndex, position.index);
            carry_out(context, tried, key, price).await?;
        }
    }
    for order in context.link.limit_orders().await? {
        let Some(price) = prices.get(&order.pairIndex).copied() else { continue };
        if opens(&order, price) {
            carry_out(context, tried, (OPEN_LIMIT, order.trader, order.pairIndex, order.index), price).await?;
        }
    }
    partial_triggers(context).await;
    Ok(waits)
}

async fn prices(context: &Context) -> Result<BTreeMap<U256, U256>, LocalChainError> {
    let mut prices = BTreeMap::new();
    for pair in &Listings::get()?.pairs {
        prices.insert(U256::from(pair.index), context.link.price(pair).await?);
    }
    Ok(prices)
}

async fn direct_orders(context: &Context, since: &mut BTreeMap<U256, Instant>) -> Result<bool, LocalChainError> {
    let orders = context.link.orders().await?;
    since.retain(|id, _| orders.iter().any(|(known, _)| known == id));
    let mut waits = false;
    for (id, order) in orders {
        let behaviour = *context.behaviour.borrow();
        if behaviour.conduct == Conduct::Stop {
            return Ok(false);
        }
        let began = *since.entry(id).or_insert_with(Instant::now);
        if began.elapsed() < Duration::from_millis(behaviour.delay.0) {
            waits = true;
            continue;
        }
        let Some(pair) = Listings::get()?.pair(order.pairIndex.saturating_to()) else { continue };
        let mut price = match behaviour.price {
            Some(price) => price.saturating_mul(U256::from(100)),
            None => context.link.price(pair).await?,
        };
        if behaviour.conduct == Conduct::Refuse {
            // A price that nobody wants: the contract cancels the order and gives the collateral back.
            let opens_long = order.buy == (order.kind != 1);
            price = if opens_long { price.saturating_mul(U256::from(100)) } else { U256::from(1) };
        }
        match context.link.fill(id, pair, price).await {
            Ok(_) => info!(order = %id, pair = pair.from, %price, "market order executed"),
            Err(refusal) => warn!(order = %id, ?refusal, "market order not executed"),
        }
    }
    Ok(waits)
}

async fn carry_out(
    context: &Context,
    tried: &mut Tried,
    key: (u8, Address, U256, U256),
    price: U256,
) -> Result<(), LocalChainError> {
    if tried.get(&key) == Some(&price) {
        return Ok(());
    }
    tried.insert(key, price);
    let (trigger, trader, pair_index, index) = key;
    let Some(pair) = Listings::get()?.pair(pair_index.saturating_to()) else { return Ok(()) };
    match context.link.trigger(trigger, (trader, index), pair, price).await {
        Ok(_) => {
            tried.remove(&key);
            info!(trigger, %trader, pair = pair.from, %index, %price, "trigger executed");
            Ok(())
        }
        Err(Refusal::Contract(name)) => {
            warn!(trigger, %trader, pair = pair.from, %index, name, "trigger refused");
            Ok(())
        }
        Err(Refusal::Failed(error)) => Err(error),
    }
}

/// Tries every partial trigger; the contract says which are due, and which never will be.
async fn partial_triggers(context: &Context) {
    let waiting = context.triggers.lock().await.clone();
    for trigger in waiting {
        let over = match context.link.bring(Signed::Update, &trigger.intent, None).await {
            Ok(_) => true,
            Err(Refusal::Contract(name)) => matches!(name.as_str(), "InvalidNonce" | "PositionMismatch"),
            Err(Refusal::Failed(_)) => false,
        };
        if over {
            context.triggers.lock().await.retain(|known| known.id != trigger.id);
        }
    }
}

/// What is due for a position. The stop goes before the liquidation, as it is nearer.
fn due(position: &Position, price: U256) -> Option<u8> {
    let lost_to = |level: U256| !level.is_zero() && if position.buy { price <= level } else { price >= level };
    let won_to = |level: U256| !level.is_zero() && if position.buy { price >= level } else { price <= level };
    if lost_to(position.sl) {
        Some(STOP_LOSS)
    } else if lost_to(position.liquidationPrice) {
        Some(LIQUIDATION)
    } else if won_to(position.tp) {
        Some(TAKE_PROFIT)
    } else {
        None
    }
}

/// A limit (2) waits for a better price, a stop-limit (1) for a worse one.
fn opens(order: &LimitOrder, price: U256) -> bool {
    let waits_below = order.buy == (order.orderType == 2);
    if waits_below { price <= order.price } else { price >= order.price }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::{SolType, SolValue};

    use super::*;

    /// A position or order that is all zero, as the ABI has it.
    fn zero<T: SolValue + From<<T::SolType as SolType>::RustType>>() -> T {
        T::abi_decode(&[0; 32 * 17]).expect("words of zero")
    }

    #[test]
    fn the_nearer_of_stop_and_liquidation_goes_first() {
        let at = |level: u64| U256::from(level);
        let mut position: Position = zero();
        (position.buy, position.tp, position.sl, position.liquidationPrice) = (true, at(300), at(90), at(80));
        assert_eq!(due(&position, at(91)), None);
        assert_eq!(due(&position, at(90)), Some(STOP_LOSS));
        assert_eq!(due(&position, at(300)), Some(TAKE_PROFIT));
        position.sl = U256::ZERO;
        assert_eq!(due(&position, at(80)), Some(LIQUIDATION));
    }

    #[test]
    fn limits_wait_for_a_better_price_and_stops_for_a_worse_one() {
        let mut order: LimitOrder = zero();
        order.price = U256::from(100);
        for (buy, order_type, below, above) in
            [(true, 2, true, false), (false, 2, false, true), (true, 1, false, true), (false, 1, true, false)]
        {
            (order.buy, order.orderType) = (buy, order_type);
            assert_eq!(opens(&order, U256::from(99)), below, "{buy} {order_type}");
            assert_eq!(opens(&order, U256::from(101)), above, "{buy} {order_type}");
        }
    }
}
