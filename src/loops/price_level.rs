//! The price of one token at which an account's health factor crosses a level, everything else as it is.
//!
//! Of a token of which the account has `c` as collateral, counted at the threshold `t`, and owes `d`, beside other
//! collateral that counts `W` and other debt `D`, the health factor at the price `p` is `(W + c t p) / (D + d p)`. So
//! `p = (h D − W) / (c t − h d)` is the only price at which it is `h`, and there is none when that is not above zero.

use alloy::primitives::{Address, U256, U512};

use crate::{
    aave::{Projection, StateError},
    units::{Bps, MathError, WAD},
};

/// The level that a price is sought for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    /// The token whose price moves.
    pub(super) asset: Address,
    /// The account's health factor there, 18 decimals.
    pub(super) health_factor: U256,
    /// Dollars (8 decimals) of the token that the price is counted in, which stand still; `None` for a price in dollars.
    pub(super) unit: Option<U256>,
}

/// Dollars with 8 decimals, or units of the other token with 18 decimals; `None` when no price above zero leads there.
///
/// The price at which the health factor is exactly the level lies between two that can be written. The one nearer to
/// safety is taken: rounded up where a higher price raises the health factor, else down.
pub(super) fn price_of_level(projection: &Projection, level: Level) -> Result<Option<U256>, StateError> {
    let sides = Sides::of(projection, level.asset)?;
    let (wad, whole, wanted) = (U512::from(WAD), U512::from(Bps::ONE.0), U512::from(level.health_factor));
    // All four in basis points and 18 decimals: dollars by which the rest is short or over, and dollars per price.
    let (short, over) = (product([wanted, sides.other_debt, whole])?, product([sides.other_collateral, wad])?);
    let (gained, lost) = (product([sides.collateral, wad])?, product([wanted, sides.debt, whole])?);
    let (gap, slope, rounds_up) = match (short.checked_sub(over), gained.checked_sub(lost)) {
        (Some(gap), Some(slope)) => (gap, slope, true),
        (None, None) => (over.saturating_sub(short), lost.saturating_sub(gained), false),
        _ => return Ok(None),
    };
    if gap.is_zero() || slope.is_zero() {
        return Ok(None);
    }
    let (top, bottom) = match level.unit {
        None => (product([gap, sides.unit])?, slope),
        Some(price) => (product([gap, sides.unit, wad])?, product([slope, U512::from(price)])?),
    };
    if bottom.is_zero() {
        return Err(MathError::DivisionByZero.into());
    }
    let (price, rest) = top.div_rem(bottom);
    let step = U512::from(u8::from(rounds_up && !rest.is_zero()));
    let price = price.checked_add(step).ok_or(MathError::Overflow)?;
    // What does not fit is a price that no oracle answers.
    Ok(U256::checked_from_limbs_slice(price.as_limbs()).filter(|price| !price.is_zero()))
}

/// The account, parted into what moves with the token's price and what does not.
struct Sides {
    /// Smallest units of the token that are collateral, times their threshold in basis points.
    collateral: U512,
    /// Smallest units of the token that are owed.
    debt: U512,
    /// One whole token in smallest units.
    unit: U512,
    /// Value of all other collateral, times thresholds in basis points.
    other_collateral: U512,
    /// Value of all other debt.
    other_debt: U512,
}

impl Sides {
    fn of(projection: &Projection, asset: Address) -> Result<Self, StateError> {
        let (market, account) = (projection.market(), projection.account());
        let category = market.category(account.emode)?;
        let unit = U512::from(market.reserve(asset)?.unit()?);
        let mut sides = Self {
            collateral: U512::ZERO,
            debt: U512::ZERO,
            unit,
            other_collateral: U512::ZERO,
            other_debt: U512::ZERO,
        };
        for id in account.configuration.ids() {
            let reserve = market.reserve_by_id(id)?;
            let moves = reserve.asset == asset;
            if account.configuration.is_collateral(id) {
                let supplied = projection.supplied(reserve.asset)?;
                let threshold = U512::from(market.liquidation_threshold_in(reserve, category).0);
                let (sum, amount) = if moves {
                    (&mut sides.collateral, supplied)
                } else {
                    (&mut sides.other_collateral, reserve.collateral_value(supplied)?.0)
                };
                *sum = sum.checked_add(product([U512::from(amount), threshold])?).ok_or(MathError::Overflow)?;
            }
            if account.configuration.is_borrowing(id) {
                let owed = projection.owed(reserve.asset)?;
                let (sum, amount) =
                    if moves { (&mut sides.debt, owed) } else { (&mut sides.other_debt, reserve.debt_value(owed)?.0) };
                *sum = sum.checked_add(U512::from(amount)).ok_or(MathError::Overflow)?;
            }
        }
        Ok(sides)
    }
}

fn product<const N: usize>(factors: [U512; N]) -> Result<U512, MathError> {
    factors.into_iter().try_fold(U512::ONE, |product, factor| product.checked_mul(factor)).ok_or(MathError::Overflow)
}
