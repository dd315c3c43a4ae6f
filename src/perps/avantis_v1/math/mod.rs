//! What Avantis v1.5 will compute, computed here first: fees, prices, profit and payout, equal to the unit.
//!
//! Pure functions of integers in the contracts' scales (USDC 1e6, price, leverage and per cent 1e10). They follow the
//! byte code: quotients of unsigned numbers are rounded down, of signed ones towards zero, in the contracts' order
//! where it matters. Percentages of the pair and of the group that the contracts keep as plain integers are
//! [`PercentE10`](crate::perps::PercentE10) here, with equal results. Referral discounts and zero-fee (PnL) positions
//! are not covered. Each function names the contract function it mirrors; `tests/protocols/perps_arithmetic.rs` compares them.
//! Fails with [`MathError`](crate::units::MathError) where the contracts would revert.

mod close;
mod exponential;
mod fees;
mod interest;
mod levels;
mod margin;
mod price;
mod profit;
mod protection;
mod rollover;

#[cfg(test)]
mod monotonicity;
#[cfg(test)]
mod worked_examples;

pub use close::{Close, CloseParts, LiquidationFees, closing_fee, keeper_fee, liquidation_payout, payout};
pub use fees::{FeeRow, FeeRows, collateral_after_fee, opening_fee};
pub use interest::{OpenInterest, notional};
pub use levels::{clip_stop, clip_target, furthest_target, liquidation_price};
pub use margin::{MarginStep, Margined, Reduced, is_withdrawal_covered, margin_change, partial_close};
pub use price::{SpreadParams, execution_price, price_impact, skew_impact, slippage_holds, slippage_limit, spread};
pub use profit::{percent_profit, pnl};
pub use protection::{loss_share, protection_tier};
pub use rollover::{Accrual, Accruals, Utilisation, rollover};
