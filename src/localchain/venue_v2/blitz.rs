//! The relayer: calls of an account that it pays the gas for (avantis-v2.md).
//!
//! Here the calls are taken out of the envelope and sent as the account's own, by impersonation: no code is set on it.
//! Its signature over the calls is checked first, so that nobody else's calls are sent.

use alloy::{
    primitives::{Address, B256, Bytes as Hex, Signature, U256, b256, keccak256},
    sol,
    sol_types::{SolCall, SolValue},
};
use axum::{
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};
use tracing::warn;

use super::{
    context::Context,
    http::{Answer, Parameters, Refused, plain},
    link::Refusal,
};
use crate::localchain::{anvil::CHAIN_ID, genesis::AVANTIS_TRADING, market::Market, node::Call};

sol! {
    struct RelayedCall { address to; uint256 value; bytes data; }
    interface IDelegation { function execute(bytes32 mode, bytes calldata executionData) external; }
}

/// The only mode of execution that is relayed: a batch with a signature.
const MODE: B256 = b256!("0100000000007821000100000000000000000000000000000000000000000000");
/// Gas that is relayed at most.
const MOST_GAS: u64 = 3_000_000;

/// `POST /blitz/relays`.
pub(super) async fn relay(State(context): State<Context>, body: Bytes) -> Answer {
    let asked = Parameters::read(None, &body)?;
    let params = asked.raw("txParams").ok_or_else(|| Refused::bad("txParams is missing"))?;
    let field = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let account: Address = field("to").parse().map_err(|_| Refused::bad("txParams.to is no address"))?;
    let data: Hex = field("data").parse().map_err(|_| Refused::bad("txParams.data must be hex"))?;
    let calls = calls_of(account, &data)?;
    let usdc = Market::get()?.reserve("USDC")?.token;
    if calls.iter().any(|call| call.to != AVANTIS_TRADING && call.to != usdc) {
        return Err(Refused::bad("only calls of the trading router and of USDC are relayed"));
    }
    let id = context.relays.next_id();
    let outcome = match carry_out(&context, account, calls).await {
        Ok(hash) => json!({ "status": "Finalised", "receipt": { "transactionHash": hash, "status": 1 } }),
        Err(Refusal::Contract(name)) => {
            warn!(id, name, "relayed call refused");
            json!({ "status": "Failed", "error": name })
        }
        Err(Refusal::Failed(error)) => return Err(error.into()),
    };
    context.relays.record(&id, outcome);
    plain(json!({ "requestId": id }))
}

/// `GET /blitz/relays/{id}`.
pub(super) async fn outcome(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    plain(context.relays.find(&id).ok_or_else(|| Refused::missing(format!("no relay {id}")))?)
}

async fn carry_out(context: &Context, account: Address, calls: Vec<RelayedCall>) -> Result<B256, Refusal> {
    let node = &context.link.node;
    context.link.equip(account).await?;
    let mut last = B256::ZERO;
    for relayed in calls {
        let (to, data, value) = (relayed.to, relayed.data, relayed.value);
        let call = Call { from: account, to, data, value, gas: MOST_GAS };
        let sent = context.link.carry_out(&call).await;
        match sent {
            Ok(mined) => last = mined.transaction_hash,
            Err(refusal) => {
                node.impersonate(account, false).await?;
                return Err(refusal);
            }
        }
    }
    node.impersonate(account, false).await?;
    Ok(last)
}

/// The calls in an envelope, which the account must have signed.
fn calls_of(account: Address, data: &[u8]) -> Result<Vec<RelayedCall>, Refused> {
    let unreadable = |_| Refused::bad("txParams.data is no execute(bytes32,bytes) with calls and a signature");
    let call = IDelegation::executeCall::abi_decode(data).map_err(unreadable)?;
    if call.mode != MODE {
        return Err(Refused::bad("the mode of execution is not that of a signed batch"));
    }
    let (calls, signed) = <(Vec<RelayedCall>, Hex)>::abi_decode_params(&call.executionData).map_err(unreadable)?;
    let (Some(key), Some(signature)) = (signed.get(..24), signed.get(24..)) else {
        return Err(Refused::bad("the envelope has no signature"));
    };
    // The key of the nonce, whose sequence number is zero.
    let nonce = U256::from_be_slice(key) << 64;
    let signature = Signature::try_from(signature).map_err(|_| Refused::bad("the envelope's signature is not one"))?;
    let signer = signature.recover_address_from_prehash(&execute_digest(account, call.mode, &calls, nonce));
    if signer.ok() != Some(account) {
        return Err(Refused::bad("the envelope is not signed by its account"));
    }
    Ok(calls)
}

fn execute_digest(account: Address, mode: B256, calls: &[RelayedCall], nonce: U256) -> B256 {
    let call_kind = keccak256("Call(address to,uint256 value,bytes data)");
    let kind = keccak256("Execute(bytes32 mode,Call[] calls,uint256 nonce)Call(address to,uint256 value,bytes data)");
    let hashes: Vec<u8> = calls
        .iter()
        .flat_map(|call| keccak256((call_kind, call.to, call.value, keccak256(&call.data)).abi_encode()))
        .collect();
    let content = keccak256((kind, mode, keccak256(hashes), nonce).abi_encode());
    let domain_kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let names = (keccak256("GelatoDelegation"), keccak256("0.0.1"));
    let domain = keccak256((keccak256(domain_kind), names.0, names.1, U256::from(CHAIN_ID), account).abi_encode());
    keccak256([b"\x19\x01".as_slice(), domain.as_slice(), content.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_clients_envelope_is_read_and_anothers_refused() {
        let file = include_str!("../../../tests/vectors/veranta-golden.json");
        let file: Value = serde_json::from_str(file).expect("the vectors");
        let envelope = &file["envelopes"][0];
        let body: Value = serde_json::from_str(envelope["http"]["body"].as_str().expect("body")).expect("JSON");
        let account: Address = body["txParams"]["to"].as_str().expect("to").parse().expect("address");
        let data: Hex = body["txParams"]["data"].as_str().expect("data").parse().expect("hex");
        let calls = calls_of(account, &data).expect("signed by its account");
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].data.to_string(), envelope["innerCall"]["data"].as_str().expect("inner call"));
        assert!(calls_of(AVANTIS_TRADING, &data).is_err());
    }
}
