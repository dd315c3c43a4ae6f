//! Commands beside a daemon.

use alloy::primitives::U256;

use crate::{
    kit::{Daemon, looped, program},
    trader::Program,
};

#[tokio::test]
async fn a_loop_command_hands_its_plan_over_and_shows_the_same_settlement() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    let nonce = trader.replica.nonce(trader.account).await;
    trader.program().run("loop adjust --leverage 2").await.succeeds().shows(&["dry run"]);
    let sent = trader.program().run("loop adjust --leverage 2 --broadcast").await;
    sent.succeeds().shows(&["predicted", "actual", "nothing left behind"]);
    assert!(sent.stderr.contains("handed to the daemon"), "{sent:#?}");
    assert_eq!(trader.replica.nonce(trader.account).await, nonce + U256::ONE);
    // Reading works beside it.
    trader.program().run("status").await.succeeds().shows(&["WETH/USDC"]);
    trader.program().run("journal list").await.succeeds().shows(&["reconciled"]);
    // A plan from a file goes the same way, and what it says is judged again.
    let file = trader.journals.path().join("plan.json");
    let out = format!("loop adjust --leverage 2.5 --plan-out {}", file.display());
    trader.program().run(&out).await.succeeds();
    let send = format!("send {} --broadcast", file.display());
    trader.program().run(&send).await.succeeds().shows(&["nothing left behind"]);
    let ended = daemon.stop().await;
    ended.succeeds();
    // Alone again, the command signs for itself.
    let alone = trader.program().run("loop close --broadcast").await;
    alone.succeeds().shows(&["nothing left behind"]);
    assert!(!alone.stderr.contains("daemon"), "{alone:#?}");
}

#[tokio::test]
async fn the_kill_switch_reaches_the_daemon_and_flatten_closes_through_it() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    trader.program().run("pause").await.succeeds().shows(&["paused: nothing is opened"]);
    trader.program().run("pause").await.succeeds().shows(&["it was paused already"]);
    trader.program().run("resume").await.succeeds().shows(&["resumed: opening and adding risk is allowed again"]);
    let flat = trader.program().run("flatten --broadcast").await;
    flat.succeeds().shows(&["loop WETH/USDC: closed", "paused"]);
    let pair = trader.pair("WETH", "USDC").await;
    assert_eq!(trader.debt(&pair).await, U256::ZERO);
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn a_shadow_daemon_and_one_without_the_key_send_nothing_for_anybody() {
    let trader = looped().await;
    let nonce = trader.replica.nonce(trader.account).await;
    let shadow = Daemon::start(program(&trader), "watch --shadow").await;
    trader.program().run("loop adjust --leverage 2 --broadcast").await.fails(4, &["shadow"]);
    trader.program().run("flatten --broadcast").await.fails(4, &["shadow"]);
    shadow.stop().await.succeeds();
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);

    // Somebody who only looks on holds no journal, so nobody asks it.
    let onlooker = Program::new(trader.journals.path())
        .args(["--rpc-url", trader.replica.url()])
        .env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0");
    let onlooker = Daemon::start(onlooker, &format!("watch --account {}", trader.account)).await;
    let alone = trader.program().run("loop adjust --leverage 2 --broadcast").await;
    alone.succeeds();
    assert!(!alone.stderr.contains("daemon"), "{alone:#?}");
    onlooker.stop().await.succeeds();
}
