//! A price path, and the loop that has to live through it.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{Kind, Position};
use crate::{
    config::{Thresholds, ThresholdsConfig},
    units::{Bps, MathError, UsdE8, mul_div_down, mul_div_up},
};

/// The market at one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The feed behind Aave's oracle: the price now.
    pub feed: UsdE8,
    /// What Aave's oracle answers.
    pub oracle: UsdE8,
    /// The price in the pool.
    pub pool: UsdE8,
    /// Depth of the pool, in hundredths of the loop's first debt on each side.
    pub depth: u64,
    /// Growth of the debt into this block, parts per billion.
    pub growth: u64,
    /// The best flash source holds nothing.
    pub best_source_empty: bool,
}

/// A loop and what happens to it.
#[derive(Debug, Clone)]
pub struct Path {
    /// Repeats it.
    pub seed: u64,
    /// What it is mostly made of.
    pub kind: Kind,
    /// Of the loop at the first step, thousandths.
    pub leverage: u64,
    /// The loop at the first step.
    pub position: Position,
    /// Its thresholds.
    pub thresholds: Thresholds,
    /// Debt tokens in the wallet, 6 decimals.
    pub wallet: U256,
    /// Block by block; the first is where the loop was opened.
    pub steps: Vec<Step>,
}

/// Liquidation threshold of WETH on Base (base-replica.md §4).
pub(super) const THRESHOLD: Bps = Bps(8_300);
/// Its liquidation bonus with the 100 % in it.
pub(super) const BONUS: Bps = Bps(10_500);
/// Where paths begin, USD with 8 decimals.
pub(super) const START: u64 = 300_000_000_000;
/// Up to this leverage, in thousandths, loops open with the default thresholds.
const DEFAULT_UP_TO: u64 = 3_050;

/// A loop of an equity (whole dollars) at a leverage (thousandths) and the start price.
pub(super) fn opened(equity: u64, leverage: u64) -> Result<Position, MathError> {
    let value = U256::from(equity).saturating_mul(U256::from(leverage));
    let wei = U256::from(10u64).pow(U256::from(18u64 + 8));
    let collateral = mul_div_up(value, wei, U256::from(START).saturating_mul(U256::from(1_000u64)))?;
    let debt = U256::from(equity).saturating_mul(U256::from(leverage.saturating_sub(1_000)));
    Ok(Position { collateral, debt: debt.saturating_mul(U256::from(1_000u64)) })
}

/// The default thresholds up to 3.05x; above, thresholds and shock that fit between one and where the loop opens.
pub(super) fn thresholds_for(leverage: u64) -> Thresholds {
    let defaults = ThresholdsConfig::default().volatile;
    if leverage <= DEFAULT_UP_TO {
        return defaults;
    }
    // HF = LT × L / (L − 1), of which parts are given away: warn at three fifths of the room, trigger at half, …
    let leverage = Decimal::from(leverage);
    let opened = THRESHOLD.to_decimal().saturating_mul(leverage) / leverage.saturating_sub(Decimal::ONE_THOUSAND);
    let room = opened.saturating_sub(Decimal::ONE);
    let at =
        |hundredths: i64| Decimal::ONE.saturating_add(room.saturating_mul(Decimal::new(hundredths, 2))).round_dp(6);
    let (urgent, trigger) = (at(25), at(50));
    Thresholds {
        warn: at(60),
        trigger,
        target: at(95),
        urgent,
        headroom: at(80).saturating_sub(trigger),
        stress: room.saturating_mul(Decimal::new(25, 2)).round_dp(6),
    }
}

impl Path {
    /// A wave around the start price: `amplitude` in parts per million, `period` in blocks.
    pub fn wave(leverage: u64, amplitude: u64, period: u64, blocks: u64) -> Result<Self, MathError> {
        let steps = (0..blocks).map(|block| {
            let price = UsdE8(mul_div_down(
                U256::from(START),
                U256::from(wave(block, period, amplitude)),
                U256::from(MILLION),
            )?);
            Ok(Step { feed: price, oracle: price, pool: price, depth: 20_000, growth: 1, best_source_empty: false })
        });
        Ok(Self {
            seed: 0,
            kind: Kind::Spike,
            leverage,
            position: opened(10_000, leverage)?,
            thresholds: thresholds_for(leverage),
            wallet: U256::ZERO,
            steps: steps.collect::<Result<_, MathError>>()?,
        })
    }
}

const MILLION: u64 = 1_000_000;

/// One million times `1 + amplitude × sin`, by Bhaskara's fraction for the sine of a half-turn.
fn wave(block: u64, period: u64, amplitude: u64) -> u64 {
    let degrees = block % period * 360 / period;
    let half = degrees % 180;
    let product = half * (180 - half);
    let height = amplitude * 4 * product / (40_500 - product);
    if degrees < 180 { MILLION + height } else { MILLION.saturating_sub(height) }
}
