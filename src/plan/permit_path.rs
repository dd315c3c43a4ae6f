//! What a dry run can say about signatures that it does not have: whether the tokens would take the account's.
//!
//! A rehearsal approves where the plan has a permit, so it goes through whether the permit would or not. Of a permit, all but the
//! signature itself can be asked: its nonce, its domain, and whether the token asks an owner's code instead of recovering the
//! key. A permit that would fail in that is told here, before anything is signed.

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolCall,
};

use super::{CallOutcome, PermitKind, PermitRequest, Plan, SimulatedCall, SimulationError, Simulator};
use crate::abi::{
    ICreditDelegation::delegationWithSigCall,
    IERC20Permit::{DOMAIN_SEPARATORCall, noncesCall, permitCall},
};
use crate::{
    chain::{AccountCode, BlockRef, Lens, ReadError},
    units::Secs,
};

/// Questions about one permit.
const QUESTIONS: usize = 3;

/// Asks the tokens of a plan's permits at a block; gives what was not tried, by the permits' names.
pub(super) async fn check_permits<S: Simulator>(
    simulator: &S,
    plan: &Plan,
    (at, time): (BlockRef, Secs),
) -> Result<Vec<String>, SimulationError> {
    // One of zero takes back what an earlier one of the same stream left: it is as good as that.
    let requests: Vec<&PermitRequest> = plan.permits().filter(|request| !request.value.is_zero()).collect();
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let lens = Lens::new();
    let (deployer, deploy) = lens.deployment();
    let mut calls = vec![call(deployer, deploy.to_vec()), call(lens.address(), Lens::question(plan.signer).to_vec())];
    calls.extend(requests.iter().flat_map(|request| questions(request, lens.address())));
    let outcomes = simulator.simulate(at, time, &calls).await?;
    if outcomes.len() != calls.len() {
        let found = format!("{} answers to {} questions about permits", outcomes.len(), calls.len());
        return Err(ReadError::Malformed(found).into());
    }
    let (first, about) = outcomes.split_at(2);
    let code = match first.last() {
        Some(outcome) if outcome.success => Lens::answer(&outcome.output),
        _ => AccountCode::Unknown,
    };
    for (request, answers) in requests.iter().zip(about.chunks_exact(QUESTIONS)) {
        if let Some(why) = fault(request, answers, code) {
            return Err(SimulationError::Permit { symbol: request.symbol.clone(), why });
        }
    }
    Ok(requests.into_iter().map(|request| request.symbol.clone()).collect())
}

/// From nobody, so that no account's nonce moves.
fn call(to: Address, data: Vec<u8>) -> SimulatedCall {
    SimulatedCall { from: Address::ZERO, to, value: U256::ZERO, data: data.into() }
}

fn questions(request: &PermitRequest, lens: Address) -> [SimulatedCall; QUESTIONS] {
    let (value, deadline, v, word) = (U256::ZERO, U256::MAX, 27, B256::with_last_byte(1));
    let forged = match request.kind {
        PermitKind::Erc2612 => {
            permitCall { owner: lens, spender: lens, value, deadline, v, r: word, s: word }.abi_encode()
        }
        PermitKind::CreditDelegation => {
            delegationWithSigCall { delegator: lens, delegatee: lens, value, deadline, v, r: word, s: word }
                .abi_encode()
        }
    };
    let nonce = noncesCall { owner: request.owner }.abi_encode();
    [nonce, DOMAIN_SEPARATORCall {}.abi_encode(), forged].map(|data| call(request.token, data))
}

/// Why the token would not take the permit.
fn fault(request: &PermitRequest, answers: &[CallOutcome], code: AccountCode) -> Option<String> {
    let word = |index: usize| {
        let answer = answers.get(index).filter(|answer| answer.success)?;
        answer.output.get(..32).map(U256::from_be_slice)
    };
    let separator = U256::from_be_bytes(request.domain().separator().0);
    let asks_code = answers.get(2).is_some_and(|answer| answer.success);
    match (word(0), word(1)) {
        (Some(nonce), _) if nonce != request.nonce => {
            Some(format!("the account's next one there is number {nonce}, not {}", request.nonce))
        }
        (None, _) => Some("the token does not say which number the account's next one has".to_owned()),
        (_, found) if found != Some(separator) => Some("the token's signing domain is another".to_owned()),
        _ if asks_code && !code.is_none() => {
            Some(format!("the account has {code}, and the token asks that instead of the key"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Bytes;

    use super::*;

    fn request() -> PermitRequest {
        PermitRequest {
            kind: PermitKind::Erc2612,
            token: Address::repeat_byte(1),
            name: "USD Coin".into(),
            version: "2".into(),
            chain_id: 8453,
            owner: Address::repeat_byte(2),
            spender: Address::repeat_byte(3),
            value: U256::ONE,
            nonce: U256::from(3),
            deadline: Secs(1_800_000_000),
            symbol: "USDC".into(),
        }
    }

    #[test]
    fn a_permit_is_told_that_its_token_would_not_take() {
        let request = request();
        let own = request.domain().separator();
        let outcome = |success, output: Bytes| CallOutcome { success, output, gas_used: 0, alone: false };
        let answers = |nonce: u64, domain: B256, asks: bool| {
            let nonce = Bytes::copy_from_slice(&U256::from(nonce).to_be_bytes::<32>());
            vec![outcome(true, nonce), outcome(true, domain.into()), outcome(asks, Bytes::new())]
        };
        let delegated = AccountCode::Delegated(Address::repeat_byte(9));
        let table = [
            (answers(3, own, false), AccountCode::None, ""),
            (answers(3, own, true), AccountCode::None, ""),
            (answers(3, own, false), delegated, ""),
            (answers(3, own, true), delegated, "by delegation"),
            (answers(3, own, true), AccountCode::Unknown, "could not be read"),
            (answers(4, own, false), AccountCode::None, "number 4, not 3"),
            (answers(3, B256::ZERO, false), AccountCode::None, "domain"),
        ];
        for (answers, code, words) in table {
            let found = fault(&request, &answers, code);
            assert_eq!(found.is_some(), !words.is_empty(), "{found:?}");
            assert!(found.unwrap_or_default().contains(words));
        }
    }
}
