//! Others act between plan, simulation and block.

use alloy::primitives::U256;
use rust_decimal::dec;
use serde_json::Value;
use trimtab::{
    loops::{Funds, Payout, Request, Share, Target},
    plan::{PermitKind, SignedPermits},
    send::{Ending, sign_permits},
};

use crate::{
    common::account,
    trader::{DebtToken, Trader, WETH, ether},
};

/// Somebody takes the signed delegation out of a waiting transaction and uses it first.
async fn front_run(trader: &Trader, plan: &trimtab::plan::Plan, signed: &SignedPermits) {
    let request = plan.permits().find(|permit| permit.kind == PermitKind::CreditDelegation).expect("a delegation");
    let signature = signed[&request.digest()];
    let call = DebtToken::delegationWithSigCall {
        delegator: request.owner,
        delegatee: request.spender,
        value: request.value,
        deadline: U256::from(request.deadline.0),
        v: 27 + u8::from(signature.v()),
        r: signature.r().into(),
        s: signature.s().into(),
    };
    trader.replica.send(account(9), request.token, &call).await;
}

#[tokio::test]
async fn a_delegation_that_somebody_used_first_does_not_stop_the_opening() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let request = Request::Open { funds: Funds::Native(ether(5)), target: Target::Leverage(dec!(2)) };
    let plan = trader.plan(&pair, &request).await.expect("plan");
    let signed = sign_permits(trader.sender().signer(), &plan).await.expect("signed");
    front_run(&trader, &plan, &signed).await;
    assert!(!trader.left_behind(&pair).await.is_empty(), "the delegation is in force");
    let report = trader.execute(plan).await.expect("goes through without the permit op");
    assert!(report.settlement.is_some(), "{:?}", report.outcome);
    assert!(trader.debt(&pair).await > U256::ZERO);
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn a_delegation_used_while_ours_waits_for_a_block_ends_in_one_clear_outcome() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let request = Request::Open { funds: Funds::Native(ether(5)), target: Target::Leverage(dec!(2)) };
    let plan = trader.plan(&pair, &request).await.expect("plan");
    let signed = sign_permits(trader.sender().signer(), &plan).await.expect("signed");
    // Blocks hold what was there longest, so that the thief's comes first.
    let _: Value = trader.replica.request("evm_setAutomine", [false]).await.expect("anvil");
    let waits = async {
        loop {
            let pending: U256 =
                trader.replica.request("eth_getTransactionCount", (trader.account, "pending")).await.expect("count");
            if pending == U256::ONE {
                let call = front_running_call(&plan, &signed);
                let _: Value = trader.replica.request("eth_sendTransaction", [call]).await.expect("sent");
                let _: Value = trader.replica.request("evm_setIntervalMining", [1]).await.expect("anvil");
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let (report, ()) = tokio::join!(trader.execute(plan.clone()), waits);
    let report = report.expect("it was signed");
    // The composer passes over a permit whose nonce is used; what it would have granted is in force.
    assert!(matches!(report.outcome.ending, Ending::Mined), "{:?}", report.outcome);
    assert!(trader.debt(&pair).await > U256::ZERO);
    trader.assert_nothing_left(&pair).await;
}

fn front_running_call(plan: &trimtab::plan::Plan, signed: &SignedPermits) -> Value {
    use alloy::sol_types::SolCall;
    let request = plan.permits().find(|permit| permit.kind == PermitKind::CreditDelegation).expect("a delegation");
    let signature = signed[&request.digest()];
    let call = DebtToken::delegationWithSigCall {
        delegator: request.owner,
        delegatee: request.spender,
        value: request.value,
        deadline: U256::from(request.deadline.0),
        v: 27 + u8::from(signature.v()),
        r: signature.r().into(),
        s: signature.s().into(),
    };
    serde_json::json!({
        "from": account(9), "to": request.token, "gas": "0x100000",
        "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x174876e800",
        "data": alloy::primitives::Bytes::from(call.abi_encode()),
    })
}

#[tokio::test]
async fn a_plan_waits_out_somebody_elses_trade_or_is_refused_but_never_filled_worse_than_its_limit() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) }).await;
    let close = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } };
    for (price, goes_through) in [("2985", true), ("2700", false)] {
        let plan = trader.plan(&pair, &close).await.expect("plan");
        let change = trimtab::localchain::PriceChange::parse("ETH", price).expect("price");
        let scope = trimtab::localchain::PriceScope::PoolsOnly;
        trader.replica.controls.price(&change, scope).await.expect("moved");
        let before = trader.replica.nonce(trader.account).await;
        if goes_through {
            // Half a percent is within a trim's bound: planned again it would do; this plan may do or say no.
            let again = trader.plan(&pair, &close).await.expect("plan");
            assert!(again.bounds.iter().all(|bound| bound.holds() || !bound.blocking), "{:?}", again.bounds);
        } else {
            let refused = trader.execute(plan).await.expect_err("ten percent is not");
            assert!(format!("{refused:?}").contains("Reverts"), "{refused:?}");
            assert_eq!(trader.replica.nonce(trader.account).await, before);
        }
    }
}
