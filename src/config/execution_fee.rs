//! What the venue's keeper is given for an execution.

use std::{fmt, str::FromStr};

use alloy::primitives::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::values::decimal_or_text;
use crate::units::{format_units, parse_units};

const ETHER_DECIMALS: u8 = 18;

/// What the venue's keeper is given for an execution: `auto`, or an amount with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExecutionFee {
    /// From the price of gas when the order is planned, as the venue's own tools do it.
    #[default]
    Auto,
    /// Always so much, wei.
    Wei(U256),
}

/// A text that is no execution fee.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `auto` nor an amount with its unit, such as `0.00005 ETH` or `50000000000000 wei`")]
pub struct ExecutionFeeError(String);

impl FromStr for ExecutionFee {
    type Err = ExecutionFeeError;

    fn from_str(text: &str) -> Result<Self, ExecutionFeeError> {
        let wrong = || ExecutionFeeError(text.to_owned());
        let plain = text.trim().to_ascii_lowercase();
        if plain == "auto" {
            return Ok(Self::Auto);
        }
        let (amount, decimals) = match (plain.strip_suffix("eth"), plain.strip_suffix("wei")) {
            (Some(amount), _) => (amount, ETHER_DECIMALS),
            (None, Some(amount)) => (amount, 0),
            (None, None) => return Err(wrong()),
        };
        parse_units(amount.trim(), decimals).map(Self::Wei).map_err(|_| wrong())
    }
}

impl fmt::Display for ExecutionFee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Wei(wei) => write!(f, "{} ETH", format_units(*wei, ETHER_DECIMALS)),
        }
    }
}

impl Serialize for ExecutionFee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExecutionFee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal_or_text(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_fee_has_its_unit_or_is_auto() {
        let ether = ExecutionFee::Wei(U256::from(50_000_000_000_000u64));
        assert_eq!("0.00005 ETH".parse(), Ok(ether));
        assert_eq!("50000000000000wei".parse(), Ok(ether));
        assert_eq!(" Auto ".parse(), Ok(ExecutionFee::Auto));
        assert_eq!(ether.to_string().parse(), Ok(ether));
        for text in ["", "0.00005", "1.5 wei", "-1 wei", "ETH", "1e3 wei", "0.1 gwei"] {
            assert!(text.parse::<ExecutionFee>().is_err(), "{text}");
        }
    }
}
