//! Why an order was probably cancelled. The venue tells no reason; the state before the cancelling block and the price
//! that the transaction brought along do.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolEvent,
};

use super::{
    AvantisV1,
    abi::{IAggregator, IPairInfos, ITradingStorage},
    math::{notional, slippage_holds, slippage_limit},
    slot::Slot,
    track::number,
};
use crate::{
    chain::Receipt,
    perps::{LeverageE10, LikelyReason, OrderHandle, OrderKind, PercentE10, PerpError, PriceE10, Side, Usdc},
};

impl AvantisV1 {
    pub(super) async fn why_cancelled(
        &self,
        account: Address,
        order: &OrderHandle,
        receipt: &Receipt,
    ) -> Result<LikelyReason, PerpError> {
        if order.kind != OrderKind::Open {
            return Ok(LikelyReason::Unclear);
        }
        let (id, block) = (number(order)?, receipt.block_number);
        let Some(oracle) = self.price_in(receipt, id) else { return Ok(LikelyReason::Unclear) };
        let asked = ITradingStorage::reqIDpendingMarketOrderCall { orderId: id };
        let pending = self.ask_before(self.at.storage, &asked, block).await?;
        let trade = &pending.trade;
        let side = if trade.buy { Side::Long } else { Side::Short };
        let ordered = notional(Usdc(trade.positionSizeUSDC), LeverageE10(trade.leverage))?;
        let pair = trade.pairIndex;
        let executed = IPairInfos::getTradePriceImpactCall {
            price: oracle,
            pairIndex: pair,
            long: trade.buy,
            notional: ordered.0,
            isPnl: false,
        };
        let execution = PriceE10(self.ask_before(self.at.infos, &executed, block).await?);
        let (wanted, slippage) = (PriceE10(pending.wantedPrice), PercentE10(pending.slippageP));
        if !slippage_holds(execution, wanted, slippage, side)? {
            let limit = slippage_limit(wanted, slippage, side)?;
            return Ok(LikelyReason::Slippage { execution, limit });
        }
        if let Some(level) = crossed(side, execution, PriceE10(trade.tp), PriceE10(trade.sl)) {
            return Ok(LikelyReason::LevelCrossed { execution, level });
        }
        let within = ITradingStorage::withinExposureLimitsCall {
            trader: account,
            pairIndex: pair,
            notional: ordered.0,
            buy: trade.buy,
        };
        if self.ask_before(self.at.storage, &within, block).await? {
            return Ok(LikelyReason::Unclear);
        }
        let room = self.room_before(account, Slot::of(order.key)?.pair, side, block).await?;
        Ok(LikelyReason::Exposure { notional: ordered, room })
    }

    /// The price that the transaction gave to the order.
    fn price_in(&self, receipt: &Receipt, id: U256) -> Option<U256> {
        let from_aggregator = receipt.logs.iter().filter(|log| log.address == self.at.aggregator);
        from_aggregator
            .filter_map(|log| IAggregator::PriceReceived::decode_log(log).ok())
            .find(|event| event.orderId == id)
            .map(|event| event.price)
    }
}

/// The level that an execution at this price would have been beyond.
fn crossed(side: Side, execution: PriceE10, target: PriceE10, stop: PriceE10) -> Option<PriceE10> {
    let set = |level: PriceE10| level > PriceE10::ZERO;
    let beyond_target = if side.is_long() { execution >= target } else { execution <= target };
    let beyond_stop = if side.is_long() { execution <= stop } else { execution >= stop };
    match () {
        () if set(target) && beyond_target => Some(target),
        () if set(stop) && beyond_stop => Some(stop),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_crossed_on_the_side_where_it_would_end_the_position_at_once() {
        let at = |dollars: u64| PriceE10(U256::from(dollars) * U256::from(10_000_000_000u64));
        assert_eq!(crossed(Side::Long, at(3000), at(3100), at(2900)), None);
        assert_eq!(crossed(Side::Long, at(3100), at(3100), at(2900)), Some(at(3100)));
        assert_eq!(crossed(Side::Long, at(2900), at(3100), at(2900)), Some(at(2900)));
        assert_eq!(crossed(Side::Short, at(3000), at(3100), at(2900)), Some(at(3100)));
        assert_eq!(crossed(Side::Short, at(3000), at(2900), at(3100)), None);
        assert_eq!(crossed(Side::Short, at(3000), PriceE10::ZERO, PriceE10::ZERO), None);
    }
}
