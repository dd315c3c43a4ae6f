//! Stories of accounts under watch.

mod gas;
mod loops;
mod perps;
pub(super) mod reading;
mod surroundings;

use std::time::Duration;

use alloy::primitives::{Address, B256, U256};
use rust_decimal::{Decimal, dec};

use super::*;
use crate::{
    chain::BlockRef,
    config::{LoopClass, PairSide, ThresholdsConfig, WatchConfig},
    loops::MovingPrice,
    plan::Quantity,
    strategy::Side,
    units::{Bps, Secs, UsdE8, WAD, Wad},
};

/// A health factor in thousandths.
fn hf(thousandths: u64) -> Wad {
    Wad(WAD / U256::from(1_000u64) * U256::from(thousandths))
}

fn usd(dollars: u64) -> UsdE8 {
    UsdE8(U256::from(dollars) * U256::from(100_000_000u64))
}

/// A loop of 90,000 dollars of WETH against 60,000 USDC.
fn weth_loop() -> LoopFacts {
    LoopFacts {
        pair: PairKey {
            collateral: Address::repeat_byte(1),
            debt: Address::repeat_byte(2),
            name: "WETH/USDC".to_owned(),
        },
        class: LoopClass::Volatile,
        thresholds: ThresholdsConfig::default().volatile,
        collateral: Quantity::new(U256::from(30u64) * WAD, 18, "WETH"),
        debt: Quantity::new(U256::from(60_000_000_000u64), 6, "USDC"),
        collateral_value: usd(90_000),
        debt_value: usd(60_000),
        moving: MovingPrice::of_tokens(
            (Address::repeat_byte(1), PairSide::of_symbol("WETH")),
            (Address::repeat_byte(2), PairSide::of_symbol("USDC")),
        ),
        price: dec!(3000),
        trim_price: Some(dec!(2771.08)),
        liquidation_price: Some(dec!(2409.64)),
        pool_deviation_bps: Some(0),
        borrow_rate: dec!(0.05),
        net_carry_per_day: dec!(-6),
    }
}

/// The account at a block with a health factor; stress and forward prices agree with it.
fn at(block: u64, health_factor: Wad) -> AccountFacts {
    let oracle = |symbol: &str, heartbeat| OracleFacts {
        symbol: symbol.to_owned(),
        source: Address::repeat_byte(9),
        age: Some(Secs(10)),
        heartbeat: Secs(heartbeat),
    };
    let holding = |symbol: &str, decimals, supplied, owed| {
        let amount = |raw| Quantity::new(raw, decimals, symbol);
        HoldingFacts { symbol: symbol.to_owned(), supplied: amount(supplied), owed: amount(owed) }
    };
    // What 90,000 dollars at a threshold of 0.83 are at this health factor against 60,000.
    let collateral = usd(60_000).0 * health_factor.0.min(hf(10_000).0) / hf(830).0;
    AccountFacts {
        account: Address::repeat_byte(7),
        block: BlockRef {
            number: block,
            hash: B256::from(U256::from(block)),
            timestamp: Secs(2 * block),
            base_fee: U256::ZERO,
            timestamp_ms: None,
        },
        head_age: Duration::ZERO,
        health_factor,
        at_pool: Some(health_factor),
        at_feed: None,
        at_stress: Some(Wad(health_factor.0 / U256::from(10u64) * U256::from(9u64))),
        name: "WETH/USDC".to_owned(),
        class: LoopClass::Volatile,
        thresholds: ThresholdsConfig::default().volatile,
        last_resort: Some(dec!(1.02)),
        collateral_value: UsdE8(collateral),
        debt_value: usd(60_000),
        holdings: vec![
            holding("WETH", 18, U256::from(30u64) * WAD, U256::ZERO),
            holding("USDC", 6, U256::ZERO, U256::from(60_000_000_000u64)),
        ],
        oracles: vec![oracle("WETH", 1_500), oracle("USDC", 90_000)],
        loops: vec![weth_loop()],
        perps: Vec::new(),
        free_usdc: dec!(50),
        nonce: None,
        gas: None,
    }
}

/// Long ETH/USD of 15 USDC at 15x from 3,000 with its stop at 2 %.
fn perp() -> PerpFacts {
    PerpFacts {
        id: "perp-1".to_owned(),
        market: "ETH/USD".to_owned(),
        status: MarketStatus::Open,
        side: Side::Long,
        entry: dec!(3000),
        mark: dec!(3000),
        stop: Some(dec!(2940)),
        margin: dec!(15),
        entry_margin: dec!(15),
        notional: dec!(225),
        unrealised: dec!(-0.1),
        max_loss: dec!(4.7),
        liquidation: dec!(2830),
        entry_distance: dec!(170),
        guard_uses: 0,
        topped_up: Decimal::ZERO,
    }
}

/// A watch over many heads.
struct Watch {
    config: WatchConfig,
    memory: Memory,
}

impl Watch {
    fn new() -> Self {
        Self { config: WatchConfig::default(), memory: Memory::default() }
    }

    /// Shows a head; the rules that fired and what is to be done.
    fn sees(&mut self, facts: &AccountFacts) -> (Vec<Rule>, Vec<Action>) {
        let (firings, actions) = self.tells(facts);
        (firings.iter().map(|firing| firing.rule).collect(), actions)
    }

    fn tells(&mut self, facts: &AccountFacts) -> (Vec<Firing>, Vec<Action>) {
        let Evaluation { mut firings, mut actions, memory } = evaluate(facts, &self.config, &self.memory);
        // The perps at their own time, which here is right after.
        let perps = evaluate_perps(facts, &self.config, &memory);
        firings.extend(perps.firings);
        actions.extend(perps.actions);
        let memory = perps.memory;
        // Memory survives a restart at any head.
        let text = serde_json::to_string(&memory).expect("memory as text");
        self.memory = serde_json::from_str(&text).expect("memory from text");
        for firing in &firings {
            assert!(firing.inputs.is_object(), "{firing:?}");
        }
        (firings, actions)
    }
}
