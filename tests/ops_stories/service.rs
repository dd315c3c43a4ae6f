//! What supervisors and Prometheus read.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use alloy::transports::http::reqwest;
use trimtab::{
    config::MetricsConfig,
    watchdog::ops::{Metrics, OpsService, Pulse, Readiness, ServiceError, check_health},
};

use super::clock;

const INTERVAL: Duration = Duration::from_secs(2);

fn any_port() -> MetricsConfig {
    MetricsConfig { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..MetricsConfig::default() }
}

async fn get(service: &OpsService, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().timeout(super::DEADLINE).build().expect("client");
    let answer = client.get(format!("http://{}{path}", service.address())).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn healthy_is_a_loop_that_turns_and_ready_is_one_that_can_protect() {
    let clock = clock();
    let pulse = Arc::new(Pulse::new(clock.clone()));
    let meters = Arc::new(Metrics::new().expect("recorder"));
    let service = OpsService::start(&any_port(), INTERVAL, pulse.clone(), meters.clone()).await;
    let service = service.expect("free port").expect("switched on");
    assert_eq!(get(&service, "/healthz").await, (200, "ok\n".to_owned()), "it has just started");
    let (status, why) = get(&service, "/readyz").await;
    assert_eq!((status, why.as_str()), (503, "endpoints not verified, journal not writable, no snapshot yet\n"));
    for what in Readiness::ALL {
        pulse.set(*what, true);
    }
    assert_eq!(get(&service, "/readyz").await, (200, "ready\n".to_owned()));
    clock.pass(4 * INTERVAL);
    assert_eq!(get(&service, "/healthz").await.0, 200, "four intervals are still fine");
    clock.pass(Duration::from_secs(1));
    assert_eq!(get(&service, "/healthz").await, (503, "the loop has not turned for 9s, limit 8s\n".to_owned()));
    let asked = MetricsConfig { listen: service.address(), ..any_port() };
    let why = check_health(&asked, super::DEADLINE).await.expect_err("stuck");
    assert!(why.contains("503: the loop has not turned for 9s"), "{why}");
    pulse.turned();
    assert_eq!(check_health(&asked, super::DEADLINE).await, Ok(()));
    assert_eq!(get(&service, "/healthz").await.0, 200);
    meters.decision("health-factor", "trim");
    let (status, figures) = get(&service, "/metrics").await;
    assert_eq!(status, 200);
    assert!(figures.contains("trimtab_decisions_total{rule=\"health-factor\",action=\"trim\"} 1"), "{figures}");
    assert!(figures.contains("trimtab_ready 1"));
    assert_eq!(get(&service, "/").await.0, 404);
}

#[tokio::test]
async fn figures_are_served_to_this_machine_only_unless_the_user_says_otherwise() {
    let start = |config: MetricsConfig| async move {
        let meters = Arc::new(Metrics::new().expect("recorder"));
        OpsService::start(&config, INTERVAL, Arc::new(Pulse::new(clock())), meters).await
    };
    let everywhere = MetricsConfig { listen: SocketAddr::from(([0, 0, 0, 0], 0)), ..any_port() };
    let refused = start(everywhere).await.expect_err("refused");
    assert!(matches!(refused, ServiceError::Remote(_)) && refused.exit_code() == 3);
    assert!(refused.to_string().contains("metrics.allow_remote = true"), "{refused}");
    assert!(start(MetricsConfig { allow_remote: true, ..everywhere }).await.expect("allowed").is_some());
    assert!(start(MetricsConfig { enabled: false, ..any_port() }).await.expect("fine").is_none());
    let first = start(any_port()).await.expect("free port").expect("switched on");
    let taken = start(MetricsConfig { listen: first.address(), ..any_port() }).await.expect_err("taken");
    assert!(taken.to_string().contains("choose another port"), "{taken}");
}

/// One question with this `Host`; the status.
async fn asked_as(service: &OpsService, path: &str, host: Option<&str>) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut stream = tokio::net::TcpStream::connect(service.address()).await.expect("connected");
    let host = host.map(|host| format!("Host: {host}\r\n")).unwrap_or_default();
    let question = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[tokio::test]
async fn a_page_whose_name_leads_to_this_machine_reads_no_figures() {
    let start = |hosts: Vec<String>| async move {
        let meters = Arc::new(Metrics::new().expect("recorder"));
        let pulse = Arc::new(Pulse::new(clock()));
        let service = OpsService::start_for(&any_port(), &hosts, INTERVAL, pulse, meters).await;
        service.expect("free port").expect("switched on")
    };
    let service = start(Vec::new()).await;
    let address = service.address().to_string();
    for path in ["/metrics", "/healthz", "/readyz"] {
        let fine = if path == "/readyz" { 503 } else { 200 };
        for host in [address.as_str(), "localhost", "LOCALHOST:9477", "[::1]:9477"] {
            assert_eq!(asked_as(&service, path, Some(host)).await, fine, "{path} {host}");
        }
        for host in ["evil.example.com", "evil.example.com:9477", "127.0.0.1.example.com", "192.0.2.1", ""] {
            assert_eq!(asked_as(&service, path, Some(host)).await, 403, "{path} {host}");
        }
        // The server itself refuses a question without any.
        assert!([400, 403].contains(&asked_as(&service, path, None).await), "{path}");
    }
    let absolute = "http://evil.example.com/metrics";
    assert_eq!(asked_as(&service, absolute, Some("localhost")).await, 403);
    let named = start(vec!["prometheus.internal".to_owned()]).await;
    assert_eq!(asked_as(&named, "/metrics", Some("prometheus.internal:9477")).await, 200);
    assert_eq!(asked_as(&named, "/metrics", Some("evil.example.com")).await, 403);
}

#[tokio::test]
async fn a_name_from_the_chain_forges_no_line_of_the_figures() {
    let meters = Metrics::new().expect("recorder");
    meters.action("trim\nforged_total 1", "\u{1b}[2J\"} 1\nx");
    let figures = meters.render(&Pulse::new(clock()));
    assert!(!figures.contains(trimtab::text::is_unsafe), "{figures:?}");
    assert!(!figures.lines().any(|line| line.starts_with("forged_total") || line == "x"), "{figures}");
}
