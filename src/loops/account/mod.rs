//! The account: what it has supplied and owes, one health factor, and the journal's loops as parts of it.
//!
//! Aave liquidates accounts, not pairs. [`AccountModel`] values every supply and debt once, says which are too small to
//! matter, and divides them among the journal's loops: each unit of collateral and of debt belongs to at most one loop, the
//! rest was not opened by this journal. Pure. What strangers write into an account (supplies on its behalf, aTokens sent to
//! it) is dust or unclaimed, and neither changes what a loop is nor which thresholds hold.

mod claims;
mod model;
mod sell;
mod settled;

pub use model::{AccountDebt, AccountModel, AccountSupply, LoopPart};
pub use sell::{Sell, UnknownAsset};
pub use settled::{SideChange, terms_after};
