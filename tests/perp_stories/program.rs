//! The program itself: dry run by default, predicted beside actual, exit codes, and what a killed one leaves.

use alloy::primitives::Bytes;
use serde_json::{Value, json};
use trimtab::{chain::Reader, localchain::Behaviour};

use crate::{
    desk::{Desk, TRADING},
    trader::{Ran, WETH, ether},
};

const OPEN: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10";

#[tokio::test]
async fn from_opening_to_closing_by_command_with_levels_and_margin_on_the_way() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let run = async |words: &str| desk.program().run(words).await;
    let nonce = desk.trader.replica.nonce(desk.trader.account).await;
    run(OPEN).await.succeeds().shows(&[
        "dry run: nothing was sent",
        "two transactions",
        "margin after the fee",
        "99.55",
    ]);
    assert_eq!(desk.trader.replica.nonce(desk.trader.account).await, nonce);
    let opened = run(&format!("{OPEN} --tp 4% --sl 2900 --broadcast")).await;
    opened.succeeds().shows(&["filled at 3,000.301038: position 0:0", "predicted", "none"]);
    run("perp list").await.succeeds().shows(&["long ETH/USD", "result net of costs", "2,900", "0:0"]);
    run("status").await.succeeds().shows(&["long ETH/USD"]);
    run("perp tpsl 0:0 --sl 2950 --broadcast").await.succeeds();
    run("perp margin add 50 --pair eth/usd --broadcast").await.succeeds().shows(&["leverage"]);
    run("perp margin remove 40 0:0 --broadcast").await.succeeds();
    let listed = run("perp list --json").await.succeeds().json();
    assert_eq!(listed["positions"][0]["id"], json!("0:0"), "{listed}");
    run("perp close --pair ETH/USD --fraction 0.3 --broadcast").await.succeeds().shows(&["paid"]);
    run("perp close 0:0 --broadcast").await.succeeds().shows(&["paid"]);
    run("perp list").await.succeeds().shows(&["no perp is open"]);
    run("approvals list").await.succeeds();
    run("doctor").await.shows(&["perp venue: ", "perp prices: "]);
}

#[tokio::test]
async fn a_dry_run_makes_no_block_though_the_timelock_and_the_price_are_ahead_of_an_idle_chain() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let file = desk.trader.journals.path().join("plan.json");
    let run = async |words: &str| desk.program().run(words).await;
    run(&format!("{OPEN} --sl 2900 --broadcast")).await.succeeds();
    run(&format!("{OPEN} --limit 2800 --broadcast")).await.succeeds();
    let head = async || Reader::head(&desk.trader.endpoints).await.expect("head").number;
    let before = head().await;
    for words in [
        "perp tpsl 0:0 --sl 2950",
        "perp tpsl 0:0 --tp 3200",
        "perp margin add 20 0:0",
        "perp margin remove 20 0:0",
        "perp cancel 0:0",
        &format!("perp tpsl 0:0 --sl 2940 --plan-out {}", file.display()),
        &format!("send {}", file.display()),
    ] {
        run(words).await.succeeds().shows(&["dry run: nothing was sent"]);
        assert_eq!(head().await, before, "`{words}` made a block");
    }
    run(&format!("send {} --broadcast", file.display())).await.succeeds();
    assert_eq!(head().await, before + 3, "the two blocks of the timelock, and its own");
    run("perp list").await.succeeds().shows(&["2,940"]);
}

#[tokio::test]
async fn the_keeper_is_given_the_fee_that_was_configured() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let with = |fee: &str| desk.program().env("TRIMTAB_PERPS_EXECUTION_FEE", fee);
    with("0.000123 ETH").run(OPEN).await.succeeds().shows(&["0.000123 ETH"]);
    with("123 wei").run(&format!("{OPEN} --broadcast")).await.succeeds();
    with("1 ETH").run(OPEN).await.fails(3, &["perps.execution_fee", "at most 0.01 ETH"]);
    with("123").run(OPEN).await.fails(3, &["perps.execution_fee", "amount with its unit"]);
}

#[tokio::test]
async fn a_limit_order_is_placed_listed_and_taken_back_by_command() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let run = async |words: &str| desk.program().run(words).await;
    run(&format!("{OPEN} --limit 2900 --broadcast")).await.succeeds().shows(&["order limit:0:0 waits"]);
    run("perp list").await.succeeds().shows(&["limit order 0:0", "waits for 2,900"]);
    run("perp cancel 0:0 --broadcast").await.succeeds();
    run("perp list").await.succeeds().shows(&["no perp is open", "wallet: 10,000 USDC"]);
}

#[tokio::test]
async fn bad_input_by_command_has_its_exit_code_and_words() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let table = [
        ("perp open --pair DOG/USD --side long --margin 100 --leverage 10", 2, "not listed"),
        ("perp open --pair ETH/USD --side long --margin 9 --leverage 10", 4, "give at least 10 USDC"),
        ("perp open --pair ETH/USD --side long --margin 1e3 --leverage 10", 2, "margin"),
        ("perp open --pair ETH/USD --side long --margin 100 --leverage 51", 4, "range of 1x to 50x"),
        ("perp open --pair ETH/USD --side up --margin 100 --leverage 5", 2, "side"),
        ("perp open --pair ETH/USD --side long --margin 20000 --leverage 5", 4, "USDC in the wallet"),
        ("perp open --pair ETH/USD --side long --margin 100 --leverage 10 --tp 2900", 4, "wrong side"),
        ("perp open --pair ETH/USD --side long --margin 100 --leverage 10 --slippage-bps 0", 2, "slippage-bps"),
        ("perp open --pair ETH/USD --side long --margin 100 --leverage 10 --limit 3100", 2, "limit"),
        ("perp close 0:0", 2, "there is no position 0:0"),
        ("perp close", 2, "required"),
        ("perp close zero", 2, "not the name of a position"),
        ("perp margin add 5 0:0", 2, "there is no position"),
        ("perp tpsl 0:0 --tp none", 2, "there is no position"),
        ("perp cancel 0:0", 2, "there is no limit order"),
    ];
    for (words, code, message) in table {
        desk.program().run(words).await.fails(code, &[message]);
    }
    let without = desk.trader.program().run(OPEN).await;
    without.fails(3, &["no price service", "--price-url"]);
}

#[tokio::test]
async fn with_a_silent_keeper_the_command_says_so_and_the_next_one_finds_the_fill() {
    let desk = Desk::open(Behaviour::stopped()).await;
    let quickly = || desk.program().env("TRIMTAB_PERPS_ORDER_TIMEOUT", "1s");
    quickly().run(&format!("{OPEN} --broadcast")).await.fails(7, &["its end is not known"]);
    quickly().run(&format!("{OPEN} --broadcast")).await.fails(7, &["nothing new is ordered"]);
    desk.keeper.behave(Behaviour::faithful());
    desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
    desk.program().run("journal reconcile").await.succeeds().shows(&["filled at 3,000.301038: position 0:0"]);
    desk.program().run("journal reconcile").await.succeeds().shows(&["nothing is open"]);
}

#[tokio::test]
async fn unknown_code_refuses_every_perp_command_with_exit_3() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let file = desk.trader.journals.path().join("plan.json");
    let written = format!("{OPEN} --plan-out {}", file.display());
    desk.program().run(&written).await.succeeds();
    let code = Bytes::from(vec![0xfe]);
    let _: Value = desk.trader.replica.request("anvil_setCode", json!([TRADING, code])).await.expect("anvil");
    let open = format!("{OPEN} --broadcast");
    let send = format!("send {} --broadcast", file.display());
    for words in [
        open.as_str(),
        "perp close 0:0 --broadcast",
        "perp tpsl 0:0 --tp none --broadcast",
        "perp margin add 5 0:0 --broadcast",
        "perp margin remove 5 0:0 --broadcast",
        "perp cancel 0:0 --broadcast",
        "perp list",
        send.as_str(),
    ] {
        desk.program().run(words).await.fails(3, &["does not know", "nothing is written to it"]);
    }
    desk.program().run("status").await.succeeds();
}

#[tokio::test]
async fn a_venue_that_nobody_knows_keeps_no_loop_open_when_everything_is_to_be_closed() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.trader.give(WETH, ether(1)).await;
    desk.program().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    let code = Bytes::from(vec![0xfe]);
    let _: Value = desk.trader.replica.request("anvil_setCode", json!([TRADING, code])).await.expect("anvil");
    desk.program().run("flatten").await.succeeds().shows(&["loop WETH/USDC"]);
    let done = desk.program().run("flatten --broadcast").await;
    done.succeeds();
    assert!(done.stderr.contains("loops are closed all the same"), "{done:?}");
    assert!(desk.trader.loops().is_empty());
    // What may be there at the venue is told, and not taken for closed.
    desk.program().run("flatten --broadcast --include-existing").await.fails(3, &["could not be closed"]);
}

#[tokio::test]
async fn a_plan_file_is_sent_as_it_was_shown_and_a_changed_one_is_refused() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let file = desk.trader.journals.path().join("plan.json");
    let wide = format!("{OPEN} --slippage-bps 500 --plan-out {}", file.display());
    desk.program().run(&wide).await.fails(4, &["perps.slippage_bps"]);
    assert!(!file.exists(), "no file is written that would not be sent");
    desk.program().run(&format!("{OPEN} --plan-out {}", file.display())).await.succeeds();
    let text = std::fs::read_to_string(&file).expect("the plan");
    let send = format!("send {} --broadcast", file.display());
    for (at, value, said) in [
        ("/ask/perp/margin", json!("0x7735940"), "bounds.plan_drift_bps"),
        ("/ask/perp/leverage", json!("0x22ecb25c00"), "bounds.plan_drift_bps"),
        ("/ask/perp/slippage", json!("0x174876e800"), "perps.slippage_bps"),
        ("/ask/perp/signal", json!("s-1"), "serves a signal"),
    ] {
        let mut changed: Value = serde_json::from_str(&text).expect("JSON");
        *changed.pointer_mut(at).expect("a field") = value;
        std::fs::write(&file, changed.to_string()).expect("written");
        desk.program().run(&send).await.fails(4, &[said]);
    }
    std::fs::write(&file, &text).expect("written");
    desk.program().run(&send).await.succeeds().shows(&["filled at"]);
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn killed_between_sending_and_the_fill_the_order_is_found_and_never_doubled() {
    for point in [
        "send-after-broadcast",
        "journal-after-included",
        "perps-after-mined",
        "perps-after-recorded",
        "perps-after-applied",
    ] {
        let desk = Desk::open(Behaviour::faithful()).await;
        let open = format!("{OPEN} --broadcast");
        // The exact allowance first, so that the point is met in the order's own transaction.
        let approve = crate::orders::approveCall { spender: crate::desk::STORAGE, amount: crate::desk::usd(100).0 };
        desk.trader.replica.send(desk.trader.account, crate::trader::USDC, &approve).await;
        let ran: Ran = desk.program().env("FAILPOINTS", &format!("{point}=panic")).run(&open).await;
        assert_eq!(ran.code, None, "{point}: {ran:#?}");
        desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
        desk.program().run("journal reconcile").await.succeeds();
        let sender = desk.trader.sender();
        let known = sender.journal().reader().open_perps().expect("positions");
        assert_eq!(known.len(), 1, "{point}");
        assert!(sender.journal().reader().open_orders().expect("orders").is_empty(), "{point}");
        drop(sender);
        assert_eq!(desk.snapshot().await.positions.len(), 1, "{point}");
        desk.program().run("perp close 0:0 --broadcast").await.succeeds();
    }
}
