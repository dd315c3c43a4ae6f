//! Amounts as the composer reads them, with its special values spelled out.

use std::num::NonZeroU128;

use alloy::primitives::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::EncodeError;

/// 2^112−1: the most an op with a 112-bit amount can say, and "maximum" in REPAY and WITHDRAW (onedelta-composer.md §2).
pub const MAX_112: u128 = (1 << 112) - 1;

/// Bit 127 of a value field: the whole native balance (onedelta-composer.md §8).
const ALL_NATIVE: u128 = 1 << 127;

/// An amount in the token's smallest unit that is neither zero nor above 128 bits. Serialises as a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(NonZeroU128);

impl Exact {
    /// Refuses 0 (the composer reads "everything") and more than 128 bits. Ops that read only 112 bits check again
    /// when they are encoded.
    pub fn new(amount: U256) -> Result<Self, EncodeError> {
        let narrow = u128::try_from(amount).map_err(|_| EncodeError::TooWide { op: "amount", amount, bits: 128 })?;
        Self::from_raw(narrow).ok_or(EncodeError::Zero)
    }

    /// The amount.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0.get()
    }

    /// The amount as the wide integer of ABI calls.
    #[must_use]
    pub fn to_u256(self) -> U256 {
        U256::from(self.get())
    }

    pub(super) const fn from_raw(amount: u128) -> Option<Self> {
        match NonZeroU128::new(amount) {
            Some(amount) => Some(Self(amount)),
            None => None,
        }
    }

    /// The amount if an op reads it from 112 bits.
    pub(super) fn in_112_bits(self, op: &'static str) -> Result<u128, EncodeError> {
        narrow_112(self.get(), op)
    }
}

impl TryFrom<U256> for Exact {
    type Error = EncodeError;

    fn try_from(amount: U256) -> Result<Self, EncodeError> {
        Self::new(amount)
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::serialize(&self.get(), serializer)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_raw(decimal::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(EncodeError::Zero))
    }
}

/// How much an op moves, where the composer has special values.
///
/// Only the variant can mean "everything": a computed number goes through [`Amount::exact`], which refuses zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// This many.
    Exact(Exact),
    /// The whole balance (encoded 0): of the caller in TRANSFER_FROM, of the composer in WRAP, DEPOSIT and REPAY.
    All,
    /// Encoded 2^112−1: the smaller of balance and debt in REPAY, the caller's whole aToken balance in WITHDRAW.
    Max,
}

impl Amount {
    /// An exact amount; refuses 0 and more than 128 bits.
    pub fn exact(amount: U256) -> Result<Self, EncodeError> {
        Exact::new(amount).map(Self::Exact)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Exact(_) => "an exact amount",
            Self::All => "`Amount::All`",
            Self::Max => "`Amount::Max`",
        }
    }

    /// Field value of an op that takes a number or everything, read from all 128 bits.
    pub(super) fn exact_or_all_128(self, op: &'static str) -> Result<u128, EncodeError> {
        match self {
            Self::Exact(exact) => Ok(exact.get()),
            Self::All => Ok(0),
            Self::Max => {
                Err(EncodeError::AmountKind { op, given: self.name(), takes: "an exact amount or `Amount::All`" })
            }
        }
    }

    /// Field value of an op that takes a number or everything, read from 112 bits.
    pub(super) fn exact_or_all_112(self, op: &'static str) -> Result<u128, EncodeError> {
        narrow_112(self.exact_or_all_128(op)?, op)
    }

    /// Field value of an op that reads 2^112−1 as "maximum" and, if `all`, 0 as "everything".
    pub(super) fn with_max(self, op: &'static str, all: bool) -> Result<u128, EncodeError> {
        match self {
            Self::Exact(exact) if exact.get() == MAX_112 => Err(EncodeError::ReadAsMax { op }),
            Self::Exact(exact) => exact.in_112_bits(op),
            Self::Max => Ok(MAX_112),
            Self::All if all => Ok(0),
            Self::All => {
                Err(EncodeError::AmountKind { op, given: self.name(), takes: "an exact amount or `Amount::Max`" })
            }
        }
    }

    /// What a field means where 0 is everything.
    pub(super) fn from_field(field: u128) -> Self {
        Exact::from_raw(field).map_or(Self::All, Self::Exact)
    }

    /// What a field means where 0 is everything and 2^112−1 the maximum.
    pub(super) fn from_field_with_max(field: u128) -> Self {
        if field == MAX_112 { Self::Max } else { Self::from_field(field) }
    }
}

impl From<Exact> for Amount {
    fn from(amount: Exact) -> Self {
        Self::Exact(amount)
    }
}

/// How much SWEEP and UNWRAP send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepAmount {
    /// The whole balance; reverts with `Slippage()` when it is below this (0 = no minimum). Mode 0, VALIDATE.
    AtLeast(#[serde(with = "decimal")] u128),
    /// This many. Mode 1, AMOUNT.
    Exact(Exact),
}

impl SweepAmount {
    /// The whole balance, however small.
    pub const ALL: Self = Self::AtLeast(0);

    /// The whole balance, at least `minimum`; refuses more than 128 bits.
    pub fn at_least(minimum: U256) -> Result<Self, EncodeError> {
        let narrow =
            u128::try_from(minimum).map_err(|_| EncodeError::TooWide { op: "minimum", amount: minimum, bits: 128 })?;
        Ok(Self::AtLeast(narrow))
    }

    /// Exactly `amount`; refuses 0 and more than 128 bits.
    pub fn exact(amount: U256) -> Result<Self, EncodeError> {
        Exact::new(amount).map(Self::Exact)
    }

    pub(super) const fn mode_and_field(self) -> (u8, u128) {
        match self {
            Self::AtLeast(minimum) => (0, minimum),
            Self::Exact(exact) => (1, exact.get()),
        }
    }
}

/// Native currency sent along with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NativeValue {
    /// This many wei, at most 112 bits; 0 means none.
    Wei(#[serde(with = "decimal")] u128),
    /// The whole native balance of the calling contract (bit 127).
    All,
}

impl NativeValue {
    /// No value.
    pub const NONE: Self = Self::Wei(0);

    pub(super) fn field(self, op: &'static str) -> Result<u128, EncodeError> {
        match self {
            Self::Wei(wei) => narrow_112(wei, op),
            Self::All => Ok(ALL_NATIVE),
        }
    }

    /// `None` when bits are set that the contract ignores.
    pub(super) const fn from_field(field: u128) -> Option<Self> {
        match field {
            ALL_NATIVE => Some(Self::All),
            0..=MAX_112 => Some(Self::Wei(field)),
            _ => None,
        }
    }
}

pub(super) fn narrow_112(amount: u128, op: &'static str) -> Result<u128, EncodeError> {
    if amount > MAX_112 {
        return Err(EncodeError::TooWide { op, amount: U256::from(amount), bits: 112 });
    }
    Ok(amount)
}

/// 128-bit numbers as decimal strings: JSON readers lose digits of larger numbers.
pub(super) mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(in crate::onedelta) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::onedelta) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not a whole number below 2^128")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computed_zero_never_becomes_everything() {
        assert_eq!(Amount::exact(U256::ZERO), Err(EncodeError::Zero));
        assert_eq!(SweepAmount::exact(U256::ZERO), Err(EncodeError::Zero));
        assert!(serde_json::from_str::<Amount>(r#"{"exact":"0"}"#).is_err());
        assert_eq!(serde_json::from_str::<Amount>(r#""all""#).expect("all"), Amount::All);
    }

    #[test]
    fn amounts_beyond_the_field_are_refused_not_cut() {
        let wide = U256::from(1) << 128;
        assert_eq!(Exact::new(wide), Err(EncodeError::TooWide { op: "amount", amount: wide, bits: 128 }));
        assert!(SweepAmount::at_least(wide).is_err());
        let above_112 = Amount::exact(U256::from(MAX_112) + U256::from(1)).expect("fits 128 bits");
        assert_eq!(above_112.exact_or_all_128("TRANSFER_FROM"), Ok(MAX_112 + 1));
        assert!(matches!(above_112.exact_or_all_112("DEPOSIT"), Err(EncodeError::TooWide { bits: 112, .. })));
        assert!(matches!(above_112.with_max("REPAY", true), Err(EncodeError::TooWide { bits: 112, .. })));
        assert!(NativeValue::Wei(MAX_112 + 1).field("EXT_CALL").is_err());
    }

    #[test]
    fn an_exact_amount_is_never_read_as_maximum() {
        let max = Amount::exact(U256::from(MAX_112)).expect("fits");
        assert_eq!(max.with_max("REPAY", true), Err(EncodeError::ReadAsMax { op: "REPAY" }));
        assert_eq!(max.exact_or_all_112("DEPOSIT"), Ok(MAX_112));
        assert!(Amount::All.with_max("WITHDRAW", false).is_err());
        assert!(Amount::Max.exact_or_all_128("TRANSFER_FROM").is_err());
    }

    #[test]
    fn amounts_survive_json_with_all_their_digits() {
        let amount = Amount::exact(U256::from(u128::MAX)).expect("fits");
        let text = serde_json::to_string(&amount).expect("json");
        assert_eq!(text, r#"{"exact":"340282366920938463463374607431768211455"}"#);
        assert_eq!(serde_json::from_str::<Amount>(&text).expect("back"), amount);
    }
}
