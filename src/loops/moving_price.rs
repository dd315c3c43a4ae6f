//! The price that moves a loop, of which thresholds, exits and words speak: now, and where the account's health factor
//! crosses a level. Pure.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Payout,
    price_level::{Level, price_of_level},
};
use crate::{
    aave::{Market, Projection, Reserve, StateError},
    config::{PairPrice, PairSide, PriceMove},
    plan::Quantity,
    units::{MathError, UsdE8, WAD, from_decimal, mul_div_down, mul_div_up},
};

/// Which token's price moves a pair, in what it is told, and which way the loop loses.
///
/// It depends on what the two tokens are, not on their prices and not on the account's e-mode: neither a wrong oracle
/// answer nor what somebody supplies on the owner's behalf changes the unit in which an exit was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovingPrice {
    /// The token.
    pub asset: Address,
    /// The token that it is counted in; `None` for US dollars.
    pub counted_in: Option<Address>,
    /// Symbol, unit and direction.
    #[serde(flatten)]
    pub pair: PairPrice,
}

impl MovingPrice {
    /// That of a loop of two reserves.
    #[must_use]
    pub fn of(collateral: &Reserve, debt: &Reserve) -> Self {
        Self::of_tokens((collateral.asset, collateral.side()), (debt.asset, debt.side()))
    }

    /// That of a loop of two tokens of which no more is known.
    #[must_use]
    pub fn of_tokens(collateral: (Address, PairSide<'_>), debt: (Address, PairSide<'_>)) -> Self {
        let pair = PairPrice::of(collateral.1, debt.1);
        let counted_in = (!pair.is_in_dollars()).then_some(debt.0);
        let asset = match pair.loses_on {
            PriceMove::Fall => collateral.0,
            PriceMove::Rise => debt.0,
        };
        Self { asset, counted_in, pair }
    }

    /// The price by Aave's oracle.
    pub fn now(&self, market: &Market) -> Result<Quantity, StateError> {
        let usd = market.reserve(self.asset)?.price()?.0;
        match self.counted_in {
            None => Ok(Quantity::usd(usd)),
            Some(unit) => Ok(self.quantity(mul_div_down(usd, WAD, market.reserve(unit)?.price()?.0)?)),
        }
    }

    /// The price at which the account has a health factor, all that it holds and owes and every other price as they are.
    /// What the account has of the same token beside this loop, as collateral or as debt, moves with it. `None` when no
    /// price leads there.
    ///
    /// Rounded so that the health factor at the price is not below the level but for the contracts' own rounding of
    /// values: the next step on is below it.
    pub fn at_health_factor(
        &self,
        projection: &Projection,
        health_factor: U256,
    ) -> Result<Option<Quantity>, StateError> {
        let unit = match self.counted_in {
            // The ratio of a token to itself does not move.
            Some(unit) if unit == self.asset => return Ok(None),
            Some(unit) => Some(projection.market().reserve(unit)?.price()?.0),
            None => None,
        };
        let level = Level { asset: self.asset, health_factor, unit };
        Ok(price_of_level(projection, level)?.map(|raw| self.quantity(raw)))
    }

    /// What stands for "no price" among figures that need a number.
    #[must_use]
    pub fn none(&self) -> Quantity {
        self.quantity(U256::ZERO)
    }

    /// The token's price in dollars, for the market, when the price is this.
    pub fn in_dollars(&self, market: &Market, price: &Quantity) -> Result<UsdE8, StateError> {
        match self.counted_in {
            None => Ok(UsdE8(price.raw)),
            Some(unit) => Ok(UsdE8(mul_div_up(price.raw, market.reserve(unit)?.price()?.0, WAD)?)),
        }
    }

    /// The token's price in dollars after a move by a share of it, in the direction in which the loop loses.
    pub fn after_loss(&self, market: &Market, share: Decimal) -> Result<UsdE8, StateError> {
        let factor = match self.pair.loses_on {
            PriceMove::Fall => Decimal::ONE.saturating_sub(share),
            PriceMove::Rise => Decimal::ONE.saturating_add(share),
        };
        let factor = from_decimal(factor, 18).ok_or(MathError::Overflow)?;
        Ok(UsdE8(mul_div_down(market.reserve(self.asset)?.price()?.0, factor, WAD)?))
    }

    /// In what a loop is paid out that is left for good, so that its owner is out of the market then: in the debt asset, or,
    /// of a short loop, in its collateral, for in the debt asset he would go on as a holder of what he was short of.
    #[must_use]
    pub const fn payout(&self) -> Payout {
        match self.pair.loses_on {
            PriceMove::Fall => Payout::Debt,
            PriceMove::Rise => Payout::Collateral { unwrap: None },
        }
    }

    /// For people: the asset's name stands with the price, except where it is simply the collateral's in dollars.
    #[must_use]
    pub fn shown(&self, price: &Quantity) -> String {
        if self.pair.is_of_collateral_in_dollars() {
            price.to_string()
        } else {
            format!("{} {price}", self.pair.symbol)
        }
    }

    /// What a price of a plan is called: `trim price`, or `trim price of WETH` where it is not simply the collateral's in
    /// dollars.
    #[must_use]
    pub fn label(&self, name: &str) -> String {
        if self.pair.is_of_collateral_in_dollars() {
            name.to_owned()
        } else {
            format!("{name} of {}", self.pair.symbol)
        }
    }

    /// A move by a share of the price, in the direction in which the loop loses: `a fall of 10 %`, or `a rise of WETH in
    /// USD by 10 %` where it is not simply the collateral's in dollars.
    #[must_use]
    pub fn loss_words(&self, share: Decimal) -> String {
        let share = share.saturating_mul(Decimal::ONE_HUNDRED).normalize();
        let noun = match self.pair.loses_on {
            PriceMove::Fall => "fall",
            PriceMove::Rise => "rise",
        };
        if self.pair.is_of_collateral_in_dollars() {
            format!("a {noun} of {share} %")
        } else {
            format!("a {noun} of {} in {} by {share} %", self.pair.symbol, self.pair.unit)
        }
    }

    fn quantity(&self, raw: U256) -> Quantity {
        match self.counted_in {
            None => Quantity::usd(raw),
            Some(_) => Quantity::new(raw, 18, self.pair.unit.clone()),
        }
    }
}

/// How a price must move from `now` to come `there`, in per cent of `now`; below zero for a fall.
pub fn distance(now: &Quantity, there: &Quantity) -> Result<Quantity, MathError> {
    let bps = mul_div_down(now.raw.abs_diff(there.raw), U256::from(10_000u64), now.raw)?;
    Ok(Quantity { negative: there.raw < now.raw, ..Quantity::new(bps, 2, "%") })
}

#[cfg(test)]
mod tests;
