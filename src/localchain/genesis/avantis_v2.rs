//! Stage: the stand-in of the perpetuals venue's second version at the venue's addresses (avantis-v2.md), its
//! pairs, its operator, and what winners are paid from.

use alloy::{
    primitives::{Address, I256, U256, keccak256},
    sol_types::{SolCall, SolValue},
};

use super::{
    Deployer,
    addresses::{AVANTIS_CALLBACKS, AVANTIS_MULTICALLS, AVANTIS_PAIR_STORAGE, AVANTIS_STORAGE, AVANTIS_TRADING},
};
use crate::localchain::{
    LocalChainError, Role,
    abi::IERC20,
    market::amount,
    venue::Venue,
    venue_v2::{abi::IV2StandIn, pairs::Listings},
};

/// What winners are paid from, whole USDC.
const LIQUIDITY_USDC: &str = "5000000";

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let governor = Role::VenueGovernor.address();
    let usdc = site.market.reserve("USDC")?.token;
    let reader = Address::from_word(keccak256("trimtab replica implementation IntentReader"));
    let (router, fills, pairs, books) = (AVANTIS_TRADING, AVANTIS_CALLBACKS, AVANTIS_PAIR_STORAGE, AVANTIS_STORAGE);
    site.place("IntentReader", reader, &[]).await?;
    site.place("VenuePairs", pairs, &(governor, fills).abi_encode_params()).await?;
    site.place("VenueStorage", books, &(usdc, router, fills).abi_encode_params()).await?;
    site.place("VenueFills", fills, &(pairs, books, router).abi_encode_params()).await?;
    site.place("VenueRouter", router, &(governor, pairs, books, fills, reader).abi_encode_params()).await?;
    let [_, views] = AVANTIS_MULTICALLS;
    site.place("VenueViews", views, &(books, fills).abi_encode_params()).await?;
    let operator = IV2StandIn::setOperatorCall { who: Role::VenueKeeper.address(), on: true };
    govern(site, router, &operator).await?;
    feeds(site).await?;
    list(site).await?;
    let reserve = site.market.reserve("USDC")?;
    let (whale, units) = (Role::Whale.address(), amount(LIQUIDITY_USDC, reserve.decimals)?);
    site.give("USDC", whale, units).await?;
    site.act(whale, reserve.token, &IERC20::transferCall { to: books, amount: units }).await
}

/// A feed for every asset that only a venue prices, also for those that this version does not list here.
async fn feeds(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    for pair in &Venue::get()?.pairs {
        if let Some(price) = pair.initial_price()? {
            let arguments = (I256::from_raw(price), format!("{} / USD", pair.from)).abi_encode_params();
            site.place("ReplicaFeed", pair.feed()?, &arguments).await?;
        }
    }
    Ok(())
}

async fn list(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    for pair in &Listings::get()?.pairs {
        let index = U256::from(pair.index);
        let call = IV2StandIn::setPairCall { pairIndex: index, pair: pair.parameters() };
        govern(site, AVANTIS_PAIR_STORAGE, &call).await?;
        let tiers = pair.profit_shares.iter().map(|(up_to, share)| [U256::from(*up_to), U256::from(*share)]).collect();
        let call = IV2StandIn::setProfitSharesCall { pairIndex: index, tiers };
        govern(site, AVANTIS_PAIR_STORAGE, &call).await?;
    }
    Ok(())
}

async fn govern<C: SolCall>(site: &Deployer<'_>, to: Address, call: &C) -> Result<(), LocalChainError> {
    site.act(Role::VenueGovernor.address(), to, call).await
}
