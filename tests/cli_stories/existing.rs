//! Amounts that the journal did not open.

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::loops::{Funds, Request, Target};

use crate::{
    common::account,
    trader::{Erc20, POOL, Pool, Trader, USDC, WETH, ether, units},
};

/// Supplies and borrows as a user of Aave's own page does.
async fn elsewhere(trader: &Trader, collateral: U256, dollars: u64) {
    let who = trader.account;
    trader.give(WETH, collateral).await;
    trader.replica.send(who, WETH, &Erc20::approveCall { spender: POOL, value: collateral }).await;
    let supply = Pool::supplyCall { asset: WETH, amount: collateral, onBehalfOf: who, referral: 0 };
    trader.replica.send(who, POOL, &supply).await;
    if dollars > 0 {
        let (amount, mode) = (units(dollars, 6), U256::from(2));
        let borrow = Pool::borrowCall { asset: USDC, amount, mode, referral: 0, onBehalfOf: who };
        trader.replica.send(who, POOL, &borrow).await;
    }
}

#[tokio::test]
async fn a_position_opened_elsewhere_is_left_alone_until_its_owner_says_otherwise() {
    let trader = Trader::start().await;
    elsewhere(&trader, ether(10), 12_000).await;
    for action in ["loop adjust --leverage 2.5", "loop deposit --equity 1", "loop withdraw --equity 1", "loop close"] {
        let refused = trader.program().run(&format!("{action} --broadcast")).await;
        refused.fails(4, &["10 WETH", "USDC owed", "--include-existing", "loop adopt"]);
    }
    trader.program().run("loop adjust --leverage 2.5 --include-existing").await.succeeds();
    // Opening on top of it is refused as a second loop.
    trader
        .program()
        .run("loop open --equity 1 --leverage 2")
        .await
        .fails(4, &["already has a WETH/USDC loop", "loop adopt"]);

    let adopted = trader.program().run("loop adopt --trigger 1.2 --warn 1.21 --target 1.3 --urgent 1.1").await;
    adopted.succeeds().shows(&["adopted WETH/USDC", "10 WETH"]);
    trader.program().run("loop adopt").await.fails(4, &["already has the WETH/USDC loop"]);
    // Its thresholds are kept: 1.2 and a headroom of 0.08 refuse what the defaults would allow.
    trader.program().run("loop adjust --health-factor 1.26").await.fails(4, &["health factor", "1.28"]);
    trader.program().run("loop adjust --leverage 1.5 --broadcast").await.succeeds();
    trader.program().run("loop close --broadcast").await.succeeds().shows(&["nothing left behind"]);
    let pair = trader.pair("WETH", "USDC").await;
    assert_eq!((trader.collateral(&pair).await, trader.debt(&pair).await), (U256::ZERO, U256::ZERO));
}

#[tokio::test]
async fn a_supply_from_before_is_not_drawn_into_a_new_loop_unasked() {
    let trader = Trader::start().await;
    elsewhere(&trader, ether(5), 0).await;
    let open = "loop open --equity 10 --leverage 2";
    trader.program().run(open).await.fails(4, &["5 WETH supplied", "--include-existing"]);
    trader.program().run(&format!("{open} --include-existing --broadcast")).await.succeeds();
    let pair = trader.pair("WETH", "USDC").await;
    let collateral = trader.collateral(&pair).await;
    assert!(collateral > ether(29) && collateral < ether(30), "15 ETH at leverage 2: {collateral}");
}

#[tokio::test]
async fn closing_one_of_two_collaterals_that_share_a_debt_says_so_and_not_that_a_transfer_exceeds_a_balance() {
    let trader = Trader::start().await;
    let btc = trader.pair("cbBTC", "USDC").await.collateral.token;
    let (who, one) = (trader.account, units(1, 8));
    trader.give(btc, one).await;
    trader.replica.send(who, btc, &Erc20::approveCall { spender: POOL, value: one }).await;
    let supply = Pool::supplyCall { asset: btc, amount: one, onBehalfOf: who, referral: 0 };
    trader.replica.send(who, POOL, &supply).await;
    elsewhere(&trader, ether(2), 20_000).await;
    for payout in ["", " --to debt"] {
        let ran = trader.program().run(&format!("loop close --include-existing{payout}")).await;
        ran.fails(4, &["closing WETH/USDC repays", "its debt is shared with the account's cbBTC", "loop repay"]);
    }
}

#[tokio::test]
async fn closing_or_adopting_nothing_is_refused_in_words() {
    let trader = Trader::start().await;
    for action in ["loop close", "loop close --fraction 0.5 --to debt", "loop adjust --leverage 2", "loop adopt"] {
        trader.program().run(&format!("{action} --include-existing")).await.fails(4, &["has no WETH/USDC loop"]);
    }
    trader.program().run("loop withdraw --equity 1").await.fails(4, &["has no WETH/USDC loop"]);
}

#[tokio::test]
async fn with_two_collaterals_and_two_debts_only_the_named_pair_is_acted_on() {
    let trader = Trader::start().await;
    let btc = trader.pair("cbBTC", "USDC").await;
    let eth = trader.pair("WETH", "USDC").await;
    trader.act(&eth, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) }).await;
    trader.give(btc.collateral.token, units(1, 8)).await;
    let deposit = Request::Deposit { funds: Funds::Collateral(units(1, 8)), keep_leverage: false };
    trader.act(&btc, &deposit).await;
    let who = trader.account;
    let (amount, mode) = (ether(1), U256::from(2));
    let borrow = Pool::borrowCall { asset: WETH, amount, mode, referral: 0, onBehalfOf: who };
    trader.replica.send(who, POOL, &borrow).await;

    let stands = async || (trader.collateral(&btc).await, trader.balance(eth.collateral.debt_token, who).await);
    let (bitcoin, owed_ether) = stands().await;
    assert_eq!(bitcoin, units(1, 8));
    trader.program().run("loop adjust --leverage 1.5 --include-existing --broadcast").await.succeeds();
    trader.program().run("loop close --include-existing --broadcast").await.succeeds();
    let (after, still_owed) = stands().await;
    assert!(after >= bitcoin && still_owed >= owed_ether, "the others stand");
    assert_eq!((trader.collateral(&eth).await, trader.debt(&eth).await), (U256::ZERO, U256::ZERO));
    trader.assert_nothing_left(&eth).await;
}

#[tokio::test]
async fn a_journal_of_another_account_knows_nothing_of_this_one() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 2 --leverage 2 --broadcast").await.succeeds();
    let other = crate::trader::Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url()]).wallet(2);
    other.run("journal list").await.fails(3, &["no journal for", &account(2).to_string()]);
}
