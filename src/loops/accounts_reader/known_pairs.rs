//! Pairs that are known, by their tokens.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use crate::{
    aave::{AccountState, Market, Projection},
    config::ThresholdsConfig,
    loops::{Contracts, Pair, account::AccountModel},
};

/// Pairs by their two tokens, with what lies in the contracts and what Morpho Blue can lend.
pub(super) type KnownPairs = BTreeMap<(Address, Address), (Pair, Contracts, U256)>;

/// Every supply with every debt, as far as they matter: what strangers supply on somebody's behalf is not read at every
/// head. An account whose figures cannot be computed has none; its own rules tell of that.
pub(super) fn tokens_of(market: &Market, account: &AccountState) -> Vec<(Address, Address)> {
    let now = Projection::new(market.clone(), account.clone(), market.block.timestamp);
    let Ok(model) = AccountModel::new(&now, &[], &ThresholdsConfig::default()) else { return Vec::new() };
    let debts: Vec<Address> = model.owed().map(|debt| debt.asset).collect();
    let supplies = model.supplies.iter().filter(|supply| !supply.is_dust);
    supplies.flat_map(|supply| debts.iter().map(|debt| (supply.asset, *debt)).collect::<Vec<_>>()).collect()
}
