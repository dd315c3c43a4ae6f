//! What identifies a pool: two tokens and a fee; the address follows from them.

use std::fmt;

use alloy::{
    primitives::{Address, B256, U256, aliases::U24, keccak256},
    sol_types::SolValue,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    dex::{Deployment, KeyError, PoolId, pool_id::ONE_PIPS},
    units::{MathError, mul_div_up},
};

/// Fee tiers that are looked at, in hundredths of a basis point.
pub const FEE_TIERS: [u32; 4] = [100, 500, 3_000, 10_000];

/// The name of the exchange in its pools' ids.
pub(super) const NAME: &str = "uniswap-v3";

/// Two tokens in the pool's order and the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct PoolKey {
    #[schemars(skip)]
    id: PoolId,
}

impl PoolKey {
    /// The pool of these tokens, given in any order, with this fee in hundredths of a basis point.
    pub fn new(a: Address, b: Address, fee: u32) -> Result<Self, KeyError> {
        PoolId::new(NAME, (a, b), fee, B256::ZERO).map(|id| Self { id })
    }

    /// The key of a pool of this exchange; `None` for another's.
    #[must_use]
    pub fn of(pool: &PoolId) -> Option<Self> {
        (pool.exchange() == NAME && pool.terms().is_zero()).then_some(Self { id: *pool })
    }

    /// The token with the lower address.
    #[must_use]
    pub const fn token0(&self) -> Address {
        self.id.token0()
    }

    /// The token with the higher address.
    #[must_use]
    pub const fn token1(&self) -> Address {
        self.id.token1()
    }

    /// The fee in hundredths of a basis point, taken from the input.
    #[must_use]
    pub const fn fee(&self) -> u32 {
        self.id.fee()
    }

    /// The other token of the pool; `None` if `token` is not in it.
    #[must_use]
    pub fn other(&self, token: Address) -> Option<Address> {
        self.id.other(token)
    }

    /// The CREATE2 address of the pool, whether it was made or not.
    #[must_use]
    pub fn address(&self, deployment: &Deployment) -> Address {
        let salt = keccak256((self.token0(), self.token1(), U256::from(self.fee())).abi_encode());
        deployment.factory.create2(salt, deployment.init_code_hash)
    }

    /// What a flash loan of this amount costs: the pool's fee, rounded up (onedelta-composer.md §6).
    pub fn flash_fee(&self, amount: U256) -> Result<U256, MathError> {
        mul_div_up(amount, U256::from(self.fee()), U256::from(ONE_PIPS))
    }

    pub(in crate::dex) fn fee_u24(&self) -> U24 {
        // A key's fee is below 1 000 000, so it always fits.
        U24::saturating_from(self.fee())
    }
}

impl fmt::Display for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.token0(), self.token1(), self.id.percent())
    }
}

impl From<PoolKey> for PoolId {
    fn from(key: PoolKey) -> Self {
        Self::from(&key)
    }
}

impl From<&PoolKey> for PoolId {
    fn from(key: &PoolKey) -> Self {
        key.id
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Unchecked {
    token0: Address,
    token1: Address,
    fee: u32,
}

impl TryFrom<Unchecked> for PoolKey {
    type Error = KeyError;

    fn try_from(raw: Unchecked) -> Result<Self, KeyError> {
        Self::new(raw.token0, raw.token1, raw.fee)
    }
}

impl From<PoolKey> for Unchecked {
    fn from(key: PoolKey) -> Self {
        Self { token0: key.token0(), token1: key.token1(), fee: key.fee() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dex::{USDC, WETH};
    use alloy::primitives::address;

    #[test]
    fn a_pool_is_found_at_the_address_it_has_on_base() {
        // base-replica.md §1.1
        let cbeth = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
        let known = [
            (WETH, USDC, 500, address!("d0b53D9277642d899DF5C87A3966A349A798F224")),
            (USDC, WETH, 3000, address!("6c561B446416E1A00E8E93E221854d6eA4171372")),
            (cbeth, WETH, 500, address!("10648BA41B8565907Cfa1496765fA4D95390aa0d")),
        ];
        for (a, b, fee, expected) in known {
            let key = PoolKey::new(a, b, fee).expect("key");
            assert_eq!(key.address(&Deployment::BASE), expected, "{key}");
        }
    }

    #[test]
    fn a_pair_that_can_have_no_pool_is_refused() {
        assert_eq!(PoolKey::new(WETH, WETH, 500), Err(KeyError::SameToken(WETH)));
        assert_eq!(PoolKey::new(WETH, USDC, 1_000_000), Err(KeyError::Fee(1_000_000)));
        let raw = format!(r#"{{"token0":"{WETH}","token1":"{WETH}","fee":500}}"#);
        assert!(serde_json::from_str::<PoolKey>(&raw).is_err());
    }

    #[test]
    fn a_flash_loan_costs_the_fee_rounded_up() {
        let key = PoolKey::new(WETH, USDC, 500).expect("key");
        assert_eq!(key.flash_fee(U256::from(2_000)), Ok(U256::ONE));
        assert_eq!(key.flash_fee(U256::from(2_001)), Ok(U256::from(2)));
        assert_eq!(key.flash_fee(U256::ZERO), Ok(U256::ZERO));
    }

    #[test]
    fn a_fee_reads_as_a_percentage() {
        let key = PoolKey::new(WETH, USDC, 500).expect("key");
        assert_eq!(key.to_string(), format!("{WETH}/{USDC} 0.05 %"));
        assert_eq!(key.other(USDC), Some(WETH));
        assert_eq!(key.other(Address::ZERO), None);
    }
}
