//! A loan that a plan takes.

use alloy::primitives::U256;

use super::{FlashCandidate, FlashSource};
use crate::units::MathError;

/// A loan that a plan takes.
#[derive(Debug, Clone)]
pub(super) struct Loan {
    pub(super) candidate: FlashCandidate,
    pub(super) amount: U256,
    pub(super) fee: U256,
}

impl Loan {
    /// A loan of an amount from a source, with its fee.
    pub(super) fn of(candidate: &FlashCandidate, amount: U256) -> Result<Self, MathError> {
        let fee = candidate.source.fee(candidate.fee_pips, amount)?;
        Ok(Self { candidate: candidate.clone(), amount, fee })
    }

    /// Whether it leaves the reserve that the account borrows from or repays.
    pub(super) fn is_from_aave(&self) -> bool {
        self.candidate.source == FlashSource::AaveV3
    }
}
