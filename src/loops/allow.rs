//! What the stream of a loop action may touch: this pair, the known contracts, and nothing else.

use super::Pair;
use crate::{
    aave,
    dex::{self, PoolKey, WETH},
    onedelta::{AllowList, CALL_FORWARDER, COMPOSER, FlashProvider, FlashSource, MORPHO_BLUE, ReserveTokens},
};

/// The list for a pair, with the Uniswap pool that lends, which may hold a token besides the pair's.
pub(super) fn allow_list(pair: &Pair, lender: Option<PoolKey>) -> AllowList {
    let pool = aave::Deployment::BASE.pool;
    let mut list = AllowList::new(COMPOSER, WETH)
        .forwarder(CALL_FORWARDER)
        .aave_pool(pool)
        .router(dex::Deployment::BASE.router)
        .flash(pool, FlashSource::Pulled(FlashProvider::AaveV3))
        .flash(MORPHO_BLUE, FlashSource::Pulled(FlashProvider::MorphoBlue));
    if let Some(key) = lender {
        let pool = key.address(&dex::Deployment::BASE);
        list = list.flash(pool, FlashSource::UniswapV3Pool).token(key.token0()).token(key.token1());
    }
    for asset in [&pair.collateral, &pair.debt] {
        list = list.reserve(asset.token, ReserveTokens { a_token: asset.a_token, debt_token: asset.debt_token });
    }
    list
}
