//! A daemon whose endpoint announces blocks before they are sealed.

use rust_decimal::dec;

use crate::{
    announced::Announced,
    kit::{Daemon, health, is_at_target, looped, price, until},
    trader::{Program, Trader},
};

fn program(trader: &Trader, announced: &Announced) -> Program {
    let program = Program::new(trader.journals.path()).args(["--rpc-url", &announced.proxy.url()]);
    program.wallet(trader.index).env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_trims_before_the_fall_is_sealed_when_it_is_told_to_look_ahead() {
    let trader = looped().await;
    let announced = Announced::before(trader.replica.url());
    let sent = trader.replica.nonce(trader.account).await;
    let daemon = Daemon::start(program(&trader, &announced).env("TRIMTAB_RPC_PRE_CONFIRMED", "on"), "watch").await;
    let _fork = announced.announce(&trader.replica, "2730").await;
    // On the chain itself ether has not fallen: nothing else could call for a trim.
    until("the trim", || async { trader.replica.nonce(trader.account).await > sent }).await;
    assert!(health(&trader).await > dec!(1.245), "{}", health(&trader).await);
    let ended = daemon.stop().await;
    ended.succeeds();
    assert!(ended.stderr.contains("pre-confirmed"), "{ended:#?}");
    trader.program().run("journal list").await.succeeds().shows(&["reconciled"]);
}

#[tokio::test]
async fn the_head_that_comes_after_a_trim_was_made_ahead_of_it_alarms_nobody() {
    let trader = looped().await;
    // A node that mines on demand calls what would come next `pending`: always a block above its newest, on the same state.
    let watched = trader.program().env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0").env("TRIMTAB_RPC_PRE_CONFIRMED", "on");
    let daemon = Daemon::start(watched, "watch").await;
    price(&trader, "2730").await;
    until("trimmed", || async { is_at_target(health(&trader).await) }).await;
    let ended = daemon.stop().await;
    ended.succeeds();
    for alarm in ["human", "was liquidated"] {
        assert!(!ended.stderr.contains(alarm), "{ended:#?}");
    }
}

#[tokio::test]
async fn a_word_that_is_no_way_of_looking_ahead_is_refused_by_name() {
    let trader = looped().await;
    let refused = trader.program().env("TRIMTAB_RPC_PRE_CONFIRMED", "sometimes").run("config show").await;
    refused.fails(3, &["rpc.pre_confirmed", "sometimes", "auto"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_whether_an_endpoint_announces_blocks() {
    let trader = looped().await;
    let announced = Announced::before(trader.replica.url());
    let doctor = || program(&trader, &announced).env("TRIMTAB_RPC_PRE_CONFIRMED", "on").run("doctor");
    doctor().await.shows(&["pre-confirmed blocks", "none"]);
    let _fork = announced.announce(&trader.replica, "2999").await;
    doctor().await.shows(&["pre-confirmed blocks", "announced"]);
}
