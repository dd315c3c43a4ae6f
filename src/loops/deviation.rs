//! How far pools are from the oracle.

use super::{LoopSnapshot, PlanError};
use crate::dex::{PoolKey, deviation_bps};

/// How far the furthest of some pools is from the oracle, basis points either way.
pub(super) fn deviation(snapshot: &LoopSnapshot, keys: &[PoolKey]) -> Result<u64, PlanError> {
    let mut furthest = 0u64;
    for key in keys {
        let Ok(pool) = snapshot.pools.get(key) else { continue };
        let (zero, one) = (snapshot.market.reserve(key.token0())?, snapshot.market.reserve(key.token1())?);
        let (decimals0, decimals1) = (zero.configuration.decimals(), one.configuration.decimals());
        let off = deviation_bps(pool.spot_price(), zero.price()?, decimals0, one.price()?, decimals1)?;
        furthest = furthest.max(off.unsigned_abs());
    }
    Ok(furthest)
}
