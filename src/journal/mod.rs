//! The SQLite store: what was wanted, what was signed, what became of it, and what was predicted beside what happened.
//!
//! Promises: one database per network and account; one writer at a time, any number of readers; a write that returned
//! `Ok` is on the disk; signed bytes can be sent only after they were recorded ([`Recorded`]); nothing new is signed
//! while something earlier is unresolved; a nonce is held by one live transaction and those it replaces; a signal is
//! taken once, together with the saga that carries it out; an order has one answer.
//! A row that cannot be read is left out and named ([`Damages`]); one that may be in flight keeps signing refused.
//! Calls block for a few milliseconds (a commit waits for the disk), no clock is read, no network is used.
//! Fails with [`JournalError`]: another writer and a full or read-only disk are exit 9, and then nothing was signed.

mod backup;
mod column;
mod copy;
mod csv;
mod damage;
mod damaged_row;
mod damages;
mod error;
mod event;
mod export;
mod governor;
mod id;
mod in_flight;
mod intent;
mod intent_row;
mod lease;
mod lease_rows;
mod lock;
mod network;
mod nonce;
mod open;
mod order;
mod outcome;
mod overview;
mod perp;
mod position;
mod private_file;
mod prune;
mod saga;
mod saga_intent;
mod sample;
mod schema;
mod set_aside;
mod signal;
mod signed;
mod stamp;
mod state;
mod store;
mod thin;
mod transaction;

pub use backup::{BackedUp, Restored};
pub use column::UnknownWord;
pub use csv::exported_tables;
pub use damaged_row::DamagedRow;
pub use damages::Damages;
pub use error::JournalError;
pub use event::{DRILL_PASSED, Event, Severity};
pub use export::{ExportLine, Exported};
pub use id::{IdError, IntentId, PositionId};
pub use intent::{IntentFilter, NewIntent};
pub use intent_row::Intent;
pub use lease::AccountLease;
pub use lease_rows::Lease;
pub use lock::Writer;
pub use network::Checkpoint;
pub use order::{NewOrder, Order, OrderKind};
pub use perp::{NewPerp, PerpEntry, PerpPosition, PerpSide, PerpTerms};
pub use position::{LoopPosition, LoopTerms, NewLoop, Origin};
pub use prune::Pruned;
pub use saga::Saga;
pub use saga_intent::SagaIntent;
pub use sample::Sample;
pub use schema::Migrated;
pub use signed::{RawTx, Recorded};
pub use stamp::Stamp;
pub use state::{IntentState, OrderState, TransactionState};
pub use store::{Journal, JournalReader};
pub use transaction::{Inclusion, TransactionRecord};
