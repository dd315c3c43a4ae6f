//! EIP-712 domains: the pinned table, and what is refused beside it.

use alloy::{
    primitives::{Address, B256, U256, address},
    sol_types::Eip712Domain,
};
use schemars::JsonSchema;
use serde::Serialize;

/// The venue's name in its domains; it outlived the venue's renaming (avantis-v2.md §1.3).
const NAME: &str = "AvantisTrading";
const VERSION: &str = "1";
const BASE: u64 = 8453;
/// Chain id that anvil and hardhat start with.
const LOCAL: u64 = 31337;

/// The contract that takes orders, and verifies them.
pub const ROUTER: Address = address!("44914408af82bC9983bbb330e3578E1105e11d4e");
/// The contract that verifies referral requests.
pub const REFERRAL: Address = address!("1A110bBA13A1f16cCa4b79758BD39290f29De82D");

/// Which contract verifies a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verifier {
    /// The router.
    Router,
    /// The referral contract.
    Referral,
}

/// Where a signature of a domain counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DomainPlace {
    /// On Base, and on the venue's test network, which shares chain id and addresses with it.
    Base,
    /// On a local chain with an id of its own: nowhere else.
    Local,
}

/// An EIP-712 domain of the venue: four fields, no salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// `AvantisTrading`.
    pub name: String,
    /// `1`.
    pub version: String,
    /// Chain id.
    pub chain_id: u64,
    /// The contract that verifies.
    pub verifying_contract: Address,
}

/// A domain that is not the venue's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "domain.{field}: {given} instead of {pinned}; a signature for another domain is another contract's to use, \
     so nothing is signed"
)]
pub struct DomainMismatch {
    /// Which of the four fields.
    pub field: &'static str,
    /// What it is.
    pub given: String,
    /// What it has to be.
    pub pinned: String,
}

impl Domain {
    /// The pinned domain on Base (avantis-v2.md §1.3).
    #[must_use]
    pub fn on_base(verifier: Verifier) -> Self {
        let verifying_contract = match verifier {
            Verifier::Router => ROUTER,
            Verifier::Referral => REFERRAL,
        };
        Self { name: NAME.to_owned(), version: VERSION.to_owned(), chain_id: BASE, verifying_contract }
    }

    /// For hashing.
    #[must_use]
    pub fn eip712(&self) -> Eip712Domain {
        Eip712Domain::new(
            Some(self.name.clone().into()),
            Some(self.version.clone().into()),
            Some(U256::from(self.chain_id)),
            Some(self.verifying_contract),
            None,
        )
    }

    /// The domain separator.
    #[must_use]
    pub fn separator(&self) -> B256 {
        self.eip712().hash_struct()
    }

    /// Refuses a domain that differs from a pinned one in any field.
    pub fn is(&self, pinned: &Self) -> Result<(), DomainMismatch> {
        let fields = [
            ("name", self.name.clone(), pinned.name.clone()),
            ("version", self.version.clone(), pinned.version.clone()),
            ("chainId", self.chain_id.to_string(), pinned.chain_id.to_string()),
            ("verifyingContract", self.verifying_contract.to_string(), pinned.verifying_contract.to_string()),
        ];
        match fields.into_iter().find(|(_, given, pinned)| given != pinned) {
            None => Ok(()),
            Some((field, given, pinned)) => Err(DomainMismatch { field, given, pinned }),
        }
    }

    /// Where a signature for this verifier counts; refuses a domain that is neither pinned nor a local chain's. A local
    /// chain's contract has any address, and its chain id keeps the signature there.
    pub fn place(&self, verifier: Verifier) -> Result<DomainPlace, DomainMismatch> {
        let pinned = Self::on_base(verifier);
        if self.chain_id == LOCAL {
            let local = Self { chain_id: LOCAL, verifying_contract: self.verifying_contract, ..pinned };
            return self.is(&local).map(|()| DomainPlace::Local);
        }
        self.is(&pinned).map(|()| DomainPlace::Base)
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::b256;

    use super::*;

    #[test]
    fn the_separators_are_those_of_the_reference() {
        let separator = |verifier| Domain::on_base(verifier).separator();
        assert_eq!(
            separator(Verifier::Router),
            b256!("817f742bc3dc847422731fdb56683eac88e090fd425ff0c42cd4c13bdcd291cf")
        );
        assert_eq!(
            separator(Verifier::Referral),
            b256!("f0839e74e8d3714fd3f40a0a03fd5bb089486e6515956a24a8f9763b86d8cd9e")
        );
    }

    #[test]
    fn a_domain_that_differs_in_one_field_is_refused_with_both_values() {
        let good = Domain::on_base(Verifier::Router);
        assert_eq!(good.place(Verifier::Router), Ok(DomainPlace::Base));
        let refused = |domain: Domain| domain.place(Verifier::Router).expect_err("refused").to_string();
        let renamed = refused(Domain { name: "VerantaTrading".to_owned(), ..good.clone() });
        assert!(renamed.contains("domain.name: VerantaTrading instead of AvantisTrading"), "{renamed}");
        assert!(refused(Domain { version: "2".to_owned(), ..good.clone() }).contains("domain.version: 2 instead of 1"));
        assert!(refused(Domain { chain_id: 1, ..good.clone() }).contains("domain.chainId: 1 instead of 8453"));
        assert!(refused(Domain { verifying_contract: REFERRAL, ..good }).contains("domain.verifyingContract"));
    }

    #[test]
    fn a_local_chains_domain_needs_the_venues_name_but_no_address() {
        let local = Domain {
            chain_id: 31337,
            verifying_contract: Address::repeat_byte(7),
            ..Domain::on_base(Verifier::Router)
        };
        assert_eq!(local.place(Verifier::Referral), Ok(DomainPlace::Local));
        let other = Domain { name: "USD Coin".to_owned(), ..local };
        assert!(other.place(Verifier::Router).is_err());
    }
}
