//! Stage: Morpho Blue with tokens to lend for one transaction, free of charge.
//!
//! The tokens lie in idle markets (no collateral, no oracle, no rate model, no borrowing), as vaults keep theirs on
//! Base, so its books agree with its balance.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolValue,
};

use super::{Deployer, addresses::MORPHO};
use crate::localchain::{LocalChainError, Role, abi::IMorpho};

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let (owner, whale) = (Role::Deployer.address(), Role::Whale.address());
    site.place("Morpho", MORPHO, &owner.abi_encode()).await?;
    site.act(owner, MORPHO, &IMorpho::enableIrmCall { irm: Address::ZERO }).await?;
    site.act(owner, MORPHO, &IMorpho::enableLltvCall { lltv: U256::ZERO }).await?;
    for (symbol, tokens) in &site.market.morpho_supply {
        let params = IMorpho::MarketParams {
            loanToken: site.market.reserve(symbol)?.token,
            collateralToken: Address::ZERO,
            oracle: Address::ZERO,
            irm: Address::ZERO,
            lltv: U256::ZERO,
        };
        site.act(owner, MORPHO, &IMorpho::createMarketCall { params: params.clone() }).await?;
        let assets = site.give_for(MORPHO, symbol, whale, tokens).await?;
        let supply = IMorpho::supplyCall { params, assets, shares: U256::ZERO, onBehalf: whale, data: Bytes::new() };
        site.act(whale, MORPHO, &supply).await?;
    }
    Ok(())
}
