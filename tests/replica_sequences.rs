//! Sequences recorded on the genuine composer run on the replica with the same results.
//!
//! tests/vectors/onedelta-executed-sequences.json was recorded on the genuine composer and forwarder (its note says how).
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use alloy::{
    primitives::{Address, Bytes, U256, address},
    sol,
    sol_types::SolCall,
};
use common::{Replica, account};
use serde::Deserialize;
use trimtab::abi::{ICreditDelegation, IERC20};

sol!("abi/onedelta/IComposer.sol");

const COMPOSER: Address = address!("B7ea94340e65CC68d1274aE483dfBE593fD6f21e");
const FORWARDER: Address = address!("fCa11b85ac641f1ba215259566d579A45519e506");
const WETH: Address = address!("4200000000000000000000000000000000000006");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const A_WETH: Address = address!("D4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7");
const V_USDC: Address = address!("59dca05b6c26dbd64b5381374aAaC5CD05644C28");

#[derive(Deserialize)]
struct Recording {
    sequences: Vec<Sequence>,
}

#[derive(Deserialize)]
struct Sequence {
    sequence: String,
    preconditions: Vec<Precondition>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Precondition {
    to: Address,
    call: String,
    args: (Address, String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    vector: String,
    value: String,
    #[serde(rename = "aWETH")]
    a_weth: String,
    #[serde(rename = "debtUSDC")]
    debt_usdc: String,
    #[serde(rename = "userUSDCdelta")]
    user_usdc_delta: String,
    #[serde(rename = "userWETHdelta")]
    user_weth_delta: String,
    ops: Bytes,
}

fn number(text: &str) -> U256 {
    text.parse().expect("a number")
}

/// `before` plus a recorded difference, which has a sign.
fn moved(before: U256, delta: &str) -> U256 {
    match delta.strip_prefix('-') {
        Some(down) => before - number(down),
        None => before + number(delta),
    }
}

async fn balance(replica: &Replica, token: Address, owner: Address) -> U256 {
    replica.ask(token, &IERC20::balanceOfCall { owner }).await
}

/// When each recording began. Two months lie between the state they started from and them, and interest since then
/// shows in the last digits; the seconds were found by matching those digits. A block more in the building of the replica
/// moves all of them by its two seconds.
const RECORDED_AT: [u64; 4] = [1_795_211_893, 1_795_211_894, 1_795_211_893, 1_795_211_893];

/// Seconds between the steps: 3600 by the file's `evm_increaseTime`, and what passed while recording.
const PAUSES: [[u64; 2]; 4] = [[3600, 3600], [3601, 3600], [3600, 3600], [3600, 3600]];

async fn run(index: usize, sequence: &Sequence) {
    let name = &sequence.sequence;
    let replica = Replica::start().await;
    let user = account(1);
    let funds = [(WETH, U256::from(10).pow(U256::from(19))), (USDC, U256::from(10_000_000_000u64))];
    replica.controls.fund(user, U256::ZERO, &funds).await.expect("funds");
    let mut time = RECORDED_AT[index];
    for Precondition { to, call, args: (spender, amount) } in &sequence.preconditions {
        let amount = number(amount);
        let spender = *spender;
        let data = match call.as_str() {
            "approve" => IERC20::approveCall { spender, amount }.abi_encode(),
            "approveDelegation" => ICreditDelegation::approveDelegationCall { delegatee: spender, amount }.abi_encode(),
            other => panic!("unknown precondition {other}"),
        };
        replica.next_block_at(time).await;
        replica.send_data(user, *to, data.into(), U256::ZERO).await;
        time += 1;
    }
    for (number_of_step, step) in sequence.steps.iter().enumerate() {
        let (weth, usdc) = (balance(&replica, WETH, user).await, balance(&replica, USDC, user).await);
        replica.next_block_at(time).await;
        let data = IComposer::deltaComposeCall { ops: step.ops.clone() }.abi_encode();
        replica.send_data(user, COMPOSER, data.into(), number(&step.value)).await;
        let at = format!("{name}, step {number_of_step} ({})", step.vector);
        assert_eq!(balance(&replica, V_USDC, user).await, number(&step.debt_usdc), "debt: {at}");
        assert_eq!(balance(&replica, A_WETH, user).await, number(&step.a_weth), "collateral: {at}");
        assert_eq!(balance(&replica, WETH, user).await, moved(weth, &step.user_weth_delta), "WETH of the user: {at}");
        assert_eq!(balance(&replica, USDC, user).await, moved(usdc, &step.user_usdc_delta), "USDC of the user: {at}");
        for token in [WETH, USDC, A_WETH, V_USDC] {
            assert_eq!(balance(&replica, token, COMPOSER).await, U256::ZERO, "dust in the composer: {at}");
            assert_eq!(balance(&replica, token, FORWARDER).await, U256::ZERO, "dust in the forwarder: {at}");
        }
        time += PAUSES[index].get(number_of_step).copied().unwrap_or_default();
    }
}

#[tokio::test]
async fn recorded_sequences_leave_the_same_debts_balances_and_no_dust() {
    let recording: Recording =
        serde_json::from_str(include_str!("vectors/onedelta-executed-sequences.json")).expect("recording");
    assert_eq!(recording.sequences.len(), 4);
    for (index, sequence) in recording.sequences.iter().enumerate() {
        run(index, sequence).await;
    }
}
