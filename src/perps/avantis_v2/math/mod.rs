//! The venue's economics (avantis-v2.md §5): integers in and out, every rounding named, nothing read and nothing sent.
//!
//! Amounts of USDC have 6 decimals; prices, leverages, per cent and coins 10. Fees are rounded down and results towards zero
//! where the contracts' own rounding is not known; that is less than the last digit of USDC.
//! Fails with [`crate::units::MathError`]; [`Limits::check_open`] with [`LimitError`], which names the rule and both figures.

mod fees;
mod headroom;
mod levels;
mod limits;
mod pnl;
mod size;
#[cfg(test)]
mod vectors;

pub use fees::{FeeClass, FeeRate, MakerTaker, SkewBook, accrued, fee_on};
pub use headroom::{OpenInterestRoom, headroom};
pub use levels::{
    UpsideShare, fixed_fee_least_stop, liquidation_price, stop_percent, stop_price, target_percent, target_price,
    upside_least_stop,
};
pub use limits::{LimitError, LimitRule, Limits, OpenCheck, StopLimit};
pub use pnl::{CloseCosts, NetResult, gross_result, net_result, upside_result};
pub use size::{coin_exposure, execution_price, notional};
