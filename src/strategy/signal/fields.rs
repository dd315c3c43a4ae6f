//! The fields of one JSON object, each with its text as written.

use std::fmt;

use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::SignalError;

/// Longest signal that is read.
const MOST_BYTES: usize = 65_536;

/// Fields not yet taken.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// Splits an object; every field must be one of `known` and stand once. A `null` is a field that is not there.
    pub(super) fn read(text: &str, known: &[&'static str]) -> Result<Self, SignalError> {
        if text.len() > MOST_BYTES {
            return Err(SignalError::TooLong { bytes: text.len(), most: MOST_BYTES });
        }
        let fields: Self = serde_json::from_str(text).map_err(|error| SignalError::NotAnObject(error.to_string()))?;
        for (index, (field, _)) in fields.0.iter().enumerate() {
            if !known.contains(&field.as_str()) {
                let field = shortened(field);
                return Err(SignalError::UnknownField { advice: advice(&field, known), field });
            }
            if fields.0.iter().take(index).any(|(before, _)| before == field) {
                return Err(SignalError::RepeatedField(field.clone()));
            }
        }
        Ok(Self(fields.0.into_iter().filter(|(_, value)| value.get() != "null").collect()))
    }

    pub(super) fn raw(&self, field: &'static str) -> Option<&RawValue> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_ref())
    }

    /// A value of a type that serde reads.
    pub(super) fn typed<'a, T: Deserialize<'a>>(
        &'a self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, SignalError> {
        self.raw(field)
            .map(|raw| serde_json::from_str(raw.get()).map_err(|_| invalid(field, raw, expected)))
            .transpose()
    }

    /// A decimal, as a number or a string, between bounds.
    pub(super) fn decimal(
        &self,
        field: &'static str,
        expected: &'static str,
        allowed: impl Fn(Decimal) -> bool,
    ) -> Result<Option<Decimal>, SignalError> {
        let Some(raw) = self.raw(field) else { return Ok(None) };
        let text = raw.get().trim_matches('"');
        let value = if text.contains(['e', 'E']) {
            Decimal::from_scientific(text).ok()
        } else {
            Decimal::from_str_exact(text).ok()
        };
        value.filter(|value| allowed(*value)).map(Some).ok_or_else(|| invalid(field, raw, expected))
    }
}

/// The error about a field's value.
pub(super) fn invalid(field: &'static str, raw: &RawValue, expected: &'static str) -> SignalError {
    SignalError::Invalid { field, value: shortened(raw.get()), expected }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    // Control characters of a foreign file do not reach the terminal.
    let mut short: String = text.chars().filter(|letter| !letter.is_control()).take(MOST).collect();
    if text.chars().count() > MOST {
        short.push('…');
    }
    short
}

fn advice(field: &str, known: &[&'static str]) -> String {
    let near = known.iter().min_by_key(|name| strsim::damerau_levenshtein(field, name));
    match near.filter(|name| strsim::damerau_levenshtein(field, name) <= field.len().div_ceil(2)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are: {}", known.join(", ")),
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry::<String, Box<RawValue>>()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
