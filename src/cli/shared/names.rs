//! Names for addresses in explanations: Base's, from the rooms' constants, and what an endpoint adds.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use crate::{
    aave::{self, Market, ReserveList},
    chain::{GAS_PRICE_ORACLE, multicall3},
    dex,
    localchain::known_tokens,
    onedelta::{
        BALANCER_V3_VAULT, CALL_FORWARDER, CALL_FORWARDER_OLD, COMPOSER, MORPHO_BLUE, MORPHO_MIDNIGHT, Names, PERMIT2,
        PROXY_ADMIN, RELEASES, UNISWAP_V4_POOL_MANAGER,
    },
};

/// What we call the contracts and tokens of Base.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct KnownNames {
    contracts: BTreeMap<Address, String>,
    tokens: BTreeMap<Address, (String, u8)>,
}

impl KnownNames {
    /// The built-in table; needs no endpoint.
    pub(in crate::cli) fn built_in() -> Self {
        let aave = aave::Deployment::BASE;
        let contracts = [
            (COMPOSER, "composer"),
            (PROXY_ADMIN, "composer's proxy admin"),
            (CALL_FORWARDER, "forwarder"),
            (CALL_FORWARDER_OLD, "old forwarder"),
            (PERMIT2, "Permit2"),
            (MORPHO_BLUE, "Morpho Blue"),
            (MORPHO_MIDNIGHT, "Morpho Midnight"),
            (UNISWAP_V4_POOL_MANAGER, "Uniswap v4 PoolManager"),
            (BALANCER_V3_VAULT, "Balancer V3 Vault"),
            (aave.pool, "Aave pool"),
            (aave.addresses_provider, "Aave PoolAddressesProvider"),
            (aave.oracle, "Aave oracle"),
            (multicall3::ADDRESS, "Multicall3"),
            (GAS_PRICE_ORACLE, "GasPriceOracle"),
        ];
        let mut names = Self::default();
        names.contracts.extend(contracts.map(|(address, name)| (address, name.to_owned())));
        let exchanges = dex::Exchanges::default();
        let of_exchanges = exchanges.iter().flat_map(|exchange| exchange.contracts());
        names.contracts.extend(of_exchanges.map(|(name, address, _)| (address, name.to_owned())));
        names.contracts.extend(RELEASES.iter().map(|release| {
            let name = format!("composer implementation of {}", release.recorded);
            (release.address, name)
        }));
        names.tokens.insert(Address::ZERO, ("ETH".to_owned(), 18));
        // Without the table explanations are poorer, not wrong.
        let known = known_tokens().unwrap_or_default();
        for token in &known {
            names.add_reserve(token.symbol, token.decimals, [token.token, token.a_token, token.debt_token]);
        }
        names.add_pools(known.iter().map(|known| known.token));
        names
    }

    /// The same with all reserves that Aave lists now.
    #[must_use]
    pub(in crate::cli) fn with_market(mut self, list: &ReserveList, market: &Market) -> Self {
        for listing in &list.listings {
            if let Ok(reserve) = market.reserve(listing.asset) {
                let decimals = reserve.configuration.decimals();
                self.add_reserve(&listing.symbol, decimals, [listing.asset, listing.a_token, listing.debt_token]);
            }
        }
        self.add_pools(list.listings.iter().map(|listing| listing.asset));
        self
    }

    fn add_reserve(&mut self, symbol: &str, decimals: u8, [token, a_token, debt_token]: [Address; 3]) {
        self.tokens.insert(token, (symbol.to_owned(), decimals));
        self.tokens.insert(a_token, (format!("a{symbol}"), decimals));
        self.tokens.insert(debt_token, (format!("{symbol} debt"), decimals));
    }

    /// The pools that routes of ours can use.
    fn add_pools(&mut self, tokens: impl Iterator<Item = Address>) {
        let exchanges = dex::Exchanges::default();
        let pools: Vec<_> = tokens
            .flat_map(|token| exchanges.pools_between(token, dex::USDC, &[dex::WETH]))
            .filter_map(|pool| {
                let symbols = [pool.token0(), pool.token1()].map(|token| self.tokens.get(&token).map(|(s, _)| s));
                let [Some(one), Some(two)] = symbols else { return None };
                let exchange = exchanges.of_pool(&pool)?;
                Some((exchange.address(&pool)?, format!("{} {one}/{two} {}", exchange.words(), pool.percent())))
            })
            .collect();
        self.contracts.extend(pools);
    }
}

impl Names for KnownNames {
    fn address(&self, address: Address) -> Option<String> {
        let token = || self.tokens.get(&address).filter(|_| !address.is_zero()).map(|(symbol, _)| symbol.clone());
        self.contracts.get(&address).cloned().or_else(token)
    }

    fn token(&self, token: Address) -> Option<(String, u8)> {
        self.tokens.get(&token).cloned()
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::address;

    use super::*;

    #[test]
    fn base_has_names_without_an_endpoint() {
        let names = KnownNames::built_in();
        assert_eq!(names.address(COMPOSER).as_deref(), Some("composer"));
        assert_eq!(names.token(dex::USDC), Some(("USDC".to_owned(), 6)));
        // base-replica.md §1.1 and §1.3.
        let a_weth = address!("D4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7");
        assert_eq!(names.token(a_weth), Some(("aWETH".to_owned(), 18)));
        let pool = address!("d0b53D9277642d899DF5C87A3966A349A798F224");
        assert_eq!(names.address(pool).as_deref(), Some("Uniswap v3 WETH/USDC 0.05 %"));
        assert_eq!(names.address(Address::repeat_byte(1)), None);
        assert_eq!(names.address(Address::ZERO), None, "zero is a currency, not a contract");
    }
}
