//! Figures of a perp plan, and where the chain says what they came to.

use alloy::{primitives::U256, sol_types::SolCall};

use super::{Context, Slot, Usdc, context::usdc};
use crate::{
    chain::multicall3,
    perps::avantis_v1::abi::{IERC20, ITradingStorage},
    plan::{Figure, Quantity, ReadBack},
};

/// Words of a stored position that are figures.
#[derive(Debug, Clone, Copy)]
#[repr(usize)]
pub(super) enum TradeWord {
    Collateral = 3,
    Leverage = 7,
    Target = 8,
    Stop = 9,
}

/// Where the flag "is being closed" stands in a position's info.
const CLOSING_WORD: usize = 3;

/// A figure that nothing on chain says in the same transaction.
pub(super) fn derived(name: &str, label: &str, before: Quantity, after: Quantity) -> Figure {
    Figure {
        name: name.to_owned(),
        label: label.to_owned(),
        before,
        after,
        read: None,
        tolerance: U256::ZERO,
        at_least: false,
        detail: false,
    }
}

impl Context<'_> {
    /// The wallet's USDC, less or more by an amount.
    pub(super) fn usdc_figure(&self, after: U256) -> Figure {
        let data = IERC20::balanceOfCall { owner: self.snapshot.account }.abi_encode().into();
        Figure {
            read: Some(ReadBack { to: self.at.usdc, data, word: 0, pays_gas: false }),
            at_least: true,
            ..derived("usdc", "USDC in the wallet", usdc(self.snapshot.usdc), usdc(Usdc(after)))
        }
    }

    /// The wallet's ether, without gas.
    pub(super) fn ether_figure(&self, value: U256) -> Figure {
        let ether = |raw| Quantity::new(raw, 18, "ETH");
        let data = multicall3::IMulticall3::getEthBalanceCall { addr: self.snapshot.account }.abi_encode().into();
        let (before, after) = (self.snapshot.native, self.snapshot.native.saturating_sub(value));
        Figure {
            read: Some(ReadBack { to: multicall3::ADDRESS, data, word: 0, pays_gas: true }),
            at_least: true,
            ..derived("native", "ETH in the wallet (without gas)", ether(before), ether(after))
        }
    }

    /// What the venue may still take afterwards; an endless allowance is not used up.
    pub(super) fn allowance_figure(&self, takes: Usdc) -> Option<Figure> {
        let before = self.snapshot.allowance.0;
        if before == U256::MAX {
            return None;
        }
        let call = IERC20::allowanceCall { owner: self.snapshot.account, spender: self.at.storage };
        let after = before.max(takes.0).saturating_sub(takes.0);
        Some(Figure {
            read: Some(ReadBack { to: self.at.usdc, data: call.abi_encode().into(), word: 0, pays_gas: false }),
            tolerance: after >> 1,
            detail: true,
            ..derived("allowance", "USDC that the venue may take", usdc(Usdc(before)), usdc(Usdc(after)))
        })
    }

    /// Market orders that wait. The keeper may be as fast as our own block.
    pub(super) fn waiting_figure(&self) -> Figure {
        let count = |orders: usize| Quantity::new(U256::from(orders), 0, "");
        let waiting = self.snapshot.pending.len();
        let call = ITradingStorage::pendingOrderIdsCountCall { trader: self.snapshot.account };
        Figure {
            read: Some(ReadBack { to: self.at.storage, data: call.abi_encode().into(), word: 0, pays_gas: false }),
            tolerance: U256::ONE,
            ..derived("orders_waiting", "orders that wait for the keeper", count(waiting), count(waiting + 1))
        }
    }

    /// Limit orders of the account on a pair.
    pub(super) fn limits_figure(&self, pair_index: u64, before: u64, after: u64) -> Figure {
        let count = |orders: u64| Quantity::new(U256::from(orders), 0, "");
        let (trader, pair) = (self.snapshot.account, U256::from(pair_index));
        let call = ITradingStorage::openLimitOrdersCountCall { trader, pairIndex: pair };
        Figure {
            read: Some(ReadBack { to: self.at.storage, data: call.abi_encode().into(), word: 0, pays_gas: false }),
            tolerance: U256::ONE,
            ..derived("limit_orders", "limit orders on the pair", count(before), count(after))
        }
    }

    /// A word of a stored position.
    pub(super) fn trade_figure(
        &self,
        slot: Slot,
        word: TradeWord,
        (name, label): (&str, &str),
        (before, after): (Quantity, Quantity),
        tolerance: U256,
    ) -> Figure {
        let (pair, index) = slot.arguments();
        let call = ITradingStorage::openTradesCall { trader: self.snapshot.account, pairIndex: pair, index };
        let data = call.abi_encode().into();
        Figure {
            read: Some(ReadBack { to: self.at.storage, data, word: word as usize, pays_gas: false }),
            tolerance,
            ..derived(name, label, before, after)
        }
    }

    /// Whether the position waits for its close. The keeper may be as fast as our own block.
    pub(super) fn closing_figure(&self, slot: Slot) -> Figure {
        let (pair, index) = slot.arguments();
        let call = ITradingStorage::openTradesInfoCall { trader: self.snapshot.account, pairIndex: pair, index };
        let flag = |raised: bool| Quantity::new(U256::from(raised), 0, "");
        let data = call.abi_encode().into();
        Figure {
            read: Some(ReadBack { to: self.at.storage, data, word: CLOSING_WORD, pays_gas: false }),
            tolerance: U256::ONE,
            detail: true,
            ..derived("closing", "close waits for the keeper", flag(false), flag(true))
        }
    }
}
