//! A loan that a plan takes.

use alloy::primitives::U256;

use crate::{
    loops::{FlashCandidate, FlashSource},
    units::MathError,
};

/// A loan that a plan takes.
#[derive(Debug, Clone)]
pub(in crate::loops) struct Loan {
    pub(in crate::loops) candidate: FlashCandidate,
    pub(in crate::loops) amount: U256,
    pub(in crate::loops) fee: U256,
}

impl Loan {
    /// A loan of an amount from a source, with its fee.
    pub(in crate::loops) fn of(candidate: &FlashCandidate, amount: U256) -> Result<Self, MathError> {
        let fee = candidate.source.fee(candidate.fee_pips, amount)?;
        Ok(Self { candidate: candidate.clone(), amount, fee })
    }

    /// Whether it leaves the reserve that the account borrows from or repays.
    pub(in crate::loops) fn is_from_aave(&self) -> bool {
        self.candidate.source == FlashSource::AaveV3
    }
}
