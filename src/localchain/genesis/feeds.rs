//! Stage: price feeds at the addresses that Aave's oracle asks on Base, and the standard feeds that they follow.

use alloy::{
    primitives::{I256, U256},
    sol_types::SolValue,
};

use super::Deployer;
use crate::localchain::{
    LocalChainError,
    market::{FeedPrice, amount},
};

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    for feed in &site.market.feeds {
        let description = feed.description.clone();
        match &feed.price {
            FeedPrice::Usd { .. } => {
                let answer = I256::from_raw(site.market.initial_price(feed)?);
                site.place("ReplicaFeed", feed.address, &(answer, description).abi_encode_params()).await?;
            }
            FeedPrice::Ratio { ratio, base } => {
                let base = site.market.reserve(base)?.feed;
                let ratio: U256 = amount(ratio, 18)?;
                site.place("ReplicaRatioFeed", feed.address, &(base, ratio, description).abi_encode_params()).await?;
            }
        }
    }
    for standard in &site.market.standard_feeds {
        let followed = site.market.feed_of(site.market.reserve(&standard.asset)?)?;
        let answer = I256::from_raw(site.market.initial_price(followed)?);
        let arguments = (answer, standard.description.clone()).abi_encode_params();
        site.place("ReplicaFeed", standard.address, &arguments).await?;
    }
    Ok(())
}
