//! Permits: signing them through the gate, and knowing when one has already taken effect.

use std::collections::HashSet;

use alloy::{
    dyn_abi::TypedData,
    primitives::{B256, U256},
    sol_types::SolCall,
};

use serde_json::json;

use super::SendError;
use crate::abi::{ICreditDelegation::borrowAllowanceCall, IERC20::allowanceCall, IERC20Permit::noncesCall};
use crate::{
    chain::{BlockRef, ReadError, Signer},
    plan::{PermitKind, PermitRequest, Plan, SignedPermits, SimulatedCall, Simulator},
};

/// Whether what a permit would grant is in force without it: its nonce is used up and the allowance is exactly its
/// value. So it is after somebody took the signature out of a waiting transaction and used it first: the permit would
/// now revert, and leaving it out changes nothing else.
#[must_use]
pub fn already_granted(request: &PermitRequest, on_chain_nonce: U256, on_chain_allowance: U256) -> bool {
    on_chain_nonce > request.nonce && on_chain_allowance == request.value
}

/// Digests of those permits that are [already granted](already_granted) at a block.
pub async fn permits_in_force<S: Simulator>(
    simulator: &S,
    requests: &[&PermitRequest],
    at: BlockRef,
) -> Result<HashSet<B256>, ReadError> {
    if requests.is_empty() {
        return Ok(HashSet::new());
    }
    let calls: Vec<SimulatedCall> = requests.iter().flat_map(|request| questions(request)).collect();
    let answers = simulator.simulate(at, at.next_timestamp(), &calls).await?;
    if answers.len() != calls.len() {
        return Err(ReadError::Malformed(format!("{} answers to {} questions", answers.len(), calls.len())));
    }
    let word = |index: usize| {
        answers
            .get(index)
            .filter(|answer| answer.success)
            .and_then(|answer| answer.output.get(..32))
            .map(U256::from_be_slice)
    };
    // A token that does not answer is one whose permit is left as it is: the simulation says what is wrong with it.
    let granted = requests.iter().enumerate().filter(|(index, request)| {
        matches!((word(2 * index), word(2 * index + 1)), (Some(nonce), Some(allowance))
            if already_granted(request, nonce, allowance))
    });
    Ok(granted.map(|(_, request)| request.digest()).collect())
}

/// Nonce and allowance of a permit's owner.
fn questions(request: &PermitRequest) -> [SimulatedCall; 2] {
    let (owner, spender) = (request.owner, request.spender);
    let allowance = match request.kind {
        PermitKind::Erc2612 => allowanceCall { owner, spender }.abi_encode(),
        PermitKind::CreditDelegation => borrowAllowanceCall { fromUser: owner, toUser: spender }.abi_encode(),
    };
    [noncesCall { owner }.abi_encode(), allowance].map(|data| SimulatedCall {
        from: owner,
        to: request.token,
        value: U256::ZERO,
        data: data.into(),
    })
}

/// Signs every permit of a plan, through the same gate as its transactions. As typed data, so that a hardware wallet can
/// show what it signs.
pub async fn sign_permits(signer: &Signer, plan: &Plan) -> Result<SignedPermits, SendError> {
    let mut signed = SignedPermits::new();
    for request in plan.permits() {
        let signature = signer.sign_typed_data(&typed_data(request)?).await?;
        signed.insert(request.digest(), signature);
    }
    Ok(signed)
}

/// A permit as EIP-712 typed data; its hash is the request's digest.
fn typed_data(request: &PermitRequest) -> Result<TypedData, serde_json::Error> {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let (primary, first, mut message) = match request.kind {
        PermitKind::Erc2612 => (
            "Permit",
            vec![field("owner", "address"), field("spender", "address")],
            json!({"owner": request.owner, "spender": request.spender}),
        ),
        PermitKind::CreditDelegation => {
            ("DelegationWithSig", vec![field("delegatee", "address")], json!({"delegatee": request.spender}))
        }
    };
    let numbers = [("value", request.value), ("nonce", request.nonce), ("deadline", U256::from(request.deadline.0))];
    let mut fields = first;
    for (name, number) in numbers {
        fields.push(field(name, "uint256"));
        message[name] = json!(number);
    }
    serde_json::from_value(json!({
        "types": {
            "EIP712Domain": [
                field("name", "string"), field("version", "string"),
                field("chainId", "uint256"), field("verifyingContract", "address"),
            ],
            primary: fields,
        },
        "primaryType": primary,
        "domain": {
            "name": request.name, "version": request.version,
            "chainId": request.chain_id, "verifyingContract": request.token,
        },
        "message": message,
    }))
}

#[cfg(test)]
mod tests {
    use alloy::primitives::address;

    use super::*;
    use crate::units::Secs;

    fn request(kind: PermitKind) -> PermitRequest {
        PermitRequest {
            kind,
            token: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
            name: "USD Coin".into(),
            version: "2".into(),
            chain_id: 8453,
            owner: address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            spender: address!("B7ea94340e65CC68d1274aE483dfBE593fD6f21e"),
            value: U256::MAX >> 3,
            nonce: U256::from(3),
            deadline: Secs(1_800_000_000),
            symbol: "USDC".into(),
        }
    }

    #[test]
    fn what_a_wallet_is_shown_is_what_the_digest_says() {
        for kind in [PermitKind::Erc2612, PermitKind::CreditDelegation] {
            let request = request(kind);
            let typed = typed_data(&request).expect("typed data");
            assert_eq!(typed.eip712_signing_hash().expect("hash"), request.digest(), "{kind:?}");
        }
    }

    #[test]
    fn a_permit_is_left_out_only_when_its_effect_is_already_there() {
        let request = request(PermitKind::CreditDelegation);
        let (value, nonce) = (request.value, request.nonce);
        let table = [
            // front-run with our own signature
            (nonce + U256::ONE, value, true),
            // unused
            (nonce, U256::ZERO, false),
            // an older allowance of the same size does not excuse an unused permit
            (nonce, value, false),
            // used, then partly spent or taken back
            (nonce + U256::ONE, value - U256::ONE, false),
            (nonce + U256::from(2), U256::ZERO, false),
        ];
        for (on_chain_nonce, allowance, expected) in table {
            assert_eq!(already_granted(&request, on_chain_nonce, allowance), expected);
        }
    }
}
