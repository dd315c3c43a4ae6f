//! The one sender per key: nonce leases, fees, replacement, confirmation, and what happened after a crash.
//!
//! Promises: only a simulated plan is signed; nothing is sent before the journal has its bytes on the disk; at most one
//! transaction per nonce unless it replaces a named one of ours: with the same action, to take it back, or with a
//! protective action in place of one that protects nothing, or would revert by now. What cannot be told is "unknown" and blocks whatever else is
//! new until [`reconcile`] has settled it. Identical bytes may be sent again.
//! Fails with [`SendError`] while nothing is signed; afterwards the [`Outcome`] says how it ended.

mod afford;
mod bid;
mod blocking;
mod client;
mod confirm;
mod conflicts;
mod endpoints;
mod error;
mod fees;
mod gas;
mod interrupt;
mod look;
mod lookup;
mod next_nonce;
mod nonce;
mod outcome;
mod perform;
mod permits;
mod protective;
mod reconcile;
mod replace;
mod replacement_chain;
mod resume;
mod sender;
mod settlement;
mod submission;
mod terms;
mod witness;

pub use afford::GasShort;
pub use bid::Bid;
pub use blocking::Blocking;
pub use client::{BlockContent, ChainClient, Included};
pub use error::{Class, SendError};
pub use fees::{Replaced, cancellation_ceiling, replacement_fees};
pub use gas::{GAS_CAP, GasTooHigh, gas_limit};
pub use interrupt::Interrupt;
pub use nonce::NextNonce;
pub use outcome::{Ending, MinedStep, Outcome};
pub use perform::{ExecuteError, perform, perform_protective};
pub use permits::{already_granted, permits_in_force, sign_permits};
pub use reconcile::{Finding, Verdict, reconcile};
pub use replace::ResubmitPolicy;
pub use sender::Sender;
pub use settlement::{SettleError, Settlement, measure, record};
