//! How far pools are from the oracle.

use super::{LoopSnapshot, PlanError};
use crate::dex::{PoolId, deviation_bps};

/// How far the furthest of some pools is from the oracle, basis points either way.
pub(super) fn deviation(snapshot: &LoopSnapshot, pools: impl IntoIterator<Item = PoolId>) -> Result<u64, PlanError> {
    let mut furthest = 0u64;
    for id in pools {
        let Ok(pool) = snapshot.pools.get(id) else { continue };
        let (zero, one) = (snapshot.market.reserve(id.token0())?, snapshot.market.reserve(id.token1())?);
        let (decimals0, decimals1) = (zero.configuration.decimals(), one.configuration.decimals());
        let off = deviation_bps(pool.spot_price(), zero.price()?, decimals0, one.price()?, decimals1)?;
        furthest = furthest.max(off.unsigned_abs());
    }
    Ok(furthest)
}
