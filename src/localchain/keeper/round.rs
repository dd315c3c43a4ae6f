//! One look at the books and what follows from it, one order a transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy::primitives::{Address, U256};
use tokio::{sync::watch, time::Instant};
use tracing::{info, warn};

use super::{
    behaviour::{Behaviour, Conduct},
    book::{Book, SeenOrders},
    due::{Trigger, due, opens},
    link::Link,
};
use crate::localchain::{
    LocalChainError,
    venue::{PairListing, Venue},
    venue_abi::ITrading,
};

/// Somebody's position or limit order and what is due for it.
type Key = (Trigger, Address, U256, U256);

/// What the keeper remembers between rounds.
#[derive(Debug, Default)]
pub(super) struct Memory {
    seen: SeenOrders,
    /// Since when an order waits, for the delay.
    since: BTreeMap<U256, Instant>,
    since_due: BTreeMap<Key, Instant>,
    /// Prices at which an execution was tried; it is not tried again at the same, because a condition that does not
    /// hold is no revert.
    tried: BTreeMap<Key, U256>,
    /// Market orders that neither could be filled nor refunded, and the price then.
    stuck: BTreeMap<U256, U256>,
}

/// Does everything that is due; tells whether something waits for its delay. The behaviour is asked anew for each
/// order after the order was read, so that a change holds for all orders placed after it.
pub(super) async fn round(
    link: &Link,
    behaviour: &watch::Receiver<Behaviour>,
    memory: &mut Memory,
) -> Result<bool, LocalChainError> {
    if behaviour.borrow().conduct == Conduct::Stop {
        return Ok(false);
    }
    let book = Book::read(link, &mut memory.seen).await?;
    let orders = market_orders(link, behaviour, memory, &book).await?;
    let triggers = executions(link, behaviour, memory, &book).await?;
    Ok(orders || triggers)
}

async fn market_orders(
    link: &Link,
    behaviour: &watch::Receiver<Behaviour>,
    memory: &mut Memory,
    book: &Book,
) -> Result<bool, LocalChainError> {
    memory.since.retain(|id, _| book.orders.contains_key(id));
    memory.stuck.retain(|id, _| book.orders.contains_key(id));
    let mut waits = false;
    for (id, pair) in &book.orders {
        let behaviour = *behaviour.borrow();
        if behaviour.conduct == Conduct::Stop {
            return Ok(false);
        }
        let since = *memory.since.entry(*id).or_insert_with(Instant::now);
        if since.elapsed() < Duration::from_millis(behaviour.delay.0) {
            waits = true;
            continue;
        }
        let (Some(pair), Some(price)) = (Venue::get()?.pair(*pair), book.prices.get(pair)) else { continue };
        let price = behaviour.price.unwrap_or(*price);
        if memory.stuck.get(id) == Some(&price) {
            continue;
        }
        if behaviour.conduct == Conduct::Execute && fill(link, *id, pair, price).await? {
            continue;
        }
        if !refund(link, *id).await? {
            memory.stuck.insert(*id, price);
        }
    }
    Ok(waits)
}

/// Fills or, where the contract finds a reason, cancels an order; tells whether the transaction passed.
async fn fill(link: &Link, id: U256, pair: &PairListing, price: U256) -> Result<bool, LocalChainError> {
    let update = link.update(pair, price).await?;
    let call = ITrading::executeMarketOrdersCall { orderIds: vec![id], priceUpdateData: vec![update] };
    let passed = passed(link.node.send(&Link::call_with_price(&call)).await.map(drop), "market order", id)?;
    if passed {
        info!(order = %id, pair = pair.name(), %price, "market order executed");
    }
    Ok(passed)
}

async fn refund(link: &Link, id: U256) -> Result<bool, LocalChainError> {
    let cancel = ITrading::cancelPendingMarketOrderCall { id };
    let passed = passed(link.node.send(&Link::call(&cancel)).await.map(drop), "refund", id)?;
    if passed {
        info!(order = %id, "market order cancelled and refunded");
    }
    Ok(passed)
}

async fn executions(
    link: &Link,
    behaviour: &watch::Receiver<Behaviour>,
    memory: &mut Memory,
    book: &Book,
) -> Result<bool, LocalChainError> {
    let all = all_due(book);
    let keys: BTreeSet<Key> = all.iter().map(|(key, _)| *key).collect();
    memory.since_due.retain(|key, _| keys.contains(key));
    memory.tried.retain(|key, _| keys.contains(key));
    let mut waits = false;
    for (key, price) in all {
        let behaviour = *behaviour.borrow();
        if behaviour.conduct != Conduct::Execute {
            return Ok(false);
        }
        let since = *memory.since_due.entry(key).or_insert_with(Instant::now);
        if since.elapsed() < Duration::from_millis(behaviour.delay.0) {
            waits = true;
            continue;
        }
        if memory.tried.get(&key) == Some(&price) {
            continue;
        }
        memory.tried.insert(key, price);
        let (trigger, trader, pair_index, index) = key;
        let Some(pair) = Venue::get()?.pair(pair_index.saturating_to()) else { continue };
        let call = ITrading::executeLimitOrderCall {
            orderType: trigger as u8,
            trader,
            pairIndex: pair_index,
            index,
            priceUpdateData: vec![link.update(pair, price).await?],
        };
        let sent = link.node.send(&Link::call_with_price(&call)).await.map(drop);
        if passed(sent, "execution", index)? {
            info!(?trigger, %trader, pair = pair.name(), %index, %price, "execution sent");
        }
    }
    Ok(waits)
}

/// All executions that are due, with the feed price of their pair.
fn all_due(book: &Book) -> Vec<(Key, U256)> {
    let price_of = |pair: U256| book.prices.get(&pair.saturating_to()).copied();
    let positions = book.positions.iter().filter_map(|(trade, liquidation)| {
        let price = price_of(trade.pairIndex)?;
        let trigger = due(trade, *liquidation, price)?;
        Some(((trigger, trade.trader, trade.pairIndex, trade.index), price))
    });
    let limits = book.limits.iter().filter_map(|(order, order_type)| {
        let price = price_of(order.pairIndex)?;
        let key = (Trigger::Open, order.trader, order.pairIndex, order.index);
        opens(order, *order_type, price).then_some((key, price))
    });
    positions.chain(limits).collect()
}

/// A revert is the venue's answer to this one order; anything else ends the round.
fn passed(sent: Result<(), LocalChainError>, what: &str, id: U256) -> Result<bool, LocalChainError> {
    match sent {
        Ok(()) => Ok(true),
        Err(LocalChainError::Reverted { why, .. }) => {
            warn!(%id, why, "{what} reverted");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
