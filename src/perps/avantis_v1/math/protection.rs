//! Loss protection: who balances the pair bears only a part of a loss.

use super::OpenInterest;
use crate::{
    perps::{Side, Usdc},
    units::MathError,
};

/// The tier that an open gets, from the other side's share of the open interest with the position (`notional`: after
/// the fee) in it: the highest tier whose threshold it reaches. `thresholds` are the side's, plain per cent, lowest
/// first. Mirrors `PairInfos.lossProtectionTier`; `interest` is that before the open.
pub fn protection_tier(
    side: Side,
    notional: Usdc,
    interest: &OpenInterest,
    thresholds: &[u64],
) -> Result<usize, MathError> {
    let share = interest.counter_share(side, notional)?;
    Ok(thresholds.iter().rposition(|threshold| share >= alloy::primitives::U256::from(*threshold)).unwrap_or(0))
}

/// What of a loss the trader bears in a tier, plain per cent: `PairStorage.lossProtectionMultiplier`.
#[must_use]
pub fn loss_share(tier: usize, multipliers: &[u64]) -> Option<u64> {
    multipliers.get(tier).copied()
}
