//! The same call data on our stand-in and on the genuine composer: how far our gas figures can be trusted.
//!
//! The recorded figures are of the genuine contracts (tests/vectors/onedelta.md); here the same bytes run on the replica.

use alloy::{
    primitives::{Address, Bytes, U256, address},
    sol,
    sol_types::SolCall,
};
use eyre::{Result, eyre};
use serde::Deserialize;
use serde_json::{Value, json};
use trimtab::abi::{ICreditDelegation::approveDelegationCall, IERC20::approveCall};
use trimtab::{loops::WETH, onedelta::COMPOSER};

use crate::{
    support::desk::{Desk, ether},
    table,
};

sol!("abi/onedelta/IComposer.sol");

const A_WETH: Address = address!("D4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7");
const V_USDC: Address = address!("59dca05b6c26dbd64b5381374aAaC5CD05644C28");
/// Anvil's second test account; the recordings were made with it.
const USER: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");

/// Vectors in the order they run, with the gas they used on the genuine contracts (first use, approvals not counted); zero
/// where the vector was not recorded at that place.
const SEQUENCES: [[(&str, u64); 3]; 2] = [
    [("loop_open_3x_morpho", 655_375), ("loop_partial_deleverage_aave", 0), ("loop_full_close_morpho", 474_064)],
    [("loop_open_3x_aave", 676_962), ("loop_partial_deleverage_aave", 571_908), ("loop_full_close_aave", 499_866)],
];

#[derive(Deserialize)]
struct Vector {
    name: String,
    calldata: Bytes,
}

pub async fn measure() -> Result<()> {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/vectors/onedelta-vectors.json"))?;
    let mut rows = Vec::new();
    for sequence in SEQUENCES {
        let desk = Desk::open().await?;
        desk.controls.fund(USER, U256::ZERO, &[(WETH, ether(10))]).await?;
        let unlimited = U256::MAX;
        for (token, data) in [
            (WETH, approveCall { spender: COMPOSER, amount: unlimited }.abi_encode()),
            (A_WETH, approveCall { spender: COMPOSER, amount: unlimited }.abi_encode()),
            (V_USDC, approveDelegationCall { delegatee: COMPOSER, amount: unlimited }.abi_encode()),
        ] {
            send(&desk, token, data).await?;
        }
        for (name, genuine) in sequence {
            let vector = vectors.iter().find(|vector| vector.name == name);
            let ops = vector.ok_or_else(|| eyre!("no vector {name}"))?.calldata.clone();
            let gas = send(&desk, COMPOSER, IComposer::deltaComposeCall { ops }.abi_encode()).await?;
            let difference = i64::try_from(gas)?.saturating_sub(i64::try_from(genuine)?);
            let [genuine, difference] = match genuine {
                0 => ["not recorded".to_owned(), String::new()],
                _ => [genuine.to_string(), difference.to_string()],
            };
            rows.push(vec![name.to_owned(), genuine, gas.to_string(), difference]);
        }
    }
    table::print("The same call data", &["vector", "genuine contract", "stand-in", "difference"], &rows);
    Ok(())
}

/// Sends from the account that anvil signs for; gives the gas used.
async fn send(desk: &Desk, to: Address, data: Vec<u8>) -> Result<u64> {
    let call = json!([{ "from": USER, "to": to, "data": Bytes::from(data), "gas": "0x989680" }]);
    let receipt: Value = desk.endpoints.request_once("eth_sendTransactionSync", call).await?;
    let text = |key: &str| receipt.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("status") != "0x1" {
        return Err(eyre!("a call to {to} reverted"));
    }
    Ok(u64::from_str_radix(text("gasUsed").trim_start_matches("0x"), 16)?)
}
