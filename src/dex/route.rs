//! A way from one token to another through one or more pools.

use std::fmt;

use alloy::primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

use super::uniswap_v3::key::{KeyError, PoolKey, percent};

/// One pool of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// The pool's fee in hundredths of a basis point.
    pub fee: u32,
    /// What comes out of the pool.
    pub token_out: Address,
}

impl Hop {
    /// The fee as people write it: 500 → `0.05 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        percent(self.fee)
    }
}

/// Why tokens and fees are no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
    Twice(PoolKey),
    /// A hop that can have no pool.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Pools one after the other; never empty, no pool twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct Route {
    token_in: Address,
    hops: Vec<Hop>,
    keys: Vec<PoolKey>,
}

impl Route {
    /// From the token that goes in and the hops in their order.
    pub fn new(token_in: Address, hops: Vec<Hop>) -> Result<Self, RouteError> {
        if hops.is_empty() {
            return Err(RouteError::Empty);
        }
        let mut keys = Vec::with_capacity(hops.len());
        let mut token = token_in;
        for hop in &hops {
            let key = PoolKey::new(token, hop.token_out, hop.fee)?;
            if keys.contains(&key) {
                return Err(RouteError::Twice(key));
            }
            keys.push(key);
            token = hop.token_out;
        }
        Ok(Self { token_in, hops, keys })
    }

    /// Through one pool, whose fee is in hundredths of a basis point.
    pub fn through(token_in: Address, fee: u32, token_out: Address) -> Result<Self, RouteError> {
        Self::new(token_in, vec![Hop { fee, token_out }])
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
    #[must_use]
    pub fn keys(&self) -> &[PoolKey] {
        &self.keys
    }

    /// The pool of a route that has only one.
    #[must_use]
    pub fn single(&self) -> Option<PoolKey> {
        if let [key] = self.keys[..] { Some(key) } else { None }
    }

    /// The path for `exactInput`: token, fee, token … in the order of the swap.
    #[must_use]
    pub fn path(&self) -> Bytes {
        let mut path = self.token_in.to_vec();
        for hop in &self.hops {
            path.extend_from_slice(&fee_bytes(hop.fee));
            path.extend_from_slice(hop.token_out.as_slice());
        }
        path.into()
    }

    /// The path for `exactOutput`: the same from the end to the start.
    #[must_use]
    pub fn path_reversed(&self) -> Bytes {
        let mut path = self.token_out().to_vec();
        let before = self.hops.iter().rev().skip(1).map(|hop| hop.token_out).chain([self.token_in]);
        for (hop, token) in self.hops.iter().rev().zip(before) {
            path.extend_from_slice(&fee_bytes(hop.fee));
            path.extend_from_slice(token.as_slice());
        }
        path.into()
    }

    /// Reads a path in the order of the swap.
    pub fn from_path(path: &[u8]) -> Result<Self, RouteError> {
        let (token_in, hops) = split_path(path)?;
        Self::new(token_in, hops)
    }

    /// Reads a path from the end to the start.
    pub fn from_path_reversed(path: &[u8]) -> Result<Self, RouteError> {
        let (token_out, hops) = split_path(path)?;
        let token_in = hops.last().map_or(token_out, |hop| hop.token_out);
        let tokens = std::iter::once(token_out).chain(hops.iter().map(|hop| hop.token_out));
        let mut forward: Vec<_> = hops.iter().zip(tokens).map(|(hop, token_out)| Hop { token_out, ..*hop }).collect();
        forward.reverse();
        Self::new(token_in, forward)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.token_in)?;
        self.hops.iter().try_for_each(|hop| write!(f, " -> ({}) {}", hop.percent(), hop.token_out))
    }
}

/// A key's fee is below 10^6, so its lowest three bytes are all of it.
fn fee_bytes(fee: u32) -> [u8; 3] {
    let [_, a, b, c] = fee.to_be_bytes();
    [a, b, c]
}

fn split_path(path: &[u8]) -> Result<(Address, Vec<Hop>), RouteError> {
    let wrong = RouteError::Length(path.len());
    let (first, rest) = path.split_first_chunk::<20>().ok_or(wrong)?;
    let (hops, tail) = rest.as_chunks::<23>();
    if !tail.is_empty() {
        return Err(wrong);
    }
    let hops = hops
        .iter()
        .map(|chunk| {
            let [a, b, c, token @ ..] = *chunk;
            Hop { fee: u32::from_be_bytes([0, a, b, c]), token_out: Address::from(token) }
        })
        .collect();
    Ok((Address::from(*first), hops))
}

#[derive(Serialize, Deserialize)]
struct Unchecked {
    token_in: Address,
    hops: Vec<Hop>,
}

impl TryFrom<Unchecked> for Route {
    type Error = RouteError;

    fn try_from(raw: Unchecked) -> Result<Self, RouteError> {
        Self::new(raw.token_in, raw.hops)
    }
}

impl From<Route> for Unchecked {
    fn from(route: Route) -> Self {
        Self { token_in: route.token_in, hops: route.hops }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dex::{USDC, WETH};
    use alloy::primitives::{address, hex};

    const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");

    fn two_hops() -> Route {
        Route::new(CBBTC, vec![Hop { fee: 500, token_out: WETH }, Hop { fee: 3_000, token_out: USDC }]).expect("route")
    }

    #[test]
    fn a_path_is_written_in_both_orders_and_read_back() {
        let route = two_hops();
        let forward = hex!(
            "cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf 0001f4 4200000000000000000000000000000000000006"
            "000bb8 833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
        );
        let backward = hex!(
            "833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 000bb8 4200000000000000000000000000000000000006"
            "0001f4 cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf"
        );
        assert_eq!(route.path()[..], forward);
        assert_eq!(route.path_reversed()[..], backward);
        assert_eq!(Route::from_path(&forward), Ok(route.clone()));
        assert_eq!(Route::from_path_reversed(&backward), Ok(route));
    }

    #[test]
    fn a_damaged_path_is_refused() {
        let path = two_hops().path();
        for length in [0, 19, 21, 42, 44, path.len() - 1] {
            assert_eq!(Route::from_path(&path[..length]), Err(RouteError::Length(length)));
        }
        assert_eq!(Route::from_path(&path[..20]), Err(RouteError::Empty));
    }

    #[test]
    fn a_pool_is_not_swapped_in_twice() {
        let back = Route::new(WETH, vec![Hop { fee: 500, token_out: USDC }, Hop { fee: 500, token_out: WETH }]);
        assert!(matches!(back, Err(RouteError::Twice(_))));
        let other_fee = Route::new(WETH, vec![Hop { fee: 500, token_out: USDC }, Hop { fee: 3_000, token_out: WETH }]);
        assert!(other_fee.is_ok());
    }

    #[test]
    fn a_route_survives_json_and_a_bad_one_does_not() {
        let text = serde_json::to_string(&two_hops()).expect("json");
        assert_eq!(serde_json::from_str::<Route>(&text).expect("route"), two_hops());
        let empty = format!(r#"{{"token_in":"{WETH}","hops":[]}}"#);
        assert!(serde_json::from_str::<Route>(&empty).is_err());
    }
}
