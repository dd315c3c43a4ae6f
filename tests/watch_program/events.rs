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
    assert!(events.iter().all(|event| event["schema"] == "trimtab.watch-event/2"), "{events:#?}");
    let fired = |event: &serde_json::Value| event["firings"].as_array().is_some_and(|firings| !firings.is_empty());
    let firing = &events.iter().find(|event| fired(event)).unwrap_or_else(|| panic!("{names:?}"))["firings"][0];
    // Amounts have their unit.
    let holdings = firing["inputs"]["holdings"].as_array().expect("holdings");
    for (symbol, field, decimals) in [("WETH", "supplied", 18), ("USDC", "owed", 6)] {
        let held = holdings.iter().find(|held| held["symbol"] == symbol).expect(symbol);
        assert_eq!((&held[field]["unit"], &held[field]["decimals"]), (&symbol.into(), &decimals.into()), "{held}");
    }
    assert_eq!(firing["inputs"]["loops"][0]["debt"]["unit"], "USDC");
    let acted = events.iter().find(|event| event["acted"]["mined_in"].is_u64());
    assert!(acted.is_some(), "{events:#?}");
}
