//! The rules of strategy.md §5 as one pure function: [`evaluate`] takes [`AccountFacts`], the settings and a [`Memory`],
//! and answers with [`Firing`]s to journal and tell, [`Action`]s to carry out (the first is the most pressing), and the
//! memory for the next head. Health is the account's: one health factor, one set of thresholds, one trim.
//!
//! Promises: told once for each crossing, acted upon at every head until the facts say it helped; the same head twice
//! acts once. What may happen only so many times ([`Action::TightenStop`], [`Action::TopUpMargin`]) counts when
//! [`Memory::done`] is told, not when it was decided. [`AccountFacts::read`] makes the loops' part from a snapshot.

mod account;
mod action;
mod boost;
mod changes;
mod evaluate;
mod exits;
mod facts;
mod feed;
mod firing;
mod forward;
mod gas;
mod gas_facts;
mod health;
mod interest;
mod levels;
mod liquidation_distance;
mod list;
mod loop_inputs;
mod loss_guard;
mod market_status;
mod memory;
mod nonce;
mod oracle_age;
mod perps;
mod price_exit;
mod round;
mod stale_head;
mod stop_missed;
#[cfg(test)]
mod tests;

pub use account::{AccountFacts, HoldingFacts, LoopFacts, MarketStatus, NonceFacts, OracleFacts, PairKey, PerpFacts};
pub use action::{AccountTrim, Action, ExitTo, Pressure};
pub use evaluate::{evaluate, evaluate_perps};
pub use exits::{exits_at_once, exits_problem};
pub use facts::{Sources, feed_gap};
pub use feed::falling_feeds;
pub use firing::{Firing, Rule};
pub use gas_facts::GasFacts;
pub use health::trim_on;
pub use levels::Levels;
pub use memory::Memory;
pub use round::Evaluation;
