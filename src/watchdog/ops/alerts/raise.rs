//! Where alerts are raised, and the lanes they take.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tracing::{error, info, warn};

use super::{
    alert::{Alert, Notice},
    dedup::{Gate, Verdict},
    outbox::{Outbox, QueuedAlert},
    queued::Post,
    telegram::Telegram,
    webhook::Webhook,
    worker::{Channel, Pace, carry, dropped},
};
use crate::{
    chain::Clock,
    config::{AlertLevel, AlertsConfig, ConfigError, HookUrl},
    journal::Severity,
    units::Millis,
    watchdog::ops::metrics::Metrics,
};

/// Why alerts cannot be sent. Exit code 3.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlertsError {
    /// A secret cannot be read, or is none.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no HTTP client.
    #[error("no HTTP client for alerts: {0}")]
    Client(String),
    /// The bot's token cannot be part of an address.
    #[error("alerts.telegram.token makes no address below alerts.telegram.api_url; a token looks like 123456:ABC-DEF")]
    Token,
}

impl AlertsError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        3
    }
}

/// What one channel did with a test message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChannelTest {
    /// The channel.
    pub channel: &'static str,
    /// Why it did not take it; `None` when it did.
    pub failure: Option<String>,
}

/// Where alerts go. What decides takes this, so that tests can listen.
pub trait AlertSink: Debug + Send + Sync {
    /// Says something; returns at once and cannot fail.
    fn raise(&self, alert: Alert);

    /// The same of something that happened once: it has its line in the log also where its message is held back.
    fn raise_event(&self, alert: Alert) {
        self.raise(alert);
    }
}

/// Takes alerts and never waits; clones share queues and memory. The couriers stop with the last clone.
#[derive(Debug, Clone)]
pub struct Alerts {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    gate: Mutex<Gate>,
    lanes: Vec<Lane>,
    origin: String,
    give_up_after: Duration,
    clock: Arc<dyn Clock>,
    meters: Arc<Metrics>,
}

#[derive(Debug)]
struct Lane {
    name: &'static str,
    least: AlertLevel,
    outbox: Arc<Outbox>,
    courier: JoinHandle<()>,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.courier.abort();
    }
}

impl Alerts {
    /// Starts the channels that are set up. `origin` tells readers who speaks: network and host. Must be called inside a
    /// runtime; reads the files that hold secrets.
    pub fn start(
        config: &AlertsConfig,
        origin: impl Into<String>,
        clock: Arc<dyn Clock>,
        meters: Arc<Metrics>,
    ) -> Result<Self, AlertsError> {
        Self::start_at(config, Pace::with_timeout(config.timeout), origin, clock, meters)
    }

    /// The same with other pauses between attempts.
    pub fn start_at(
        config: &AlertsConfig,
        pace: Pace,
        origin: impl Into<String>,
        clock: Arc<dyn Clock>,
        meters: Arc<Metrics>,
    ) -> Result<Self, AlertsError> {
        let post = |url: &HookUrl| Post::new(url, pace.attempt).map_err(AlertsError::Client);
        let room = usize::try_from(config.queue).unwrap_or(usize::MAX);
        let mut lanes = Vec::new();
        if let Some(url) = config.webhook.endpoint()? {
            let post = post(&url)?;
            let channel = Webhook::new(url, post);
            lanes.push(Lane::open(channel, config.webhook.least, room, pace, &meters));
        }
        if let (Some(token), Some(chat)) = (config.telegram.bot_token()?, config.telegram.chat_id.clone()) {
            let api = config.telegram.api()?;
            let channel = Telegram::new(&api, &token, chat, post(&api)?).ok_or(AlertsError::Token)?;
            lanes.push(Lane::open(channel, config.telegram.least, room, pace, &meters));
        }
        let gate = Mutex::new(Gate::new(config.window, config.urgent_window));
        let (origin, give_up_after) = (origin.into(), config.give_up_after);
        Ok(Self { shared: Arc::new(Shared { gate, lanes, origin, give_up_after, clock, meters }) })
    }

    /// Sends a test message through every channel, whatever the least it is told, and says what became of each.
    pub async fn test(&self, deadline: Duration) -> Vec<ChannelTest> {
        let text = "this is a test: alerts reach you here";
        let notice = self.shared.notice(Alert::new(Severity::Alert, "test", "watch drill", text), 0);
        let sent = self.shared.lanes.iter().map(|lane| {
            let (report, outcome) = oneshot::channel();
            lane.put(self.shared.parcel(notice.clone(), Some(report)), &self.shared.meters);
            (lane.name, outcome)
        });
        let sent = sent.collect::<Vec<_>>();
        let end = Instant::now() + deadline;
        let mut tests = Vec::new();
        for (channel, outcome) in sent {
            let failure = match tokio::time::timeout_at(end, outcome).await {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(reason))) => Some(reason),
                Ok(Err(_)) => Some("its courier has ended".to_owned()),
                Err(_) => Some(format!("not delivered within {}", humantime::format_duration(deadline))),
            };
            tests.push(ChannelTest { channel, failure });
        }
        tests
    }

    /// Waits until everything is delivered or given up, at most until the deadline; true when nothing is left.
    pub async fn drain(&self, deadline: Duration) -> bool {
        let all = async {
            for lane in &self.shared.lanes {
                lane.outbox.empty().await;
            }
        };
        timeout(deadline, all).await.is_ok()
    }

    /// Names of the channels besides the log.
    pub fn channels(&self) -> impl Iterator<Item = &'static str> {
        self.shared.lanes.iter().map(|lane| lane.name)
    }
}

impl AlertSink for Alerts {
    /// Says something, unless the same was said a moment ago.
    fn raise(&self, alert: Alert) {
        let _ = self.shared.say(alert);
    }

    fn raise_event(&self, alert: Alert) {
        if let Err(held) = self.shared.say(alert) {
            let Alert { kind, account, subject, text, figures, .. } = &*held;
            let account = account.map(|account| account.to_string()).unwrap_or_default();
            info!(kind, account, subject, message_held_back = true, figures = short_figures(figures), "{text}");
        }
    }
}

impl Shared {
    /// Sends an alert on its way; gives it back where it is held back.
    fn say(&self, alert: Alert) -> Result<(), Box<Alert>> {
        let Self { gate, clock, meters, .. } = self;
        let verdict = gate.lock().unwrap_or_else(PoisonError::into_inner).admit(&alert, clock.monotonic());
        let Verdict::Send { held_back } = verdict else {
            meters.alert_held_back();
            return Err(Box::new(alert));
        };
        log(&alert, held_back);
        let notice = self.notice(alert, held_back);
        for lane in self.lanes.iter().filter(|lane| notice.alert.level() >= lane.least) {
            lane.put(self.parcel(notice.clone(), None), meters);
        }
        Ok(())
    }

    fn notice(&self, alert: Alert, held_back: u32) -> Notice {
        Notice { alert, held_back, origin: self.origin.clone(), at: Millis(self.clock.wall_millis()) }
    }

    fn parcel(&self, notice: Notice, report: Option<oneshot::Sender<Result<(), String>>>) -> QueuedAlert {
        QueuedAlert { notice, expires: Instant::now() + self.give_up_after, report }
    }
}

impl Lane {
    fn open<C: Channel>(channel: C, least: AlertLevel, room: usize, pace: Pace, meters: &Arc<Metrics>) -> Self {
        let outbox = Arc::new(Outbox::new(room));
        let name = channel.name();
        let courier = tokio::spawn(carry(channel, outbox.clone(), pace, meters.clone()));
        Self { name, least, outbox, courier }
    }

    fn put(&self, parcel: QueuedAlert, meters: &Metrics) {
        if let Some(out) = self.outbox.put(parcel) {
            dropped(out, self.name, meters);
        }
    }
}

/// The log is the channel that is always there.
fn log(alert: &Alert, held_back: u32) {
    let Alert { severity, kind, account, subject, text, figures } = alert;
    let account = account.map(|account| account.to_string()).unwrap_or_default();
    let figures = short_figures(figures);
    match severity {
        Severity::Info => info!(kind, account, subject, held_back, %figures, "{text}"),
        Severity::Warning => warn!(kind, account, subject, held_back, %figures, "{text}"),
        Severity::Alert => error!(kind, account, subject, held_back, %figures, "{text}"),
    }
}

/// Most of the figures that a log line has; `journal events` and the webhook have all of them.
const MOST_FIGURES: usize = 8;

/// The plain figures at the top of a document as fields, `block=12 health_factor=1.12`: a log line is no place for a
/// document.
fn short_figures(figures: &serde_json::Value) -> String {
    let Some(map) = figures.as_object() else { return String::new() };
    let is_plain = |value: &serde_json::Value| {
        value.is_number() || value.is_boolean() || value.as_str().is_some_and(|text| text.len() <= 48)
    };
    let plain = map.iter().filter(|(_, value)| is_plain(value)).take(MOST_FIGURES);
    let field = |(name, value): (&String, &serde_json::Value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    };
    plain.map(field).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_has_figures_as_fields_and_no_document() {
        let figures = serde_json::json!({
            "block": 31_234_567, "health_factor": "1.12", "armed": true, "situation": { "pairs": ["x".repeat(600)] },
            "plan": "y".repeat(600),
        });
        assert_eq!(short_figures(&figures), "block=31234567 health_factor=1.12 armed=true");
        assert_eq!(short_figures(&serde_json::Value::Null), "");
    }
}
