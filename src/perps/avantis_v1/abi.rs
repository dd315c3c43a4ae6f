//! The venue's interfaces, read from `abi/avantis_v1` (avantis-v1.md §2–§4).

// The events have the venue's arguments; the macro makes a constructor of each.
#![allow(clippy::too_many_arguments)]

use alloy::primitives::{Address, U256};

use crate::abi::interfaces;

pub(super) use crate::abi::IERC20;
pub(super) use IPriceAggregator as IAggregator;

interfaces!(
    "abi/avantis_v1/IPairInfos.sol",
    "abi/avantis_v1/IPairStorage.sol",
    "abi/avantis_v1/IPriceAggregator.sol",
    "abi/avantis_v1/Venue.sol",
);

#[allow(clippy::derivable_impls)] // The file that the macro reads has no attributes.
impl Default for Trade {
    fn default() -> Self {
        Self {
            trader: Address::ZERO,
            pairIndex: U256::ZERO,
            index: U256::ZERO,
            initialPosToken: U256::ZERO,
            positionSizeUSDC: U256::ZERO,
            openPrice: U256::ZERO,
            buy: false,
            leverage: U256::ZERO,
            tp: U256::ZERO,
            sl: U256::ZERO,
            timestamp: U256::ZERO,
        }
    }
}

/// Type of an open: at the market.
pub(super) const MARKET: u8 = 0;
/// Type of an open that these contracts execute as a limit order. The team's SDKs name 1 a stop and 2 a limit; on the
/// published byte code it is the other way round (avantis-v1.md §6, probe table).
pub(super) const LIMIT: u8 = 1;
/// `updateMargin`: put in, take out.
pub(super) const DEPOSIT: u8 = 0;
pub(super) const WITHDRAW: u8 = 1;
/// `LimitExecuted.orderType`: target, stop, liquidation, open.
pub(super) const TARGET: u8 = 0;
pub(super) const STOP: u8 = 1;
pub(super) const LIQUIDATION: u8 = 2;
pub(super) const OPENED: u8 = 3;
