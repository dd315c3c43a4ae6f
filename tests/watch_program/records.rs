//! Commands beside a daemon that change its journal and send nothing, or take back what was allowed.

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use trimtab::onedelta::COMPOSER;

use crate::{
    kit::{Daemon, health, looped, program, until},
    trader::{Erc20, POOL, Pool, Trader, USDC, WETH, ether, units},
};

/// Supplies and borrows as a user of Aave's own page does.
pub(crate) async fn elsewhere(trader: &Trader) {
    let (who, collateral) = (trader.account, ether(10));
    trader.give(WETH, collateral).await;
    trader.replica.send(who, WETH, &Erc20::approveCall { spender: POOL, value: collateral }).await;
    let supply = Pool::supplyCall { asset: WETH, amount: collateral, onBehalfOf: who, referral: 0 };
    trader.replica.send(who, POOL, &supply).await;
    let (amount, mode) = (units(12_000, 6), U256::from(2));
    let borrow = Pool::borrowCall { asset: USDC, amount, mode, referral: 0, onBehalfOf: who };
    trader.replica.send(who, POOL, &borrow).await;
}

/// Blocks come until the loop was trimmed to this health factor.
async fn trimmed_to(trader: &Trader, target: Decimal) {
    until("trimmed to the new target", || async {
        let _: Value = trader.replica.request("evm_mine", json!([])).await.expect("a block");
        (health(trader).await - target).abs() < dec!(0.002)
    })
    .await;
}

#[tokio::test]
async fn thresholds_that_change_beside_the_daemon_hold_from_its_next_head_on() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    let before = health(&trader).await;
    assert!(before > dec!(1.15) && before < dec!(1.3), "{before}");
    trader.program().run("loop adjust --trigger 1.30").await.fails(2, &["--warn", "1.18", "1.30"]);
    let nonce = trader.replica.nonce(trader.account).await;
    let changed = trader.program().run("loop adjust --warn 1.32 --trigger 1.30 --target 1.40 --json").await;
    let document = changed.succeeds().json();
    assert_eq!(document["schema"], json!("trimtab.thresholds/1"));
    assert_eq!(
        (&document["thresholds"]["trigger"], &document["thresholds"]["urgent"]),
        (&json!("1.30"), &json!("1.08"))
    );
    assert_eq!(document.as_object().map(serde_json::Map::len), Some(2), "as without a daemon: {document}");
    trimmed_to(&trader, dec!(1.4)).await;
    assert_eq!(trader.replica.nonce(trader.account).await, nonce + U256::ONE, "the trim and nothing else");
    daemon.stop().await.succeeds();
    // Alone again it is the same, from the thresholds that the daemon stored.
    let alone = trader.program().run("loop adjust --urgent 1.1 --json").await.succeeds().json();
    assert_eq!((&alone["thresholds"]["trigger"], &alone["thresholds"]["urgent"]), (&json!("1.30"), &json!("1.1")));
}

#[tokio::test]
async fn a_loop_adopted_beside_the_daemon_is_its_own_from_the_next_head_on() {
    let trader = Trader::start().await;
    elsewhere(&trader).await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    trader.program().run("loop adjust --trigger 1.16").await.fails(4, &["no WETH/USDC loop"]);
    trader.program().run("loop adopt --collateral cbETH").await.fails(4, &["no cbETH/USDC loop"]);
    let adopted = trader.program().run("loop adopt --warn 2.3 --trigger 2.2 --target 2.4 --json").await;
    let document = adopted.succeeds().json();
    assert_eq!(
        (&document["adopted"], &document["terms"]["thresholds"]["trigger"]),
        (&json!("WETH/USDC"), &json!("2.2"))
    );
    trader.program().run("loop adopt").await.fails(4, &["already has the WETH/USDC loop"]);
    trimmed_to(&trader, dec!(2.4)).await;
    // What is ours needs no --include-existing any more.
    trader.program().run("loop close --broadcast").await.succeeds().shows(&["nothing left behind"]);
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn two_commands_at_once_are_done_one_after_the_other_and_neither_undoes_the_other() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    let (one, other, paused) = tokio::join!(
        trader.program().run("loop adjust --warn 1.19"),
        trader.program().run("loop adjust --urgent 1.1"),
        trader.program().run("pause --paper"),
    );
    one.succeeds();
    other.succeeds();
    paused.succeeds().shows(&["paused: nothing is opened"]);
    let after = trader.program().run("loop adjust --target 1.26 --json").await.succeeds().json();
    let thresholds = &after["thresholds"];
    assert_eq!((&thresholds["warn"], &thresholds["urgent"]), (&json!("1.19"), &json!("1.1")), "{thresholds}");
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn practice_has_a_switch_of_its_own_beside_the_daemon_too() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    trader.program().run("pause --paper").await.succeeds().shows(&["paused: nothing is opened"]);
    trader.program().run("pause --paper").await.succeeds().shows(&["it was paused already"]);
    let real = trader.program().run("resume --json").await.succeeds().json();
    assert_eq!(real["paper"], json!(false));
    let practice = trader.program().run("resume --paper --json").await.succeeds().json();
    assert_eq!((&practice["paper"], &practice["governor"]["paused"]), (&json!(true), &json!(false)));
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn approvals_are_taken_back_and_the_journal_reconciled_through_the_daemon() {
    let trader = looped().await;
    trader.replica.send(trader.account, USDC, &Erc20::approveCall { spender: COMPOSER, value: U256::MAX }).await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    let revoked = trader.program().run("approvals revoke --all --broadcast").await;
    assert!(revoked.succeeds().stderr.contains("handed to the daemon"), "{revoked:#?}");
    let allowance = Erc20::allowanceCall { owner: trader.account, spender: COMPOSER };
    assert_eq!(trader.replica.ask(USDC, &allowance).await, U256::ZERO);
    trader.program().run("journal reconcile").await.succeeds().shows(&["nothing is open"]);
    let document = trader.program().run("journal reconcile --json").await.succeeds().json();
    assert_eq!(
        document,
        json!({ "schema": "trimtab.journal-reconcile/2", "findings": [], "settled": [], "orders": [], "ended": [], "left": [] })
    );
    let unknown = trader.program().run("journal reconcile --resend 01J00000000000000000000000").await;
    assert!(unknown.code != Some(0) && unknown.stderr.contains("01J00000000000000000000000"), "{unknown:#?}");
    daemon.stop().await.succeeds();
}
