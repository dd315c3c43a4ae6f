//! What the rules are shown of the simulated loop at a head.

use std::time::Duration;

use alloy::primitives::{Address, B256, U256};
use rust_decimal::Decimal;

use super::{Path, Position, Step, path::THRESHOLD};
use crate::{
    chain::BlockRef,
    config::{BoundsConfig, LoopClass},
    loops::BLOCK_TIME,
    units::{Bps, MathError, Secs, UsdE8, WAD, from_decimal, mul_div_down, mul_div_up},
    watchdog::rules::{AccountFacts, Levels, LoopFacts, OracleFacts, PairKey},
};

/// The part of the facts that a path does not change.
#[derive(Debug)]
pub(super) struct Seen {
    template: LoopFacts,
}

impl Seen {
    pub(super) fn new(path: &Path, bounds: &BoundsConfig) -> Self {
        Self { template: template(path, bounds) }
    }

    pub(super) fn levels(&self) -> Levels {
        Levels::of(&self.template)
    }

    /// The account at the head of a block.
    pub(super) fn facts(&self, position: &Position, number: u64, head: &Step) -> Result<AccountFacts, MathError> {
        let whole = U256::from(Bps::ONE.0);
        let fallen = head.oracle.0.saturating_sub(head.feed.0);
        let kept = Decimal::ONE.saturating_sub(self.template.thresholds.stress);
        let stressed = mul_div_down(head.oracle.0, from_decimal(kept, 18).unwrap_or(WAD), WAD)?;
        let held = LoopFacts {
            collateral: position.collateral,
            debt: position.debt,
            collateral_value: position.collateral_value(head.oracle)?,
            debt_value: position.debt_value()?,
            price: head.oracle.to_decimal().unwrap_or_default(),
            feed_gap: Bps(mul_div_up(fallen, whole, head.oracle.0)?.saturating_to()),
            ..self.template.clone()
        };
        let hash = B256::from(U256::from(number).saturating_add(U256::ONE));
        let timestamp = Secs(BLOCK_TIME.0.saturating_mul(number));
        Ok(AccountFacts {
            account: Address::ZERO,
            block: BlockRef { number, hash, timestamp, base_fee: U256::ZERO, pre_confirmed: false },
            head_age: Duration::ZERO,
            health_factor: position.health_factor(head.oracle)?,
            at_pool: Some(position.health_factor(head.pool)?),
            at_feed: Some(position.health_factor(head.feed)?),
            at_stress: Some(position.health_factor(UsdE8(stressed))?),
            loops: if position.debt.is_zero() { Vec::new() } else { vec![held] },
            perps: Vec::new(),
            free_usdc: Decimal::ZERO,
            nonce: None,
            gas: None,
        })
    }
}

fn template(path: &Path, bounds: &BoundsConfig) -> LoopFacts {
    let oracle = |symbol: &str| OracleFacts {
        symbol: symbol.to_owned(),
        source: Address::ZERO,
        age: Some(Secs(0)),
        heartbeat: Secs::HOUR,
    };
    LoopFacts {
        pair: PairKey { collateral: crate::dex::WETH, debt: crate::dex::USDC, name: "WETH/USDC".to_owned() },
        class: LoopClass::Volatile,
        thresholds: path.thresholds,
        last_resort: Some(bounds.last_resort.health_factor),
        collateral: U256::ZERO,
        debt: U256::ZERO,
        collateral_value: UsdE8(U256::ZERO),
        debt_value: UsdE8(U256::ZERO),
        liquidation_threshold: THRESHOLD,
        price: Decimal::ZERO,
        feed_gap: Bps(0),
        pool_deviation_bps: None,
        oracles: vec![oracle("WETH"), oracle("USDC")],
        borrow_rate: Decimal::ZERO,
        net_carry_per_day: Decimal::ZERO,
    }
}
