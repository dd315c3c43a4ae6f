//! The venue's books as the keeper reads them: market orders that wait, positions, open limit orders, prices.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};

use super::link::Link;
use crate::{
    chain::Batch,
    localchain::{
        LocalChainError,
        abi::IReplicaFeed,
        genesis::{AVANTIS_EXECUTE, AVANTIS_PAIR_INFOS, AVANTIS_PAIR_STORAGE, AVANTIS_STORAGE},
        venue::Venue,
        venue_abi::{IExecute, IPairInfos, IPairStorage, ITradingStorage as Storage, OpenLimitOrder, Trade},
    },
};

/// Positions a trader may have on a pair.
const TRADES_PER_PAIR: u64 = 5;
/// How many of the newest ids are read again even if they are not orders that wait.
const RECENT: U256 = U256::from_limbs([32, 0, 0, 0]);
/// Calls read in one go.
const CHUNK: usize = 200;

/// Everything that the keeper may have to act on.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Market orders that wait: id and pair.
    pub(super) orders: BTreeMap<U256, u64>,
    /// Positions with their liquidation price, 1e10.
    pub(super) positions: Vec<(Trade, U256)>,
    /// Open limit orders with their type.
    pub(super) limits: Vec<(OpenLimitOrder, u8)>,
    /// Feed prices by pair, 8 decimals.
    pub(super) prices: BTreeMap<u64, U256>,
}

/// Order ids that were seen already, so that a long history is read once.
#[derive(Debug, Default)]
pub(super) struct SeenOrders {
    next: U256,
    waiting: BTreeSet<U256>,
}

impl Book {
    /// Reads the books; three calls, whatever is in them.
    pub(super) async fn read(link: &Link, seen: &mut SeenOrders) -> Result<Self, LocalChainError> {
        let venue = Venue::get()?;
        let mut batch = Batch::new();
        let newest = batch.add(AVANTIS_PAIR_STORAGE, &IPairStorage::currentOrderIdCall {});
        let limits = batch.add(AVANTIS_STORAGE, &Storage::getOpenLimitOrdersCall {});
        let mut pairs = Vec::new();
        for pair in &venue.pairs {
            let pair_index = U256::from(pair.index);
            let traders = batch.add(AVANTIS_STORAGE, &Storage::pairTradersArrayCall { pairIndex: pair_index });
            let price = batch.add(pair.feed()?, &IReplicaFeed::latestAnswerCall {});
            pairs.push((pair.index, traders, price));
        }
        let answers = link.node.ask_all(&batch).await?;
        let mut book = Self::default();
        let mut traders = Vec::new();
        for (pair, list, price) in pairs {
            // On a fork a pair may have no feed yet; it cannot be traded until it has.
            if let Some(price) = answers.find(price) {
                book.prices.insert(pair, price.into_raw());
            }
            traders.extend(answers.find(list).unwrap_or_default().into_iter().map(|trader| (pair, trader)));
        }
        let newest = answers.get(newest).map_err(unreadable)?;
        let limits = answers.get(limits).map_err(unreadable)?;
        book.read_orders(link, seen, newest).await?;
        book.read_positions(link, &traders).await?;
        book.read_limits(link, limits).await?;
        Ok(book)
    }

    async fn read_orders(&mut self, link: &Link, seen: &mut SeenOrders, newest: U256) -> Result<(), LocalChainError> {
        while seen.next <= newest {
            seen.waiting.insert(seen.next);
            seen.next = seen.next.saturating_add(U256::from(1));
        }
        let ids: Vec<U256> = seen.waiting.iter().copied().collect();
        for part in ids.chunks(CHUNK) {
            let mut batch = Batch::new();
            let slots: Vec<_> = part
                .iter()
                .map(|id| (*id, batch.add(AVANTIS_STORAGE, &Storage::reqIDpendingMarketOrderCall { orderId: *id })))
                .collect();
            let answers = link.node.ask_all(&batch).await?;
            for (id, slot) in slots {
                let order = answers.get(slot).map_err(unreadable)?;
                if order.trade.trader != Address::ZERO {
                    self.orders.insert(id, order.trade.pairIndex.saturating_to());
                }
            }
        }
        // Anvil shows a block's changes account by account while it writes them, so a new id may be seen before its
        // order.
        seen.waiting.retain(|id| self.orders.contains_key(id) || id.saturating_add(RECENT) > newest);
        Ok(())
    }

    async fn read_positions(&mut self, link: &Link, traders: &[(u64, Address)]) -> Result<(), LocalChainError> {
        let mut batch = Batch::new();
        let mut slots = Vec::new();
        for (pair, trader) in traders {
            for index in 0..TRADES_PER_PAIR {
                let call =
                    Storage::openTradesCall { trader: *trader, pairIndex: U256::from(*pair), index: U256::from(index) };
                slots.push(batch.add(AVANTIS_STORAGE, &call));
            }
        }
        let answers = link.node.ask_all(&batch).await?;
        let trades: Vec<Trade> =
            slots.into_iter().filter_map(|slot| answers.find(slot)).filter(|trade| !trade.leverage.is_zero()).collect();
        let mut batch = Batch::new();
        let slots: Vec<_> =
            trades.iter().map(|trade| batch.add(AVANTIS_PAIR_INFOS, &liquidation_price(trade))).collect();
        let answers = link.node.ask_all(&batch).await?;
        for (trade, slot) in trades.into_iter().zip(slots) {
            self.positions.push((trade, answers.get(slot).map_err(unreadable)?));
        }
        Ok(())
    }

    async fn read_limits(&mut self, link: &Link, orders: Vec<OpenLimitOrder>) -> Result<(), LocalChainError> {
        let mut batch = Batch::new();
        let slots: Vec<_> = orders
            .iter()
            .map(|order| {
                let (trader, pair, index) = (order.trader, order.pairIndex, order.index);
                let call = IExecute::openLimitOrderTypesCall { trader, pairIndex: pair, index };
                batch.add(AVANTIS_EXECUTE, &call)
            })
            .collect();
        let answers = link.node.ask_all(&batch).await?;
        for (order, slot) in orders.into_iter().zip(slots) {
            self.limits.push((order, answers.get(slot).map_err(unreadable)?));
        }
        Ok(())
    }
}

fn liquidation_price(trade: &Trade) -> IPairInfos::getTradeLiquidationPriceCall {
    IPairInfos::getTradeLiquidationPriceCall {
        trader: trade.trader,
        pairIndex: trade.pairIndex,
        index: trade.index,
        openPrice: trade.openPrice,
        long: trade.buy,
        collateral: trade.initialPosToken,
        leverage: trade.leverage,
    }
}

fn unreadable(error: crate::chain::ReadError) -> LocalChainError {
    LocalChainError::Mismatch {
        what: "books of the perpetuals venue".to_owned(),
        wanted: "an answer of the known contracts".to_owned(),
        found: error.to_string(),
    }
}
