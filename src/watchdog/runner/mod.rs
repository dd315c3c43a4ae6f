//! Carrying the rules out: heads in, one block-pinned reading for all accounts, evaluation, action.
//!
//! A [`WatchedAccount`] is one watched account: its memory, and its sender where there is a key. [`WatchedAccount::turn`] is one head for one
//! account: facts, rules, journal and alerts, then at most one action, a trim by way of the ladder. [`Watch`] reads for all
//! seats and gives each its turn; [`Daemon`] keeps that going until it is told to stop, beside socket and service.
//!
//! Promises: what was decided is journaled with its inputs before it is done; a turn that fails leaves the chain and the
//! journal so that the next head can go on; without a key, or in shadow, nothing is signed.

mod account;
mod act;
mod answer;
mod budget;
mod calm;
mod carried;
mod context;
mod daemon;
mod emergency;
mod error;
mod feeds;
mod gas;
mod give_way;
mod govern;
mod head_snapshot;
mod ladder_record;
mod news;
mod no_key;
mod orders;
mod pending;
mod perp_book;
mod perp_reader;
mod perps;
mod protection;
mod reconcile;
mod record;
mod report;
mod signals;
mod submit;
mod submitted;
mod task;
mod trim;
mod watch;
mod work;

pub use account::{ActionReport, HeadOutcome, SignerAccess, WatchedAccount};
pub use context::{PerpRules, TradeSetup, WatchContext, WatchSettings};
pub use daemon::{Daemon, DaemonDesk, DaemonOptions};
pub use emergency::{Emergency, FallAnswer};
pub use error::WatchError;
pub use head_snapshot::HeadSnapshot;
pub use news::News;
pub use watch::Watch;
