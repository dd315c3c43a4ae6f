//! What is answered: `{"schema":1,"ok":…}` or `{"schema":1,"error":{…}}`, each on a line of its own.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Version of requests and answers; other versions are refused.
pub const SOCKET_SCHEMA: u32 = 1;

/// The answer to a ping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The daemon's process id.
    pub pid: u32,
    /// Its version.
    pub version: String,
}

/// Why the daemon did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What the command's exit code becomes.
    pub exit: u8,
    /// Why, in words with the figures.
    pub message: String,
}

impl Refused {
    /// A refusal.
    #[must_use]
    pub fn new(exit: u8, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

/// What the daemon answers.
pub type Answer = Result<Value, Refused>;

#[derive(Serialize, Deserialize)]
struct AnswerLine {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refused>,
}

pub(super) fn answer_line(answer: Answer) -> Vec<u8> {
    let (ok, error) = match answer {
        Ok(value) => (Some(value), None),
        Err(refused) => (None, Some(refused)),
    };
    // A tree of JSON values always has a text; an empty line would be the honest remainder.
    serde_json::to_vec(&AnswerLine { schema: SOCKET_SCHEMA, ok, error }).unwrap_or_default()
}

pub(super) fn read_answer(line: &[u8]) -> Result<Answer, String> {
    let AnswerLine { schema, ok, error } = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if schema != SOCKET_SCHEMA {
        return Err(format!("it speaks schema {schema}, this command {SOCKET_SCHEMA}"));
    }
    Ok(match error {
        Some(refused) => Err(refused),
        None => Ok(ok.unwrap_or(Value::Null)),
    })
}

/// An answer's value in its own type.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_value_and_one_with_are_told_apart_from_a_refusal() {
        for answer in [Ok(Value::Null), Ok(serde_json::json!({"paused": true})), Err(Refused::new(4, "health factor"))]
        {
            assert_eq!(read_answer(&answer_line(answer.clone())), Ok(answer));
        }
        assert!(read_answer(b"{\"schema\":7}").expect_err("other version").contains("schema 7"));
    }
}
