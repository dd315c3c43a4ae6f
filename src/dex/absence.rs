//! Why a pool cannot be swapped in.

use serde::{Deserialize, Serialize};

/// Why a pool cannot be swapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Absence {
    /// Nobody made the pool: there is no contract at its address.
    #[error("the pool does not exist")]
    NoContract,
    /// The pool was made but never given a price.
    #[error("the pool has no price yet")]
    Uninitialised,
    /// No liquidity at the price and no tick near it.
    #[error("the pool has no liquidity near its price")]
    NoLiquidity,
    /// The price left the words that were read, between two reads.
    #[error("the pool's price moved away from the ticks that were read")]
    PriceMoved,
    /// The snapshot does not hold the pool.
    #[error("the pool was not read")]
    NotRead,
}
