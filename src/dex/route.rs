//! A way from one token to another through one or more pools.

use std::fmt;

use alloy::primitives::Address;

use super::{KeyError, PoolId};

/// One pool of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The pool.
    pub pool: PoolId,
    /// What comes out of the pool.
    pub token_out: Address,
}

/// Why pools are no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// A route has at least one pool.
    #[error("a route needs at least one pool")]
    Empty,
    /// A path has 20 bytes per token with 3 bytes of fee between two.
    #[error("a path of {0} bytes is not tokens of 20 bytes with fees of 3 bytes between them")]
    Length(usize),
    /// A pool must not be used twice: the second swap would not see the state the first was replayed on.
    #[error("pool {0} is used twice")]
    Twice(Box<PoolId>),
    /// A pool does not exchange the tokens that it should.
    #[error("pool {pool} does not give {token_out} for {token_in}")]
    Tokens {
        /// The pool.
        pool: Box<PoolId>,
        /// What goes in.
        token_in: Address,
        /// What should come out.
        token_out: Address,
    },
    /// One router does one swap.
    #[error("a route stays on one exchange, this one uses {0} and {1}")]
    Exchanges(&'static str, &'static str),
    /// A hop that can have no pool.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Pools of one exchange, one after the other; never empty, no pool twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    token_in: Address,
    hops: Vec<Hop>,
}

impl Route {
    /// From the token that goes in and the hops in their order.
    pub fn new(token_in: Address, hops: Vec<Hop>) -> Result<Self, RouteError> {
        let Some(first) = hops.first() else { return Err(RouteError::Empty) };
        let exchange = first.pool.exchange();
        let mut token = token_in;
        for (index, Hop { pool, token_out }) in hops.iter().enumerate() {
            if pool.other(token) != Some(*token_out) {
                return Err(RouteError::Tokens { pool: Box::new(*pool), token_in: token, token_out: *token_out });
            }
            if pool.exchange() != exchange {
                return Err(RouteError::Exchanges(exchange, pool.exchange()));
            }
            if hops[..index].iter().any(|earlier| earlier.pool == *pool) {
                return Err(RouteError::Twice(Box::new(*pool)));
            }
            token = *token_out;
        }
        Ok(Self { token_in, hops })
    }

    /// What goes in.
    #[must_use]
    pub const fn token_in(&self) -> Address {
        self.token_in
    }

    /// What comes out at the end.
    #[must_use]
    pub fn token_out(&self) -> Address {
        self.hops.last().map_or(self.token_in, |hop| hop.token_out)
    }

    /// The hops in the order of the swap.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// The pools in the order of the swap.
    pub fn pools(&self) -> impl DoubleEndedIterator<Item = PoolId> + ExactSizeIterator {
        self.hops.iter().map(|hop| hop.pool)
    }

    /// What goes into each pool, in the order of the swap.
    pub fn tokens_in(&self) -> impl Iterator<Item = Address> {
        std::iter::once(self.token_in).chain(self.hops.iter().map(|hop| hop.token_out)).take(self.hops.len())
    }

    /// The pool of a route that has only one.
    #[must_use]
    pub fn single(&self) -> Option<PoolId> {
        if let [hop] = self.hops[..] { Some(hop.pool) } else { None }
    }

    /// The name of its exchange.
    #[must_use]
    pub fn exchange(&self) -> &'static str {
        self.hops.first().map_or("", |hop| hop.pool.exchange())
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.token_in)?;
        self.hops.iter().try_for_each(|hop| write!(f, " -> ({}) {}", hop.pool.percent(), hop.token_out))
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::B256;

    use super::*;
    use crate::dex::{USDC, UniswapV3, WETH};

    #[test]
    fn a_pool_is_not_swapped_in_twice() {
        let back = UniswapV3::route(WETH, &[(500, USDC), (500, WETH)]);
        assert!(matches!(back, Err(RouteError::Twice(_))));
        assert!(UniswapV3::route(WETH, &[(500, USDC), (3_000, WETH)]).is_ok());
    }

    #[test]
    fn a_route_stays_on_one_exchange_and_its_pools_have_its_tokens() {
        let middle = Address::repeat_byte(7);
        let pool = |exchange, a, b| PoolId::new(exchange, (a, b), 500, B256::ZERO).expect("a pool");
        let first = Hop { pool: pool("one", WETH, middle), token_out: middle };
        let elsewhere = Hop { pool: pool("two", middle, USDC), token_out: USDC };
        assert_eq!(Route::new(WETH, vec![first, elsewhere]), Err(RouteError::Exchanges("one", "two")));
        let backwards = Hop { pool: pool("one", middle, USDC), token_out: middle };
        assert!(matches!(Route::new(WETH, vec![first, backwards]), Err(RouteError::Tokens { .. })));
        assert_eq!(Route::new(WETH, Vec::new()), Err(RouteError::Empty));
    }
}
