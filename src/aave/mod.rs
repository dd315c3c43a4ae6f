//! Aave v3: snapshots of the market and of accounts, and arithmetic that mirrors the contracts' rounding.
//!
//! [`ReserveList::read`] once, then [`MarketQuery`] and [`AccountQuery`] add their calls to one batch and decode the
//! answers purely. [`Projection`] applies actions to copies. Promises: figures equal the chain's to the last unit
//! (v3.6; v3.7 differs only in liquidations), and what the pool would refuse is refused here, with the figures.
//! Fails with [`QueryError`] when reading, [`StateError`] when a value cannot be computed, [`Refusal`] when the pool
//! would revert. Isolation and siloed mode are refused, not modelled.

mod account;
mod account_query;
mod configuration;
mod currency;
mod deployment;
mod error;
mod errors;
mod first_read;
mod glance_query;
mod interest;
mod market;
mod market_query;
mod permit;
mod permit_probe;
mod projection;
mod refusal;
mod reserve;
mod reserve_list;
mod room;
mod screen_query;

pub mod abi;
pub mod emode;
pub mod math;

pub use account::{AccountData, AccountState, Holding};
pub use account_query::AccountQuery;
pub use configuration::{ReserveConfiguration, UserConfiguration};
pub use deployment::Deployment;
pub use error::{QueryError, StateError};
pub use errors::ERRORS;
pub use glance_query::GlanceQuery;
pub use interest::{RateStrategy, Rates, Usage, compounded_growth, linear_growth};
pub use market::{EModeCategory, Market};
pub use market_query::{MarketQuery, ReserveQuery};
pub use permit::{AAVE_TOKEN_VERSION, DELEGATION_WITH_SIG_TYPEHASH, PERMIT_TYPEHASH, PermitDomain};
pub use projection::{Amount, FlashLoan, Projection, TransferredSupply};
pub use refusal::{Refusal, TokenAmount};
pub use reserve::{Price, Reserve};
pub use reserve_list::{Listing, ReserveList};
pub use screen_query::ScreenQuery;
