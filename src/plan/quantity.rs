//! A number with its scale and unit, as plans store and show it.

use std::fmt;

use alloy::primitives::U256;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    text::one_line,
    units::{Written, format_units, group_thousands, to_decimal},
};

/// An integer amount with its decimals and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
pub struct Quantity {
    /// Amount in the smallest unit; `U256::MAX` means "no limit" (the health factor of an account without debt).
    pub raw: U256,
    /// Digits behind the point.
    pub decimals: u8,
    /// `USDC`, `ETH`, `USD`, `%`, `x` or empty.
    pub unit: String,
    /// Below zero: interest paid rather than earned. Amounts never are.
    pub negative: bool,
}

impl Quantity {
    /// An amount of a unit.
    pub fn new(raw: U256, decimals: u8, unit: impl Into<String>) -> Self {
        Self { raw, decimals, unit: unit.into(), negative: false }
    }

    /// US dollars with 8 decimals.
    #[must_use]
    pub fn usd(raw: U256) -> Self {
        Self::new(raw, 8, "USD")
    }

    /// A share in basis points, shown as per cent.
    #[must_use]
    pub fn bps(bps: u64) -> Self {
        Self::new(U256::from(bps), 2, "%")
    }

    /// A wad without unit, such as a health factor.
    #[must_use]
    pub fn wad(raw: U256) -> Self {
        Self::new(raw, 18, "")
    }

    /// For further arithmetic at the human edge; `None` for "no limit" and above 28 digits.
    #[must_use]
    pub fn to_decimal(&self) -> Option<Decimal> {
        to_decimal(self.raw, self.decimals).map(|value| if self.negative { -value } else { value })
    }

    /// Rounded half up to the digits worth showing.
    fn rounded(&self) -> U256 {
        let surplus = usize::from(self.decimals).saturating_sub(self.shown_decimals());
        let step = U256::from(10u8).pow(U256::from(surplus));
        self.raw.saturating_add(step >> 1) / step * step
    }

    /// Digits worth showing: money by its size, ratios to four.
    fn shown_decimals(&self) -> usize {
        match self.unit.as_str() {
            "USD" => 2,
            "%" => 4,
            "x" => 3,
            "" => 6,
            _ if self.decimals <= 8 => usize::from(self.decimals),
            _ => 8,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.raw == U256::MAX {
            return f.write_str("unlimited");
        }
        let exact = format_units(self.rounded(), self.decimals);
        let cut = if exact == "0" && !self.raw.is_zero() {
            // Too small for the usual digits: show the first two significant ones instead of zero.
            let whole = format_units(self.raw, self.decimals);
            let significant = whole.find(|digit: char| digit.is_ascii_digit() && digit != '0').unwrap_or_default();
            whole.get(..significant + 2).map_or_else(|| whole.clone(), str::to_owned)
        } else {
            exact
        };
        let sign = if self.negative && !self.raw.is_zero() { "-" } else { "" };
        let text = format!("{sign}{}", group_thousands(&cut));
        match self.unit.as_str() {
            "" => f.write_str(&text),
            "x" => write!(f, "{text}x"),
            unit => write!(f, "{text} {}", one_line(unit)),
        }
    }
}

impl From<Quantity> for Written {
    fn from(quantity: Quantity) -> Self {
        Self::new(quantity.raw, quantity.negative, quantity.decimals, quantity.unit)
    }
}

impl TryFrom<Written> for Quantity {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (negative, raw) = written.raw()?;
        Ok(Self { raw, decimals: written.decimals, unit: written.unit, negative })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_exact_number_beside_the_raw_one() {
        let mut quantity = Quantity::new(U256::from(1_500_000u64), 6, "USDC");
        quantity.negative = true;
        let text = serde_json::to_string(&quantity).expect("json");
        assert_eq!(text, r#"{"value":"-1.5","raw":"-1500000","decimals":6,"unit":"USDC"}"#);
        assert_eq!(serde_json::from_str::<Quantity>(&text).expect("back"), quantity);
    }

    #[test]
    fn quantities_read_as_people_write_them() {
        let show = |raw: u128, decimals, unit: &str| Quantity::new(U256::from(raw), decimals, unit).to_string();
        assert_eq!(show(6_003_000_001, 6, "USDC"), "6,003.000001 USDC");
        assert_eq!(show(2_998_868_350_012_790_099, 18, "WETH"), "2.99886835 WETH");
        assert_eq!(show(300_000_000_000, 8, "USD"), "3,000 USD");
        assert_eq!(show(50, 2, "%"), "0.5 %");
        assert_eq!(show(3_000_000, 6, "x"), "3x");
        assert_eq!(show(1_234, 18, "ETH"), "0.0000000000000012 ETH");
        assert_eq!(Quantity::wad(U256::MAX).to_string(), "unlimited");
    }
}
