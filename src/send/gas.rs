//! Gas limits from simulated gas. Pure.

/// Most gas a limit may have: Base refuses a transaction above 2^24 = 16 777 216 gas (EIP-7825); a little is left.
pub const GAS_CAP: u64 = 16_700_000;

/// Limit of a cancellation, a transfer of nothing to oneself: 21 000 gas for an ordinary account, more where the account
/// has code of its own (EIP-7702).
pub(super) const CANCEL_GAS: u64 = 60_000;

/// An action that needs more gas than one transaction may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the transaction needs {used} gas, one transaction may have {GAS_CAP}: use a smaller fraction or a simpler route"
)]
pub struct GasTooHigh {
    /// Gas used in the simulation.
    pub used: u64,
}

/// Limit for a transaction whose simulation used `used` gas: half as much again and 30 000, up to the next thousand,
/// within the cap. The simulated figure is after refunds (up to a fifth of it was needed in between), an inner call
/// keeps back a 64th, and the market may need another tick or two.
pub fn gas_limit(used: u64) -> Result<u64, GasTooHigh> {
    let wanted = used.saturating_add(used / 2).saturating_add(30_000).div_ceil(1_000).saturating_mul(1_000);
    let limit = wanted.min(GAS_CAP);
    if limit >= least_limit(used) { Ok(limit) } else { Err(GasTooHigh { used }) }
}

/// Below a quarter more than was used, refunds alone could make the limit too small.
pub(super) const fn least_limit(used: u64) -> u64 {
    used.saturating_add(used / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_leaves_room_and_keeps_under_the_cap_of_the_chain() {
        assert_eq!(gas_limit(653_256), Ok(1_010_000));
        assert_eq!(gas_limit(21_000), Ok(62_000));
        assert_eq!(gas_limit(12_000_000), Ok(GAS_CAP));
        assert_eq!(gas_limit(13_400_000), Err(GasTooHigh { used: 13_400_000 }));
        assert_eq!(gas_limit(u64::MAX), Err(GasTooHigh { used: u64::MAX }));
    }
}
