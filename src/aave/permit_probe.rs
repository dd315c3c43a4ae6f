//! Whether a token's permits can be signed, and whom it asks whether a signature is good.

use alloy::primitives::{Address, B256, U256};

use super::permit::{AAVE_TOKEN_VERSION, PermitDomain};
use crate::abi::{
    ICreditDelegation::delegationWithSigCall,
    IERC20,
    IERC20Permit::{self, permitCall},
    IPausable::pausedCall,
};
use crate::chain::{Answers, Batch, Lens, Slot};

/// Where a batch has what a token says about its permits.
#[derive(Debug)]
pub(super) struct PermitProbe {
    token: Address,
    name: Slot<IERC20::nameCall>,
    version: Slot<IERC20Permit::versionCall>,
    separator: Slot<IERC20Permit::DOMAIN_SEPARATORCall>,
    nonce: Slot<IERC20Permit::noncesCall>,
    paused: Slot<pausedCall>,
    /// A permit with a signature of nobody, for an owner whose code takes any.
    accepted: usize,
}

impl PermitProbe {
    /// Adds the questions to a batch that the lens is in. `delegates`: what it has is Aave's credit delegation.
    pub(super) fn add(token: Address, delegates: bool, lens: &Lens, batch: &mut Batch) -> Self {
        Self {
            token,
            name: batch.add(token, &IERC20::nameCall {}),
            version: batch.add(token, &IERC20Permit::versionCall {}),
            separator: batch.add(token, &IERC20Permit::DOMAIN_SEPARATORCall {}),
            nonce: batch.add(token, &IERC20Permit::noncesCall { owner: Address::ZERO }),
            paused: batch.add(token, &pausedCall {}),
            accepted: batch.add_encoded(token, forged(lens.address(), delegates).into()),
        }
    }

    /// A token counts as having permit when it answers nonces and a separator that its name explains. One that is paused takes
    /// no permit at all, so that it does not show whom it would ask: then it may be the owner's code.
    pub(super) fn decode(&self, answers: &Answers, chain_id: u64) -> Option<PermitDomain> {
        answers.find(self.nonce)?;
        let separator: B256 = answers.find(self.separator)?;
        let name = answers.find(self.name)?;
        let version = answers.find(self.version);
        let candidates = [version.as_deref().unwrap_or(AAVE_TOKEN_VERSION), AAVE_TOKEN_VERSION, "2"];
        let domain = PermitDomain::matching(&name, &candidates, chain_id, self.token, separator)?;
        let is_paused = answers.find(self.paused).unwrap_or_default();
        Some(PermitDomain { asks_code: is_paused || answers.encoded(self.accepted).is_ok(), ..domain })
    }
}

/// A permit of nothing with a signature of nobody.
fn forged(owner: Address, delegates: bool) -> Vec<u8> {
    use alloy::sol_types::SolCall;
    let (value, deadline, v, word) = (U256::ZERO, U256::MAX, 27, B256::with_last_byte(1));
    if delegates {
        return delegationWithSigCall { delegator: owner, delegatee: owner, value, deadline, v, r: word, s: word }
            .abi_encode();
    }
    permitCall { owner, spender: owner, value, deadline, v, r: word, s: word }.abi_encode()
}
