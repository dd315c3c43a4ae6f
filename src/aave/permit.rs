//! What a signer needs to know of permits: type hashes, domains, and which token's domain is what it says.

use alloy::{
    primitives::{Address, B256, U256, b256},
    sol_types::Eip712Domain,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Type hash of ERC-2612's `Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)`,
/// which aTokens use too.
pub const PERMIT_TYPEHASH: B256 = b256!("6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");

/// Type hash of the debt tokens' `DelegationWithSig(address delegatee,uint256 value,uint256 nonce,uint256 deadline)`.
/// The delegator is not in it: it is whoever signed.
pub const DELEGATION_WITH_SIG_TYPEHASH: B256 =
    b256!("323db0410fecc107e39e2af5908671f4c8d106123b35a51501bb805c5fa36aa0");

/// EIP-712 version of aTokens and debt tokens (`EIP712_REVISION`).
pub const AAVE_TOKEN_VERSION: &str = "1";

/// The EIP-712 domain of a token, checked against the separator that the token itself answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermitDomain {
    /// Name in the domain.
    pub name: String,
    /// Version in the domain.
    pub version: String,
    /// Chain in the domain.
    pub chain_id: u64,
    /// The token.
    pub token: Address,
    /// Owners that have code are asked themselves (ERC-1271); their key's signature counts for nothing.
    #[serde(default)]
    pub asks_code: bool,
}

impl PermitDomain {
    /// The domain with the first of the versions that hashes to the token's own separator; `None` when none does,
    /// which means that the token's permits cannot be signed.
    #[must_use]
    pub fn matching(name: &str, versions: &[&str], chain_id: u64, token: Address, separator: B256) -> Option<Self> {
        versions
            .iter()
            .map(|version| Self {
                name: name.to_owned(),
                version: (*version).to_owned(),
                chain_id,
                token,
                asks_code: false,
            })
            .find(|domain| domain.eip712().separator() == separator)
    }

    /// The domain as alloy signs with it.
    #[must_use]
    pub fn eip712(&self) -> Eip712Domain {
        Eip712Domain::new(
            Some(self.name.clone().into()),
            Some(self.version.clone().into()),
            Some(U256::from(self.chain_id)),
            Some(self.token),
            None,
        )
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{address, keccak256};

    use super::*;

    #[test]
    fn type_hashes_are_those_of_their_types() {
        let permit = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
        let delegation = "DelegationWithSig(address delegatee,uint256 value,uint256 nonce,uint256 deadline)";
        assert_eq!(PERMIT_TYPEHASH, keccak256(permit));
        assert_eq!(DELEGATION_WITH_SIG_TYPEHASH, keccak256(delegation));
    }

    #[test]
    fn a_domain_that_the_token_does_not_confirm_is_not_used() {
        let token = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
        let real = PermitDomain {
            name: "USD Coin".to_owned(),
            version: "2".to_owned(),
            chain_id: 8453,
            token,
            asks_code: false,
        };
        let separator = real.eip712().separator();
        assert_eq!(PermitDomain::matching("USD Coin", &["1", "2"], 8453, token, separator), Some(real));
        assert_eq!(PermitDomain::matching("USD Coin", &["1"], 8453, token, separator), None);
        assert_eq!(PermitDomain::matching("USD Coin", &["2"], 1, token, separator), None);
    }
}
