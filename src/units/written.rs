//! How JSON writes amounts: the exact decimal number with its unit for reading, the raw integer for computing, both as
//! strings; never bare hex.

use std::{borrow::Cow, marker::PhantomData};

use alloy::primitives::U256;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::format_units;

/// An amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Quantity")]
pub struct Written {
    /// The exact number, with its point; `unlimited` for no limit.
    pub value: String,
    /// The same in the smallest unit, a whole number.
    pub raw: String,
    /// Digits of `raw` behind the point.
    pub decimals: u8,
    /// `USDC`, `ETH`, `USD`, `%`, `x`, or empty for a plain number.
    pub unit: String,
}

impl Written {
    /// An amount in the smallest unit, and its sign.
    #[must_use]
    pub fn new(raw: U256, negative: bool, decimals: u8, unit: impl Into<String>) -> Self {
        let sign = if negative { "-" } else { "" };
        let value = match raw {
            U256::MAX => "unlimited".to_owned(),
            raw => format!("{sign}{}", format_units(raw, decimals)),
        };
        Self { value, raw: format!("{sign}{raw}"), decimals, unit: unit.into() }
    }

    /// Sign and amount back; refuses a value that is not what the raw integer says.
    pub fn raw(&self) -> Result<(bool, U256), String> {
        let (negative, digits) = match self.raw.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, self.raw.as_str()),
        };
        let raw = U256::from_str_radix(digits, 10).map_err(|_| format!("raw `{}` is not a whole number", self.raw))?;
        let value = Self::new(raw, negative, self.decimals, "").value;
        if value != self.value {
            return Err(format!("value `{}` is not what raw says: {value}", self.value));
        }
        Ok((negative, raw))
    }
}

/// How an integer is written: what `#[serde(with = …)]` and its schema name.
pub trait Form {
    /// Digits behind the point, and the unit; `None` for a whole number that is no amount of anything.
    const UNIT: Option<(u8, &'static str)>;
}

/// An integer that a field holds.
pub trait Integer: Copy {
    /// In full width.
    fn wide(self) -> U256;
    /// Back; `None` when it does not fit.
    fn narrow(wide: U256) -> Option<Self>;
}

impl Integer for U256 {
    fn wide(self) -> U256 {
        self
    }

    fn narrow(wide: U256) -> Option<Self> {
        Some(wide)
    }
}

impl Integer for u128 {
    fn wide(self) -> U256 {
        U256::from(self)
    }

    fn narrow(wide: U256) -> Option<Self> {
        wide.try_into().ok()
    }
}

/// What is written in a form, or was by an earlier version: then the integer alone, in decimal or hex.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Written(Written),
    Bare(U256),
}

/// Reads what [`write()`] wrote, or the integer alone.
pub(crate) fn read<'de, F: Form, D: Deserializer<'de>>(from: D) -> Result<U256, D::Error> {
    let written = match Stored::deserialize(from)? {
        Stored::Bare(raw) => return Ok(raw),
        Stored::Written(written) => written,
    };
    let (negative, raw) = written.raw().map_err(D::Error::custom)?;
    let (decimals, unit) = F::UNIT.unwrap_or_default();
    if negative || written.decimals != decimals || written.unit != unit {
        return Err(D::Error::custom(format!("expected an amount of {decimals} decimals in `{unit}`, not below zero")));
    }
    Ok(raw)
}

/// Writes an integer in its form.
pub(crate) fn write<F: Form, S: Serializer>(raw: U256, to: S) -> Result<S::Ok, S::Error> {
    match F::UNIT {
        None => to.collect_str(&raw),
        Some((decimals, unit)) => Written::new(raw, false, decimals, unit).serialize(to),
    }
}

/// The schema of a form.
fn schema<F: Form>(generator: &mut SchemaGenerator) -> Schema {
    match F::UNIT {
        Some(_) => generator.subschema_for::<Written>(),
        None => json_schema!({ "type": "string", "pattern": "^[0-9]+$" }),
    }
}

macro_rules! form {
    ($(#[$doc:meta])* $name:ident, $unit:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Form for $name {
            const UNIT: Option<(u8, &'static str)> = $unit;
        }

        impl $name {
            /// Writes it.
            pub fn serialize<T: Integer, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
                write::<Self, S>(value.wide(), to)
            }

            /// Reads it.
            pub fn deserialize<'de, T: Integer, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
                T::narrow(read::<Self, D>(from)?).ok_or_else(|| D::Error::custom("the number is too large"))
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                schema::<Self>(generator)
            }
        }
    };
}

form!(
    /// A whole number that is no amount: a nonce, a share in millionths, or the raw integer beside its amount.
    Raw,
    None
);
form!(
    /// Wei, as ether.
    Ether,
    Some((18, "ETH"))
);
form!(
    /// US dollars with 8 decimals.
    Usd,
    Some((8, "USD"))
);
form!(
    /// Wei of a gas price, as gwei.
    Gwei,
    Some((9, "gwei"))
);

/// The same for what may be absent.
#[derive(Debug, Clone, Copy)]
pub struct Optional<F>(PhantomData<F>);

impl<F: Form> Optional<F> {
    /// Writes it, or null.
    pub fn serialize<T: Integer, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => write::<F, S>(value.wide(), to),
            None => to.serialize_none(),
        }
    }

    /// Reads it.
    pub fn deserialize<'de, T: Integer, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        struct Inner<F>(U256, PhantomData<F>);
        impl<'de, F: Form> Deserialize<'de> for Inner<F> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(Self(read::<F, D>(from)?, PhantomData))
            }
        }
        let Some(Inner(wide, _)) = Option::<Inner<F>>::deserialize(from)? else { return Ok(None) };
        T::narrow(wide).map(Some).ok_or_else(|| D::Error::custom("the number is too large"))
    }
}

impl<F: Form + JsonSchema> JsonSchema for Optional<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Optional{}", F::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<F>::json_schema(generator)
    }
}

/// Gives a number of fixed scale its form in JSON.
macro_rules! written {
    ($name:ident, $unit:literal) => {
        impl $crate::units::Form for $name {
            const UNIT: Option<(u8, &'static str)> = Some((Self::DECIMALS, $unit));
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::units::write_as::<Self, S>(self.0, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::units::read_as::<Self, D>(from).map(Self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<$crate::units::Written>()
            }
        }
    };
}
pub(crate) use written;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Wad;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Gas {
        #[serde(with = "Gwei")]
        price: u128,
        #[serde(default, with = "Optional::<Ether>")]
        l1: Option<U256>,
        #[serde(with = "Raw")]
        nonce: U256,
        health_factor: Wad,
    }

    #[test]
    fn amounts_have_value_and_unit_beside_the_raw_integer_and_old_hex_is_still_read() {
        let gas = Gas {
            price: 1_500_000_000,
            l1: Some(U256::from(10).pow(U256::from(17))),
            nonce: U256::from(7),
            health_factor: Wad(U256::MAX),
        };
        let text = serde_json::to_string(&gas).expect("json");
        let unlimited = U256::MAX.to_string();
        assert_eq!(
            text,
            format!(
                r#"{{"price":{{"value":"1.5","raw":"1500000000","decimals":9,"unit":"gwei"}},"l1":{{"value":"0.1","raw":"100000000000000000","decimals":18,"unit":"ETH"}},"nonce":"7","health_factor":{{"value":"unlimited","raw":"{unlimited}","decimals":18,"unit":""}}}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Gas>(&text).expect("back"), gas);
        let old = format!(
            r#"{{"price":1500000000,"l1":"0x16345785d8a0000","nonce":"0x7","health_factor":"{:#x}"}}"#,
            U256::MAX
        );
        assert_eq!(serde_json::from_str::<Gas>(&old).expect("as it was"), gas);
        let other = text.replace("gwei", "ETH");
        assert!(serde_json::from_str::<Gas>(&other).expect_err("other unit").to_string().contains("gwei"));
    }
}
