//! The life of a market order that goes the way of a signed intent (avantis-v2.md §3.5), as pure decisions.
//!
//! [`OrderLife`] is told what happened and says what to do: post the recorded bytes (again), poll the status, read the nonce on
//! chain, wait, or be done. While an outcome is unknown nothing is ever signed anew: one nonce is executed once at most, two
//! would be two positions. It is data, so that a restart goes on from what the journal has.

mod event;
mod life;
mod outcome;
#[cfg(test)]
mod world;

pub use event::{EventError, MarketEvent, MarketNews, TradeFill};
pub use life::{LifeAction, LifeInput, OrderLife, OrderPhase};
pub use outcome::{MarketOutcome, Renewal};
