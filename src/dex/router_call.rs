//! A swap as an exchange's router is asked for it, and why it cannot be written or read.

use std::fmt;

use alloy::primitives::{Address, U256};

use super::route::{Route, RouteError};

/// A swap as an exchange's router is asked for it, in the router's own terms: some recipients
/// ([`Exchange::receiver`](super::Exchange::receiver)) and an input of zero
/// ([`Exchange::sells_router_balance`](super::Exchange::sells_router_balance)) may have another meaning there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouterCall {
    /// Exactly so much goes in.
    ExactIn {
        /// The way.
        route: Route,
        /// Gets the output.
        recipient: Address,
        /// Goes in.
        amount_in: U256,
        /// Least that must come out.
        min_out: U256,
        /// Square root price, Q64.96, at which a swap in a single pool stops short; `None` on exchanges that know none.
        limit: Option<U256>,
    },
    /// Exactly so much comes out.
    ExactOut {
        /// The way.
        route: Route,
        /// Gets the output.
        recipient: Address,
        /// Comes out.
        amount_out: U256,
        /// Most that may go in.
        max_in: U256,
        /// Square root price, Q64.96, at which a swap in a single pool stops short; `None` on exchanges that know none.
        limit: Option<U256>,
    },
}

/// Why a swap cannot be written as calldata, or calldata not be read as a swap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouterCallError {
    /// The router reads an input of zero as "all that the router holds"; other amounts of zero bound nothing.
    #[error("{0} is zero")]
    Zero(&'static str),
    /// The router reads this recipient as something else.
    #[error("recipient {0} has another meaning for the router")]
    Recipient(Address),
    /// A price limit is for a swap in one pool and has 160 bits, none of it zero.
    #[error("price limit {0} is zero, above 160 bits, or given for more than one pool")]
    Limit(U256),
    /// The swap would end in the token that it began with.
    #[error("the route ends in {0}, the token it begins with; a swap needs two different tokens")]
    RoundTrip(Address),
    /// Only an exact input has an amount that can be written in later.
    #[error("an exact output has no input amount that a balance could be written over; use an exact input")]
    NoAmountIn,
    /// The selector is another call's.
    #[error("not a swap of a router that is known")]
    NotASwap,
    /// The selector is a swap's, the arguments are not.
    #[error("a swap whose arguments cannot be read: {0}")]
    Damaged(String),
    /// The route in the calldata is none.
    #[error(transparent)]
    Route(#[from] RouteError),
}

impl RouterCall {
    /// The way.
    #[must_use]
    pub const fn route(&self) -> &Route {
        match self {
            Self::ExactIn { route, .. } | Self::ExactOut { route, .. } => route,
        }
    }

    /// Who gets the output, as the calldata says it.
    #[must_use]
    pub const fn recipient(&self) -> Address {
        match self {
            Self::ExactIn { recipient, .. } | Self::ExactOut { recipient, .. } => *recipient,
        }
    }

    /// Square root price at which the swap stops short; then it spends and gives less than its amounts say.
    #[must_use]
    pub const fn limit(&self) -> Option<U256> {
        match self {
            Self::ExactIn { limit, .. } | Self::ExactOut { limit, .. } => *limit,
        }
    }
}

impl fmt::Display for RouterCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (route, recipient) = (self.route(), self.recipient());
        match self {
            Self::ExactIn { amount_in, min_out, .. } => {
                write!(f, "swap exactly {amount_in} for at least {min_out} by {route}, to {recipient}")?;
            }
            Self::ExactOut { amount_out, max_in, .. } => {
                write!(f, "swap at most {max_in} for exactly {amount_out} by {route}, to {recipient}")?;
            }
        }
        self.limit().map_or(Ok(()), |limit| write!(f, ", stopping at square root price {limit}"))
    }
}
