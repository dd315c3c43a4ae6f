//! Others act between plan, simulation and block.

use alloy::{
    primitives::{Bytes, U256},
    sol_types::SolCall,
};
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    journal::{IntentFilter, IntentState},
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Payout, Request, Share, Target},
    plan::{PermitKind, Plan, SignedPermits, SimulationError},
    send::{Ending, ExecuteError, sign_permits},
};

use crate::{
    common::account,
    trader::{DebtToken, Failed, Trader, WETH, ether},
};

/// Somebody takes the signed delegation out of a waiting transaction and uses it first.
async fn front_run(trader: &Trader, plan: &Plan, signed: &SignedPermits) {
    let mined: Value =
        trader.replica.request("eth_sendTransactionSync", [front_running_call(plan, signed)]).await.expect("sent");
    assert_eq!(mined["status"], "0x1", "{mined:#}");
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
async fn a_delegation_used_in_the_very_block_of_ours_reverts_it_and_it_is_done_once_more_without_the_permit() {
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
    assert!(matches!(report.outcome.ending, Ending::Mined), "{:?}", report.outcome);
    assert!(trader.debt(&pair).await > U256::ZERO);
    trader.assert_nothing_left(&pair).await;
    let intents = trader.sender().journal().reader().intents(&IntentFilter::default()).expect("intents");
    let states: Vec<IntentState> = intents.iter().map(|intent| intent.state).collect();
    assert_eq!(states, [IntentState::Reconciled, IntentState::Failed]);
}

fn front_running_call(plan: &Plan, signed: &SignedPermits) -> Value {
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
    json!({
        "from": account(9), "to": request.token, "gas": "0x100000",
        "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x174876e800",
        "data": Bytes::from(call.abi_encode()),
    })
}

#[tokio::test]
async fn a_plan_made_before_the_pool_moved_is_never_filled_beyond_its_limit() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) }).await;
    let close = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } };
    let before = trader.replica.nonce(trader.account).await;
    let plan = trader.plan(&pair, &close).await.expect("plan");
    let move_pools = async |price: &str| {
        let change = PriceChange::parse("ETH", price).expect("price");
        trader.replica.controls.price(&change, PriceScope::PoolsOnly).await.expect("moved");
    };
    move_pools("2700").await;
    let refused = trader.execute(plan).await.expect_err("ten percent is beyond any bound");
    assert!(
        matches!(refused, Failed::Execute(ExecuteError::Simulation(SimulationError::Reverts { .. }))),
        "{refused:?}"
    );
    let bounded = trader.plan(&pair, &close).await.expect("plan");
    let broken: Vec<_> = bounded.bounds.iter().filter(|bound| bound.blocking && !bound.holds()).collect();
    assert!(!broken.is_empty(), "{:?}", bounded.bounds);
    // Half a percent is within the bound of a closing, planned afresh.
    move_pools("2985").await;
    assert_eq!(trader.replica.nonce(trader.account).await, before);
    trader.act(&pair, &close).await;
    trader.assert_nothing_left(&pair).await;
}
