//! Before anything is planned for the composer, it must be the one we write for.

use alloy::primitives::Address;
use serde_json::{Value, json};
use trimtab::onedelta::{COMPOSER, EIP1967_IMPLEMENTATION_SLOT};

use crate::trader::Trader;

async fn anvil(trader: &Trader, method: &'static str, params: Value) {
    let _: Value = trader.replica.request(method, params).await.expect("anvil");
}

#[tokio::test]
async fn a_composer_that_would_misread_our_bytes_is_not_sent_to() {
    let trader = Trader::start().await;
    let plan = trader.journals.path().join("plan.json").to_str().expect("path").to_owned();
    trader.program().run(&format!("loop open --equity 1 --leverage 2 --plan-out {plan}")).await.succeeds();
    // Reverts everything without data, as a legacy one does with the probe.
    anvil(&trader, "anvil_setCode", json!([COMPOSER, "0x60006000fd"])).await;
    for words in ["loop open --equity 1 --leverage 2 --broadcast", &format!("send {plan} --broadcast")] {
        trader.program().run(words).await.fails(3, &["does not answer its probe", "misread"]);
    }
    trader.program().run("doctor").await.fails(3, &[]).shows(&["FAIL  1delta composer"]);
    // Taking approvals back works whatever has become of it.
    trader.program().run("approvals list").await.succeeds();
    anvil(&trader, "anvil_setCode", json!([COMPOSER, "0x"])).await;
    trader.program().run("loop open --equity 1 --leverage 2").await.fails(3, &["no code at the 1delta composer"]);
    assert!(trader.replica.nonce(trader.account).await.is_zero());
}

#[tokio::test]
async fn an_implementation_that_nobody_recorded_is_warned_about_and_used() {
    let trader = Trader::start().await;
    let word = trader.replica.storage(COMPOSER, EIP1967_IMPLEMENTATION_SLOT).await;
    let code = trader.replica.code(Address::from_word(word)).await;
    let moved = Address::repeat_byte(0x1d);
    anvil(&trader, "anvil_setCode", json!([moved, code])).await;
    anvil(&trader, "anvil_setStorageAt", json!([COMPOSER, EIP1967_IMPLEMENTATION_SLOT, moved.into_word()])).await;
    let opened = trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await;
    opened.succeeds();
    let warned = format!("warning: the composer's implementation {moved} is not a recorded one");
    assert!(opened.stderr.contains(&warned), "{opened:#?}");
    trader.program().run("doctor").await.succeeds().shows(&["nobody recorded its implementation"]);
}
