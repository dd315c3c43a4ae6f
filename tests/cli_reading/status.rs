//! `status`.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    network::TxSignerSync,
    primitives::{B256, Bytes, TxKind, U256},
};
use serde_json::Value;
use trimtab::{
    journal::{IntentId, Journal, NewIntent, Stamp},
    localchain::{PriceChange, PriceScope},
    units::{Millis, Secs, format_units},
};

use crate::{
    common::{account, signer},
    masked::masked,
    trader::{CBBTC, CBETH, Erc20, POOL, Pool, Program, Trader, USDC, WETH, ether, units},
};

/// Reads without any key.
fn reading(trader: &Trader) -> Program {
    let from = trader.account.to_string();
    Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url(), "--from", &from])
}

fn raw(quantity: &Value) -> U256 {
    serde_json::from_value(quantity["raw"].clone()).expect("a number")
}

#[tokio::test]
async fn an_account_without_a_position_says_so() {
    let trader = Trader::start().await;
    let shown = reading(&trader).run("status").await;
    insta::assert_snapshot!(masked(&shown.succeeds().stdout), @"
    0x70997970C51812dc3A010C7d01b50e0d17dc79C8 on replica-ID at block N
    no position: nothing is supplied to Aave and nothing is owed

    wallet: 10,000 ETH
    gas: 10,000 ETH pays for # trims of up to # ETH each
    ");
    let json = reading(&trader).run("status --json").await.succeeds().json();
    assert_eq!(json["loops"], serde_json::json!([]));
    Program::new(trader.journals.path())
        .run(&format!("status -r {}", trader.replica.url()))
        .await
        .fails(2, &["no wallet"]);
}

#[tokio::test]
async fn a_loop_is_shown_with_its_thresholds_as_prices_and_what_would_bind_next() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 10 --leverage 3 --broadcast").await.succeeds();
    let shown = reading(&trader).run("status").await;
    insta::assert_snapshot!(masked(&shown.succeeds().stdout));
}

#[tokio::test]
async fn the_health_factor_is_what_the_status_says_when_the_price_gets_there() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 10 --leverage 3 --broadcast").await.succeeds();
    let json = reading(&trader).run("status --json").await.succeeds().json();
    // What may be added before the opening floor of 1.23 leads to the highest leverage at it: 1.23 / (1.23 − 0.83).
    let shown = &json["loops"][0];
    let (collateral, debt) = (raw(&shown["collateral_value"]), raw(&shown["debt_value"]));
    assert_eq!(shown["limits"][0]["name"], "health factor floor for opening");
    let highest = (collateral + raw(&shown["limits"][0]["debt"])) * U256::from(100_000u64) / (collateral - debt);
    assert!(highest.abs_diff(U256::from(307_500u64)) <= U256::from(1u64), "{highest}");

    let marks = json["loops"][0]["marks"].as_array().expect("marks").clone();
    assert_eq!(marks.len(), 4);
    for mark in marks {
        let price = format_units(raw(&mark["price"]), 8);
        let change = PriceChange::parse("ETH", &price).expect("a price");
        trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("feed");
        let (found, promised) = (trader.health_factor().await, raw(&mark["health_factor"]));
        // Interest of the seconds in between lowers it by less than a millionth.
        assert!(found.abs_diff(promised) < U256::from(1_000_000_000_000u64), "{} at {price}: {found}", mark["name"]);
    }
    let fallen = reading(&trader).run("status").await;
    fallen.succeeds().shows(&["passed (", "next to bind: health factor floor for opening at 0 USD"]);
}

/// Puts each price of the loop into the feeds and looks whether Aave's health factor is the one that stands beside it.
async fn prices_are_true(trader: &Trader, shown: &Value, asset: &str, dollars_per_unit: U256) {
    for mark in shown["marks"].as_array().expect("marks") {
        // A ratio has 18 decimals, dollars have 8.
        let scale = U256::from(10).pow(U256::from(mark["price"]["decimals"].as_u64().expect("decimals")));
        let price = raw(&mark["price"]) * dollars_per_unit * U256::from(100_000_000u64) / scale;
        let change = PriceChange::parse(asset, &format_units(price, 8)).expect("a price");
        trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("feed");
        let (found, promised) = (trader.health_factor().await, raw(&mark["health_factor"]));
        assert!(found.abs_diff(promised) < U256::from(1_000_000_000_000u64), "{} at {price}: {found}", mark["name"]);
    }
}

#[tokio::test]
async fn a_short_loop_is_told_in_the_price_of_what_it_owes_not_of_its_coin() {
    let trader = Trader::start().await;
    trader.give(USDC, units(30_000, 6)).await;
    let open = "loop open --collateral USDC --debt WETH --equity 30000 --leverage 2";
    let plan = trader.program().run(open).await;
    plan.succeeds().shows(&["trim price of WETH", "4,069.57 USD", "liquidation price of WETH", "4,680 USD"]);
    trader.program().run(&format!("{open} --broadcast")).await.succeeds();
    let shown = reading(&trader).run("status").await;
    let shown = &shown.succeeds().stdout;
    let table: Vec<&str> = shown.lines().skip_while(|line| !line.contains("from now")).take(6).collect();
    insta::assert_snapshot!(table.join("\n"), @"
                 health factor              price  from now
    now                   1.56     WETH 3,000 USD
    warn                  1.18   WETH 3,966.1 USD   +32.2 %
    trigger               1.15  WETH 4,069.57 USD  +35.65 %
    urgent                1.08  WETH 4,333.33 USD  +44.44 %
    liquidation              1     WETH 4,680 USD     +56 %
    ");
    let carry = shown.lines().find(|line| line.trim_start().starts_with("net carry")).expect("carry");
    assert!(!carry.contains('-'), "the supply earns more than the debt costs: {carry}");

    let json = reading(&trader).run("status --json").await.succeeds().json();
    let short = &json["loops"][0];
    assert_eq!((&short["moving"]["symbol"], &short["moving"]["loses_on"]), (&"WETH".into(), &"rise".into()));
    for mark in short["marks"].as_array().expect("marks") {
        assert_eq!(
            (&mark["asset"], &mark["price"]["unit"], &mark["passed"]),
            (&"WETH".into(), &"USD".into(), &false.into())
        );
    }
    prices_are_true(&trader, short, "ETH", U256::ONE).await;
    // The last one was the liquidation price.
    let risen = reading(&trader).run("status").await;
    risen.succeeds().shows(&["1.15  WETH 4,069.57 USD  passed (13.04 % below)"]);
}

#[tokio::test]
async fn a_pair_of_two_volatile_assets_is_told_as_what_one_is_worth_in_the_other() {
    let trader = Trader::start().await;
    trader.give(CBBTC, units(1, 8)).await;
    let open = "loop open --collateral cbBTC --debt WETH --equity 1 --leverage 2 --broadcast";
    trader.program().run(open).await.succeeds().shows(&["health factor"]);
    let shown = reading(&trader).run("status").await;
    shown.succeeds().shows(&["cbBTC/WETH at 2x", "cbBTC 30 WETH", "cbBTC 19.23", "-35.8"]);
    let json = reading(&trader).run("status --json").await.succeeds().json();
    let pair = &json["loops"][0];
    assert_eq!((&pair["price"]["unit"], &pair["moving"]["symbol"]), (&"WETH".into(), &"cbBTC".into()));
    prices_are_true(&trader, pair, "cbBTC", U256::from(3_000u64)).await;
}

#[tokio::test]
async fn several_collaterals_are_all_named_and_only_the_journals_own_pair_is_marked() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 10 --leverage 2 --broadcast").await.succeeds();
    trader.give(CBETH, ether(5)).await;
    trader.replica.send(trader.account, CBETH, &Erc20::approveCall { spender: POOL, value: ether(5) }).await;
    let supply = Pool::supplyCall { asset: CBETH, amount: ether(5), onBehalfOf: trader.account, referral: 0 };
    trader.replica.send(trader.account, POOL, &supply).await;
    let borrow = Pool::borrowCall {
        asset: WETH,
        amount: ether(1),
        mode: U256::from(2),
        referral: 0,
        onBehalfOf: trader.account,
    };
    trader.replica.send(trader.account, POOL, &borrow).await;
    let shown = reading(&trader).run("status").await;
    shown.succeeds().shows(&[
        "WETH/USDC at ",
        "opened in the journal as",
        "not opened by this journal: 5 cbETH supplied, 1 WETH owed",
        // What is no loop has prices of thresholds too, against the debt that weighs most.
        "cbETH/USDC\n",
        "the account has one health factor",
    ]);
    for invented in ["cbETH/USDC at ", "cbETH/WETH at ", "WETH/WETH"] {
        assert!(!shown.stdout.contains(invented), "{invented}: {shown:#?}");
    }
    let json = reading(&trader).run("status --json").await.succeeds().json();
    let loops = json["loops"].as_array().expect("loops");
    let pairs: Vec<&str> = loops.iter().filter_map(|one| one["pair"].as_str()).collect();
    assert_eq!(pairs, ["WETH/USDC"], "no pair is invented: {json:#}");
    let unclaimed = &json["not_opened_here"];
    assert_eq!(
        (unclaimed["supplied"][0]["unit"].as_str(), unclaimed["owed"][0]["unit"].as_str()),
        (Some("cbETH"), Some("WETH"))
    );
    assert!(
        json["leverage"].is_object() && json["ltv"].is_object() && json["thresholds"]["trigger"].is_string(),
        "{json:#}"
    );
    assert_eq!(json["reserves"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        raw(&json["aave"]["health_factor"]) / U256::from(10u64.pow(9)),
        trader.health_factor().await / U256::from(10u64.pow(9))
    );
}

#[tokio::test]
async fn a_position_that_another_program_opened_is_shown_too() {
    let trader = Trader::start().await;
    trader.somebody_borrows(3, ether(10), 9_000).await;
    let other = account(3).to_string();
    let program = Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url(), "--from", &other]);
    program.run("status").await.succeeds().shows(&["not opened by this journal: 10 WETH", "loop adopt", "WETH/USDC\n"]);
}

#[tokio::test]
async fn what_was_signed_and_not_settled_is_told_with_what_to_do() {
    let trader = Trader::start().await;
    let id = leave_something_signed(&trader);
    let shown = reading(&trader).run("status").await;
    shown.succeeds().shows(&[&format!("unresolved: loop-open {id} is signed; run `trimtab journal reconcile`")]);
    let checked = trader.program().run("doctor").await;
    checked.fails(3, &["1 check failed"]).shows(&["FAIL  journal:", &id.to_string(), "journal reconcile"]);
}

/// As after a crash between signing and sending.
fn leave_something_signed(trader: &Trader) -> IntentId {
    let at = |step: u64| Stamp { block_time: Secs(1_790_000_000 + step), wall: Millis(1_790_000_000_000 + step) };
    let journal =
        Journal::open(trader.journals.path(), trader.identity.id().as_str(), trader.account).expect("a journal");
    let id = IntentId::derive(at(0).wall, b"left behind");
    let (kind, plan_hash) = ("loop-open".to_owned(), B256::repeat_byte(9));
    let intent = NewIntent { id, kind, paper: false, plan: Value::Null, plan_hash, steps: 1 };
    journal.record_planned(&intent, at(1)).expect("planned");
    journal.record_approved(id, at(2)).expect("approved");
    journal.record_simulated(id, at(3)).expect("simulated");
    let lease = journal.lease_nonce(id, 0, at(4)).expect("leased");
    let to = TxKind::Call(account(2));
    let mut transaction =
        TxEip1559 { chain_id: 8453, nonce: 0, gas_limit: 21_000, max_fee_per_gas: 1, to, ..TxEip1559::default() };
    let signature = signer(trader.index).sign_transaction_sync(&mut transaction).expect("signs");
    let raw: Bytes = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into();
    journal.record_signed(&lease, raw, at(5)).expect("recorded");
    id
}

/// The governor's row, which says whether the account is paused, is one of many.
#[tokio::test]
async fn a_damaged_row_of_the_governor_is_named_and_the_rest_is_shown() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    trader.program().run("pause").await.succeeds();
    let json = reading(&trader).run("status --json").await.succeeds().json();
    assert_eq!(json["paused"], true);
    let path = Journal::read(trader.journals.path(), trader.identity.id().as_str(), trader.account)
        .expect("a journal")
        .path()
        .to_owned();
    for (state, problem) in [("no json", "no json"), ("{\"paused\": \"maybe\"}", "governor")] {
        let db = rusqlite::Connection::open(&path).expect("opens");
        db.pragma_update(None, "ignore_check_constraints", true).expect("set");
        assert_eq!(db.execute("UPDATE governor_state SET state = ?1", [state]).expect("changed"), 1);
        drop(db);
        let shown = reading(&trader).run("status").await;
        shown.succeeds().shows(&["WETH/USDC", "leverage", "whether it is paused cannot be read"]);
        assert!(shown.stderr.contains("journal: governor_state"), "{shown:?}");
        let json = reading(&trader).run("status --json").await.succeeds().json();
        assert_eq!((&json["paused"], json["loops"].as_array().map(Vec::len)), (&true.into(), Some(1)));
        let row = &json["damaged"][0];
        assert_eq!((&row["table"], &row["column"]), (&"governor_state".into(), &"state".into()), "{json:#}");
        assert!(row["problem"].as_str().expect("told").contains(problem), "{row:#}");
        // What adds risk is refused while nobody knows.
        let refused = trader.program().run("loop adjust --leverage 2.2 --broadcast").await;
        assert!(matches!(refused.code, Some(3 | 9)) && refused.stderr.contains("governor"), "{refused:?}");
    }
}
