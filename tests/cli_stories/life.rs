//! A loop's life from the command line.

use alloy::primitives::U256;
use serde_json::Value;

use crate::trader::{CBETH, Trader, ether};

fn leverage_of(plan: &Value) -> &Value {
    let figures = plan["plan"]["figures"].as_array().expect("figures");
    &figures.iter().find(|figure| figure["name"] == "leverage").expect("leverage")["after"]["raw"]
}

#[tokio::test]
async fn a_loop_is_shown_then_opened_adjusted_and_closed_and_the_journal_tells_it() {
    let trader = Trader::start().await;
    let shown = trader.program().run("loop open --equity 10 --leverage 3").await;
    shown.succeeds().shows(&[
        "dry run: nothing was sent; add --broadcast to send it",
        "flash loan from Morpho Blue: fee 0 %",
        "other source: Aave v3: fee 0.05 %",
        "not used: the swap goes through it, and a lending pool is locked",
        "health factor after the action",
        "trim price",
        "liquidation price",
        "net carry per day",
        "L1 data fee",
        "simulated: goes through",
    ]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO, "a dry run sends nothing");
    let no_journal = trader.program().run("journal list").await;
    no_journal.fails(3, &["no journal for"]);

    let opened = trader.program().run("loop open --equity 10 --leverage 3 --broadcast").await;
    opened.succeeds().shows(&["predicted", "actual", "nothing left behind"]);
    let second = trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await;
    second.fails(4, &["already has a WETH/USDC loop", "loop adjust"]);
    trader.program().run("loop adjust --leverage 2 --broadcast").await.succeeds().shows(&["nothing left behind"]);
    trader.program().run("loop adjust --leverage 2 --broadcast").await.fails(4, &["already at leverage 2x"]);
    trader.program().run("loop deposit --equity 1 --keep-leverage --broadcast").await.succeeds();
    trader.program().run("loop withdraw --equity 1 --keep-leverage --broadcast").await.succeeds();
    trader.program().run("loop close --fraction 0.5 --to debt --broadcast").await.succeeds();
    trader.program().run("loop close --broadcast").await.succeeds().shows(&["nothing left behind"]);
    trader.program().run("loop close --broadcast").await.fails(4, &["has no WETH/USDC loop"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::from(6));

    let listed = trader.program().run("journal list --json").await.succeeds().json();
    let intents = listed["intents"].as_array().expect("intents");
    assert_eq!(intents.len(), 6);
    assert!(intents.iter().all(|intent| intent["state"] == "reconciled"), "{listed:#}");
    trader.program().run("journal reconcile").await.succeeds().shows(&["nothing is open"]);
    let exported = trader.program().run("journal export").await;
    let lines: Vec<Value> =
        exported.succeeds().stdout.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    lines.iter().for_each(has_the_schema_of_an_export);
    let csv = trader.program().run("journal export --csv transactions").await;
    assert_eq!(
        csv.succeeds().stdout.lines().count(),
        1 + lines.iter().filter(|l| l["table"] == "transactions").count()
    );
    trader.program().run("journal export --csv trades").await.fails(2, &["trades", "transactions"]);
    let positions: Vec<_> = lines.iter().filter(|line| line["table"] == "positions").collect();
    assert_eq!(positions.len(), 1, "one loop, however often it was changed");
    assert!(!positions[0]["record"]["closed_by"].is_null(), "{positions:#?}");
    let pair = trader.pair("WETH", "USDC").await;
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn every_target_is_met_in_what_a_program_reads_and_stdout_is_one_document() {
    let trader = Trader::start().await;
    for (flags, least, most) in [
        ("--leverage 2.5", 2_497, 2_500),
        // LTV 0.5 is leverage 2; health factor 1.66 at a threshold of 0.83 as well.
        ("--ltv 0.5", 1_997, 2_000),
        ("--health-factor 1.66", 1_997, 2_001),
    ] {
        let ran = trader.program().run(&format!("loop open --equity 3 {flags} --json")).await;
        let document = ran.succeeds().json();
        assert_eq!(document["schema"], "trimtab.dry-run/1");
        let raw: U256 = leverage_of(&document).as_str().expect("text").parse().expect("number");
        let milli = raw / U256::from(1_000_000_000_000_000u64);
        assert!(milli >= U256::from(least) && milli <= U256::from(most), "{flags}: {milli}");
    }
}

#[tokio::test]
async fn the_extra_transactions_of_staked_ether_are_announced_before_they_are_sent() {
    let trader = Trader::start().await;
    trader.give(CBETH, ether(10)).await;
    let open = "loop open --collateral cbETH --debt WETH --equity 10 --leverage 5";
    let shown = trader.program().run(open).await;
    shown.succeeds().shows(&["3 transactions", "enter e-mode 9 (cbETH/WETH)", "approve exactly 10 cbETH"]);
    trader.program().run(&format!("{open} --broadcast")).await.succeeds().shows(&["nothing left behind"]);
    let close = "loop close --collateral cbETH --debt WETH --broadcast";
    trader.program().run(close).await.succeeds().shows(&["nothing left behind"]);
}

#[tokio::test]
async fn reading_needs_no_key_and_sending_does() {
    let trader = Trader::start().await;
    let account = trader.account.to_string();
    let reader = || {
        crate::trader::Program::new(trader.journals.path()).args([
            "--rpc-url",
            trader.replica.url(),
            "--from",
            account.as_str(),
        ])
    };
    reader().run("loop open --equity 1 --leverage 2").await.succeeds().shows(&["dry run"]);
    reader().run("loop open --equity 1 --leverage 2 --broadcast").await.fails(2, &["--account"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}

/// As docs/schema says; the first line names it.
#[track_caller]
fn has_the_schema_of_an_export(line: &Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/journal-export.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).expect("schema")).expect("json");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(line), "{line:#}");
    assert!(line["table"].is_string() || line["schema"] == "trimtab.journal-export/1", "{line:#}");
    assert!(!validator.is_valid(&serde_json::json!({ "table": "intents" })), "a line has something in it");
}
