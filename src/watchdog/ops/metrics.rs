//! The daemon's figures for Prometheus. The recorder is a value, not a global: two daemons in one process (tests) do not
//! count together.

use std::{borrow::Cow, fmt, sync::LazyLock, time::Duration};

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::health::Pulse;
use crate::{chain::Traffic, text};

static METADATA: LazyLock<Metadata<'static>> = LazyLock::new(|| Metadata::new("trimtab", Level::INFO, None));

/// Seconds; from a tenth of a millisecond (a decision) to two minutes (a trim in a congested minute).
const LATENCY_BUCKETS: [f64; 15] =
    [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 30.0, 120.0];
const LATENCY: &str = "trimtab_latency_seconds";

/// What a latency is measured to; all from the arrival of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// All rules evaluated.
    Decision,
    /// Bytes of the transaction signed.
    Signed,
    /// Mined.
    Mined,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Decision => "head-to-decision",
            Self::Signed => "head-to-signed",
            Self::Mined => "head-to-mined",
        }
    }
}

/// What became of an alert on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The channel took it.
    Sent,
    /// It was given up.
    Failed,
    /// It had no room in the queue.
    Dropped,
}

impl Delivery {
    const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// An account's figures. What is not known is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountGauges {
    /// Health factor; `None` without debt.
    pub health_factor: Option<Decimal>,
}

/// One loop's own figures. What is not known is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoopGauges {
    /// `C / (C − D)`; `None` without equity.
    pub leverage: Option<Decimal>,
    /// Value of its collateral, US dollars.
    pub collateral: Option<Decimal>,
    /// Value of its debt, US dollars.
    pub debt: Option<Decimal>,
    /// How far the price that moves the loop is from the account's liquidation, as a share of it now; below zero when it is
    /// past that, `None` where no price leads there.
    pub distance: Option<Decimal>,
}

/// Counters, gauges and histograms under `trimtab_…`.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    /// Empty figures.
    pub fn new() -> Result<Self, BuildError> {
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(LATENCY.to_owned()), &LATENCY_BUCKETS)?;
        let recorder = builder.build_recorder();
        let meters = Self { handle: recorder.handle(), recorder };
        meters.describe();
        meters.gauge("trimtab_build_info", [("version", env!("CARGO_PKG_VERSION").into())]).set(1);
        Ok(meters)
    }

    /// What an account looks like at the newest head.
    pub fn account_gauges(&self, account: &str, figures: AccountGauges) {
        let labels = [("account", account.to_owned().into())];
        let health_factor = figures.health_factor.map_or(Some(f64::INFINITY), |value| value.to_f64());
        if let Some(value) = health_factor {
            self.gauge("trimtab_health_factor", labels).set(value);
        }
    }

    /// What a loop of the journal looks like at the newest head.
    pub fn loop_gauges(&self, account: &str, pair: &str, figures: LoopGauges) {
        let labels = || [("account", account.to_owned().into()), ("loop", pair.to_owned().into())];
        let gauges = [
            ("trimtab_loop_leverage", share(figures.leverage)),
            ("trimtab_loop_collateral_usd", share(figures.collateral)),
            ("trimtab_loop_debt_usd", share(figures.debt)),
            ("trimtab_liquidation_distance", share(figures.distance)),
        ];
        for (name, value) in gauges {
            if let Some(value) = value {
                self.gauge(name, labels()).set(value);
            }
        }
    }

    /// What an account has for gas: ether, and how many trims it pays for.
    pub fn gas(&self, account: &str, trims: Decimal, ether: Option<Decimal>) {
        let gauges = [("trimtab_gas_trims", Some(trims)), ("trimtab_ether", ether)];
        for (name, value) in gauges {
            if let Some(value) = value.and_then(|value| value.to_f64()) {
                self.gauge(name, [("account", account.to_owned().into())]).set(value);
            }
        }
    }

    /// Whether opening and adding risk is refused for an account.
    pub fn paused(&self, account: &str, paused: bool) {
        self.gauge("trimtab_paused", [("account", account.to_owned().into())]).set(u32::from(paused));
    }

    /// A head was evaluated.
    pub fn evaluated(&self, head: u64, accounts: usize) {
        self.counter("trimtab_heads_evaluated_total", []).increment(1);
        self.whole("trimtab_head", head);
        self.whole("trimtab_accounts", u64::try_from(accounts).unwrap_or(u64::MAX));
    }

    /// What an endpoint was asked and answered since the start.
    pub fn traffic(&self, endpoint: &str, traffic: Traffic) {
        let name = || SharedString::from(endpoint.to_owned());
        self.counter("trimtab_rpc_requests_total", [("endpoint", name())]).absolute(traffic.requests);
        for (direction, bytes) in [("sent", traffic.sent), ("received", traffic.received)] {
            let labels = [("endpoint", name()), ("direction", Cow::Borrowed(direction).into())];
            self.counter("trimtab_rpc_bytes_total", labels).absolute(bytes);
        }
    }

    /// Heads that came while an older one was read, or between two polls.
    pub fn skipped(&self, heads: u64) {
        self.counter("trimtab_heads_skipped_total", []).absolute(heads);
    }

    /// A head that nothing depended on was not read, to stay within the budget.
    pub fn saved(&self) {
        self.counter("trimtab_heads_saved_total", []).increment(1);
    }

    /// An endpoint did not answer as it should; `endpoint` is printed as it is, so it must be without its token.
    pub fn rpc_error(&self, endpoint: &str, kind: &'static str) {
        let labels = [("endpoint", endpoint.to_owned().into()), ("kind", kind.into())];
        self.counter("trimtab_rpc_errors_total", labels).increment(1);
    }

    /// Calls to endpoints, batches counted as one.
    pub fn rpc_calls(&self, calls: u64) {
        self.counter("trimtab_rpc_calls_total", []).increment(calls);
    }

    /// A rule decided something.
    pub fn decision(&self, rule: &str, action: &str) {
        let labels = [("rule", rule.to_owned().into()), ("action", action.to_owned().into())];
        self.counter("trimtab_decisions_total", labels).increment(1);
    }

    /// An action ended.
    pub fn action(&self, kind: &str, outcome: &str) {
        let labels = [("kind", kind.to_owned().into()), ("outcome", outcome.to_owned().into())];
        self.counter("trimtab_actions_total", labels).increment(1);
    }

    /// How long something took.
    pub fn latency(&self, stage: Stage, took: Duration) {
        let key = key(LATENCY, [("stage", stage.name().into())]);
        self.recorder.register_histogram(&key, &METADATA).record(took.as_secs_f64());
    }

    /// An alert left, or did not.
    pub fn alert(&self, channel: &'static str, delivery: Delivery) {
        let labels = [("channel", channel.into()), ("result", delivery.name().into())];
        self.counter("trimtab_alerts_total", labels).increment(1);
    }

    /// An alert was held back because the same was said a moment ago.
    pub fn alert_held_back(&self) {
        self.counter("trimtab_alerts_held_back_total", []).increment(1);
    }

    /// The dead-man's switch was told, or not.
    pub fn heartbeat(&self, result: &'static str) {
        self.counter("trimtab_heartbeats_total", [("result", result.into())]).increment(1);
    }

    /// Everything as Prometheus reads it, with the ages of the pulse as of now.
    #[must_use]
    pub fn render(&self, pulse: &Pulse) -> String {
        if let Some((_, age)) = pulse.head() {
            self.gauge("trimtab_head_lag_seconds", []).set(age.as_secs_f64());
        }
        self.gauge("trimtab_since_turn_seconds", []).set(pulse.since_turn().as_secs_f64());
        self.gauge("trimtab_ready", []).set(u32::from(pulse.lacks().is_empty()));
        self.handle.run_upkeep();
        self.handle.render()
    }

    fn describe(&self) {
        let gauges = [
            ("trimtab_build_info", None, "always 1; the version is in the label"),
            ("trimtab_health_factor", None, "health factor at the newest head; +Inf without debt"),
            ("trimtab_liquidation_distance", None, "move of the loop's price until liquidation, as a share of it now"),
            ("trimtab_loop_leverage", None, "leverage of a loop of the journal, by its own share of the account"),
            ("trimtab_loop_collateral_usd", None, "collateral of a loop of the journal"),
            ("trimtab_loop_debt_usd", None, "debt of a loop of the journal"),
            ("trimtab_paused", None, "1 while opening and adding risk is refused"),
            ("trimtab_gas_trims", None, "trims that the account's ether pays for at the present price of gas"),
            ("trimtab_ether", None, "ether of the account"),
            ("trimtab_head", None, "newest evaluated head"),
            ("trimtab_accounts", None, "accounts that are watched"),
            ("trimtab_head_lag_seconds", Some(Unit::Seconds), "time since a new head was evaluated"),
            ("trimtab_since_turn_seconds", Some(Unit::Seconds), "time since the loop last turned"),
            ("trimtab_ready", None, "1 when /readyz says so"),
        ];
        let counters = [
            ("trimtab_heads_evaluated_total", "heads evaluated"),
            ("trimtab_rpc_requests_total", "questions to an endpoint"),
            ("trimtab_rpc_bytes_total", "bytes to and from an endpoint, without HTTP and TLS around them"),
            ("trimtab_heads_skipped_total", "blocks that were not evaluated because a newer one was there"),
            (
                "trimtab_heads_saved_total",
                "heads that nothing depended on, not read for rpc.max_bytes_per_day or its like",
            ),
            ("trimtab_rpc_errors_total", "answers of endpoints that were errors"),
            ("trimtab_rpc_calls_total", "calls to endpoints, batches counted as one"),
            ("trimtab_decisions_total", "decisions of the rules"),
            ("trimtab_actions_total", "actions by what became of them"),
            ("trimtab_alerts_total", "alerts by channel and what became of them"),
            ("trimtab_alerts_held_back_total", "alerts held back because the same was said a moment ago"),
            ("trimtab_heartbeats_total", "heartbeats by what became of them"),
        ];
        let text = |text: &'static str| -> SharedString { Cow::Borrowed(text).into() };
        for (name, unit, what) in gauges {
            self.recorder.describe_gauge(name.into(), unit, text(what));
        }
        for (name, what) in counters {
            self.recorder.describe_counter(name.into(), None, text(what));
        }
        self.recorder.describe_histogram(LATENCY.into(), Some(Unit::Seconds), text("time since the head arrived"));
    }

    /// Whole numbers above 2^53 lose their last digits; blocks are far below.
    fn whole(&self, name: &'static str, value: u64) {
        if let Some(value) = value.to_f64() {
            self.gauge(name, []).set(value);
        }
    }

    fn counter<const N: usize>(&self, name: &'static str, labels: [(&'static str, SharedString); N]) -> Counter {
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    fn gauge<const N: usize>(&self, name: &'static str, labels: [(&'static str, SharedString); N]) -> Gauge {
        self.recorder.register_gauge(&key(name, labels), &METADATA)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn key<const N: usize>(name: &'static str, labels: [(&'static str, SharedString); N]) -> Key {
    let clean = |value: SharedString| match text::one_line(&value) {
        Cow::Borrowed(_) => value,
        Cow::Owned(clean) => clean.into(),
    };
    let labels: Vec<Label> = labels.into_iter().map(|(name, value)| Label::new(name, clean(value))).collect();
    Key::from_parts(name, labels)
}

fn share(value: Option<Decimal>) -> Option<f64> {
    value.and_then(|value| value.to_f64())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::watchdog::ops::health::tests::HandClock;

    #[test]
    fn prometheus_reads_health_distance_lag_errors_decisions_and_latencies() {
        let clock = Arc::new(HandClock::default());
        let pulse = Pulse::new(clock.clone());
        let meters = Metrics::new().expect("recorder");
        meters.account_gauges("0xf39f…2266", AccountGauges { health_factor: Some(Decimal::new(1_133, 3)) });
        meters.account_gauges("0x7099…79c8", AccountGauges::default());
        let figures = LoopGauges {
            leverage: Some(Decimal::new(2_976, 3)),
            distance: Some(Decimal::new(1174, 4)),
            ..LoopGauges::default()
        };
        meters.loop_gauges("0xf39f…2266", "WETH/USDC", figures);
        meters.gas("0xf39f…2266", Decimal::new(412, 2), Some(Decimal::new(5, 4)));
        meters.evaluated(31_234_567, 2);
        meters.paused("0xf39f…2266", true);
        meters.rpc_error("https://base.example.com/…", "rate-limited");
        meters.decision("health-factor", "trim");
        meters.action("trim", "mined");
        meters.latency(Stage::Decision, Duration::from_micros(300));
        meters.alert("telegram", Delivery::Sent);
        pulse.evaluated(31_234_567);
        clock.pass(Duration::from_millis(1_500));
        let text = meters.render(&pulse);
        for line in [
            "trimtab_health_factor{account=\"0xf39f…2266\"} 1.133",
            "trimtab_liquidation_distance{account=\"0xf39f…2266\",loop=\"WETH/USDC\"} 0.1174",
            "trimtab_gas_trims{account=\"0xf39f…2266\"} 4.12",
            "trimtab_ether{account=\"0xf39f…2266\"} 0.0005",
            "trimtab_loop_leverage{account=\"0xf39f…2266\",loop=\"WETH/USDC\"} 2.976",
            "trimtab_paused{account=\"0xf39f…2266\"} 1",
            "trimtab_head 31234567",
            "trimtab_accounts 2",
            "trimtab_head_lag_seconds 1.5",
            "trimtab_ready 0",
            "trimtab_rpc_errors_total{endpoint=\"https://base.example.com/…\",kind=\"rate-limited\"} 1",
            "trimtab_decisions_total{rule=\"health-factor\",action=\"trim\"} 1",
            "trimtab_actions_total{kind=\"trim\",outcome=\"mined\"} 1",
            "trimtab_latency_seconds_bucket{stage=\"head-to-decision\",le=\"0.0001\"} 0",
            "trimtab_latency_seconds_bucket{stage=\"head-to-decision\",le=\"0.0005\"} 1",
            "trimtab_latency_seconds_count{stage=\"head-to-decision\"} 1",
            "trimtab_alerts_total{channel=\"telegram\",result=\"sent\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        let infinite = text.lines().find(|line| line.contains("0x7099…79c8")).expect("an account without debt");
        let value = infinite.rsplit(' ').next().expect("value").parse::<f64>().expect("a number");
        assert!(value.is_infinite(), "{infinite}");
    }
}
