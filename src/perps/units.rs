//! The venue's fixed-point numbers, with exact conversion at the human edge.

use std::fmt;

use alloy::primitives::U256;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::units::{format_units, from_decimal, to_decimal};

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $decimals:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub U256);

        impl $name {
            /// Digits behind the point.
            pub const DECIMALS: u8 = $decimals;
            /// Nothing.
            pub const ZERO: Self = Self(U256::ZERO);

            /// From a decimal, exactly; `None` when it is negative or has more digits than fit.
            #[must_use]
            pub fn from_decimal(value: Decimal) -> Option<Self> {
                from_decimal(value, Self::DECIMALS).map(Self)
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
    };
}

fixed_point!(
    /// US dollars with 6 decimals: margin, notional, fees.
    Usdc,
    6
);
fixed_point!(
    /// A price in US dollars with 10 decimals.
    PriceE10,
    10
);
fixed_point!(
    /// Leverage with 10 decimals: 10x is 1e11.
    LeverageE10,
    10
);
fixed_point!(
    /// Per cent with 10 decimals: 1 % is 1e10.
    PercentE10,
    10
);
