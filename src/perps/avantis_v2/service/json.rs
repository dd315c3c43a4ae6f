//! Fields of an answer, each named when it is missing or wrong.

use alloy::primitives::{Address, I256, U256};
use serde_json::Value;

use super::VenueServiceError;

/// A value of an answer, with the way to it.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    service: &'static str,
    value: &'a Value,
    path: String,
}

type Read<T> = Result<T, VenueServiceError>;

impl<'a> Node<'a> {
    pub(super) fn root(service: &'static str, value: &'a Value) -> Self {
        Self { service, value, path: "answer".to_owned() }
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn wrong(&self, reason: impl Into<String>) -> VenueServiceError {
        VenueServiceError::Field { service: self.service, path: self.path.clone(), reason: reason.into() }
    }

    fn expected<T>(&self, what: &str, found: Option<T>) -> Read<T> {
        let shown: String = self.value.to_string().chars().take(60).collect();
        found.ok_or_else(|| self.wrong(format!("{what} is expected, not {shown}")))
    }

    pub(super) fn maybe(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { service: self.service, value, path: format!("{}.{name}", self.path) })
    }

    pub(super) fn field(&self, name: &str) -> Read<Self> {
        self.maybe(name).ok_or_else(|| VenueServiceError::Field {
            service: self.service,
            path: format!("{}.{name}", self.path),
            reason: "missing".to_owned(),
        })
    }

    pub(super) fn list(&self) -> Read<Vec<Self>> {
        let items = self.expected("a list", self.value.as_array())?;
        let node = |(index, value)| Self { service: self.service, value, path: format!("{}[{index}]", self.path) };
        Ok(items.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self) -> Read<&'a str> {
        self.expected("a text", self.value.as_str())
    }

    pub(super) fn boolean(&self) -> Read<bool> {
        self.expected("true or false", self.value.as_bool())
    }

    /// A text, or a number as it is written.
    fn written(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A whole number that is not negative, in decimal.
    pub(super) fn whole(&self) -> Read<U256> {
        let digits = self.written().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        self.expected("a whole number", digits.and_then(|text| U256::from_str_radix(&text, 10).ok()))
    }

    pub(super) fn small(&self) -> Read<u64> {
        self.expected("a number below 2^64", self.whole()?.try_into().ok())
    }

    pub(super) fn signed(&self) -> Read<I256> {
        let text = self.written().filter(|text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        self.expected("a whole number", text.and_then(|text| I256::from_dec_str(&text).ok()))
    }

    pub(super) fn address(&self) -> Read<Address> {
        self.expected("an address", self.value.as_str().and_then(|text| text.parse().ok()))
    }
}
