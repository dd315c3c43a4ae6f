//! Ratios and prices as the protocols store them.

use std::fmt;

use alloy::primitives::U256;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{format_units, to_decimal};

/// One in 18-decimal fixed point.
pub const WAD: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $decimals:literal, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub U256);

        impl $name {
            /// Digits behind the point.
            pub const DECIMALS: u8 = $decimals;

            /// The value for people; `None` above what a [`Decimal`] holds (such as an infinite health factor).
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

        super::written!($name, $unit);
    };
}

fixed_point!(
    /// 18-decimal fixed point: health factors (`U256::MAX` = no debt).
    Wad,
    18,
    ""
);
fixed_point!(
    /// 27-decimal fixed point: Aave's indices and yearly rates.
    Ray,
    27,
    ""
);
fixed_point!(
    /// US dollars with 8 decimals: Aave's base currency and oracle prices.
    UsdE8,
    8,
    "USD"
);

/// Basis points, hundredths of a per cent: Aave's LTV, thresholds and fees; our slippage bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Bps(pub u32);

impl Bps {
    /// 100 %.
    pub const ONE: Self = Self(10_000);

    /// As a share: 50 → 0.005.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(i64::from(self.0), 4)
    }
}

impl fmt::Display for Bps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", Decimal::new(i64::from(self.0), 2).normalize())
    }
}
