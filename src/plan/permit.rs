//! Allowances that travel inside a transaction: EIP-2612 permits and Aave's credit delegation, as requests to sign.

use alloy::{
    primitives::{Address, B256, Signature, U256},
    sol,
    sol_types::{Eip712Domain, SolStruct},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Raw, Secs};

sol! {
    struct Permit { address owner; address spender; uint256 value; uint256 nonce; uint256 deadline; }
    struct DelegationWithSig { address delegatee; uint256 value; uint256 nonce; uint256 deadline; }
}

/// Which message a permit signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PermitKind {
    /// EIP-2612 `Permit` of a token or aToken.
    Erc2612,
    /// Aave's `DelegationWithSig` of a variable debt token.
    CreditDelegation,
}

/// A permit to be signed by the account, with everything its digest depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermitRequest {
    /// Which message.
    pub kind: PermitKind,
    /// The token, aToken or debt token; verifying contract of the domain.
    pub token: Address,
    /// EIP-712 domain name.
    pub name: String,
    /// EIP-712 domain version.
    pub version: String,
    /// Chain id of the domain.
    pub chain_id: u64,
    /// Who grants.
    pub owner: Address,
    /// Who may spend or borrow.
    pub spender: Address,
    /// How much, in the token's smallest unit.
    #[serde(with = "Raw")]
    pub value: U256,
    /// The owner's nonce at the token.
    #[serde(with = "Raw")]
    pub nonce: U256,
    /// Last moment of validity, chain time.
    pub deadline: Secs,
    /// For people: `USDC`, `variableDebtBasUSDC`.
    pub symbol: String,
}

impl PermitRequest {
    /// Bytes of [`Self::compact`].
    pub const COMPACT_LENGTH: usize = 100;

    /// The EIP-712 domain it is signed in.
    #[must_use]
    pub fn domain(&self) -> Eip712Domain {
        Eip712Domain::new(
            Some(self.name.clone().into()),
            Some(self.version.clone().into()),
            Some(U256::from(self.chain_id)),
            Some(self.token),
            None,
        )
    }

    /// The EIP-712 digest to sign.
    #[must_use]
    pub fn digest(&self) -> B256 {
        let domain = self.domain();
        let deadline = U256::from(self.deadline.0);
        match self.kind {
            PermitKind::Erc2612 => {
                Permit { owner: self.owner, spender: self.spender, value: self.value, nonce: self.nonce, deadline }
                    .eip712_signing_hash(&domain)
            }
            PermitKind::CreditDelegation => {
                DelegationWithSig { delegatee: self.spender, value: self.value, nonce: self.nonce, deadline }
                    .eip712_signing_hash(&domain)
            }
        }
    }

    /// The composer's compact form of a signed permit (onedelta-composer.md §5): value, deadline + 1 as 32 bits, r, vs
    /// (EIP-2098). `None` when the deadline does not fit 32 bits.
    #[must_use]
    pub fn compact(&self, signature: &Signature) -> Option<[u8; 100]> {
        let deadline = u32::try_from(self.deadline.0.checked_add(1)?).ok()?;
        let mut body = [0u8; 100];
        body[..32].copy_from_slice(&self.value.to_be_bytes::<32>());
        body[32..36].copy_from_slice(&deadline.to_be_bytes());
        body[36..68].copy_from_slice(&signature.r().to_be_bytes::<32>());
        let mut vs = signature.s().to_be_bytes::<32>();
        if signature.v() {
            vs[0] |= 0x80;
        }
        body[68..].copy_from_slice(&vs);
        Some(body)
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        primitives::{address, b256, keccak256},
        signers::{SignerSync, local::PrivateKeySigner},
        sol_types::SolValue,
    };

    use super::*;

    fn request(kind: PermitKind) -> PermitRequest {
        PermitRequest {
            kind,
            token: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
            name: "USD Coin".into(),
            version: "2".into(),
            chain_id: 8453,
            owner: address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            spender: address!("B7ea94340e65CC68d1274aE483dfBE593fD6f21e"),
            value: U256::from(6_003_000_000u64),
            nonce: U256::from(3),
            deadline: Secs(1_800_000_000),
            symbol: "USDC".into(),
        }
    }

    /// The digest rebuilt from the words of EIP-712, without the derive.
    fn digest_by_hand(request: &PermitRequest, message: Vec<u8>) -> B256 {
        let domain_type =
            keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        let domain = (
            domain_type,
            keccak256(&request.name),
            keccak256(&request.version),
            U256::from(request.chain_id),
            request.token,
        );
        keccak256(
            [&[0x19, 0x01][..], keccak256(domain.abi_encode()).as_slice(), keccak256(message).as_slice()].concat(),
        )
    }

    #[test]
    fn a_permit_signs_the_message_of_eip_2612() {
        let request = request(PermitKind::Erc2612);
        let type_hash = b256!("6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");
        let deadline = U256::from(request.deadline.0);
        let message = (type_hash, request.owner, request.spender, request.value, request.nonce, deadline).abi_encode();
        assert_eq!(request.digest(), digest_by_hand(&request, message));
    }

    #[test]
    fn a_delegation_signs_the_message_of_the_debt_token() {
        let request = request(PermitKind::CreditDelegation);
        let type_hash = keccak256(b"DelegationWithSig(address delegatee,uint256 value,uint256 nonce,uint256 deadline)");
        let deadline = U256::from(request.deadline.0);
        let message = (type_hash, request.spender, request.value, request.nonce, deadline).abi_encode();
        assert_eq!(request.digest(), digest_by_hand(&request, message));
    }

    #[test]
    fn the_compact_form_carries_the_parity_in_the_top_bit_of_s() {
        let signer = PrivateKeySigner::from_slice(&[7u8; 32]).expect("key");
        let request = request(PermitKind::Erc2612);
        for nonce in 0..8u64 {
            let request = PermitRequest { nonce: U256::from(nonce), ..request.clone() };
            let signature = signer.sign_hash_sync(&request.digest()).expect("signature");
            let body = request.compact(&signature).expect("fits");
            assert_eq!(U256::from_be_slice(&body[..32]), request.value);
            assert_eq!(body[32..36], 1_800_000_001u32.to_be_bytes());
            assert_eq!(body[68] & 0x80 != 0, signature.v());
        }
        let late = PermitRequest { deadline: Secs(u64::from(u32::MAX)), ..request };
        let signature = signer.sign_hash_sync(&late.digest()).expect("signature");
        assert_eq!(late.compact(&signature), None);
    }
}
