//! The venue's fixed-point numbers, with exact conversion at the human edge.

use std::fmt;

use alloy::primitives::{I256, U256};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::units::{format_units, from_decimal, to_decimal, written};

/// A non-negative decimal as an integer of `decimals` digits; `None` when digits would be lost.
fn exactly(value: Decimal, decimals: u8) -> Option<U256> {
    let plain = value.normalize();
    if plain.scale() > u32::from(decimals) { None } else { from_decimal(plain, decimals) }
}

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $decimals:literal, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub U256);

        impl $name {
            /// Digits behind the point.
            pub const DECIMALS: u8 = $decimals;
            /// Nothing.
            pub const ZERO: Self = Self(U256::ZERO);

            /// From a decimal, exactly; `None` when it is negative or has more digits than fit.
            #[must_use]
            pub fn from_decimal(value: Decimal) -> Option<Self> {
                exactly(value, Self::DECIMALS).map(Self)
            }

            /// For people; `None` above what a [`Decimal`] holds.
            #[must_use]
            pub fn to_decimal(self) -> Option<Decimal> {
                to_decimal(self.0, Self::DECIMALS)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&format_units(self.0, Self::DECIMALS))
            }
        }

        written!($name, $unit);
    };
}

fixed_point!(
    /// US dollars with 6 decimals: margin, notional, fees.
    Usdc,
    6,
    "USDC"
);
fixed_point!(
    /// A price in US dollars with 10 decimals.
    PriceE10,
    10,
    "USD"
);
fixed_point!(
    /// Leverage with 10 decimals: 10x is 1e11.
    LeverageE10,
    10,
    "x"
);
fixed_point!(
    /// Per cent with 10 decimals: 1 % is 1e10.
    PercentE10,
    10,
    "%"
);

fixed_point!(
    /// A number of coins with 10 decimals, whichever they are.
    CoinsE10,
    10,
    "coins"
);

macro_rules! signed_fixed_point {
    ($(#[$doc:meta])* $name:ident, $amount:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub I256);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(I256::ZERO);

            /// How much it is, either way.
            #[must_use]
            pub fn amount(self) -> $amount {
                $amount(self.0.unsigned_abs())
            }

            /// Whether it is below zero.
            #[must_use]
            pub const fn is_loss(self) -> bool {
                self.0.is_negative()
            }

            /// For people; `None` beyond what a [`Decimal`] holds.
            #[must_use]
            pub fn to_decimal(self) -> Option<Decimal> {
                let amount = self.amount().to_decimal()?;
                Some(if self.is_loss() { -amount } else { amount })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", if self.is_loss() { "-" } else { "" }, self.amount())
            }
        }
    };
}

signed_fixed_point!(
    /// A gain or a loss in US dollars, 6 decimals.
    UsdcDelta,
    Usdc
);
signed_fixed_point!(
    /// A gain or a loss, or a spread for or against the trader, in per cent with 10 decimals.
    PercentDelta,
    PercentE10
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_price_is_stored_to_the_last_digit_or_refused() {
        let typed = |text: &str| PriceE10::from_decimal(text.parse().expect("decimal"));
        assert_eq!(typed("0.0003"), Some(PriceE10(U256::from(3_000_000))));
        assert_eq!(typed("3000.30"), Some(PriceE10(U256::from(30_003_000_000_000u64))));
        assert_eq!(typed("0.1000000000000"), Some(PriceE10(U256::from(1_000_000_000))));
        assert_eq!(typed("0.00000000001"), None, "an eleventh digit");
        assert_eq!(typed("-1"), None);
    }

    #[test]
    fn a_loss_is_written_with_its_sign() {
        let loss = UsdcDelta(I256::unchecked_from(-1_500_000));
        assert_eq!((loss.to_string(), loss.is_loss()), ("-1.5".to_owned(), true));
        assert_eq!(loss.to_decimal(), "-1.5".parse().ok());
        assert_eq!(UsdcDelta(I256::unchecked_from(20)).to_string(), "0.00002");
    }
}
