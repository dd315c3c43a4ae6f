//! Stage: price feeds at the addresses that Aave's oracle asks on Base.

use alloy::{
    primitives::{I256, U256},
    sol_types::SolValue,
};

use super::Site;
use crate::localchain::{
    LocalChainError,
    market::{FeedPrice, amount},
};

pub(super) async fn stage(site: &Site<'_>) -> Result<(), LocalChainError> {
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
    Ok(())
}
