//! Alerts on their way to people, through services that are slow, busy or gone.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy::primitives::Address;
use serde_json::{Value, json};
use trimtab::{
    config::{AlertLevel, AlertsConfig, HeartbeatConfig, Sources},
    journal::Severity,
    watchdog::ops::{Alert, AlertSink, Alerts, Heartbeat, Metrics, Pace, Pulse},
};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use super::{DEADLINE, HandClock, clock, until};

const PACE: Pace = Pace {
    attempt: Duration::from_millis(300),
    first_pause: Duration::from_millis(10),
    longest_pause: Duration::from_millis(40),
};

/// Settings as the user makes them, in the environment.
fn settings(variables: &[(&str, String)]) -> AlertsConfig {
    let directory = tempfile::tempdir().expect("directory");
    let env: BTreeMap<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Sources::new(env, directory.path().to_owned()).load().expect("settings").config.alerts
}

fn webhook(server: &MockServer) -> AlertsConfig {
    settings(&[("TRIMTAB_ALERTS_WEBHOOK_URL", format!("{}/hook", server.uri()))])
}

struct Desk {
    alerts: Alerts,
    clock: Arc<HandClock>,
    meters: Arc<Metrics>,
}

impl Desk {
    fn open(config: &AlertsConfig) -> Self {
        let (clock, meters) = (clock(), Arc::new(Metrics::new().expect("recorder")));
        let alerts = Alerts::start_at(config, PACE, "base on test", clock.clone(), meters.clone()).expect("alerts");
        Self { alerts, clock, meters }
    }

    fn counted(&self, line: &str) -> bool {
        self.meters.render(&Pulse::new(self.clock.clone())).lines().any(|found| found == line)
    }
}

fn alert(severity: Severity, kind: &str) -> Alert {
    Alert::new(severity, kind, "WETH/USDC", "health factor 1.133 is below 1.15: trimming to 1.25")
        .of(Address::repeat_byte(7))
        .with_figures(json!({"health_factor": "1.133"}))
}

async fn bodies(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.expect("recorded");
    requests.iter().map(|request| serde_json::from_slice(&request.body).expect("json")).collect()
}

async fn answered(server: &MockServer, answer: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static) {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let respond = move |_: &Request| answer(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
    Mock::given(method("POST")).respond_with(respond).mount(server).await;
}

#[tokio::test]
async fn discord_slack_and_programs_read_the_same_webhook() {
    let server = MockServer::start().await;
    answered(&server, |_| ResponseTemplate::new(204)).await;
    let desk = Desk::open(&webhook(&server));
    desk.alerts.raise(alert(Severity::Alert, "trim"));
    assert!(desk.alerts.drain(DEADLINE).await);
    let body = bodies(&server).await.remove(0);
    assert_eq!(body["content"], body["text"]);
    let text = body["text"].as_str().expect("text");
    assert!(text.starts_with("[ALERT] trim · WETH/USDC\nhealth factor 1.133 is below 1.15"), "{text}");
    assert!(text.ends_with("base on test"), "{text}");
    let ours = &body["trimtab"];
    assert_eq!(ours["schema"], 1);
    assert_eq!(ours["severity"], "alert");
    assert_eq!(ours["figures"]["health_factor"], "1.133");
    assert_eq!(ours["account"], json!(Address::repeat_byte(7)));
    assert!(desk.counted("trimtab_alerts_total{channel=\"webhook\",result=\"sent\"} 1"));
}

fn telegram(server: &MockServer) -> AlertsConfig {
    settings(&[
        ("TRIMTAB_ALERTS_TELEGRAM_TOKEN", "123:ABC".to_owned()),
        ("TRIMTAB_ALERTS_TELEGRAM_CHAT_ID", "-1001234".to_owned()),
        ("TRIMTAB_ALERTS_TELEGRAM_API_URL", server.uri()),
    ])
}

fn too_many_requests(seconds: u32) -> ResponseTemplate {
    let body = json!({"ok": false, "error_code": 429, "parameters": {"retry_after": seconds}});
    ResponseTemplate::new(429).set_body_json(body)
}

#[tokio::test]
async fn a_telegram_bot_writes_to_its_chat_and_comes_back_when_telegram_is_busy() {
    let server = MockServer::start().await;
    let method = path("/bot123:ABC/sendMessage");
    Mock::given(method).respond_with(too_many_requests(0)).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/bot123:ABC/sendMessage"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"ok": true})))
        .mount(&server)
        .await;
    let desk = Desk::open(&telegram(&server));
    desk.alerts.raise(alert(Severity::Info, "opened"));
    assert!(desk.alerts.drain(DEADLINE).await);
    let bodies = bodies(&server).await;
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[1]["chat_id"], "-1001234");
    assert_eq!(bodies[1]["disable_notification"], true, "for the record: no sound");
    assert!(bodies[1]["text"].as_str().expect("text").starts_with("[INFO] opened"));
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_is_written_to_under_its_new_number() {
    let server = MockServer::start().await;
    answered(&server, |asked| {
        let moved = json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded",
            "parameters": {"migrate_to_chat_id": -1_009_876_543_210_i64}});
        if asked == 0 { ResponseTemplate::new(400).set_body_json(moved) } else { ResponseTemplate::new(200) }
    })
    .await;
    let desk = Desk::open(&telegram(&server));
    desk.alerts.raise(alert(Severity::Alert, "trim"));
    assert!(desk.alerts.drain(DEADLINE).await);
    desk.alerts.raise(alert(Severity::Alert, "trimmed"));
    assert!(desk.alerts.drain(DEADLINE).await);
    let chats: Vec<Value> = bodies(&server).await.into_iter().map(|body| body["chat_id"].clone()).collect();
    assert_eq!(chats, ["-1001234", "-1009876543210", "-1009876543210"], "remembered");
    assert!(desk.counted("trimtab_alerts_total{channel=\"telegram\",result=\"sent\"} 2"));
}

#[tokio::test]
async fn two_chats_that_point_to_each_other_are_not_followed_for_ever() {
    let server = MockServer::start().await;
    answered(&server, |asked| {
        let other = if asked % 2 == 0 { -2 } else { -1_001_234 };
        let moved = json!({"ok": false, "error_code": 400, "parameters": {"migrate_to_chat_id": other}});
        ResponseTemplate::new(400).set_body_json(moved)
    })
    .await;
    let desk = Desk::open(&telegram(&server));
    desk.alerts.raise(alert(Severity::Alert, "trim"));
    assert!(desk.alerts.drain(DEADLINE).await);
    assert_eq!(bodies(&server).await.len(), 2);
    assert!(desk.counted("trimtab_alerts_total{channel=\"telegram\",result=\"failed\"} 1"));
}

#[tokio::test]
async fn a_name_from_the_chain_forges_no_line_of_an_alert_and_calls_nobody() {
    let server = MockServer::start().await;
    answered(&server, |_| ResponseTemplate::new(204)).await;
    let desk = Desk::open(&webhook(&server));
    let evil = "EVIL\u{202e}\u{1b}[2J<!channel>\naccount 0xforged";
    desk.alerts.raise(Alert::new(Severity::Alert, "trim", evil, format!("{evil} is trimmed")));
    assert!(desk.alerts.drain(DEADLINE).await);
    let body = bodies(&server).await.remove(0);
    let (content, text) = (body["content"].as_str().expect("text"), body["text"].as_str().expect("text"));
    for message in [content, text] {
        assert!(!message.contains(trimtab::text::is_unsafe), "{message:?}");
        assert!(!message.lines().any(|line| line.starts_with("account")), "{message:?}");
    }
    assert!(!text.contains("<!channel>") && text.contains("&lt;!channel>"), "{text}");
}

#[tokio::test]
async fn a_service_that_asks_for_more_patience_than_a_message_has_is_asked_once() {
    for header in [false, true] {
        let server = MockServer::start().await;
        let answer = if header {
            ResponseTemplate::new(429).insert_header("Retry-After", "120")
        } else {
            too_many_requests(120)
        };
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        let mut config = telegram(&server);
        // Our own pauses of 10 to 40 ms would ask hundreds of times in a minute.
        config.give_up_after = Duration::from_secs(60);
        let desk = Desk::open(&config);
        desk.alerts.raise(alert(Severity::Info, "opened"));
        assert!(desk.alerts.drain(DEADLINE).await);
        assert_eq!(bodies(&server).await.len(), 1);
        assert!(desk.counted("trimtab_alerts_total{channel=\"telegram\",result=\"failed\"} 1"));
    }
}

#[tokio::test]
async fn a_busy_or_broken_service_is_asked_again_and_a_wrong_address_is_not() {
    let server = MockServer::start().await;
    answered(&server, |nth| match nth {
        0 => ResponseTemplate::new(429).insert_header("Retry-After", "0"),
        1 => ResponseTemplate::new(503),
        2 => ResponseTemplate::new(200).set_delay(Duration::from_secs(30)),
        3 => ResponseTemplate::new(200),
        _ => ResponseTemplate::new(404).set_body_string("Unknown Webhook"),
    })
    .await;
    let desk = Desk::open(&webhook(&server));
    desk.alerts.raise(alert(Severity::Alert, "trim"));
    assert!(desk.alerts.drain(DEADLINE).await);
    assert_eq!(bodies(&server).await.len(), 4, "busy, broken, silent, delivered");
    desk.alerts.raise(alert(Severity::Alert, "trim-failed"));
    assert!(desk.alerts.drain(DEADLINE).await);
    assert_eq!(bodies(&server).await.len(), 5, "nobody is at that address: asking again is no use");
    assert!(desk.counted("trimtab_alerts_total{channel=\"webhook\",result=\"sent\"} 1"));
    assert!(desk.counted("trimtab_alerts_total{channel=\"webhook\",result=\"failed\"} 1"));
}

#[tokio::test]
async fn a_repeated_alert_is_held_back_and_the_next_one_says_how_often() {
    let server = MockServer::start().await;
    answered(&server, |_| ResponseTemplate::new(200)).await;
    let desk = Desk::open(&webhook(&server));
    for _ in 0..30 {
        desk.alerts.raise(alert(Severity::Alert, "rpc-down"));
        desk.clock.pass(Duration::from_secs(2));
    }
    desk.alerts.raise(alert(Severity::Alert, "rpc-down"));
    assert!(desk.alerts.drain(DEADLINE).await);
    let bodies = bodies(&server).await;
    assert_eq!(bodies.len(), 2, "one at once, one a minute later");
    assert_eq!(bodies[1]["trimtab"]["held_back"], 29);
    assert!(bodies[1]["text"].as_str().expect("text").contains("(29 more like this were held back)"));
    assert!(desk.counted("trimtab_alerts_held_back_total 29"));
}

#[tokio::test]
async fn a_channel_that_hangs_delays_neither_the_daemon_nor_the_other_channel_and_drops_info_first() {
    let (dead, alive) = (MockServer::start().await, MockServer::start().await);
    answered(&dead, |_| ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    answered(&alive, |_| ResponseTemplate::new(200)).await;
    let mut config = settings(&[
        ("TRIMTAB_ALERTS_WEBHOOK_URL", dead.uri()),
        ("TRIMTAB_ALERTS_TELEGRAM_TOKEN", "1:x".to_owned()),
        ("TRIMTAB_ALERTS_TELEGRAM_CHAT_ID", "@trims".to_owned()),
        ("TRIMTAB_ALERTS_TELEGRAM_API_URL", alive.uri()),
    ]);
    config.queue = 50;
    config.telegram.least = AlertLevel::Warning;
    let desk = Desk::open(&config);
    for number in 0..200 {
        desk.alerts.raise(alert(Severity::Info, &format!("info-{number}")));
    }
    desk.alerts.raise(alert(Severity::Alert, "trim-failed"));
    let arrived = until("the alert on the channel that works", || async {
        bodies(&alive).await.first().map(|body| body["text"].as_str().unwrap_or_default().to_owned())
    });
    assert!(arrived.await.contains("trim-failed"));
    assert_eq!(bodies(&alive).await.len(), 1, "it wants warnings and alerts only");
    until("the alert's turn on the channel that hangs", || async {
        bodies(&dead).await.iter().any(|body| body["trimtab"]["kind"] == "trim-failed").then_some(())
    })
    .await;
    let text = desk.meters.render(&Pulse::new(desk.clock.clone()));
    let line = text.lines().find(|line| line.contains("result=\"dropped\"")).expect("drops are counted");
    let dropped: u32 = line.rsplit(' ').next().expect("count").parse().expect("number");
    assert!((150..=152).contains(&dropped), "201 less 50 in the queue and what was under way: {line}");
}

#[tokio::test]
async fn what_cannot_be_delivered_in_time_is_given_up_and_counted() {
    let mut config = settings(&[("TRIMTAB_ALERTS_WEBHOOK_URL", "http://127.0.0.1:9/gone".to_owned())]);
    config.give_up_after = Duration::from_millis(100);
    let desk = Desk::open(&config);
    desk.alerts.raise(alert(Severity::Alert, "trim"));
    assert!(desk.alerts.drain(DEADLINE).await);
    assert!(desk.counted("trimtab_alerts_total{channel=\"webhook\",result=\"failed\"} 1"));
}

#[tokio::test]
async fn a_drill_says_of_each_channel_whether_its_test_message_arrived() {
    let server = MockServer::start().await;
    Mock::given(path("/hook"))
        .respond_with(ResponseTemplate::new(403).set_body_string("invalid_token"))
        .mount(&server)
        .await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let desk = Desk::open(&settings(&[
        ("TRIMTAB_ALERTS_WEBHOOK_URL", format!("{}/hook", server.uri())),
        ("TRIMTAB_ALERTS_TELEGRAM_TOKEN", "1:x".to_owned()),
        ("TRIMTAB_ALERTS_TELEGRAM_CHAT_ID", "@trims".to_owned()),
        ("TRIMTAB_ALERTS_TELEGRAM_API_URL", server.uri()),
    ]));
    for _ in 0..2 {
        let tests = desk.alerts.test(DEADLINE).await;
        assert_eq!(tests.len(), 2);
        let refused = tests[0].failure.as_deref().expect("the webhook refuses");
        assert!(refused.contains("answered 403: invalid_token"), "{refused}");
        assert_eq!((tests[1].channel, &tests[1].failure), ("telegram", &None));
    }
}

#[tokio::test]
async fn the_dead_mans_switch_hears_nothing_while_no_new_head_is_evaluated() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let config = HeartbeatConfig {
        interval: Duration::from_millis(20),
        ..settings(&[("TRIMTAB_ALERTS_HEARTBEAT_URL", server.uri())]).heartbeat
    };
    let (clock, meters) = (clock(), Arc::new(Metrics::new().expect("recorder")));
    let pulse = Arc::new(Pulse::new(clock.clone()));
    let beat = Heartbeat::start(&config, Duration::from_secs(5), pulse.clone(), meters.clone());
    let _beat = beat.expect("settings").expect("there is an address");
    let heard = || async { server.received_requests().await.expect("recorded").len() };
    let withheld = || {
        let text = meters.render(&pulse);
        let line = text.lines().find(|line| line.starts_with("trimtab_heartbeats_total{result=\"withheld\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).unwrap_or_default()
    };
    pulse.evaluated(100);
    until("a heartbeat", || async { (heard().await >= 2).then_some(()) }).await;
    clock.pass(Duration::from_secs(31));
    until("silence", || async { (withheld() >= 1).then_some(()) }).await;
    let (before, silent) = (heard().await, withheld());
    // The loop turns on without a new head.
    until("more silence", || async {
        pulse.evaluated(100);
        (withheld() >= silent + 3).then_some(())
    })
    .await;
    assert_eq!(heard().await, before);
    pulse.evaluated(101);
    until("life again", || async { (heard().await > before).then_some(()) }).await;
}
