//! Calldata of SwapRouter02, in both directions (onedelta-composer.md §8): strict in what is written, lenient in what is
//! read.

use std::fmt;

use alloy::{
    primitives::{
        Address, Bytes, U256, address,
        aliases::{U24, U160},
    },
    sol_types::{SolCall, SolInterface},
};

use super::abi::ISwapRouter02::{
    ExactInputParams, ExactInputSingleParams, ExactOutputParams, ExactOutputSingleParams, ISwapRouter02Calls,
    exactInputCall, exactInputSingleCall, exactOutputCall, exactOutputSingleCall,
};
use crate::dex::route::{Route, RouteError};

/// The recipient that the router reads as whoever called it.
const CALLER: Address = address!("0000000000000000000000000000000000000001");
/// The recipient that the router reads as itself.
const ITSELF: Address = address!("0000000000000000000000000000000000000002");

/// A swap as the router is asked for it, in the router's own terms: recipients 1 and 2 have another meaning
/// ([`RouterCall::receiver`]), and so has an input of zero ([`RouterCall::sells_router_balance`]).
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
    /// The swap would end in the token that it began with.
    #[error("the route ends in {0}, the token it begins with; a swap needs two different tokens")]
    RoundTrip(Address),
    /// Only an exact input has an amount that can be written in later.
    #[error("an exact output has no input amount that a balance could be written over; use an exact input")]
    NoAmountIn,
    /// The selector is another call's.
    #[error("not one of the four swaps of SwapRouter02")]
    NotASwap,
    /// The selector is a swap's, the arguments are not.
    #[error("a swap of SwapRouter02 whose arguments cannot be read: {0}")]
    Damaged(String),
    /// The route in the calldata is none.
    #[error(transparent)]
    Route(#[from] RouteError),
}

impl RouterCall {
    /// The calldata: a `…Single` call for one pool, a path for more.
    pub fn encode(&self) -> Result<Bytes, RouterCallError> {
        self.check()?;
        Ok(self.write(self.limit_word()?))
    }

    /// The calldata of an exact input whose amount the forwarder writes in at run time, and where that amount stands in
    /// the arguments. `amount_in` is checked as in [`RouterCall::encode`] but zero stands in its place.
    pub fn encode_for_replace(&self) -> Result<(Bytes, u16), RouterCallError> {
        self.check()?;
        let limit = self.limit_word()?;
        let mut blank = self.clone();
        match &mut blank {
            Self::ExactIn { amount_in, .. } => *amount_in = U256::ZERO,
            Self::ExactOut { .. } => return Err(RouterCallError::NoAmountIn),
        }
        let data = blank.write(limit);
        let offset = Self::amount_in_offset(&data).ok_or(RouterCallError::NoAmountIn)?;
        Ok((data, offset))
    }

    fn write(&self, limit: U160) -> Bytes {
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
        data.into()
    }

    /// Reads calldata of the four swaps, whoever wrote it; nothing is refused for its amounts or its recipient.
    pub fn decode(calldata: &[u8]) -> Result<Self, RouterCallError> {
        if !Self::is_swap(calldata) {
            return Err(RouterCallError::NotASwap);
        }
        let call = ISwapRouter02Calls::abi_decode_validate(calldata)
            .map_err(|error| RouterCallError::Damaged(error.to_string()))?;
        let single = |token_in, token_out, fee: U24| Route::through(token_in, fee.to(), token_out);
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
    /// (onedelta-composer.md §8). `None` where there is none, or where a path stands in an unusual place and could
    /// share bytes with it.
    #[must_use]
    pub fn amount_in_offset(calldata: &[u8]) -> Option<u16> {
        let (selector, arguments) = calldata.split_first_chunk::<4>()?;
        match *selector {
            // Fifth of the static parameters.
            exactInputSingleCall::SELECTOR => Some(4 * 32),
            // Behind the offset of the tuple, that of the path, and the recipient.
            exactInputCall::SELECTOR => {
                let usual = [32_u64, 128].map(|offset| U256::from(offset).to_be_bytes::<32>());
                arguments.as_chunks::<32>().0.starts_with(&usual).then_some(3 * 32)
            }
            _ => None,
        }
    }

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

    /// Who gets the output when `caller` calls `router`.
    #[must_use]
    pub fn receiver(&self, caller: Address, router: Address) -> Address {
        match self.recipient() {
            CALLER => caller,
            ITSELF => router,
            other => other,
        }
    }

    /// Whether the router is told to sell what it holds itself: that is how it reads an input of zero.
    #[must_use]
    pub fn sells_router_balance(&self) -> bool {
        matches!(self, Self::ExactIn { amount_in, .. } if amount_in.is_zero())
    }

    /// Square root price at which the swap stops short; then it spends and gives less than its amounts say.
    #[must_use]
    pub const fn limit(&self) -> Option<U256> {
        match self {
            Self::ExactIn { limit, .. } | Self::ExactOut { limit, .. } => *limit,
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
        if [CALLER, ITSELF].contains(&recipient) {
            return Err(RouterCallError::Recipient(recipient));
        }
        let token_in = self.route().token_in();
        if self.route().token_out() == token_in { Err(RouterCallError::RoundTrip(token_in)) } else { Ok(()) }
    }

    fn limit_word(&self) -> Result<U160, RouterCallError> {
        let Some(limit) = self.limit() else { return Ok(U160::ZERO) };
        let fits = !limit.is_zero() && limit.bit_len() <= 160 && self.route().single().is_some();
        if fits { Ok(U160::saturating_from(limit)) } else { Err(RouterCallError::Limit(limit)) }
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
