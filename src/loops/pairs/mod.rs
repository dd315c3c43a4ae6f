//! Which pairs of a market can be looped now, and what stands in the way of the others.
//!
//! Promises: a pair that works is one that an account with nothing else would open at this size: its plan was made on the same
//! snapshot, and every bound of it holds. Of the others the first cause is told that holds whatever the amount, and only then
//! one that comes of the amount.
//! Fails with what the endpoint answered; a pair about which the state does not tell is no failure, it has that as its cause.

mod judge;
mod obstacle;
mod snapshot;

pub use judge::{Opening, PairTerms, PairVerdict, SizeAsked, allowed_pairs, judge_pairs};
pub use obstacle::{Obstacle, ObstacleKind};
pub use snapshot::PairsSnapshot;
