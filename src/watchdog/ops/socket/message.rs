//! What is asked and answered: `{"schema":1,"request":"submit","with":{…}}` and `{"schema":1,"ok":…}` or
//! `{"schema":1,"error":{…}}`, each on a line of its own.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::plan::Plan;

/// Version of requests and answers; other versions are refused.
pub const SOCKET_SCHEMA: u32 = 1;

/// What a command asks of the daemon.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Whether it is there; answered with [`Pong`], even when the daemon's loop is stuck.
    Ping,
    /// How it is.
    Status,
    /// A plan to be checked, simulated and sent, as if it were its own.
    Submit(Box<Plan>),
    /// Open nothing new.
    Pause,
    /// Open again.
    Resume,
    /// Close everything and open nothing new.
    Flatten,
    /// A drill has passed: write it into the journal, with its figures.
    Drilled(Value),
    /// Read the thresholds again.
    Reload,
    /// End in good order.
    Stop,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestLine<'a> {
    request: String,
    #[serde(borrow, default)]
    with: Option<&'a RawValue>,
    // Read before the rest, so that a newer client hears about the version and not about a field.
    #[allow(dead_code, reason = "its value was read already")]
    schema: u32,
}

#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitWith {
    plan: Box<Plan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrilledWith {
    figures: Value,
}

#[derive(Serialize, Deserialize)]
struct AnswerLine {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refused>,
}

impl Request {
    /// As the line spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Status => "status",
            Self::Submit(_) => "submit",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Flatten => "flatten",
            Self::Drilled(_) => "drilled",
            Self::Reload => "reload",
            Self::Stop => "stop",
        }
    }

    /// Whether it changes anything, so that its outcome is unknown when the answer is lost.
    #[must_use]
    pub const fn changes(&self) -> bool {
        !matches!(self, Self::Ping | Self::Status)
    }

    pub(super) fn line(&self) -> Result<String, serde_json::Error> {
        let line = match self {
            Self::Submit(plan) => {
                serde_json::json!({"schema": SOCKET_SCHEMA, "request": self.name(), "with": {"plan": plan}})
            }
            Self::Drilled(figures) => {
                serde_json::json!({"schema": SOCKET_SCHEMA, "request": self.name(), "with": {"figures": figures}})
            }
            _ => serde_json::json!({"schema": SOCKET_SCHEMA, "request": self.name()}),
        };
        serde_json::to_string(&line)
    }

    /// Reads a line; the refusal says what is wrong with it (exit 2).
    pub(super) fn read(line: &[u8]) -> Result<Self, Refused> {
        let Schema { schema } = part(line, "a request is {\"schema\":1,\"request\":\"status\"}")?;
        if schema != SOCKET_SCHEMA {
            let message = format!("request of schema {schema}, this daemon speaks {SOCKET_SCHEMA}: use its version");
            return Err(Refused::new(2, message));
        }
        let RequestLine { request, with, .. } = part(line, "request")?;
        let plain = match request.as_str() {
            "ping" => Self::Ping,
            "status" => Self::Status,
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "flatten" => Self::Flatten,
            "reload" => Self::Reload,
            "stop" => Self::Stop,
            "submit" => {
                let with = with.ok_or_else(|| Refused::new(2, "submit needs \"with\": {\"plan\": …}"))?;
                let SubmitWith { plan } = part(with.get().as_bytes(), "submit")?;
                return Ok(Self::Submit(plan));
            }
            "drilled" => {
                let with = with.ok_or_else(|| Refused::new(2, "drilled needs \"with\": {\"figures\": …}"))?;
                let DrilledWith { figures } = part(with.get().as_bytes(), "drilled")?;
                return Ok(Self::Drilled(figures));
            }
            unknown => {
                let shown: String = unknown.chars().take(40).collect();
                let known = "ping, status, submit, pause, resume, flatten, drilled, reload, stop";
                return Err(Refused::new(2, format!("there is no request `{shown}`; there are: {known}")));
            }
        };
        match with {
            Some(_) => Err(Refused::new(2, format!("{request} takes nothing with it"))),
            None => Ok(plain),
        }
    }
}

fn part<'a, T: Deserialize<'a>>(json: &'a [u8], what: &str) -> Result<T, Refused> {
    serde_json::from_slice(json).map_err(|error| Refused::new(2, format!("{what}: {error}")))
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
    fn every_request_reads_back_as_it_was_written() {
        for request in [
            Request::Ping,
            Request::Status,
            Request::Pause,
            Request::Resume,
            Request::Flatten,
            Request::Drilled(serde_json::json!({ "pair": "WETH/USDC" })),
            Request::Reload,
            Request::Stop,
        ] {
            let line = request.line().expect("line");
            assert!(!line.contains('\n'));
            assert_eq!(Request::read(line.as_bytes()), Ok(request));
        }
    }

    #[test]
    fn a_line_that_is_no_request_is_refused_with_what_is_wrong() {
        for (line, said) in [
            ("", "EOF"),
            ("hello", "expected value"),
            ("[]", "a request is"),
            ("{\"schema\":2,\"request\":\"teleport\",\"new\":1}", "schema 2, this daemon speaks 1"),
            ("{\"schema\":1,\"request\":\"teleport\"}", "there is no request `teleport`"),
            ("{\"schema\":1,\"request\":\"status\",\"now\":true}", "unknown field `now`"),
            ("{\"schema\":1,\"request\":\"stop\",\"with\":{}}", "stop takes nothing"),
            ("{\"schema\":1,\"request\":\"submit\"}", "submit needs"),
            ("{\"schema\":1,\"request\":\"submit\",\"with\":{\"plan\":{\"schema\":1}}}", "missing field"),
        ] {
            let refused = Request::read(line.as_bytes()).expect_err(line);
            assert_eq!(refused.exit, 2);
            assert!(refused.message.contains(said), "{line}: {}", refused.message);
        }
        assert!(Request::read(&[0xff, 0xfe, b'\n']).is_err());
    }

    #[test]
    fn an_answer_without_a_value_and_one_with_are_told_apart_from_a_refusal() {
        for answer in [Ok(Value::Null), Ok(serde_json::json!({"paused": true})), Err(Refused::new(4, "health factor"))]
        {
            assert_eq!(read_answer(&answer_line(answer.clone())), Ok(answer));
        }
        assert!(read_answer(b"{\"schema\":7}").expect_err("other version").contains("schema 7"));
    }
}
