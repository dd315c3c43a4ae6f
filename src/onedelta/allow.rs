//! What an op stream may touch.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy::primitives::Address;

use super::FlashProvider;
use crate::dex::Exchange;

/// aToken and variable debt token of a reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveTokens {
    /// aToken.
    pub a_token: Address,
    /// Variable debt token.
    pub debt_token: Address,
}

/// How a flash lender lends, and so how it is paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashSource {
    /// Pulls its loan: Aave v3, Morpho Blue.
    Pulled(FlashProvider),
    /// A Uniswap-v3-style pool, paid by a transfer.
    UniswapV3Pool,
    /// Morpho Midnight, pulls.
    Midnight,
    /// Uniswap v4 or Balancer V3, paid by a transfer inside the unlock.
    Singleton,
}

/// Every address a stream may name, by the place it may stand in; the composer itself checks none of them
/// (onedelta-composer.md §11.5). Filled from the deployment table, never from an API's reply.
#[derive(Debug, Clone)]
pub struct AllowList {
    composer: Address,
    wrapped_native: Address,
    forwarders: BTreeSet<Address>,
    aave_pools: BTreeSet<Address>,
    routers: BTreeMap<Address, Option<Arc<dyn Exchange>>>,
    flash: BTreeMap<Address, FlashSource>,
    reserves: BTreeMap<Address, ReserveTokens>,
    tokens: BTreeSet<Address>,
}

impl AllowList {
    /// A list that allows the composer, its wrapped native token, and nothing else.
    #[must_use]
    pub fn new(composer: Address, wrapped_native: Address) -> Self {
        Self {
            composer,
            wrapped_native,
            forwarders: BTreeSet::new(),
            aave_pools: BTreeSet::new(),
            routers: BTreeMap::new(),
            flash: BTreeMap::new(),
            reserves: BTreeMap::new(),
            tokens: BTreeSet::from([wrapped_native]),
        }
    }

    /// Allows a call forwarder.
    #[must_use]
    pub fn forwarder(mut self, forwarder: Address) -> Self {
        self.forwarders.insert(forwarder);
        self
    }

    /// Allows an Aave v3 pool.
    #[must_use]
    pub fn aave_pool(mut self, pool: Address) -> Self {
        self.aave_pools.insert(pool);
        self
    }

    /// Allows a router whose calldata nobody reads, as a call target and as a spender of the forwarder's tokens.
    #[must_use]
    pub fn router(mut self, router: Address) -> Self {
        self.routers.insert(router, None);
        self
    }

    /// Allows an exchange's router; its calldata is read and held to what it says.
    #[must_use]
    pub fn exchange(mut self, exchange: Arc<dyn Exchange>) -> Self {
        self.routers.insert(exchange.router(), Some(exchange));
        self
    }

    /// Allows a flash lender.
    #[must_use]
    pub fn flash(mut self, lender: Address, source: FlashSource) -> Self {
        self.flash.insert(lender, source);
        self
    }

    /// Allows a token that is an Aave reserve.
    #[must_use]
    pub fn reserve(mut self, token: Address, tokens: ReserveTokens) -> Self {
        self.tokens.insert(token);
        self.reserves.insert(token, tokens);
        self
    }

    /// Allows a token that is no reserve.
    #[must_use]
    pub fn token(mut self, token: Address) -> Self {
        self.tokens.insert(token);
        self
    }

    /// The composer the streams are for.
    #[must_use]
    pub const fn composer(&self) -> Address {
        self.composer
    }

    pub(super) const fn wrapped_native(&self) -> Address {
        self.wrapped_native
    }

    pub(super) fn is_forwarder(&self, address: Address) -> bool {
        self.forwarders.contains(&address)
    }

    pub(super) fn is_aave_pool(&self, address: Address) -> bool {
        self.aave_pools.contains(&address)
    }

    pub(super) fn is_router(&self, address: Address) -> bool {
        self.routers.contains_key(&address)
    }

    /// The exchange whose router is at an address.
    pub(super) fn exchange_at(&self, router: Address) -> Option<Arc<dyn Exchange>> {
        self.routers.get(&router).cloned().flatten()
    }

    pub(super) fn is_token(&self, address: Address) -> bool {
        self.tokens.contains(&address)
    }

    pub(super) fn is_permit_token(&self, address: Address) -> bool {
        self.is_token(address) || self.reserves.values().any(|reserve| reserve.a_token == address)
    }

    pub(super) fn is_debt_token(&self, address: Address) -> bool {
        self.reserves.values().any(|reserve| reserve.debt_token == address)
    }

    pub(super) fn reserve_of(&self, token: Address) -> Option<ReserveTokens> {
        self.reserves.get(&token).copied()
    }

    pub(super) fn flash_source(&self, lender: Address) -> Option<FlashSource> {
        self.flash.get(&lender).copied()
    }

    /// Who may pull from the composer.
    pub(super) fn is_puller(&self, address: Address) -> bool {
        self.is_aave_pool(address)
            || matches!(self.flash_source(address), Some(FlashSource::Pulled(_) | FlashSource::Midnight))
    }

    /// Contracts whose holdings the check follows.
    pub(super) fn is_holder(&self, address: Address) -> bool {
        address == self.composer || self.is_forwarder(address)
    }
}
