//! Answers and questions of the services' routes.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, U256},
    transports::http::reqwest::Url,
};
use axum::{
    Json,
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::localchain::LocalChainError;

/// Why a route answers with an error.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    why: String,
}

/// What a route answers.
pub(super) type Answer = Result<Response, Refused>;

impl Refused {
    /// What was asked for is wrong.
    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "VALIDATION_ERROR", why: why.into() }
    }

    /// There is no such thing.
    pub(super) fn missing(why: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "NOT_FOUND", why: why.into() }
    }

    /// The local venue does not do this.
    pub(super) fn not_here(why: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_IMPLEMENTED, code: "NOT_FOUND", why: why.into() }
    }
}

impl From<LocalChainError> for Refused {
    fn from(error: LocalChainError) -> Self {
        Self { status: StatusCode::BAD_GATEWAY, code: "RPC_ERROR", why: error.to_string() }
    }
}

impl IntoResponse for Refused {
    /// Both envelopes at once: the tx-builder's and that of the other services.
    fn into_response(self) -> Response {
        let body = json!({
            "ok": false, "error": { "code": self.code, "message": self.why },
            "message": self.why, "statusCode": self.status.as_u16(),
        });
        (self.status, Json(body)).into_response()
    }
}

/// Plain JSON.
pub(super) fn plain(value: Value) -> Answer {
    Ok(Json(value).into_response())
}

/// In the tx-builder's envelope.
pub(super) fn enveloped(value: Value) -> Answer {
    plain(json!({ "ok": true, "data": value }))
}

/// A request's parameters, from its query and its JSON body; numbers may be texts.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    /// Reads both; the body may be empty.
    pub(super) fn read(query: Option<&str>, body: &Bytes) -> Result<Self, Refused> {
        let mut found = BTreeMap::new();
        if let Some(query) = query {
            let url = Url::parse(&format!("http://local/?{query}")).map_err(|error| Refused::bad(error.to_string()))?;
            found.extend(url.query_pairs().map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))));
        }
        if !body.is_empty() {
            let value: Value =
                serde_json::from_slice(body).map_err(|error| Refused::bad(format!("not JSON: {error}")))?;
            let Value::Object(fields) = value else { return Err(Refused::bad("the body is no JSON object")) };
            found.extend(fields);
        }
        Ok(Self(found))
    }

    /// A field as it came.
    pub(super) fn raw(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A field as text; numbers and truth values count.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        match self.raw(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(yes) => Some(yes.to_string()),
            _ => None,
        }
    }

    /// A field that must be there.
    pub(super) fn get(&self, name: &str) -> Result<String, Refused> {
        self.find(name).ok_or_else(|| Refused::bad(format!("`{name}` is missing")))
    }

    pub(super) fn address(&self, name: &str) -> Result<Address, Refused> {
        self.get(name)?.parse().map_err(|_| Refused::bad(format!("`{name}` is no address")))
    }

    /// A whole number, zero where it is not given.
    pub(super) fn whole(&self, name: &str) -> Result<U256, Refused> {
        let Some(text) = self.find(name) else { return Ok(U256::ZERO) };
        U256::from_str_radix(&text, 10).map_err(|_| Refused::bad(format!("`{name}` is no whole number: {text}")))
    }

    /// A decimal number at a scale, cut off behind it; nothing where it is not given.
    pub(super) fn scaled(&self, name: &str, decimals: usize) -> Result<Option<U256>, Refused> {
        let Some(text) = self.find(name) else { return Ok(None) };
        scaled(&text, decimals).map(Some).ok_or_else(|| Refused::bad(format!("`{name}` is no decimal number: {text}")))
    }

    /// The same, which must be given.
    pub(super) fn amount(&self, name: &str, decimals: usize) -> Result<U256, Refused> {
        self.scaled(name, decimals)?.ok_or_else(|| Refused::bad(format!("`{name}` is missing")))
    }
}

/// A plain decimal number at a scale, cut off behind it.
pub(super) fn scaled(text: &str, decimals: usize) -> Option<U256> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
    if text.is_empty() || text == "." || !digits(whole) || !digits(part) {
        return None;
    }
    let part: String = part.chars().chain(std::iter::repeat('0')).take(decimals).collect();
    U256::from_str_radix(&format!("0{whole}{part}"), 10).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_cut_off_and_never_rounded() {
        assert_eq!(scaled("1815.13", 6), Some(U256::from(1_815_130_000u64)));
        assert_eq!(scaled("1.629277592467", 10), Some(U256::from(16_292_775_924u64)));
        assert_eq!(scaled(".5", 2), Some(U256::from(50)));
        assert_eq!(scaled("0", 6), Some(U256::ZERO));
        assert_eq!(scaled("-1", 6), None);
        assert_eq!(scaled("1e5", 6), None);
        assert_eq!(scaled("", 6), None);
    }
}
