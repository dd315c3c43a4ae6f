//! What the stream of a loop action may touch: this pair, the known contracts, and nothing else.

use super::{FlashSource, Pair};
use crate::{
    aave,
    dex::{Exchanges, WETH},
    onedelta::{AllowList, CALL_FORWARDER, COMPOSER, ReserveTokens},
};

/// The list for a pair, with what lends.
pub(super) fn allow_list(pair: &Pair, exchanges: &Exchanges, lender: Option<FlashSource>) -> AllowList {
    let list = AllowList::new(COMPOSER, WETH).forwarder(CALL_FORWARDER).aave_pool(aave::Deployment::BASE.pool);
    let sources = [FlashSource::AaveV3, FlashSource::MorphoBlue].into_iter().chain(lender);
    let mut list = sources.fold(list, |list, source| source.allow(list));
    for exchange in exchanges.iter() {
        list = list.exchange(exchange.clone());
    }
    for asset in [&pair.collateral, &pair.debt] {
        list = list.reserve(asset.token, ReserveTokens { a_token: asset.a_token, debt_token: asset.debt_token });
    }
    list
}
