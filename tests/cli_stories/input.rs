//! Bad input: named, with its fix, and nothing sent.

use alloy::primitives::U256;

use crate::trader::Trader;

/// Arguments, exit code, words on stderr.
const TABLE: &[(&str, i32, &[&str])] = &[
    // targets
    ("loop open --equity 10 --leverage 1", 2, &["leverage 1 is out of range", "above 1", "loop deposit"]),
    ("loop open --equity 10 --leverage 0.5", 2, &["leverage 0.5 is out of range", "above 1"]),
    ("loop open --equity 10 --leverage -3", 2, &["leverage -3 is out of range"]),
    ("loop open --equity 10 --leverage 101", 2, &["leverage 101 is out of range", "at most 100"]),
    ("loop open --equity 10 --leverage NaN", 2, &["NaN", "--leverage", "plain decimal number such as"]),
    ("loop open --equity 10 --leverage inf", 2, &["inf", "--leverage"]),
    ("loop open --equity 10 --leverage 1e400", 2, &["1e400", "--leverage", "plain decimal number such as"]),
    ("loop open --equity 10 --leverage 3x", 2, &["3x", "--leverage"]),
    ("loop open --equity 10 --leverage 2.12345678", 2, &["leverage 2.12345678", "6 decimals"]),
    (
        "loop open --equity 10 --leverage 10",
        4,
        &["leverage 10x cannot be reached", "highest leverage that fits is 3.07"],
    ),
    (
        "loop open --equity 10 --leverage 4.5",
        4,
        &["health factor", "below the limit 1.23", "highest leverage that fits is 3.07"],
    ),
    ("loop open --equity 10 --health-factor 1", 2, &["health-factor 1 is out of range"]),
    ("loop open --equity 10 --health-factor 1.1", 4, &["1.1", "limit 1.23", "highest leverage that fits is 3.07"]),
    ("loop open --equity 10 --ltv 60", 2, &["ltv 60 is out of range", "0.6 means 60 %"]),
    ("loop open --equity 10 --ltv 0", 2, &["ltv 0 is out of range"]),
    ("loop open --equity 10 --ltv 0.9", 4, &["LTV 90 % cannot be reached", "highest leverage that fits is 3.07"]),
    ("loop open --equity 10", 2, &["no target", "--leverage, --health-factor or --ltv"]),
    ("loop open --equity 10 --leverage 2 --ltv 0.5", 2, &["--leverage", "cannot be used with", "--ltv"]),
    ("loop adjust", 2, &["no target"]),
    ("loop adjust --leverage 1", 2, &["leverage 1 is out of range", "loop close"]),
    // equity
    ("loop open --leverage 2", 2, &["--equity <AMOUNT>"]),
    ("loop open --equity 1 --equity-usdc 1 --leverage 2", 2, &["--equity", "cannot be used with"]),
    ("loop open --equity NaN --leverage 2", 2, &["equity: `NaN` is not a plain positive decimal number"]),
    ("loop open --equity 1e400 --leverage 2", 2, &["equity: `1e400` is not a plain positive decimal number"]),
    ("loop open --equity -1 --leverage 2", 2, &["equity: `-1` is not a plain positive decimal number"]),
    ("loop open --equity 1.1234567890123456789 --leverage 2", 2, &["equity", "has 19 decimals, the token stores 18"]),
    ("loop open --equity-usdc 1.1234567 --leverage 2", 2, &["equity-usdc", "has 7 decimals, the token stores 6"]),
    ("loop open --equity 0 --leverage 2", 2, &["equity is zero", "above 0"]),
    ("loop deposit --equity 0", 2, &["equity is zero"]),
    ("loop open --equity 10001 --leverage 2", 4, &["equity of 10,001 ETH is more than the wallet's 10,000 ETH"]),
    ("loop open --equity 5 --wrapped --leverage 2", 4, &["equity of 5 WETH is more than the wallet's 0 WETH"]),
    ("loop open --equity-usdc 5 --leverage 2", 4, &["equity of 5 USDC is more than the wallet's 0 USDC"]),
    ("loop open --equity 10000 --leverage 2", 4, &["equity of 10,000 ETH leaves 0 ETH for gas; keep at least"]),
    ("loop open --equity 9999.99999 --leverage 2", 4, &["for gas; keep at least"]),
    ("loop open --collateral cbETH --debt WETH --equity-usdc 5 --leverage 2", 2, &["--equity-usdc", "WETH"]),
    // assets
    ("loop open --collateral DOGE --equity 1 --leverage 2", 2, &["`DOGE` is not a reserve", "WETH", "cbBTC"]),
    ("loop open --debt 0x0000000000000000000000000000000000000001 --equity 1 --leverage 2", 2, &["is not a reserve"]),
    ("loop open --collateral USDC --equity 1 --leverage 2", 2, &["both USDC", "two assets"]),
    // closing
    ("loop close --fraction 0", 2, &["fraction 0 must be above 0 and at most 1"]),
    ("loop close --fraction 1.5", 2, &["fraction 1.5 must be above 0 and at most 1"]),
    ("loop close --fraction -0.5", 2, &["fraction -0.5 must be above 0"]),
    ("loop close --fraction half", 2, &["half", "--fraction"]),
    ("loop close --to euros", 2, &["euros", "--to", "collateral"]),
    // thresholds and limits
    ("loop open --equity 1 --leverage 2 --trigger 1.3", 2, &["--warn", "must not be below trigger 1.3"]),
    ("loop open --equity 1 --leverage 2 --target 1.1", 2, &["--target", "must be above warn"]),
    ("loop open --equity 1 --leverage 2 --urgent 0.9", 2, &["--urgent", "above 1"]),
    ("loop open --equity 1 --leverage 2 --urgent 1.2", 2, &["--trigger", "must be above urgent 1.2"]),
    (
        "loop open --equity 10 --leverage 3 --slippage-bps 1",
        4,
        &["swap cost", "above the limit 0.01 %", "--slippage-bps"],
    ),
    ("loop open --equity 1 --leverage 2 --slippage-bps -1", 2, &["--slippage-bps"]),
    ("loop open --equity 1 --leverage 2 --flash bank", 2, &["--flash", "morpho", "aave", "uniswap"]),
    // elsewhere
    ("send no-such-plan.json", 2, &["no-such-plan.json"]),
    ("journal show not-an-id", 2, &["not-an-id"]),
    ("loop jump", 2, &["jump"]),
];

#[tokio::test]
async fn bad_input_is_named_with_its_fix_and_nothing_is_sent() {
    let trader = Trader::start().await;
    for (line, code, words) in TABLE {
        let ran = trader.program().run(&format!("{line} -q")).await;
        eprintln!("{line}");
        ran.fails(*code, words);
        assert!(ran.stdout.is_empty(), "stdout carries results only: {ran:#?}");
    }
    for line in ["loop open --equity 10000 --leverage 2 --broadcast", "loop open --equity 1 --leverage 9 --broadcast"] {
        trader.program().run(line).await.fails(4, &[]);
    }
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn with_json_an_error_is_a_document_with_its_exit_code_and_a_cause_is_said_once() {
    let trader = Trader::start().await;
    let ran = trader.program().run("loop open --equity 1.1234567890123456789 --leverage 2 --json").await;
    let document = ran.fails(2, &[]).json();
    let error = &document["error"];
    assert_eq!((&error["exit"], &error["code"]), (&2.into(), &"amount".into()));
    let said = error["message"].as_str().expect("words");
    assert_eq!(said.matches("has 19 decimals").count(), 1, "{said}");
}

#[tokio::test]
async fn with_json_a_command_line_that_cannot_be_read_is_answered_with_a_document_too() {
    let trader = Trader::start().await;
    for (words, code) in [
        ("loop open --equity 1 --leverag 2 --json", "unknown-argument"),
        ("--json loop opne", "unknown-command"),
        ("decode --json", "missing-argument"),
        ("journal list --limit many --json", "invalid-value"),
    ] {
        let ran = trader.program().run(words).await;
        let document = ran.fails(2, &["error: "]).json();
        assert_eq!((&document["error"]["exit"], &document["error"]["code"]), (&2.into(), &code.into()), "{words}");
        assert!(trader.program().run(&words.replace("--json", "")).await.stdout.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn with_json_a_refusal_tells_its_figures_as_numbers_with_unit() {
    let trader = Trader::start().await;
    let ran = trader.program().run("loop open --equity 20000 --leverage 2 --json").await;
    let error = ran.fails(4, &["more than the wallet's"]).json()["error"].clone();
    assert_eq!(error["code"], "equity-short");
    assert_eq!(
        (&error["figures"]["needed"]["value"], &error["figures"]["needed"]["unit"]),
        (&"20000".into(), &"ETH".into()),
        "{error:#}"
    );
}

#[tokio::test]
async fn the_highest_leverage_that_is_named_can_be_had() {
    let trader = Trader::start().await;
    let refused = trader.program().run("loop open --equity 10 --leverage 10").await;
    let said = refused.fails(4, &["highest leverage that fits is "]).stderr.clone();
    let (_, named) = said.split_once("highest leverage that fits is ").expect("named");
    let highest = named.split('x').next().expect("a number").to_owned();
    trader.program().run(&format!("loop open --equity 10 --leverage {highest} --broadcast")).await.succeeds();
}

#[tokio::test]
async fn secrets_are_never_shown() {
    let trader = Trader::start().await;
    let key = crate::common::TEST_KEYS[1];
    for line in ["-vvv loop open --equity 1 --leverage 2 --broadcast", "config show --origin", "-vvv loop close --json"]
    {
        let ran = trader.program().run(line).await;
        assert!(!ran.stdout.contains(key) && !ran.stderr.contains(key), "{line}");
    }
    let phrase = "abandon ability able";
    let ran = crate::trader::Program::new(trader.journals.path())
        .args(["--rpc-url", trader.replica.url(), "--mnemonic", phrase])
        .run("loop open --equity 1 --leverage 2")
        .await;
    assert_eq!(ran.code, Some(3), "{ran:#?}");
    assert!(!ran.stderr.contains(phrase), "{ran:#?}");
}
