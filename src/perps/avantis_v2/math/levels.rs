//! Liquidation, targets and stops, and how near a stop may be.

use alloy::primitives::{I256, U256};

use crate::{
    perps::{
        LeverageE10, PercentE10, PriceE10, Side, Usdc, UsdcDelta,
        int::{E10, add, add_signed, e10, hundred_percent, mul_div_towards_zero, signed, sub, sub_signed, unsigned},
    },
    units::{MathError, mul_div_down, mul_div_up},
};

/// Loss at which a position is liquidated, per cent of its collateral.
const LIQUIDATION: u64 = 85;
/// What is added to the spread before it is multiplied to the nearest stop: 0.01 %.
const STOP_MARGIN: u64 = E10 / 100;
/// Nearest stop of a pair with a profit share, whatever the leverage: 5 %.
const UPSIDE_LEAST_STOP: u64 = 5 * E10;
/// The same by leverage (whole), in hundredths of a per cent; straight between, flat after.
const UPSIDE_CURVE: [(u64, u64); 8] =
    [(0, 0), (10, 150), (25, 375), (50, 750), (100, 1125), (250, 3000), (500, 4500), (1000, 5400)];

/// A price that moves by `percent` of the collateral at a leverage, towards a gain (`gains`) or a loss. Negative where a
/// short's gain would take it there.
fn moved(
    base: PriceE10,
    percent: PercentE10,
    leverage: LeverageE10,
    side: Side,
    gains: bool,
) -> Result<I256, MathError> {
    // percent / 100 / leverage: 1e10 of each cancel out.
    let divisor = leverage.0.checked_mul(U256::from(100u8)).ok_or(MathError::Overflow)?;
    let distance = signed(mul_div_down(base.0, percent.0, divisor)?)?;
    let base = signed(base.0)?;
    if side.is_long() == gains { add_signed(base, distance) } else { sub_signed(base, distance) }
}

fn above_zero(price: I256) -> Option<PriceE10> {
    unsigned(price).ok().filter(|price| !price.is_zero()).map(PriceE10)
}

/// The price of a target of so many per cent of the collateral; `None` where no price above zero gives so much. The distance
/// is rounded down.
pub fn target_price(
    base: PriceE10,
    percent: PercentE10,
    leverage: LeverageE10,
    side: Side,
) -> Result<Option<PriceE10>, MathError> {
    moved(base, percent, leverage, side, true).map(above_zero)
}

/// The price of a stop of so many per cent of the collateral; `None` where none above zero loses so much.
pub fn stop_price(
    base: PriceE10,
    percent: PercentE10,
    leverage: LeverageE10,
    side: Side,
) -> Result<Option<PriceE10>, MathError> {
    moved(base, percent, leverage, side, false).map(above_zero)
}

/// Without the limit at zero, as the venue's own client answers: for its vectors.
#[cfg(test)]
pub(super) fn unlimited(
    base: PriceE10,
    percent: PercentE10,
    leverage: LeverageE10,
    side: Side,
    gains: bool,
) -> Result<I256, MathError> {
    moved(base, percent, leverage, side, gains)
}

fn percent(distance: I256, base: PriceE10, leverage: LeverageE10) -> Result<I256, MathError> {
    let scaled = signed(leverage.0.checked_mul(U256::from(100u8)).ok_or(MathError::Overflow)?)?;
    mul_div_towards_zero(distance, scaled, signed(base.0)?)
}

/// What a target brings, per cent of the collateral; negative on the wrong side of the price.
pub fn target_percent(base: PriceE10, target: PriceE10, leverage: LeverageE10, side: Side) -> Result<I256, MathError> {
    let gain = sub_signed(signed(target.0)?, signed(base.0)?)?;
    percent(if side.is_long() { gain } else { -gain }, base, leverage)
}

/// What a stop loses, per cent of the collateral; negative on the wrong side of the price.
pub fn stop_percent(base: PriceE10, stop: PriceE10, leverage: LeverageE10, side: Side) -> Result<I256, MathError> {
    target_percent(base, stop, leverage, side.opposite())
}

/// `Po ∓ Po·(0.85·C − rollover − funding) / (C·L)`, the distance towards zero. `None` where none is above zero: the position is
/// never liquidated by its price. What the venue says of a position goes before this.
pub fn liquidation_price(
    entry: PriceE10,
    collateral: Usdc,
    leverage: LeverageE10,
    side: Side,
    rollover: Usdc,
    funding: UsdcDelta,
) -> Result<Option<PriceE10>, MathError> {
    // In hundredths of USDC's last digit, so that 85 % is exact.
    let hundredfold = |value: I256| value.checked_mul(I256::unchecked_from(100)).ok_or(MathError::Overflow);
    let most_loss = signed(collateral.0.checked_mul(U256::from(LIQUIDATION)).ok_or(MathError::Overflow)?)?;
    let costs = add_signed(signed(rollover.0)?, funding.0)?;
    let room = sub_signed(most_loss, hundredfold(costs)?)?;
    let leveraged = collateral.0.checked_mul(leverage.0).ok_or(MathError::Overflow)?;
    let scaled = signed(entry.0.checked_mul(e10()).ok_or(MathError::Overflow)?)?;
    let distance = mul_div_towards_zero(room, scaled, hundredfold(signed(leveraged)?)?)?;
    let entry = signed(entry.0)?;
    let price = if side.is_long() { sub_signed(entry, distance)? } else { add_signed(entry, distance)? };
    Ok(above_zero(price))
}

/// The venue's share of a profit, by its size: rows of (profit, share), the profits rising.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpsideShare(pub Vec<(PercentE10, PercentE10)>);

impl UpsideShare {
    /// The share of a profit of so many per cent of the collateral: that of the last row which it reaches, or the first.
    #[must_use]
    pub fn at(&self, gain: PercentE10) -> PercentE10 {
        let reached = self.0.iter().rev().find(|(from, _)| gain >= *from);
        reached.or(self.0.first()).map_or(PercentE10::ZERO, |(_, share)| *share)
    }

    /// The most that a trader can gain where the price may bring so much.
    pub fn most_gain(&self, most: PercentE10) -> Result<PercentE10, MathError> {
        let kept = sub(hundred_percent(), self.at(most).0)?;
        mul_div_down(most.0, kept, hundred_percent()).map(PercentE10)
    }

    /// How far the price has to go, in per cent of the collateral, for the trader to keep so much; rounded up.
    pub fn before_share(&self, kept: PercentE10) -> Result<PercentE10, MathError> {
        let rest = sub(hundred_percent(), self.at(kept).0)?;
        mul_div_up(kept.0, hundred_percent(), rest).map(PercentE10)
    }
}

/// The nearest stop on a pair with fees: (spread + 0.01 %) times leverage, rounded up.
pub fn fixed_fee_least_stop(spread: PercentE10, leverage: LeverageE10) -> Result<PercentE10, MathError> {
    mul_div_up(add(spread.0, U256::from(STOP_MARGIN))?, leverage.0, e10()).map(PercentE10)
}

/// The nearest stop on a pair with a profit share: that of one with fees, 5 %, or that of its leverage, whichever is furthest.
pub fn upside_least_stop(spread: PercentE10, leverage: LeverageE10) -> Result<PercentE10, MathError> {
    let by_spread = fixed_fee_least_stop(spread, leverage)?;
    let by_curve = upside_curve(leverage)?;
    Ok(by_spread.max(by_curve).max(PercentE10(U256::from(UPSIDE_LEAST_STOP))))
}

/// The nearest stop by leverage alone, rounded up.
pub(super) fn upside_curve(leverage: LeverageE10) -> Result<PercentE10, MathError> {
    let scale = |hundredths: u64| U256::from(hundredths).checked_mul(U256::from(E10 / 100)).ok_or(MathError::Overflow);
    let whole = |count: u64| U256::from(count).checked_mul(e10()).ok_or(MathError::Overflow);
    for pair in UPSIDE_CURVE.windows(2) {
        let [(from, low), (to, high)] = *pair else { continue };
        let (from, to) = (whole(from)?, whole(to)?);
        if leverage.0 <= to {
            let (low, high) = (scale(low)?, scale(high)?);
            let rise = mul_div_up(sub(high, low)?, sub(leverage.0, from)?, sub(to, from)?)?;
            return add(low, rise).map(PercentE10);
        }
    }
    let (_, last) = UPSIDE_CURVE[UPSIDE_CURVE.len() - 1];
    scale(last).map(PercentE10)
}
