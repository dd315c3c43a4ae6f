//! Tokens and addresses of hooks appear in no output, whatever goes wrong. A process of its own, so that everything it
//! logs at any level is captured.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};
use trimtab::{
    chain::SystemClock,
    config::Sources,
    journal::Severity,
    watchdog::ops::{Alert, AlertSink, Alerts, Heartbeat, Metrics, Pace, Pulse},
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

/// Nothing here takes longer unless it is broken.
const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("log")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const TOKEN: &str = "s3cr3tT0ken";

#[tokio::test]
async fn no_secret_is_logged_shown_or_counted_when_services_refuse_hang_or_quote_it_back() {
    let log = Log::default();
    let everything = EnvFilter::new("trace");
    let subscriber = tracing_subscriber::fmt().with_env_filter(everything).with_writer(log.clone()).with_ansi(false);
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the only one");

    // A service that repeats the address it was asked at, as some do in their errors.
    let server = MockServer::start().await;
    let gossip =
        |request: &Request| ResponseTemplate::new(400).set_body_string(format!("no such hook: {}", request.url.path()));
    Mock::given(any()).respond_with(gossip).mount(&server).await;
    let closed = "http://127.0.0.1:9";
    let mut shown = Vec::new();
    for base in [server.uri(), closed.to_owned()] {
        let env = [
            ("TRIMTAB_ALERTS_WEBHOOK_URL", format!("{base}/services/{TOKEN}?key={TOKEN}")),
            ("TRIMTAB_ALERTS_TELEGRAM_TOKEN", format!("123456:{TOKEN}")),
            ("TRIMTAB_ALERTS_TELEGRAM_CHAT_ID", "5".to_owned()),
            ("TRIMTAB_ALERTS_TELEGRAM_API_URL", base.clone()),
            ("TRIMTAB_ALERTS_HEARTBEAT_URL", format!("{base}/ping/{TOKEN}")),
        ];
        let env: BTreeMap<_, _> = env.map(|(name, value)| (name.to_owned(), value)).into();
        let directory = tempfile::tempdir().expect("directory");
        let loaded = Sources::new(env, directory.path().to_owned()).load().expect("settings");
        shown.push(format!("{loaded:?} {:?}", loaded.origins().expect("origins")));
        let mut config = loaded.config.alerts;
        config.give_up_after = Duration::from_millis(200);
        config.heartbeat.interval = Duration::from_millis(10);
        let (clock, meters) = (Arc::new(SystemClock::new()), Arc::new(Metrics::new().expect("recorder")));
        let pulse = Arc::new(Pulse::new(clock.clone()));
        pulse.evaluated(1);
        let pace = Pace {
            attempt: Duration::from_secs(2),
            first_pause: Duration::from_millis(10),
            longest_pause: Duration::from_millis(20),
        };
        let alerts = Alerts::start_at(&config, pace, "test", clock.clone(), meters.clone()).expect("alerts");
        let beat = Heartbeat::start(&config.heartbeat, Duration::from_secs(2), pulse.clone(), meters.clone());
        let beat = beat.expect("settings");
        alerts.raise(Alert::new(Severity::Alert, "trim", "WETH/USDC", "…"));
        assert!(alerts.drain(DEADLINE).await);
        let tests = alerts.test(DEADLINE).await;
        assert!(tests.iter().all(|test| test.failure.is_some()), "{tests:?}");
        let end = tokio::time::Instant::now() + DEADLINE;
        while !meters.render(&pulse).contains("trimtab_heartbeats_total{result=\"failed\"}") {
            assert!(tokio::time::Instant::now() < end, "the heartbeat was not sent");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shown.push(format!("{config:?} {alerts:?} {beat:?} {tests:?}"));
        shown.push(serde_json::to_string(&config).expect("json"));
        shown.push(serde_json::to_string(&tests).expect("json"));
        shown.push(meters.render(&pulse));
    }
    let log = log.text();
    assert!(
        log.contains("alert not delivered") && log.contains("heartbeat is not heard"),
        "the log was captured: {log}"
    );
    shown.push(log);
    for text in shown {
        if let Some(at) = text.find(TOKEN) {
            let around: String = text.chars().skip(at.saturating_sub(200)).take(400).collect();
            panic!("a secret was shown: {around}");
        }
    }
}
