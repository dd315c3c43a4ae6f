//! What the rules are shown of the simulated account at a head.

use std::time::Duration;

use alloy::primitives::{Address, B256, U256};
use rust_decimal::Decimal;

use super::{Path, Position, Step};
use crate::{
    chain::BlockRef,
    config::{BoundsConfig, LoopClass, PairSide, Thresholds},
    loops::{BLOCK_TIME, MovingPrice},
    units::{MathError, Secs, UsdE8, WAD, Wad, from_decimal, mul_div_down},
    watchdog::rules::{AccountFacts, HoldingFacts, Levels, LoopFacts, OracleFacts, PairKey},
};

/// The part of the facts that a path does not change.
#[derive(Debug)]
pub(super) struct Seen {
    thresholds: Thresholds,
    last_resort: Decimal,
}

/// The path's pair.
pub(super) fn pair() -> PairKey {
    PairKey { collateral: crate::dex::WETH, debt: crate::dex::USDC, name: "WETH/USDC".to_owned() }
}

impl Seen {
    pub(super) fn new(path: &Path, bounds: &BoundsConfig) -> Self {
        Self { thresholds: path.thresholds, last_resort: bounds.last_resort.health_factor }
    }

    /// The levels of the path's account while it is solvent.
    pub(super) fn levels(&self) -> Levels {
        Levels::of(&self.empty(0))
    }

    /// The account at the head of a block.
    pub(super) fn facts(&self, position: &Position, number: u64, head: &Step) -> Result<AccountFacts, MathError> {
        let kept = Decimal::ONE.saturating_sub(self.thresholds.stress);
        let stressed = mul_div_down(head.oracle.0, from_decimal(kept, 18).unwrap_or(WAD), WAD)?;
        let (collateral_value, debt_value) = (position.collateral_value(head.oracle)?, position.debt_value()?);
        let held = LoopFacts {
            pair: pair(),
            class: LoopClass::Volatile,
            thresholds: self.thresholds,
            collateral: position.collateral,
            debt: position.debt,
            collateral_value,
            debt_value,
            moving: MovingPrice::of_tokens(
                (crate::dex::WETH, PairSide::of_symbol("WETH")),
                (crate::dex::USDC, PairSide::of_symbol("USDC")),
            ),
            price: head.oracle.to_decimal().unwrap_or_default(),
            trim_price: None,
            liquidation_price: None,
            pool_deviation_bps: None,
            borrow_rate: Decimal::ZERO,
            net_carry_per_day: Decimal::ZERO,
        };
        let holding = |symbol: &str, supplied, owed| HoldingFacts { symbol: symbol.to_owned(), supplied, owed };
        Ok(AccountFacts {
            health_factor: position.health_factor(head.oracle)?,
            at_pool: Some(position.health_factor(head.pool)?),
            at_feed: Some(position.health_factor(head.feed)?),
            at_stress: Some(position.health_factor(UsdE8(stressed))?),
            collateral_value,
            debt_value,
            holdings: vec![
                holding("WETH", position.collateral, U256::ZERO),
                holding("USDC", U256::ZERO, position.debt),
            ],
            loops: if position.debt.is_zero() { Vec::new() } else { vec![held] },
            ..self.empty(number)
        })
    }

    /// An account that has and owes nothing.
    fn empty(&self, number: u64) -> AccountFacts {
        let oracle = |symbol: &str| OracleFacts {
            symbol: symbol.to_owned(),
            source: Address::ZERO,
            age: Some(Secs(0)),
            heartbeat: Secs::HOUR,
        };
        let hash = B256::from(U256::from(number).saturating_add(U256::ONE));
        let timestamp = Secs(BLOCK_TIME.0.saturating_mul(number));
        AccountFacts {
            account: Address::ZERO,
            block: BlockRef { number, hash, timestamp, base_fee: U256::ZERO, pre_confirmed: false },
            head_age: Duration::ZERO,
            health_factor: Wad(U256::MAX),
            at_pool: None,
            at_feed: None,
            at_stress: None,
            name: "WETH/USDC".to_owned(),
            class: LoopClass::Volatile,
            thresholds: self.thresholds,
            last_resort: Some(self.last_resort),
            collateral_value: UsdE8(U256::ZERO),
            debt_value: UsdE8(U256::ZERO),
            holdings: Vec::new(),
            oracles: vec![oracle("WETH"), oracle("USDC")],
            loops: Vec::new(),
            perps: Vec::new(),
            free_usdc: Decimal::ZERO,
            nonce: None,
            gas: None,
        }
    }
}
