//! Maker and taker fees by the skew of the open interest in coins, and what accrues by the hour (avantis-v2.md §5).

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    perps::{
        CoinsE10, PercentDelta, PercentE10, Side, Usdc, UsdcDelta,
        int::{add, hundred_percent, mul_div_towards_zero, signed, sub},
    },
    units::{MathError, Secs, mul_div_down},
};

/// Which fee an order pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeeClass {
    /// It brings the sides nearer to each other.
    Maker,
    /// It takes them further apart.
    Taker,
    /// It brings them together and then apart the other way.
    Mixed,
}

/// A pair's two rates of one action, per cent of the notional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MakerTaker {
    /// For what lowers the skew.
    pub maker: PercentE10,
    /// For what raises it.
    pub taker: PercentE10,
}

/// The rate of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRate {
    /// Per cent of the notional, rounded down.
    pub rate: PercentE10,
    /// Which it is.
    pub class: FeeClass,
}

/// Open interest of a pair, in coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SkewBook {
    /// Of longs.
    pub long: CoinsE10,
    /// Of shorts.
    pub short: CoinsE10,
}

impl SkewBook {
    /// The rate of an open of so many coins.
    pub fn open_rate(&self, side: Side, coins: CoinsE10, rates: MakerTaker) -> Result<FeeRate, MathError> {
        let is_empty_after = add(add(self.long.0, self.short.0)?, coins.0)?.is_zero();
        self.rate(side.is_long(), coins.0, rates, is_empty_after)
    }

    /// The rate of a close of so many coins, at most as many as the side has: like an open of the other side, on a book that
    /// grows smaller.
    pub fn close_rate(&self, side: Side, coins: CoinsE10, rates: MakerTaker) -> Result<FeeRate, MathError> {
        let own = if side.is_long() { self.long.0 } else { self.short.0 };
        let coins = coins.0.min(own);
        let is_empty_after = sub(add(self.long.0, self.short.0)?, coins)?.is_zero();
        self.rate(!side.is_long(), coins, rates, is_empty_after)
    }

    /// `raises_long`: the difference long − short grows by `coins`, otherwise it shrinks.
    fn rate(
        &self,
        raises_long: bool,
        coins: U256,
        rates: MakerTaker,
        is_empty_after: bool,
    ) -> Result<FeeRate, MathError> {
        let (long, short) = (self.long.0, self.short.0);
        let (rate, class) = if long == short || is_empty_after || (long > short) == raises_long {
            (rates.taker.0, FeeClass::Taker)
        } else {
            let imbalance = long.abs_diff(short);
            if coins <= imbalance {
                (rates.maker.0, FeeClass::Maker)
            } else {
                let beyond = sub(coins, imbalance)?;
                let product = |rate: U256, part: U256| rate.checked_mul(part).ok_or(MathError::Overflow);
                let both = add(product(rates.maker.0, imbalance)?, product(rates.taker.0, beyond)?)?;
                (mul_div_down(both, U256::ONE, coins)?, FeeClass::Mixed)
            }
        };
        Ok(FeeRate { rate: PercentE10(rate), class })
    }
}

/// A fee on a notional, rounded down. The opening fee comes out of the collateral; the closing fee is on what is closed.
pub fn fee_on(notional: Usdc, rate: PercentE10) -> Result<Usdc, MathError> {
    mul_div_down(notional.0, rate.0, hundred_percent()).map(Usdc)
}

/// What rollover or funding comes to over a time, at a rate per hour: positive is paid, negative received; towards zero. The venue
/// accrues by blocks, so this is for forecasts; what a position owes is read.
pub fn accrued(notional: Usdc, hourly: PercentDelta, time: Secs) -> Result<UsdcDelta, MathError> {
    let whole = hundred_percent().checked_mul(U256::from(Secs::HOUR.0)).ok_or(MathError::Overflow)?;
    let product = signed(notional.0.checked_mul(U256::from(time.0)).ok_or(MathError::Overflow)?)?;
    mul_div_towards_zero(product, hourly.0, signed(whole)?).map(UsdcDelta)
}
