//! Calldata of SwapRouter02, in both directions.

use std::fmt;

use alloy::{
    primitives::{
        Address, Bytes, U256, address,
        aliases::{U24, U160},
    },
    sol_types::{SolCall, SolInterface},
};

use super::{
    abi::ISwapRouter02::{
        ExactInputParams, ExactInputSingleParams, ExactOutputParams, ExactOutputSingleParams, ISwapRouter02Calls,
        exactInputCall, exactInputSingleCall, exactOutputCall, exactOutputSingleCall,
    },
    route::{Hop, Route, RouteError},
};

/// The router reads these recipients as "the caller" and "the router itself".
const RESERVED: [Address; 2] =
    [address!("0000000000000000000000000000000000000001"), address!("0000000000000000000000000000000000000002")];

/// A swap as the router is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouterCall {
    /// `exactInputSingle` or `exactInput`.
    ExactIn {
        /// The way.
        route: Route,
        /// Gets the output.
        recipient: Address,
        /// Goes in.
        amount_in: U256,
        /// Least that must come out.
        min_out: U256,
        /// Square root price, Q64.96, at which a swap in a single pool stops short.
        limit: Option<U256>,
    },
    /// `exactOutputSingle` or `exactOutput`.
    ExactOut {
        /// The way.
        route: Route,
        /// Gets the output.
        recipient: Address,
        /// Comes out.
        amount_out: U256,
        /// Most that may go in.
        max_in: U256,
        /// Square root price, Q64.96, at which a swap in a single pool stops short.
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
    /// Not a call of the four swaps.
    #[error("not a swap of SwapRouter02: {0}")]
    NotASwap(String),
    /// The path in the calldata is none.
    #[error(transparent)]
    Route(#[from] RouteError),
}

impl RouterCall {
    /// The calldata: a `…Single` call for one pool, a path for more.
    pub fn encode(&self) -> Result<Bytes, RouterCallError> {
        self.check()?;
        let limit = self.limit_word()?;
        let (route, recipient) = (self.route(), self.recipient());
        let (token_in, token_out) = (route.token_in(), route.token_out());
        let data = match (self, route.single()) {
            (Self::ExactIn { amount_in, min_out, .. }, Some(key)) => exactInputSingleCall {
                params: ExactInputSingleParams {
                    tokenIn: token_in,
                    tokenOut: token_out,
                    fee: key.fee_u24(),
                    recipient,
                    amountIn: *amount_in,
                    amountOutMinimum: *min_out,
                    sqrtPriceLimitX96: limit,
                },
            }
            .abi_encode(),
            (Self::ExactIn { amount_in, min_out, .. }, None) => exactInputCall {
                params: ExactInputParams {
                    path: route.path(),
                    recipient,
                    amountIn: *amount_in,
                    amountOutMinimum: *min_out,
                },
            }
            .abi_encode(),
            (Self::ExactOut { amount_out, max_in, .. }, Some(key)) => exactOutputSingleCall {
                params: ExactOutputSingleParams {
                    tokenIn: token_in,
                    tokenOut: token_out,
                    fee: key.fee_u24(),
                    recipient,
                    amountOut: *amount_out,
                    amountInMaximum: *max_in,
                    sqrtPriceLimitX96: limit,
                },
            }
            .abi_encode(),
            (Self::ExactOut { amount_out, max_in, .. }, None) => exactOutputCall {
                params: ExactOutputParams {
                    path: route.path_reversed(),
                    recipient,
                    amountOut: *amount_out,
                    amountInMaximum: *max_in,
                },
            }
            .abi_encode(),
        };
        Ok(data.into())
    }

    /// Reads calldata of the four swaps, whoever wrote it; nothing is refused for its amounts.
    pub fn decode(calldata: &[u8]) -> Result<Self, RouterCallError> {
        let call = ISwapRouter02Calls::abi_decode_validate(calldata)
            .map_err(|error| RouterCallError::NotASwap(error.to_string()))?;
        let single = |token_in, token_out, fee: U24| Route::new(token_in, vec![Hop { fee: fee.to(), token_out }]);
        let some_limit = |limit: U160| (!limit.is_zero()).then(|| U256::from(limit));
        Ok(match call {
            ISwapRouter02Calls::exactInputSingle(exactInputSingleCall { params }) => Self::ExactIn {
                route: single(params.tokenIn, params.tokenOut, params.fee)?,
                recipient: params.recipient,
                amount_in: params.amountIn,
                min_out: params.amountOutMinimum,
                limit: some_limit(params.sqrtPriceLimitX96),
            },
            ISwapRouter02Calls::exactInput(exactInputCall { params }) => Self::ExactIn {
                route: Route::from_path(&params.path)?,
                recipient: params.recipient,
                amount_in: params.amountIn,
                min_out: params.amountOutMinimum,
                limit: None,
            },
            ISwapRouter02Calls::exactOutputSingle(exactOutputSingleCall { params }) => Self::ExactOut {
                route: single(params.tokenIn, params.tokenOut, params.fee)?,
                recipient: params.recipient,
                amount_out: params.amountOut,
                max_in: params.amountInMaximum,
                limit: some_limit(params.sqrtPriceLimitX96),
            },
            ISwapRouter02Calls::exactOutput(exactOutputCall { params }) => Self::ExactOut {
                route: Route::from_path_reversed(&params.path)?,
                recipient: params.recipient,
                amount_out: params.amountOut,
                max_in: params.amountInMaximum,
                limit: None,
            },
        })
    }

    /// Whether calldata begins like one of the four swaps.
    #[must_use]
    pub fn is_swap(calldata: &[u8]) -> bool {
        calldata.first_chunk::<4>().is_some_and(|selector| ISwapRouter02Calls::valid_selector(*selector))
    }

    /// Where the input amount stands in the arguments (behind the selector), for the forwarder's replace call
    /// (onedelta-composer.md §8); `None` for an exact output.
    #[must_use]
    pub fn amount_in_offset(&self) -> Option<u16> {
        match self {
            // Fifth of the static parameters.
            Self::ExactIn { route, .. } if route.single().is_some() => Some(4 * 32),
            // Behind the offset of the tuple, that of the path, and the recipient.
            Self::ExactIn { .. } => Some(3 * 32),
            Self::ExactOut { .. } => None,
        }
    }

    /// The way.
    #[must_use]
    pub const fn route(&self) -> &Route {
        match self {
            Self::ExactIn { route, .. } | Self::ExactOut { route, .. } => route,
        }
    }

    /// Who gets the output.
    #[must_use]
    pub const fn recipient(&self) -> Address {
        match self {
            Self::ExactIn { recipient, .. } | Self::ExactOut { recipient, .. } => *recipient,
        }
    }

    fn check(&self) -> Result<(), RouterCallError> {
        let amounts = match self {
            Self::ExactIn { amount_in, min_out, .. } => [("amount in", amount_in), ("minimum out", min_out)],
            Self::ExactOut { amount_out, max_in, .. } => [("amount out", amount_out), ("maximum in", max_in)],
        };
        if let Some((name, _)) = amounts.into_iter().find(|(_, amount)| amount.is_zero()) {
            return Err(RouterCallError::Zero(name));
        }
        let recipient = self.recipient();
        if recipient.is_zero() {
            return Err(RouterCallError::Zero("recipient"));
        }
        if RESERVED.contains(&recipient) { Err(RouterCallError::Recipient(recipient)) } else { Ok(()) }
    }

    fn limit_word(&self) -> Result<U160, RouterCallError> {
        let (Self::ExactIn { limit, .. } | Self::ExactOut { limit, .. }) = self;
        let Some(limit) = *limit else { return Ok(U160::ZERO) };
        let fits = !limit.is_zero() && limit.bit_len() <= 160 && self.route().single().is_some();
        if fits { Ok(U160::saturating_from(limit)) } else { Err(RouterCallError::Limit(limit)) }
    }
}

impl fmt::Display for RouterCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = match self {
            Self::ExactIn { route, recipient, amount_in, min_out, limit } => {
                write!(f, "swap exactly {amount_in} for at least {min_out} by {route}, to {recipient}")?;
                limit
            }
            Self::ExactOut { route, recipient, amount_out, max_in, limit } => {
                write!(f, "swap at most {max_in} for exactly {amount_out} by {route}, to {recipient}")?;
                limit
            }
        };
        limit.map_or(Ok(()), |limit| write!(f, ", stopping at square root price {limit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dex::{USDC, WETH};
    use alloy::primitives::{Address, hex};

    const FORWARDER: Address = address!("fCa11b85ac641f1ba215259566d579A45519e506");
    const USER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");

    fn route(token_in: Address, hops: &[(u32, Address)]) -> Route {
        let hops = hops.iter().map(|(fee, token_out)| Hop { fee: *fee, token_out: *token_out }).collect();
        Route::new(token_in, hops).expect("route")
    }

    fn one_hop() -> Route {
        route(USDC, &[(500, WETH)])
    }

    fn two_hops() -> Route {
        route(CBBTC, &[(500, WETH), (3_000, USDC)])
    }

    fn exact_in(route: Route, recipient: Address, amount_in: u64, min_out: u64) -> RouterCall {
        let (amount_in, min_out) = (U256::from(amount_in), U256::from(min_out));
        RouterCall::ExactIn { route, recipient, amount_in, min_out, limit: None }
    }

    fn exact_out(route: Route, recipient: Address, amount_out: u64, max_in: u64) -> RouterCall {
        let (amount_out, max_in) = (U256::from(amount_out), U256::from(max_in));
        RouterCall::ExactOut { route, recipient, amount_out, max_in, limit: None }
    }

    #[test]
    fn calldata_equals_what_others_wrote_and_is_read_back() {
        #[derive(serde::Deserialize)]
        struct Vectors {
            exact_input_single: Bytes,
            exact_output_single: Bytes,
            exact_input: Bytes,
            exact_output: Bytes,
        }
        let text = include_str!("../../tests/vectors/router_calls.json");
        let vectors: Vectors = serde_json::from_str(text).expect("vectors");
        let buy = route(WETH, &[(500, USDC)]);
        for (call, expected) in [
            (exact_in(one_hop(), FORWARDER, 6_000_000_000, 1_990_000_000_000_000_000), vectors.exact_input_single),
            (exact_out(buy, FORWARDER, 2_001_000_000, 690_000_000_000_000_000), vectors.exact_output_single),
            (exact_in(two_hops(), USER, 100_000_000, 88_000_000_000), vectors.exact_input),
            (exact_out(two_hops(), USER, 88_000_000_000, 100_000_000), vectors.exact_output),
        ] {
            assert_eq!(call.encode(), Ok(expected.clone()), "{call}");
            assert_eq!(RouterCall::decode(&expected), Ok(call));
            assert!(RouterCall::is_swap(&expected));
        }
    }

    #[test]
    fn the_forwarder_replaces_exactly_the_input_amount() {
        for route in [one_hop(), two_hops()] {
            let call = exact_in(route.clone(), FORWARDER, 1, 2);
            let offset = 4 + usize::from(call.amount_in_offset().expect("offset"));
            let mut data = call.encode().expect("calldata").to_vec();
            data[offset..offset + 32].copy_from_slice(&U256::from(777).to_be_bytes::<32>());
            assert_eq!(RouterCall::decode(&data), Ok(exact_in(route.clone(), FORWARDER, 777, 2)));
            assert_eq!(exact_out(route, FORWARDER, 1, 2).amount_in_offset(), None);
        }
    }

    #[test]
    fn what_the_router_would_misread_is_not_written() {
        assert_eq!(exact_in(one_hop(), FORWARDER, 0, 1).encode(), Err(RouterCallError::Zero("amount in")));
        assert_eq!(exact_in(one_hop(), FORWARDER, 1, 0).encode(), Err(RouterCallError::Zero("minimum out")));
        assert_eq!(exact_out(one_hop(), FORWARDER, 1, 0).encode(), Err(RouterCallError::Zero("maximum in")));
        assert_eq!(exact_in(one_hop(), Address::ZERO, 1, 1).encode(), Err(RouterCallError::Zero("recipient")));
        for recipient in RESERVED {
            let refused = exact_in(one_hop(), recipient, 1, 1).encode();
            assert_eq!(refused, Err(RouterCallError::Recipient(recipient)));
        }
        for (route, limit) in [(two_hops(), U256::ONE), (one_hop(), U256::ZERO), (one_hop(), U256::MAX)] {
            let (amount_in, min_out) = (U256::ONE, U256::ONE);
            let call = RouterCall::ExactIn { route, recipient: FORWARDER, amount_in, min_out, limit: Some(limit) };
            assert_eq!(call.encode(), Err(RouterCallError::Limit(limit)));
        }
    }

    #[test]
    fn foreign_or_cut_calldata_is_refused() {
        let whole = exact_in(two_hops(), FORWARDER, 1, 1).encode().expect("calldata");
        for bytes in [&[][..], &[0x04, 0xe4], &hex!("095ea7b3"), &whole[..100]] {
            assert!(matches!(RouterCall::decode(bytes), Err(RouterCallError::NotASwap(_))));
        }
        assert!(!RouterCall::is_swap(&hex!("095ea7b3")));
    }

    #[test]
    fn a_swap_reads_as_a_sentence() {
        let text = exact_in(one_hop(), FORWARDER, 5, 3).to_string();
        let expected = format!("swap exactly 5 for at least 3 by {USDC} -> (0.05 %) {WETH}, to {FORWARDER}");
        assert_eq!(text, expected);
    }
}
