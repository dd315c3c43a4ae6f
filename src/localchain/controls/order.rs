//! A price in the block of something that waits in the pool, before it or behind it.

use alloy::primitives::U256;
use serde_json::{Value, json};

use super::{Controls, PriceChange, feeds::quote};
use crate::{
    chain::BlockRef,
    localchain::{LocalChainError, Role, market::Market},
    units::Secs,
};

/// Where what waits in the pool stands in a block with new prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockOrder {
    /// Before the prices: it finds the market of the block before.
    WaitingFirst,
    /// Behind standard feed and pools, ahead of Aave's oracle: it finds a market that has moved on.
    PricesFirst,
}

/// More for gas than anybody else offers, wei: a thousand gwei.
const FIRST: U256 = U256::from_limbs([1_000_000_000_000, 0, 0, 0]);

impl BlockOrder {
    /// What standard feed and pools pay for gas, and what Aave's oracle does, which comes last, wei. The next block's base fee
    /// is at most an eighth higher; what waits offers twice that and more.
    pub(in crate::localchain) fn gas_prices(self, base_fee: U256) -> (U256, U256) {
        let floor = base_fee.saturating_mul(U256::from(9u64)) / U256::from(8u64);
        let last = floor.saturating_add(U256::ONE);
        let prices = match self {
            Self::WaitingFirst => last.saturating_add(U256::ONE),
            Self::PricesFirst => floor.saturating_add(FIRST),
        };
        (prices, last)
    }
}

impl Controls {
    /// Mines one block of what waits in the pool and a new price, in this order; Aave's oracle follows at the block's end, as
    /// an SVR feed does. What waits moves pools too: they need not stand at the price afterwards. The node must be mining by
    /// command.
    pub async fn price_in_order(&self, change: &PriceChange, order: BlockOrder) -> Result<BlockRef, LocalChainError> {
        let market = Market::get()?;
        let before = self.quotes(market).await?;
        let after = self.prices_after(market, change, &before).await?;
        let source = quote(&before, market.reserve(change.symbol())?)?.source;
        let changed = Self::changed(market, source, &before);
        let standard = self.standard_call(market, change, &before).await?.map(|(call, _)| call);
        let oracle = self.feed_call(market, change, &before, Secs(0)).await?;
        let pushes = self.pushes(market, &changed, &after).await?;
        let mut prices: Vec<_> = standard.into_iter().collect();
        prices.extend(self.swaps(market, &pushes).await?);
        self.equip_for_gas(Role::Trader).await?;

        let node = &self.node;
        let (early, late) = order.gas_prices(node.head().await?.base_fee);
        let who = Role::Trader.address();
        node.impersonate(who, true).await?;
        let mined = async {
            for call in &prices {
                node.queue_at(call, early).await?;
            }
            let last = node.queue_at(&oracle, late).await?;
            node.request::<Value>("evm_mine", json!([])).await?;
            Ok::<_, LocalChainError>((last, node.head().await?))
        }
        .await;
        node.impersonate(who, false).await?;
        let (last, block) = mined?;
        match node.receipt(last).await? {
            Some(receipt) if receipt.succeeded() => Ok(block),
            _ => Err(node.why_reverted(&oracle).await),
        }
    }
}
