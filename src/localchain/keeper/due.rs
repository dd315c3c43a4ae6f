//! What is due at a price. Pure.

use alloy::primitives::U256;

use crate::localchain::venue_abi::{OpenLimitOrder, Trade};

/// Type of a limit execution (avantis-v1.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum Trigger {
    /// The target was reached.
    TakeProfit = 0,
    /// The loss to be stopped was reached.
    StopLoss = 1,
    /// The collateral is as good as lost.
    Liquidation = 2,
    /// The price of an open limit order was reached.
    Open = 3,
}

/// Decimals between a feed's price (8) and the venue's (10).
const SCALE: u64 = 100;
/// Type of the orders that these contracts open below (long) or above (short) their price, as a limit.
const OPENS_ON_BETTER_PRICE: u8 = 1;

/// The execution that is due for a position at this feed price (8 decimals). The stop goes before the liquidation: the
/// contract refuses to liquidate while the stop is nearer.
pub(super) fn due(trade: &Trade, liquidation: U256, feed_price: U256) -> Option<Trigger> {
    let price = feed_price.saturating_mul(U256::from(SCALE));
    let lost_to = |level: U256| !level.is_zero() && if trade.buy { price <= level } else { price >= level };
    let won_to = |level: U256| !level.is_zero() && if trade.buy { price >= level } else { price <= level };
    if lost_to(trade.sl) {
        Some(Trigger::StopLoss)
    } else if lost_to(liquidation) {
        Some(Trigger::Liquidation)
    } else if won_to(trade.tp) {
        Some(Trigger::TakeProfit)
    } else {
        None
    }
}

/// Whether an open limit order may be tried at this feed price (8 decimals): these contracts take type 1 for a limit
/// and type 2 for a stop (avantis-v1.md §6). Whether its slippage allows it is for the contract to say.
pub(super) fn opens(order: &OpenLimitOrder, order_type: u8, feed_price: U256) -> bool {
    let price = feed_price.saturating_mul(U256::from(SCALE));
    let wants_below = (order_type == OPENS_ON_BETTER_PRICE) == order.buy;
    if wants_below { price <= order.price } else { price >= order.price }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Address;

    fn at(dollars: u64) -> U256 {
        U256::from(dollars) * U256::from(100_000_000u64)
    }

    fn level(dollars: u64) -> U256 {
        U256::from(dollars) * U256::from(10_000_000_000u64)
    }

    fn trade(buy: bool, tp: u64, sl: u64) -> Trade {
        let zero = U256::ZERO;
        Trade {
            trader: Address::ZERO,
            pairIndex: zero,
            index: zero,
            initialPosToken: zero,
            positionSizeUSDC: zero,
            openPrice: level(3000),
            buy,
            leverage: zero,
            tp: level(tp),
            sl: level(sl),
            timestamp: zero,
        }
    }

    #[test]
    fn a_long_ends_above_its_target_and_below_its_stop() {
        let long = trade(true, 3300, 2900);
        let due = |price| due(&long, level(2745), at(price));
        assert_eq!(due(3299), None);
        assert_eq!(due(3300), Some(Trigger::TakeProfit));
        assert_eq!(due(2901), None);
        assert_eq!(due(2900), Some(Trigger::StopLoss));
        assert_eq!(due(2000), Some(Trigger::StopLoss), "the stop was nearer");
    }

    #[test]
    fn a_short_without_stop_is_liquidated_above() {
        let short = trade(false, 2700, 0);
        let due = |price| due(&short, level(3255), at(price));
        assert_eq!(due(2700), Some(Trigger::TakeProfit));
        assert_eq!(due(3254), None);
        assert_eq!(due(3255), Some(Trigger::Liquidation));
    }

    #[test]
    fn limits_wait_for_a_better_price_and_stops_for_a_worse_one() {
        let order = |buy| OpenLimitOrder {
            trader: Address::ZERO,
            pairIndex: U256::ZERO,
            index: U256::ZERO,
            positionSize: U256::ZERO,
            buy,
            leverage: U256::ZERO,
            tp: U256::ZERO,
            sl: U256::ZERO,
            price: level(3000),
            slippageP: U256::ZERO,
            block: U256::ZERO,
            executionFee: U256::ZERO,
        };
        for (buy, order_type, below, above) in
            [(true, 1, true, false), (false, 1, false, true), (true, 2, false, true), (false, 2, true, false)]
        {
            assert_eq!(opens(&order(buy), order_type, at(2999)), below, "{buy} {order_type}");
            assert_eq!(opens(&order(buy), order_type, at(3001)), above, "{buy} {order_type}");
        }
    }
}
