//! Signals that are not taken: nothing is written but an event, nothing is sent.

use alloy::primitives::U256;
use serde_json::json;
use trimtab::{journal::JournalError, localchain::Behaviour, trade::saga::SagaError};

use crate::{
    story::{POLICIES, Story},
    trader::USDC,
};

#[tokio::test]
async fn a_signal_is_traded_once_whoever_asks_again() {
    let story = Story::start(Behaviour::faithful()).await;
    let signal = story.signal("s-1", 95, "low");
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &signal, POLICIES).await.expect("taken");
    drop(sender);
    let mut sender = story.trader.sender();
    let again = story.accept(&mut sender, &signal, POLICIES).await.expect_err("a replay");
    assert!(matches!(&again, SagaError::Journal(JournalError::DuplicateSignal(id)) if id == "s-1"), "{again}");
}

#[tokio::test]
async fn what_the_rules_refuse_is_refused_with_its_figures_and_the_id_stays_free() {
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    let cases = [
        (json!({ "at": "2026-01-01T00:00:00Z" }), "max_signal_age", 4),
        (json!({ "pair": "FOO/USD" }), "FOO/USD", 2),
        (json!({ "entry": "3100", "stop": "3000", "target": "3300" }), "max_entry_deviation", 4),
        // 15x on a pair that takes 5x at most.
        (json!({ "pair": "OP/USD", "entry": "0.1246" }), "15", 4),
    ];
    for (fields, words, code) in cases {
        let signal = story.parse(&fields).expect("well formed");
        let error = story.accept(&mut sender, &signal, POLICIES).await.expect_err("refused");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert_eq!(error.exit_code(), code, "{error}");
        assert_eq!(sender.journal().reader().signal("s").expect("asked"), None);
    }
    for fields in [json!({ "score": 101 }), json!({ "stop": "3100" }), json!({ "colour": "red" })] {
        let error = story.parse(&fields).expect_err("malformed");
        assert_eq!(error.exit_code(), 2, "{error}");
    }
    assert!(!story.events(&sender, "signal-refused").is_empty());
    assert_eq!(story.trader.replica.nonce(story.trader.account).await, U256::ZERO, "nothing was sent");
}

#[tokio::test]
async fn too_small_for_the_venue_or_too_poor_for_the_margin_is_refused() {
    let mut story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    // Weak at 30: 6 USDC at 15x are 90, the venue takes 100 at least.
    story.desk.settings.strategy.base_capital = Some(rust_decimal::dec!(30));
    let weak = story.signal("weak", 40, "normal");
    let error = story.accept(&mut sender, &weak, POLICIES).await.expect_err("below the minimum");
    assert!(error.to_string().contains("90") && error.to_string().contains("100"), "{error}");
    // Very strong at 30 000 wants 15 000 USDC, and ten ether.
    story.desk.settings.strategy.base_capital = Some(rust_decimal::dec!(30000));
    let strong = story.signal("strong", 95, "low");
    let error = story.accept(&mut sender, &strong, POLICIES).await.expect_err("too poor");
    assert!(error.to_string().contains("15000"), "{error}");
    story.trader.give(USDC, U256::from(20_000_000_000u64)).await;
    let account = story.trader.account;
    let few = U256::from(10).pow(U256::from(18));
    let _: serde_json::Value = story.trader.replica.request("anvil_setBalance", (account, few)).await.expect("anvil");
    let error = story.accept(&mut sender, &strong, POLICIES).await.expect_err("too little ether");
    assert!(error.to_string().contains("ETH"), "{error}");
}

#[tokio::test]
async fn a_paused_account_takes_no_signal() {
    use trimtab::{strategy::GovernorState, trade::store_governor, units::Secs};
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    let paused = GovernorState { paused: true, ..GovernorState::new(rust_decimal::dec!(10000), Secs(0)) };
    let stamp = story.desk.stamp().await.expect("stamp");
    store_governor(sender.journal(), false, &paused, stamp).expect("stored");
    let error = story.accept(&mut sender, &story.signal("s-1", 95, "low"), POLICIES).await.expect_err("paused");
    assert!(error.to_string().contains("trimtab resume"), "{error}");
}
