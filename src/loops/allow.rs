//! What the stream of a loop action may touch: this pair, the known contracts, and nothing else.

use std::collections::BTreeSet;

use alloy::primitives::Address;

use super::Pair;
use crate::{
    aave,
    dex::{self, WETH},
    onedelta::{AllowList, CALL_FORWARDER, COMPOSER, FlashProvider, FlashSource, MORPHO_BLUE, ReserveTokens},
};

/// The list for a pair, with the Uniswap pools that lend.
pub(super) fn allow_list(pair: &Pair, lenders: BTreeSet<Address>) -> AllowList {
    let pool = aave::Deployment::BASE.pool;
    let mut list = AllowList::new(COMPOSER, WETH)
        .forwarder(CALL_FORWARDER)
        .aave_pool(pool)
        .router(dex::Deployment::BASE.router)
        .flash(pool, FlashSource::Pulled(FlashProvider::AaveV3))
        .flash(MORPHO_BLUE, FlashSource::Pulled(FlashProvider::MorphoBlue));
    for lender in lenders {
        list = list.flash(lender, FlashSource::UniswapV3Pool);
    }
    for asset in [&pair.collateral, &pair.debt] {
        list = list.reserve(asset.token, ReserveTokens { a_token: asset.a_token, debt_token: asset.debt_token });
    }
    list
}
