//! `approvals`.

use alloy::primitives::{Address, U256, address};
use trimtab::abi::ICreditDelegation;
use trimtab::onedelta::{CALL_FORWARDER, COMPOSER};

use crate::{
    masked::masked,
    trader::{Erc20, Trader, USDC, ether, units},
};

/// Receipts of WETH and USDC on Base (base-replica.md §2).
const A_WETH: Address = address!("D4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7");
const USDC_DEBT: Address = address!("59dca05b6c26dbd64b5381374aAaC5CD05644C28");

async fn approve_carelessly(trader: &Trader) {
    let replica = &trader.replica;
    replica.send(trader.account, USDC, &Erc20::approveCall { spender: COMPOSER, value: U256::MAX }).await;
    replica.send(trader.account, A_WETH, &Erc20::approveCall { spender: CALL_FORWARDER, value: ether(1) }).await;
    let delegation = ICreditDelegation::approveDelegationCall { delegatee: COMPOSER, amount: units(5, 6) };
    replica.send(trader.account, USDC_DEBT, &delegation).await;
}

#[tokio::test]
async fn a_loop_leaves_no_approval_and_the_list_says_so() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    trader.program().run("approvals list").await.succeeds().shows(&["neither composer nor forwarder may"]);
    trader.program().run("approvals revoke --all").await.succeeds().shows(&["no approval is in force"]);
}

#[tokio::test]
async fn what_may_still_be_done_is_listed_and_taken_back() {
    let trader = Trader::start().await;
    approve_carelessly(&trader).await;
    let listed = trader.program().run("approvals list").await;
    insta::assert_snapshot!(masked(&listed.succeeds().stdout));
    let json = trader.program().run("approvals list --json").await.succeeds().json();
    assert_eq!(json["approvals"].as_array().map(Vec::len), Some(3));

    let nonce = trader.replica.nonce(trader.account).await;
    let shown = trader.program().run("approvals revoke --token usdc").await;
    shown.succeeds().shows(&[
        "transaction 2 of 2",
        "unlimited",
        "simulated: goes through",
        "dry run: nothing was sent",
    ]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce, "a dry run sends nothing");
    trader.program().run("approvals revoke --token cbBTC").await.fails(2, &["no approval of cbBTC", "USDC, WETH"]);
    trader.program().run("approvals revoke").await.fails(2, &["--all"]);

    trader.program().run("approvals revoke --token USDC --broadcast").await.succeeds();
    let left = trader.program().run("approvals list --json").await.succeeds().json();
    assert_eq!(left["approvals"].as_array().map(Vec::len), Some(1));
    trader.program().run("approvals revoke --all --broadcast").await.succeeds();
    let allowance = Erc20::allowanceCall { owner: trader.account, spender: CALL_FORWARDER };
    assert_eq!(trader.replica.ask(A_WETH, &allowance).await, U256::ZERO);
    let delegation = ICreditDelegation::borrowAllowanceCall { fromUser: trader.account, toUser: COMPOSER };
    assert_eq!(trader.replica.ask(USDC_DEBT, &delegation).await, U256::ZERO);
    trader.program().run("journal list").await.succeeds().shows(&["approvals revoke", "reconciled"]);
}
