//! What identifies a pool, whichever exchange it belongs to.

use std::fmt;

use alloy::primitives::{Address, B256};
use rust_decimal::Decimal;

/// The whole, in hundredths of a basis point.
pub(in crate::dex) const ONE_PIPS: u32 = 1_000_000;

/// Why tokens and fee name no pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A pool has two different tokens.
    #[error("a pool needs two different tokens, both are {0}")]
    SameToken(Address),
    /// A fee is below 100 %.
    #[error("fee {0} is not below 1000000 hundredths of a basis point")]
    Fee(u32),
}

/// A pool of an exchange: its two tokens, its fee and whatever else tells it from others there. A pool need not be a
/// contract of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId {
    token0: Address,
    token1: Address,
    fee: u32,
    terms: B256,
    exchange: &'static str,
}

impl PoolId {
    /// The pool of these tokens, given in any order. `fee` is in hundredths of a basis point; `terms` is the exchange's own,
    /// zero where tokens and fee say it all.
    pub fn new(exchange: &'static str, (a, b): (Address, Address), fee: u32, terms: B256) -> Result<Self, KeyError> {
        if a == b {
            return Err(KeyError::SameToken(a));
        }
        if fee >= ONE_PIPS {
            return Err(KeyError::Fee(fee));
        }
        Ok(Self { token0: a.min(b), token1: a.max(b), fee, terms, exchange })
    }

    /// The name of its exchange ([`Exchange::name`](super::Exchange::name)).
    #[must_use]
    pub const fn exchange(&self) -> &'static str {
        self.exchange
    }

    /// The token with the lower address.
    #[must_use]
    pub const fn token0(&self) -> Address {
        self.token0
    }

    /// The token with the higher address.
    #[must_use]
    pub const fn token1(&self) -> Address {
        self.token1
    }

    /// The fee in hundredths of a basis point, taken from the input.
    #[must_use]
    pub const fn fee(&self) -> u32 {
        self.fee
    }

    /// What else the exchange tells it by.
    #[must_use]
    pub const fn terms(&self) -> B256 {
        self.terms
    }

    /// The fee as people write it: 500 → `0.05 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        percent(self.fee)
    }

    /// The other token of the pool; `None` if `token` is not in it.
    #[must_use]
    pub fn other(&self, token: Address) -> Option<Address> {
        if token == self.token0 {
            Some(self.token1)
        } else if token == self.token1 {
            Some(self.token0)
        } else {
            None
        }
    }
}

impl From<&Self> for PoolId {
    fn from(id: &Self) -> Self {
        *id
    }
}

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {} on {}", self.token0, self.token1, self.percent(), self.exchange)
    }
}

/// A fee as people write it: 500 → `0.05 %`.
pub(in crate::dex) fn percent(pips: u32) -> String {
    format!("{} %", Decimal::new(i64::from(pips), 4).normalize())
}
