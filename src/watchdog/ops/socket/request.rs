//! What is asked: `{"schema":1,"request":"submit","with":{…}}`, on a line of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{
    message::SOCKET_SCHEMA,
    refused::Refused,
    with::{AdoptWith, ChangeWith, DrilledWith, FlattenWith, PaperWith, ReconcileWith, SignalResumeWith, Submit},
};
use crate::trade::saga::SignalOrder;

/// What a command asks of the daemon; what is answered to each, [`super::Ask`] says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Whether it is there; answered even when the daemon's loop is stuck.
    Ping,
    /// How it is.
    Status,
    /// An order to be planned anew, held against what it predicts, and sent.
    Submit(Box<Submit>),
    /// A loop that was opened elsewhere is ours from now on.
    Adopt(Box<AdoptWith>),
    /// Other thresholds of a loop.
    Thresholds(ChangeWith),
    /// Open nothing new.
    Pause(PaperWith),
    /// Open again.
    Resume(PaperWith),
    /// Close everything and open nothing new.
    Flatten(FlattenWith),
    /// Trade a signal; answered as soon as the journal has it.
    Signal(Box<SignalOrder>),
    /// Go on with open signals as far as it goes now.
    SignalResume(Box<SignalResumeWith>),
    /// Ask the chain what became of everything that is not settled.
    Reconcile(ReconcileWith),
    /// A drill has passed: write it into the journal, with its figures.
    Drilled(DrilledWith),
    /// Read the thresholds again.
    Reload,
    /// End in good order.
    Stop,
}

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

/// Every request, for whoever asks for another.
const KNOWN: &str = "ping, status, submit, adopt, thresholds, pause, resume, flatten, signal, signal-resume, reconcile, \
                     drilled, reload, stop";

impl Request {
    /// As the line spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Status => "status",
            Self::Submit(_) => "submit",
            Self::Adopt(_) => "adopt",
            Self::Thresholds(_) => "thresholds",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Flatten(_) => "flatten",
            Self::Signal(_) => "signal",
            Self::SignalResume(_) => "signal-resume",
            Self::Reconcile(_) => "reconcile",
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
        let with = match self {
            Self::Submit(with) => Some(serde_json::to_value(with)?),
            Self::Adopt(with) => Some(serde_json::to_value(with)?),
            Self::Thresholds(with) => Some(serde_json::to_value(with)?),
            Self::Pause(with) | Self::Resume(with) => unless_usual(with)?,
            Self::Flatten(with) => unless_usual(with)?,
            Self::Signal(order) => Some(serde_json::to_value(order)?),
            Self::SignalResume(with) => unless_usual(&**with)?,
            Self::Reconcile(with) => unless_usual(with)?,
            Self::Drilled(with) => Some(serde_json::to_value(with)?),
            Self::Ping | Self::Status | Self::Reload | Self::Stop => None,
        };
        let mut line = json!({ "schema": SOCKET_SCHEMA, "request": self.name() });
        if let (Some(with), Some(fields)) = (with, line.as_object_mut()) {
            fields.insert("with".to_owned(), with);
        }
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
        let name = request.as_str();
        let plain = match name {
            "ping" => Self::Ping,
            "status" => Self::Status,
            "reload" => Self::Reload,
            "stop" => Self::Stop,
            "submit" => return Ok(Self::Submit(Box::new(needed(name, with, "{\"order\": …}")?))),
            "adopt" => {
                let form = "{\"collateral\": …, \"debt\": …, \"thresholds\": …}";
                return Ok(Self::Adopt(Box::new(needed(name, with, form)?)));
            }
            "thresholds" => {
                let form = "{\"collateral\": …, \"debt\": …, \"change\": …}";
                return Ok(Self::Thresholds(needed(name, with, form)?));
            }
            "pause" => return Ok(Self::Pause(usual(name, with)?)),
            "resume" => return Ok(Self::Resume(usual(name, with)?)),
            "flatten" => return Ok(Self::Flatten(usual(name, with)?)),
            "signal" => {
                return Ok(Self::Signal(Box::new(needed(name, with, "{\"signal\": …, \"strategy\": …}")?)));
            }
            "signal-resume" => return Ok(Self::SignalResume(Box::new(usual(name, with)?))),
            "reconcile" => {
                let with: ReconcileWith = usual(name, with)?;
                if with.resend.is_some() && with.take_back.is_some() {
                    return Err(Refused::new(2, "reconcile: either resend or take_back"));
                }
                return Ok(Self::Reconcile(with));
            }
            "drilled" => return Ok(Self::Drilled(needed(name, with, "{\"figures\": …}")?)),
            unknown => {
                let shown: String = unknown.chars().take(40).collect();
                return Err(Refused::new(2, format!("there is no request `{shown}`; there are: {KNOWN}")));
            }
        };
        match with {
            Some(_) => Err(Refused::new(2, format!("{request} takes nothing with it"))),
            None => Ok(plain),
        }
    }
}

/// Left out where it says nothing, so that an older daemon understands the line.
fn unless_usual<T: Serialize + Default + PartialEq>(with: &T) -> Result<Option<Value>, serde_json::Error> {
    if *with == T::default() { Ok(None) } else { serde_json::to_value(with).map(Some) }
}

fn needed<'a, T: Deserialize<'a>>(name: &str, with: Option<&'a RawValue>, form: &str) -> Result<T, Refused> {
    let with = with.ok_or_else(|| Refused::new(2, format!("{name} needs \"with\": {form}")))?;
    part(with.get().as_bytes(), name)
}

fn usual<'a, T: Deserialize<'a> + Default>(name: &str, with: Option<&'a RawValue>) -> Result<T, Refused> {
    with.map_or_else(|| Ok(T::default()), |with| part(with.get().as_bytes(), name))
}

fn part<'a, T: Deserialize<'a>>(json: &'a [u8], what: &str) -> Result<T, Refused> {
    serde_json::from_slice(json).map_err(|error| Refused::new(2, format!("{what}: {error}")))
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;
    use rust_decimal::dec;

    use super::*;
    use crate::{
        config::{LoopClass, StrategyConfig, ThresholdsConfig},
        journal::IntentId,
        loops::ThresholdChange,
        units::Millis,
    };

    fn order() -> SignalOrder {
        SignalOrder {
            signal: "{\"id\": \"s-1\",\n \"entry\": 3000.10}".to_owned(),
            strategy: StrategyConfig { base_capital: Some(dec!(3000)), ..StrategyConfig::default() },
            include_existing: true,
            forced: false,
            paper: true,
        }
    }

    #[test]
    fn every_request_reads_back_as_it_was_written() {
        let (collateral, debt) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let thresholds = ThresholdsConfig::default().of(LoopClass::Volatile);
        let change = ThresholdChange { trigger: Some(dec!(1.20)), ..ThresholdChange::default() };
        let intent = IntentId::derive(Millis(7), b"one");
        for request in [
            Request::Ping,
            Request::Status,
            Request::Adopt(Box::new(AdoptWith { collateral, debt, thresholds })),
            Request::Thresholds(ChangeWith { collateral, debt, change }),
            Request::Pause(PaperWith::default()),
            Request::Pause(PaperWith { paper: true }),
            Request::Resume(PaperWith::default()),
            Request::Flatten(FlattenWith::default()),
            Request::Flatten(FlattenWith { include_existing: true }),
            Request::Signal(Box::new(order())),
            Request::SignalResume(Box::default()),
            Request::SignalResume(Box::new(SignalResumeWith { paper: true, strategy: Some(order().strategy) })),
            Request::Reconcile(ReconcileWith::default()),
            Request::Reconcile(ReconcileWith { resend: Some(intent), take_back: None }),
            Request::Drilled(DrilledWith { figures: json!({ "pair": "WETH/USDC" }) }),
            Request::Reload,
            Request::Stop,
        ] {
            let line = request.line().expect("line");
            assert!(!line.contains('\n'));
            assert_eq!(Request::read(line.as_bytes()), Ok(request));
        }
    }

    #[test]
    fn what_is_asked_as_usual_is_asked_as_older_daemons_know_it() {
        let line = Request::Flatten(FlattenWith::default()).line().expect("line");
        assert_eq!(line, "{\"schema\":1,\"request\":\"flatten\"}");
    }

    #[test]
    fn every_known_request_is_in_the_list_of_them() {
        for name in KNOWN.split(", ") {
            let line = format!("{{\"schema\":1,\"request\":\"{name}\"}}");
            match Request::read(line.as_bytes()) {
                Ok(request) => assert_eq!(request.name(), name),
                Err(refused) => assert!(refused.message.starts_with(&format!("{name} needs \"with\"")), "{refused:?}"),
            }
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
            ("{\"schema\":1,\"request\":\"submit\",\"with\":{\"order\":{\"schema\":1}}}", "missing field"),
            ("{\"schema\":1,\"request\":\"pause\",\"with\":{\"until\":7}}", "unknown field `until`"),
            ("{\"schema\":1,\"request\":\"flatten\",\"with\":{\"include_existing\":\"yes\"}}", "expected a boolean"),
            ("{\"schema\":1,\"request\":\"adopt\",\"with\":{\"collateral\":\"WETH\"}}", "adopt: "),
            ("{\"schema\":1,\"request\":\"signal\",\"with\":{\"signal\":\"{}\",\"now\":1}}", "signal: unknown field"),
            ("{\"schema\":1,\"request\":\"reconcile\",\"with\":{\"resend\":\"x\"}}", "reconcile: "),
        ] {
            let refused = Request::read(line.as_bytes()).expect_err(line);
            assert_eq!(refused.exit, 2);
            assert!(refused.message.contains(said), "{line}: {}", refused.message);
        }
        assert!(Request::read(&[0xff, 0xfe, b'\n']).is_err());
    }
}
