//! Calldata of SwapRouter02, in both directions (onedelta-composer.md §8): strict in what is written, lenient in what is
//! read.

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
use super::{
    deployment::UniswapV3,
    key::PoolKey,
    path::{backward, forward, read_backward, read_forward},
};
use crate::dex::{RouterCall, RouterCallError};

/// The recipient that the router reads as whoever called it.
const CALLER: Address = address!("0000000000000000000000000000000000000001");
/// The recipient that the router reads as itself.
const ITSELF: Address = address!("0000000000000000000000000000000000000002");

/// The calldata: a `…Single` call for one pool, a path for more.
pub(super) fn encode(call: &RouterCall) -> Result<Bytes, RouterCallError> {
    check(call)?;
    Ok(write(call, limit_word(call)?))
}

/// The calldata of an exact input whose amount the forwarder writes in at run time, and where that amount stands in
/// the arguments. `amount_in` is checked as in [`encode`] but zero stands in its place.
pub(super) fn encode_for_replace(call: &RouterCall) -> Result<(Bytes, u16), RouterCallError> {
    check(call)?;
    let limit = limit_word(call)?;
    let mut blank = call.clone();
    match &mut blank {
        RouterCall::ExactIn { amount_in, .. } => *amount_in = U256::ZERO,
        RouterCall::ExactOut { .. } => return Err(RouterCallError::NoAmountIn),
    }
    let data = write(&blank, limit);
    let offset = amount_in_offset(&data).ok_or(RouterCallError::NoAmountIn)?;
    Ok((data, offset))
}

fn write(call: &RouterCall, limit: U160) -> Bytes {
    let (route, recipient) = (call.route(), call.recipient());
    let (token_in, token_out) = (route.token_in(), route.token_out());
    let data = match (call, route.single().as_ref().and_then(PoolKey::of)) {
        (RouterCall::ExactIn { amount_in, min_out, .. }, Some(key)) => exactInputSingleCall {
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
        (RouterCall::ExactIn { amount_in, min_out, .. }, None) => exactInputCall {
            params: ExactInputParams {
                path: forward(route).into(),
                recipient,
                amountIn: *amount_in,
                amountOutMinimum: *min_out,
            },
        }
        .abi_encode(),
        (RouterCall::ExactOut { amount_out, max_in, .. }, Some(key)) => exactOutputSingleCall {
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
        (RouterCall::ExactOut { amount_out, max_in, .. }, None) => exactOutputCall {
            params: ExactOutputParams {
                path: backward(route).into(),
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
pub(super) fn decode(calldata: &[u8]) -> Result<RouterCall, RouterCallError> {
    if !is_swap(calldata) {
        return Err(RouterCallError::NotASwap);
    }
    let call = ISwapRouter02Calls::abi_decode_validate(calldata)
        .map_err(|error| RouterCallError::Damaged(error.to_string()))?;
    let single = |token_in, token_out, fee: U24| UniswapV3::route(token_in, &[(fee.to(), token_out)]);
    let some_limit = |limit: U160| (!limit.is_zero()).then(|| U256::from(limit));
    Ok(match call {
        ISwapRouter02Calls::exactInputSingle(exactInputSingleCall { params }) => RouterCall::ExactIn {
            route: single(params.tokenIn, params.tokenOut, params.fee)?,
            recipient: params.recipient,
            amount_in: params.amountIn,
            min_out: params.amountOutMinimum,
            limit: some_limit(params.sqrtPriceLimitX96),
        },
        ISwapRouter02Calls::exactInput(exactInputCall { params }) => RouterCall::ExactIn {
            route: read_forward(&params.path)?,
            recipient: params.recipient,
            amount_in: params.amountIn,
            min_out: params.amountOutMinimum,
            limit: None,
        },
        ISwapRouter02Calls::exactOutputSingle(exactOutputSingleCall { params }) => RouterCall::ExactOut {
            route: single(params.tokenIn, params.tokenOut, params.fee)?,
            recipient: params.recipient,
            amount_out: params.amountOut,
            max_in: params.amountInMaximum,
            limit: some_limit(params.sqrtPriceLimitX96),
        },
        ISwapRouter02Calls::exactOutput(exactOutputCall { params }) => RouterCall::ExactOut {
            route: read_backward(&params.path)?,
            recipient: params.recipient,
            amount_out: params.amountOut,
            max_in: params.amountInMaximum,
            limit: None,
        },
    })
}

/// Whether calldata begins like one of the four swaps.
pub(super) fn is_swap(calldata: &[u8]) -> bool {
    calldata.first_chunk::<4>().is_some_and(|selector| ISwapRouter02Calls::valid_selector(*selector))
}

/// Where the input amount stands in the arguments (behind the selector), for the forwarder's replace call
/// (onedelta-composer.md §8). `None` where there is none, or where a path stands in an unusual place and could
/// share bytes with it.
pub(super) fn amount_in_offset(calldata: &[u8]) -> Option<u16> {
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

/// Who gets the output when `caller` calls `router`.
pub(super) fn receiver(call: &RouterCall, caller: Address, router: Address) -> Address {
    match call.recipient() {
        CALLER => caller,
        ITSELF => router,
        other => other,
    }
}

/// Whether the router is told to sell what it holds itself: that is how it reads an input of zero.
pub(super) fn sells_router_balance(call: &RouterCall) -> bool {
    matches!(call, RouterCall::ExactIn { amount_in, .. } if amount_in.is_zero())
}

fn check(call: &RouterCall) -> Result<(), RouterCallError> {
    let amounts = match call {
        RouterCall::ExactIn { amount_in, min_out, .. } => [("amount in", amount_in), ("minimum out", min_out)],
        RouterCall::ExactOut { amount_out, max_in, .. } => [("amount out", amount_out), ("maximum in", max_in)],
    };
    if let Some((name, _)) = amounts.into_iter().find(|(_, amount)| amount.is_zero()) {
        return Err(RouterCallError::Zero(name));
    }
    let recipient = call.recipient();
    if recipient.is_zero() {
        return Err(RouterCallError::Zero("recipient"));
    }
    if [CALLER, ITSELF].contains(&recipient) {
        return Err(RouterCallError::Recipient(recipient));
    }
    let token_in = call.route().token_in();
    if call.route().token_out() == token_in { Err(RouterCallError::RoundTrip(token_in)) } else { Ok(()) }
}

fn limit_word(call: &RouterCall) -> Result<U160, RouterCallError> {
    let Some(limit) = call.limit() else { return Ok(U160::ZERO) };
    let fits = !limit.is_zero() && limit.bit_len() <= 160 && call.route().single().is_some();
    if fits { Ok(U160::saturating_from(limit)) } else { Err(RouterCallError::Limit(limit)) }
}
