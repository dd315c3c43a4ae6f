//! A market that does not allow what is asked: said with its figures, before anything is signed.

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};

use crate::trader::{CBETH, Configurator, MORPHO, Trader, USDC, WETH, ether, units};

const OPEN: &str = "loop open --equity 10 --leverage 2 --broadcast";

#[tokio::test]
async fn caps_freezes_pauses_and_lost_collateral_value_refuse_an_opening_and_say_which() {
    let trader = Trader::start().await;
    let snapshot: Value = trader.replica.request("evm_snapshot", ()).await.expect("anvil");
    let mut snapshot = snapshot;
    for case in 0..7 {
        let words: &[&str] = match case {
            0 => {
                trader.govern(&Configurator::setBorrowCapCall { asset: USDC, cap: U256::from(180_000_100u64) }).await;
                &["borrow cap of 180000100 USDC exceeded", "room for"]
            }
            1 => {
                trader.govern(&Configurator::setSupplyCapCall { asset: WETH, cap: U256::from(100_001u64) }).await;
                &["supply cap of 100001 WETH exceeded", "room for"]
            }
            2 => {
                trader.govern(&Configurator::setReserveFreezeCall { asset: WETH, on: true }).await;
                &["aave reserve WETH is frozen", "only repaying and withdrawing"]
            }
            3 => {
                trader.govern(&Configurator::setReserveFreezeCall { asset: USDC, on: true }).await;
                &["aave reserve USDC is frozen"]
            }
            4 => {
                trader.govern(&Configurator::setReservePauseCall { asset: WETH, on: true }).await;
                &["aave reserve WETH is paused"]
            }
            5 => {
                trader.govern(&Configurator::setReservePauseCall { asset: USDC, on: true }).await;
                &["aave reserve USDC is paused"]
            }
            _ => {
                let (ltv, threshold, bonus) = (U256::ZERO, U256::from(8_300), U256::from(10_500));
                let call = Configurator::configureReserveAsCollateralCall { asset: WETH, ltv, threshold, bonus };
                trader.govern(&call).await;
                &["loan to value is 0"]
            }
        };
        eprintln!("{words:?}");
        trader.program().run(OPEN).await.fails(4, words);
        assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
        let reverted: bool = trader.replica.request("evm_revert", [&snapshot]).await.expect("anvil");
        assert!(reverted);
        snapshot = trader.replica.request("evm_snapshot", ()).await.expect("anvil");
    }
}

#[tokio::test]
async fn a_loop_can_be_lowered_and_closed_while_its_reserves_are_frozen_but_not_while_they_are_paused() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 10 --leverage 3 --broadcast").await.succeeds();
    for asset in [WETH, USDC] {
        trader.govern(&Configurator::setReserveFreezeCall { asset, on: true }).await;
    }
    trader.govern(&Configurator::setReservePauseCall { asset: USDC, on: true }).await;
    trader.program().run("loop close --broadcast").await.fails(4, &["aave reserve USDC is paused", "resumed"]);
    trader.govern(&Configurator::setReservePauseCall { asset: USDC, on: false }).await;
    trader.program().run("loop close --broadcast").await.succeeds().shows(&["nothing left behind"]);
}

#[tokio::test]
async fn too_little_to_borrow_is_said_with_both_figures() {
    let trader = Trader::start().await;
    // 70 million dollars can be borrowed; somebody leaves 10 000.
    trader.somebody_borrows(5, ether(60_000), 69_990_000).await;
    trader.program().run(OPEN).await.fails(4, &["aave has", "USDC to give", "asked", "highest leverage that fits"]);
    trader.program().run("loop open --equity 2 --leverage 2 --broadcast").await.succeeds();
}

#[tokio::test]
async fn without_any_flash_loan_one_sentence_names_the_closest_source_and_a_frozen_reserve_comes_first() {
    let trader = Trader::start().await;
    let nothing = async |token: Address, of: Address| {
        let _: Value = trader.replica.request("anvil_dealERC20", json!([of, token, "0x0"])).await.expect("anvil");
    };
    trader.somebody_borrows(5, ether(60_000), 69_999_000).await;
    nothing(USDC, MORPHO).await;
    let ran = trader.program().run("loop open --equity 10 --leverage 2 --flash morpho").await;
    let ran = ran.fails(4, &["no flash loan of", "Morpho Blue can lend 0 USDC", "needed", "left out by --flash"]);
    assert!(!ran.stderr.contains("another source was asked for"), "only with -v: {}", ran.stderr);
    let ran = trader.program().run("loop open --equity 10 --leverage 2 --flash morpho -v").await;
    ran.fails(4, &["Morpho Blue: fee 0 %, can lend 0 USDC", "another source was asked for"]);
    let ran = trader.program().run("loop open --equity 10 --leverage 2 --flash aave").await;
    ran.fails(4, &["because loan and borrow come from the same reserve"]);
    // A frozen reserve is the cause, whatever else is missing.
    trader.govern(&Configurator::setReserveFreezeCall { asset: USDC, on: true }).await;
    let ran = trader.program().run("loop open --equity 10 --leverage 2 --flash morpho").await;
    let ran = ran.fails(4, &["aave reserve USDC is frozen"]);
    assert!(!ran.stderr.contains("no flash loan"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_pool_that_disagrees_with_the_oracle_refuses_an_opening_but_not_a_trim() {
    use trimtab::localchain::{PriceChange, PriceScope};
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 10 --leverage 2.5 --broadcast").await.succeeds();
    let change = PriceChange::parse("ETH", "2970").expect("price");
    trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("moved");
    trader.program().run("loop adjust --leverage 2.8 --broadcast").await.fails(4, &["pool price against the oracle"]);
    trader.program().run("loop adjust --leverage 2 --broadcast").await.succeeds();
    trader.program().run("loop close --to debt --broadcast").await.succeeds();
}

#[tokio::test]
async fn more_equity_than_can_be_taken_out_is_refused() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 10 --leverage 2 --broadcast").await.succeeds();
    for (equity, reason) in [
        ("--equity 50", "50 WETH asked, the account has"),
        ("--equity 9.9", "health factor after the action is 0.8"),
        ("--equity 6", "is below the limit 1.23"),
        ("--equity-usdc 20000", "is below the limit 1.23"),
    ] {
        let ran = trader.program().run(&format!("loop withdraw {equity} --broadcast")).await;
        ran.fails(4, &["cannot be taken out", reason, "at most", "--keep-leverage"]);
    }
    let refused = trader.program().run("loop withdraw --equity 6").await;
    let (_, named) = refused.stderr.split_once("at most ").expect("the most is named");
    let most = named.split(' ').next().expect("a number").to_owned();
    assert!(most.starts_with("5.1"), "{most}: 20 WETH less 10 WETH's worth of debt times 1.23 / 0.83");
    trader.program().run(&format!("loop withdraw --equity {most} --broadcast")).await.succeeds();
    trader.give(CBETH, units(1, 18)).await;
    let none = "loop withdraw --collateral cbETH --debt WETH --equity 1 --broadcast";
    trader.program().run(none).await.fails(4, &["has no cbETH/WETH loop"]);
}
