//! What opening costs.

use alloy::primitives::{I256, U256};

use super::OpenInterest;
use crate::{
    perps::{
        PercentE10, Side, Usdc,
        int::{add_signed, hundred_percent, mul_div_towards_zero, signed, sub, unsigned},
    },
    units::{MathError, mul_div_down},
};

/// From a row's figures (1e-4 per cent) to per cent of 1e10.
const ROW_SCALE: u64 = 1_000_000;
/// Plain per cent that one row covers.
const ROW_WIDTH: u64 = 10;

/// A line of the opening fee: `slope × counter share + constant`, in 1e-4 per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeRow {
    /// For each per cent of open interest on the other side.
    pub slope: I256,
    /// At none.
    pub constant: I256,
}

/// Ten lines of a pair (`PairStorage.getSkewParams`), one for each ten per cent of open interest on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeRows(pub [FeeRow; 10]);

impl FeeRows {
    /// The opening fee of an order. Mirrors `PairStorage.pairOpenFeeP`: the row is chosen by, and computed at, the other
    /// side's share of the open interest after the order, plain per cent rounded down.
    pub fn percent(&self, side: Side, ordered: Usdc, interest: &OpenInterest) -> Result<PercentE10, MathError> {
        let share = interest.counter_share(side, ordered)?;
        let index = usize::try_from(share / U256::from(ROW_WIDTH)).map_err(|_| MathError::Overflow)?;
        let row = self.0.get(index).ok_or(MathError::Overflow)?;
        let sloped = mul_div_towards_zero(signed(share)?, row.slope, I256::ONE)?;
        let fee = unsigned(add_signed(sloped, row.constant)?)?;
        fee.checked_mul(U256::from(ROW_SCALE)).map(PercentE10).ok_or(MathError::Overflow)
    }
}

/// The opening fee on the notional as ordered (offered collateral × leverage). Mirrors `TradingStorage.applyOpenFees`
/// without a referral: rounded down.
pub fn opening_fee(ordered: Usdc, fee: PercentE10) -> Result<Usdc, MathError> {
    mul_div_down(ordered.0, fee.0, hundred_percent()).map(Usdc)
}

/// What is left of the offered collateral once the opening fee has come out of it: the position's collateral.
pub fn collateral_after_fee(offered: Usdc, fee: Usdc) -> Result<Usdc, MathError> {
    sub(offered.0, fee.0).map(Usdc)
}
