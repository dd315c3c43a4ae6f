//! `watch --once`.

use alloy::primitives::U256;

use crate::{
    kit::{health, is_at_target, keeps_its_secrets, looped, price, program},
    trader::{CBBTC, Program, Trader, USDC, WETH, milli_ether, units},
};

#[tokio::test]
async fn one_look_says_zero_when_there_is_nothing_to_do_and_eight_when_it_trimmed() {
    let trader = looped().await;
    let nonce = trader.replica.nonce(trader.account).await;
    let quiet = program(&trader).run("watch --once").await;
    quiet.succeeds().shows(&["health factor 1.24", "nothing to do"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);

    price(&trader, "2730").await;
    let acted = program(&trader).run("watch --once --json -vv").await;
    assert_eq!(acted.code, Some(8), "{acted:#?}");
    let look = acted.json();
    assert_eq!((&look["acted"], &look["schema"]), (&true.into(), &"trimtab.watch-once/2".into()));
    let turn = &look["accounts"][0]["turn"];
    assert!(turn["acted"]["mined_in"].is_u64(), "{turn:#}");
    assert!(is_at_target(health(&trader).await), "{}", health(&trader).await);
    keeps_its_secrets(&acted);
    program(&trader).run("watch --once").await.succeeds().shows(&["nothing to do"]);
}

#[tokio::test]
async fn in_shadow_it_says_what_it_would_have_sent_and_sends_nothing() {
    let trader = looped().await;
    price(&trader, "2730").await;
    let nonce = trader.replica.nonce(trader.account).await;
    let shadow = program(&trader).run("watch --once --shadow").await;
    shadow.succeeds().shows(&["shadow: would have sent", "trigger"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
}

#[tokio::test]
async fn an_address_without_a_key_is_looked_at_and_nothing_else() {
    let trader = looped().await;
    price(&trader, "2730").await;
    let nonce = trader.replica.nonce(trader.account).await;
    let without_key = |trader: &Trader| {
        Program::new(trader.journals.path())
            .args(["--rpc-url", trader.replica.url()])
            .env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
    };
    let by_flag = without_key(&trader).run(&format!("watch --once --account {}", trader.account)).await;
    by_flag.succeeds().shows(&["no key: only looked at", "trigger"]);
    std::fs::write(
        trader.journals.path().join("trimtab.toml"),
        format!("[watch]\naccounts = [\"{}\"]\n", trader.account),
    )
    .expect("written");
    without_key(&trader).run("watch --once").await.succeeds().shows(&["no key: only looked at"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
    std::fs::write(
        trader.journals.path().join("trimtab.toml"),
        format!("[watch]\naccounts = [\"{0}\", \"{0}\"]\n", trader.account),
    )
    .expect("written");
    without_key(&trader).run("watch --once").await.fails(3, &["watch.accounts", "named twice"]);
}

/// A short of 10 WETH at 2x, and what the settings say of its exits.
async fn shorted(exits: &str) -> Trader {
    let trader = Trader::start().await;
    trader.give(USDC, units(30_000, 6)).await;
    let open = "loop open --collateral USDC --debt WETH --equity 30000 --leverage 2 --broadcast";
    trader.program().run(open).await.succeeds();
    set_exits(&trader, "USDC/WETH", exits);
    trader
}

fn set_exits(trader: &Trader, pair: &str, exits: &str) {
    let text = format!("[[watch.exits]]\npair = \"{pair}\"\n{exits}\n");
    std::fs::write(trader.journals.path().join("trimtab.toml"), text).expect("written");
}

#[tokio::test]
async fn a_stop_loss_of_a_short_waits_until_its_asset_has_risen_and_pays_out_its_coin() {
    let trader = shorted("stop_loss = 4000\ntake_profit = 2400").await;
    let nonce = trader.replica.nonce(trader.account).await;
    for dollars in ["3000", "3990", "2410"] {
        price(&trader, dollars).await;
        program(&trader).run("watch --once").await.succeeds().shows(&["nothing to do"]);
    }
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
    price(&trader, "4000").await;
    let left = program(&trader).run("watch --once").await;
    assert_eq!(left.code, Some(8), "{left:#?}");
    assert!(left.stdout.contains("WETH 4,000 USD has reached stop-loss WETH 4,000 USD; closing the loop"), "{left:#?}");
    // About 20,000 of equity: 10 WETH cost 10,000 more. None of it stays in what it was short of.
    let paid = trader.balance(USDC, trader.account).await;
    assert!(paid > units(19_500, 6) && paid < units(20_100, 6), "{paid}");
    let rest = trader.balance(WETH, trader.account).await;
    assert!(rest < milli_ether(1), "what the exact purchase of the debt was over: {rest}");
}

#[tokio::test]
async fn a_take_profit_of_a_short_is_taken_when_its_asset_has_fallen() {
    let trader = shorted("stop_loss = 4000\ntake_profit = 2400\nleverage = 1.5").await;
    price(&trader, "2400").await;
    let lowered = program(&trader).run("watch --once").await;
    assert_eq!(lowered.code, Some(8), "{lowered:#?}");
    assert!(
        lowered.stdout.contains("has reached take-profit WETH 2,400 USD; going down to leverage 1.5"),
        "{lowered:#?}"
    );
}

#[tokio::test]
async fn exits_of_a_short_written_as_a_longs_are_refused_and_one_that_is_reached_already_is_told() {
    let trader = shorted("stop_loss = 2400\ntake_profit = 4000").await;
    let meant = "both are prices of WETH in USD, and the loop loses when WETH rises";
    program(&trader).run("watch --once").await.fails(3, &["stop_loss 2400 must be above take_profit 4000", meant]);
    set_exits(&trader, "USDC/DOGE", "stop_loss = 1");
    program(&trader).run("watch --once").await.fails(3, &["watch.exits", "aave lists no DOGE"]);
    set_exits(&trader, "USDC/WETH", "stop_loss = 2900");
    let told = program(&trader).run("watch --once --shadow").await;
    told.succeeds();
    let alert = "stop_loss WETH 2,900 USD is reached already, at WETH 3,000 USD (the loop loses when WETH rises)";
    assert!(told.stderr.contains(alert), "{told:#?}");
}

#[tokio::test]
async fn a_stop_loss_of_a_pair_is_a_ratio() {
    let trader = Trader::start().await;
    trader.give(CBBTC, units(1, 8)).await;
    trader
        .program()
        .run("loop open --collateral cbBTC --debt WETH --equity 1 --leverage 2 --broadcast")
        .await
        .succeeds();
    set_exits(&trader, "cbBTC/WETH", "stop_loss = 27");
    // Ether at 3,300: one cbBTC is worth 27.27 WETH; at 3,334, 26.99.
    price(&trader, "3300").await;
    program(&trader).run("watch --once").await.succeeds().shows(&["nothing to do"]);
    price(&trader, "3334").await;
    let left = program(&trader).run("watch --once").await;
    assert_eq!(left.code, Some(8), "{left:#?}");
    assert!(left.stdout.contains("has reached stop-loss cbBTC 27 WETH; closing the loop"), "{left:#?}");
}

#[tokio::test]
async fn without_anybody_to_watch_it_says_how_to_name_somebody() {
    let trader = Trader::start().await;
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
    let nobody = Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url()]).run("watch --once");
    nobody.await.fails(2, &["whom to watch", "--account", "watch.accounts"]);
    program(&trader).run("watch --once --account 0x1234").await.fails(2, &["0x1234", "neither an address"]);
}
