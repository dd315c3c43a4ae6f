//! What code an account has, asked within a batch: Multicall3 itself has no question for it.
//!
//! Forty bytes of code answer `codeOf`; the deterministic deployer puts them on the imagined chain as one call of the batch
//! and the next call asks them. Nothing stays, and nobody can be there first: the salt is new each time. The same code takes
//! every signature as ERC-1271 does, so that a token shows whether it would ask an owner that has code.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, address, hex, keccak256},
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};

use super::{Answers, Batch, Slot};
use crate::abi::ICodeLens::{codeOfCall, codeOfReturn};

/// The deterministic deployer, which is on every OP chain from its genesis and which anvil has too.
const DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// Puts what follows its nine bytes in place. A question of 36 bytes is about an address: the size of its code and the code's
/// first word are returned. Any other is answered with ERC-1271's word for a signature that is accepted.
const CODE: [u8; 49] = hex!(
    "60288060095f395ff3"
    // 36 bytes?
    "36602414601557"
    // the word
    "631626ba7e60e01b5f5260205ff3"
    // size, and the first word
    "5b600435803b5f5260205f6020833c60405ff3"
);

/// Code of an account that has delegated to another (EIP-7702), before that one's address.
const DELEGATION: [u8; 3] = hex!("ef0100");

/// What code an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountCode {
    /// None: a key's account.
    #[default]
    None,
    /// A key's account that has delegated to a contract (EIP-7702).
    Delegated(Address),
    /// A contract.
    Contract,
    /// The chain did not say.
    Unknown,
}

impl AccountCode {
    /// Whether it is certain that there is none.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::None
    }

    /// From an account's code, or its beginning.
    #[must_use]
    pub fn of(size: usize, head: &[u8]) -> Self {
        match head.strip_prefix(&DELEGATION).and_then(|rest| rest.get(..20)) {
            _ if size == 0 => Self::None,
            Some(delegate) if size == DELEGATION.len() + 20 => Self::Delegated(Address::from_slice(delegate)),
            _ => Self::Contract,
        }
    }
}

impl fmt::Display for AccountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no code"),
            Self::Delegated(to) => write!(f, "code by delegation to {to}"),
            Self::Contract => f.write_str("code of its own"),
            Self::Unknown => f.write_str("code that could not be read"),
        }
    }
}

/// The code that is asked, on the imagined chain of one batch.
#[derive(Debug, Clone)]
pub struct Lens {
    at: Address,
    deploy: Bytes,
}

/// Where a batch has the code of an account.
#[derive(Debug)]
pub struct CodeQuery(Slot<codeOfCall>);

impl Lens {
    /// One at an address that was not used before.
    #[must_use]
    pub fn new() -> Self {
        static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let salt: B256 = keccak256([SEED.to_be_bytes(), count.to_be_bytes()].concat());
        let at = DEPLOYER.create2(salt, keccak256(CODE));
        Self { at, deploy: [salt.as_slice(), &CODE].concat().into() }
    }

    /// A lens in a batch, put there by its first call.
    pub fn add(batch: &mut Batch) -> Self {
        let lens = Self::new();
        batch.add_encoded(DEPLOYER, lens.deploy.clone());
        lens
    }

    /// Where it is: an owner whose every signature is good by ERC-1271.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.at
    }

    /// The call that puts it there: whom to call, and with what.
    #[must_use]
    pub fn deployment(&self) -> (Address, Bytes) {
        (DEPLOYER, self.deploy.clone())
    }

    /// The question for an account's code.
    #[must_use]
    pub fn question(account: Address) -> Bytes {
        codeOfCall { account }.abi_encode().into()
    }

    /// The answer to it.
    #[must_use]
    pub fn answer(output: &[u8]) -> AccountCode {
        codeOfCall::abi_decode_returns(output).map_or(AccountCode::Unknown, |code| found(&code))
    }

    /// Adds the question for an account's code.
    pub fn ask(&self, account: Address, batch: &mut Batch) -> CodeQuery {
        CodeQuery(batch.add(self.at, &codeOfCall { account }))
    }
}

impl Default for Lens {
    fn default() -> Self {
        Self::new()
    }
}

impl CodeQuery {
    /// The answer.
    #[must_use]
    pub fn decode(&self, answers: &Answers) -> AccountCode {
        answers.find(self.0).map_or(AccountCode::Unknown, |code| found(&code))
    }
}

fn found(code: &codeOfReturn) -> AccountCode {
    let size = code.size.min(U256::from(u32::MAX)).saturating_to();
    AccountCode::of(size, code.head.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delegation_is_known_by_its_prefix_and_its_length() {
        let to = Address::repeat_byte(7);
        let code = [&DELEGATION[..], to.as_slice()].concat();
        assert_eq!(AccountCode::of(0, &[0; 32]), AccountCode::None);
        assert_eq!(AccountCode::of(23, &code), AccountCode::Delegated(to));
        assert_eq!(AccountCode::of(24, &code), AccountCode::Contract);
        assert_eq!(AccountCode::of(23, &[0x60; 32]), AccountCode::Contract);
        assert_eq!(AccountCode::of(1, &[0; 32]), AccountCode::Contract);
    }

    #[test]
    fn no_two_are_at_the_same_place() {
        assert_ne!(Lens::new().address(), Lens::new().address());
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_no_code() {
        assert_eq!(Lens::answer(&[]), AccountCode::Unknown);
        assert_eq!(Lens::answer(&[0; 64]), AccountCode::None);
    }
}
