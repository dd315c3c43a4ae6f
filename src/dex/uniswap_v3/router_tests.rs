//! What is written for the router, and what is read of what others wrote.

use alloy::primitives::{Address, Bytes, U256, address, hex};

use super::{
    path::forward,
    router::{amount_in_offset, decode, encode, encode_for_replace, is_swap, receiver, sells_router_balance},
};
use crate::dex::{Route, RouterCall, RouterCallError, USDC, UniswapV3, WETH};

const FORWARDER: Address = address!("fCa11b85ac641f1ba215259566d579A45519e506");
const USER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const RESERVED: [Address; 2] =
    [address!("0000000000000000000000000000000000000001"), address!("0000000000000000000000000000000000000002")];
const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");

fn route(token_in: Address, hops: &[(u32, Address)]) -> Route {
    UniswapV3::route(token_in, hops).expect("route")
}

fn one_hop() -> Route {
    UniswapV3::route(USDC, &[(500, WETH)]).expect("route")
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
    let text = include_str!("../../../tests/vectors/router_calls.json");
    let vectors: Vectors = serde_json::from_str(text).expect("vectors");
    let buy = route(WETH, &[(500, USDC)]);
    for (call, expected) in [
        (exact_in(one_hop(), FORWARDER, 6_000_000_000, 1_990_000_000_000_000_000), vectors.exact_input_single),
        (exact_out(buy, FORWARDER, 2_001_000_000, 690_000_000_000_000_000), vectors.exact_output_single),
        (exact_in(two_hops(), USER, 100_000_000, 88_000_000_000), vectors.exact_input),
        (exact_out(two_hops(), USER, 88_000_000_000, 100_000_000), vectors.exact_output),
    ] {
        assert_eq!(encode(&call), Ok(expected.clone()), "{call}");
        assert_eq!(decode(&expected), Ok(call));
        assert!(is_swap(&expected));
    }
}

#[test]
fn the_forwarder_replaces_exactly_the_input_amount() {
    for route in [one_hop(), two_hops()] {
        let call = exact_in(route.clone(), FORWARDER, 1, 2);
        let (data, offset) = encode_for_replace(&call).expect("calldata");
        let left_blank = decode(&data).expect("a swap");
        assert_eq!(left_blank, exact_in(route.clone(), FORWARDER, 0, 2));
        assert!(sells_router_balance(&left_blank) && !sells_router_balance(&call));
        let mut data = data.to_vec();
        data[4 + usize::from(offset)..][..32].copy_from_slice(&U256::from(777).to_be_bytes::<32>());
        assert_eq!(decode(&data), Ok(exact_in(route.clone(), FORWARDER, 777, 2)));
        let exact_out = exact_out(route, FORWARDER, 1, 2);
        assert_eq!(encode_for_replace(&exact_out), Err(RouterCallError::NoAmountIn));
        assert_eq!(amount_in_offset(&encode(&exact_out).expect("calldata")), None);
    }
}

/// `exactInput` with a path of one pool, as others write it: a form that is never written here.
fn one_pool_as_a_path() -> Vec<u8> {
    let two = encode(&exact_in(two_hops(), FORWARDER, 5, 3)).expect("calldata");
    let path = forward(&one_hop());
    // The offset of the tuple and its four heads, then the length of the path and its bytes.
    let mut data = two[..4 + 5 * 32].to_vec();
    data.extend_from_slice(&U256::from(path.len()).to_be_bytes::<32>());
    data.extend_from_slice(&path);
    data.resize(4 + 8 * 32, 0);
    data
}

#[test]
fn one_pool_written_as_a_path_is_read_with_its_amount_where_it_stands() {
    let mut data = one_pool_as_a_path();
    assert_eq!(decode(&data), Ok(exact_in(one_hop(), FORWARDER, 5, 3)));
    assert_eq!(amount_in_offset(&data), Some(96));
    data[4 + 2 * 32 - 1] = 96;
    assert_eq!(amount_in_offset(&data), None, "a path that could share bytes with the amount");
}

#[test]
fn recipients_one_and_two_are_read_as_the_caller_and_the_router() {
    let (caller, router) = (FORWARDER, CBBTC);
    for (recipient, expected) in [(RESERVED[0], caller), (RESERVED[1], router), (USER, USER)] {
        assert_eq!(receiver(&exact_in(one_hop(), recipient, 1, 1), caller, router), expected);
    }
}

#[test]
fn what_the_router_would_misread_is_not_written() {
    assert_eq!(encode(&exact_in(one_hop(), FORWARDER, 0, 1)), Err(RouterCallError::Zero("amount in")));
    assert_eq!(encode(&exact_in(one_hop(), FORWARDER, 1, 0)), Err(RouterCallError::Zero("minimum out")));
    assert_eq!(encode(&exact_out(one_hop(), FORWARDER, 1, 0)), Err(RouterCallError::Zero("maximum in")));
    assert_eq!(encode(&exact_in(one_hop(), Address::ZERO, 1, 1)), Err(RouterCallError::Zero("recipient")));
    for recipient in RESERVED {
        let refused = encode(&exact_in(one_hop(), recipient, 1, 1));
        assert_eq!(refused, Err(RouterCallError::Recipient(recipient)));
    }
    let there_and_back = route(WETH, &[(500, USDC), (3_000, WETH)]);
    let refused = encode(&exact_in(there_and_back, FORWARDER, 1, 1));
    assert_eq!(refused, Err(RouterCallError::RoundTrip(WETH)));
    for (route, limit) in [(two_hops(), U256::ONE), (one_hop(), U256::ZERO), (one_hop(), U256::MAX)] {
        let (amount_in, min_out) = (U256::ONE, U256::ONE);
        let call = RouterCall::ExactIn { route, recipient: FORWARDER, amount_in, min_out, limit: Some(limit) };
        assert_eq!(encode(&call), Err(RouterCallError::Limit(limit)));
    }
}

#[test]
fn foreign_or_cut_calldata_is_refused() {
    let whole = encode(&exact_in(two_hops(), FORWARDER, 1, 1)).expect("calldata");
    for bytes in [&[][..], &[0x04, 0xe4], &hex!("095ea7b3")] {
        assert_eq!(decode(bytes), Err(RouterCallError::NotASwap));
    }
    assert!(matches!(decode(&whole[..100]), Err(RouterCallError::Damaged(_))));
    assert!(!is_swap(&hex!("095ea7b3")));
}

#[test]
fn a_swap_reads_as_a_sentence() {
    let text = exact_in(one_hop(), FORWARDER, 5, 3).to_string();
    let expected = format!("swap exactly 5 for at least 3 by {USDC} -> (0.05 %) {WETH}, to {FORWARDER}");
    assert_eq!(text, expected);
}
