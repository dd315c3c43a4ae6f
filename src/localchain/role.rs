//! Who acts on the replica besides its user.

use alloy::primitives::{Address, keccak256};

/// A role with an address of its own, so that anvil's ten test accounts stay untouched for the user. Nobody has their
/// keys: they act by impersonation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Puts contracts in place.
    Deployer,
    /// Supplies to Aave and Morpho.
    Whale,
    /// Provides liquidity to Uniswap.
    LiquidityProvider,
    /// Borrows dollars against bitcoin.
    DollarBorrower,
    /// Borrows ether against staked ether.
    EtherBorrower,
    /// Pushes pools to a price.
    Trader,
    /// Gives money away.
    Faucet,
    /// Liquidates whoever can be.
    Liquidator,
    /// Governs the perpetuals venue.
    VenueGovernor,
    /// Fills the perpetuals venue's orders.
    VenueKeeper,
    /// Receives the venue's fees.
    VenueTreasury,
    /// Receives the venue's developers' share.
    VenueDeveloper,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 12] = [
        Self::Deployer,
        Self::Whale,
        Self::LiquidityProvider,
        Self::DollarBorrower,
        Self::EtherBorrower,
        Self::Trader,
        Self::Faucet,
        Self::Liquidator,
        Self::VenueGovernor,
        Self::VenueKeeper,
        Self::VenueTreasury,
        Self::VenueDeveloper,
    ];

    /// The role's address: the hash of its name, which no key belongs to.
    #[must_use]
    pub fn address(self) -> Address {
        Address::from_word(keccak256(format!("trimtab replica role {self:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_do_not_share_an_address() {
        let distinct: std::collections::BTreeSet<_> = Role::ALL.iter().map(|role| role.address()).collect();
        assert_eq!(distinct.len(), Role::ALL.len());
    }
}
