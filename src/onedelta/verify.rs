//! What stands at the composer's address: read, and judged (onedelta-composer.md §0).

use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    sol_types::SolCall,
};
use serde::Serialize;

use super::{
    COMPOSER, EIP1967_ADMIN_SLOT, EIP1967_IMPLEMENTATION_SLOT, Generation, LogicRelease, PROBE_CALLDATA, generation_of,
    release_of,
};
use crate::abi::IOwnable::ownerCall;
use crate::chain::{CallRequest, Endpoints, ReadError};

/// Why call data of ours must not go to the composer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposerRefusal {
    /// Nothing is there.
    #[error("no code at the 1delta composer {COMPOSER}: is this base, or a replica of it (`trimtab replica start`)?")]
    NoCode,
    /// Another generation would read our bytes differently.
    #[error(
        "the 1delta composer {COMPOSER} (implementation {implementation}) does not answer its probe as the current generation does: it would misread our call data, nothing is sent to it"
    )]
    OtherGeneration {
        /// What the proxy's slot names.
        implementation: Address,
    },
}

/// What the composer answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ComposerState {
    /// Whose call data it reads; `None` where there is no code.
    pub generation: Option<Generation>,
    /// What the proxy's slot names; zero when it is no such proxy.
    pub implementation: Address,
}

impl ComposerState {
    /// Probes the composer and reads its implementation slot, side by side.
    pub async fn read(endpoints: &Endpoints, at: BlockId) -> Result<Self, ReadError> {
        let probe = CallRequest::new(Address::ZERO, COMPOSER, PROBE_CALLDATA);
        let slot = U256::from_be_bytes(EIP1967_IMPLEMENTATION_SLOT.0);
        let (answer, implementation) = tokio::join!(endpoints.call(&probe, at), endpoints.storage(COMPOSER, slot, at));
        let implementation = Address::from_word(implementation?);
        let generation = match answer {
            Err(ReadError::Reverted { data, .. }) => Some(generation_of(&data)),
            Err(error) => return Err(error),
            // Nothing answers a call as an empty address does, so the code must be looked at.
            Ok(data) if endpoints.code(COMPOSER, at).await?.is_empty() && data.is_empty() => None,
            Ok(data) => Some(generation_of(&data)),
        };
        Ok(Self { generation, implementation })
    }

    /// Refuses anything that does not read the call data this codec writes.
    pub fn require_current(&self) -> Result<(), ComposerRefusal> {
        match self.generation {
            Some(Generation::Current) => Ok(()),
            Some(Generation::Legacy) => Err(ComposerRefusal::OtherGeneration { implementation: self.implementation }),
            None => Err(ComposerRefusal::NoCode),
        }
    }

    /// The recorded release behind the proxy; `None` for one that nobody recorded.
    #[must_use]
    pub fn release(&self) -> Option<&'static LogicRelease> {
        release_of(self.implementation)
    }
}

/// Who could replace the composer's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ComposerAdmin {
    /// What the proxy's slot names; zero = nobody.
    pub admin: Address,
    /// Owner of the admin contract; `None` when it does not say.
    pub owner: Option<Address>,
}

impl ComposerAdmin {
    /// Reads the admin slot, and the admin's owner.
    pub async fn read(endpoints: &Endpoints, at: BlockId) -> Result<Self, ReadError> {
        let slot = U256::from_be_bytes(EIP1967_ADMIN_SLOT.0);
        let admin = Address::from_word(endpoints.storage(COMPOSER, slot, at).await?);
        let call = CallRequest::new(Address::ZERO, admin, ownerCall {}.abi_encode());
        let owner = match endpoints.call(&call, at).await {
            Ok(data) => ownerCall::abi_decode_returns(&data).ok(),
            Err(ReadError::Reverted { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { admin, owner })
    }

    /// Whether nobody can replace the code any more.
    #[must_use]
    pub fn is_renounced(&self) -> bool {
        self.admin.is_zero() || self.owner == Some(Address::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onedelta::RELEASES;

    #[test]
    fn only_the_current_generation_is_sent_to_and_an_unrecorded_one_is_merely_unknown() {
        let state = |generation, implementation| ComposerState { generation, implementation };
        let known = state(Some(Generation::Current), RELEASES[0].address);
        assert_eq!(known.require_current(), Ok(()));
        assert!(known.release().is_some());
        let newer = state(Some(Generation::Current), Address::repeat_byte(9));
        assert_eq!((newer.require_current(), newer.release()), (Ok(()), None));
        let legacy = state(Some(Generation::Legacy), RELEASES[3].address);
        let refusal = legacy.require_current().expect_err("legacy").to_string();
        assert!(refusal.contains("misread") && refusal.contains(&RELEASES[3].address.to_string()), "{refusal}");
        assert_eq!(state(None, Address::ZERO).require_current(), Err(ComposerRefusal::NoCode));
    }

    #[test]
    fn an_admin_is_renounced_when_nobody_owns_it() {
        let admin = Address::repeat_byte(1);
        assert!(ComposerAdmin { admin, owner: Some(Address::ZERO) }.is_renounced());
        assert!(ComposerAdmin { admin: Address::ZERO, owner: None }.is_renounced());
        assert!(!ComposerAdmin { admin, owner: Some(admin) }.is_renounced());
        assert!(!ComposerAdmin { admin, owner: None }.is_renounced(), "an admin that does not say is not trusted");
    }
}
