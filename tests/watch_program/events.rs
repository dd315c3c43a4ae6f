//! `watch --json`: a line for each event.

use crate::kit::{Daemon, health, is_at_target, looped, price, program, until};

#[tokio::test]
async fn with_json_a_daemon_writes_a_line_for_each_event_as_it_happens() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch --json").await;
    price(&trader, "2730").await;
    until("the trim", || async { is_at_target(health(&trader).await) }).await;
    let ran = daemon.stop().await;
    let events = ran.succeeds().events();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((names.first(), names.last()), (Some(&"watching"), Some(&"ended")), "{names:?}");
    assert!(events.iter().all(|event| event["schema"] == "trimtab.watch-event/1"), "{events:#?}");
    let fired = |event: &serde_json::Value| event["firings"].as_array().is_some_and(|firings| !firings.is_empty());
    assert!(events.iter().any(fired), "{names:?}");
    let acted = events.iter().find(|event| event["acted"]["mined_in"].is_u64());
    assert!(acted.is_some(), "{events:#?}");
}
