//! Routes as the router's paths: token, fee, token … in either order.

use alloy::primitives::Address;

use super::{deployment::UniswapV3, key::PoolKey};
use crate::dex::{Hop, Route, RouteError};

impl UniswapV3 {
    /// A route by its pools' fees (hundredths of a basis point) and what comes out of each.
    pub fn route(token_in: Address, hops: &[(u32, Address)]) -> Result<Route, RouteError> {
        let mut token = token_in;
        let hop = |(fee, token_out): &(u32, Address)| {
            let pool = PoolKey::new(std::mem::replace(&mut token, *token_out), *token_out, *fee)?;
            Ok(Hop { pool: pool.into(), token_out: *token_out })
        };
        let hops = hops.iter().map(hop).collect::<Result<_, RouteError>>()?;
        Route::new(token_in, hops)
    }
}

/// The path for `exactInput`: in the order of the swap.
pub(super) fn forward(route: &Route) -> Vec<u8> {
    let mut path = route.token_in().to_vec();
    for hop in route.hops() {
        path.extend_from_slice(&fee_bytes(hop.pool.fee()));
        path.extend_from_slice(hop.token_out.as_slice());
    }
    path
}

/// The path for `exactOutput`: the same from the end to the start.
pub(super) fn backward(route: &Route) -> Vec<u8> {
    let mut path = route.token_out().to_vec();
    let tokens: Vec<_> = route.tokens_in().collect();
    for (pool, token) in route.pools().rev().zip(tokens.into_iter().rev()) {
        path.extend_from_slice(&fee_bytes(pool.fee()));
        path.extend_from_slice(token.as_slice());
    }
    path
}

/// Reads a path in the order of the swap.
pub(super) fn read_forward(path: &[u8]) -> Result<Route, RouteError> {
    let (token_in, hops) = split(path)?;
    UniswapV3::route(token_in, &hops)
}

/// Reads a path from the end to the start.
pub(super) fn read_backward(path: &[u8]) -> Result<Route, RouteError> {
    let (token_out, hops) = split(path)?;
    let token_in = hops.last().map_or(token_out, |(_, token)| *token);
    let tokens = std::iter::once(token_out).chain(hops.iter().map(|(_, token)| *token));
    let mut forward: Vec<_> = hops.iter().zip(tokens).map(|((fee, _), token_out)| (*fee, token_out)).collect();
    forward.reverse();
    UniswapV3::route(token_in, &forward)
}

/// A fee is below 10^6, so its lowest three bytes are all of it.
fn fee_bytes(fee: u32) -> [u8; 3] {
    let [_, a, b, c] = fee.to_be_bytes();
    [a, b, c]
}

fn split(path: &[u8]) -> Result<(Address, Vec<(u32, Address)>), RouteError> {
    let wrong = || RouteError::Length(path.len());
    let (first, rest) = path.split_first_chunk::<20>().ok_or_else(wrong)?;
    let (hops, tail) = rest.as_chunks::<23>();
    if !tail.is_empty() {
        return Err(wrong());
    }
    let hops = hops.iter().map(|chunk| {
        let [a, b, c, token @ ..] = *chunk;
        (u32::from_be_bytes([0, a, b, c]), Address::from(token))
    });
    Ok((Address::from(*first), hops.collect()))
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{address, hex};

    use super::*;
    use crate::dex::{USDC, WETH};

    const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");

    fn two_hops() -> Route {
        UniswapV3::route(CBBTC, &[(500, WETH), (3_000, USDC)]).expect("route")
    }

    #[test]
    fn a_path_is_written_in_both_orders_and_read_back() {
        let route = two_hops();
        let in_order = hex!(
            "cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf 0001f4 4200000000000000000000000000000000000006"
            "000bb8 833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
        );
        let reversed = hex!(
            "833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 000bb8 4200000000000000000000000000000000000006"
            "0001f4 cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf"
        );
        assert_eq!(forward(&route)[..], in_order);
        assert_eq!(backward(&route)[..], reversed);
        assert_eq!(read_forward(&in_order), Ok(route.clone()));
        assert_eq!(read_backward(&reversed), Ok(route));
    }

    #[test]
    fn a_damaged_path_is_refused() {
        let path = forward(&two_hops());
        for length in [0, 19, 21, 42, 44, path.len() - 1] {
            assert_eq!(read_forward(&path[..length]), Err(RouteError::Length(length)));
        }
        assert_eq!(read_forward(&path[..20]), Err(RouteError::Empty));
    }
}
