//! Random well-formed ops, and bytes that look like ops.

use alloy::primitives::{Address, B256, Bytes, U160, U256};
use proptest::prelude::*;

use super::{
    Amount, CompactPermit, Deadline, Exact, FailurePath, FlashLoan, FlashProvider, ForwarderOp, Lending, MAX_112,
    MidnightLeg, NativeValue, OnFailure, Op, Permit, PermitBody, Replace, Singleton, SweepAmount, Transfer,
    encode_forwarder,
};

fn address() -> impl Strategy<Value = Address> + Clone {
    any::<[u8; 20]>().prop_map(Address::from)
}

fn word() -> impl Strategy<Value = B256> + Clone {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn exact(max: u128) -> impl Strategy<Value = Exact> + Clone {
    (1..=max).prop_map(|amount| Exact::new(U256::from(amount)).expect("not zero"))
}

fn exact_112() -> impl Strategy<Value = Exact> + Clone {
    exact(MAX_112 - 1)
}

fn exact_or_all(max: u128) -> impl Strategy<Value = Amount> + Clone {
    prop_oneof![exact(max).prop_map(Amount::Exact), Just(Amount::All)]
}

fn sweep(max: u128) -> impl Strategy<Value = SweepAmount> + Clone {
    prop_oneof![(0..=max).prop_map(SweepAmount::AtLeast), exact(max).prop_map(SweepAmount::Exact)]
}

fn value() -> impl Strategy<Value = NativeValue> + Clone {
    prop_oneof![(0..=MAX_112).prop_map(NativeValue::Wei), Just(NativeValue::All)]
}

fn transfer() -> impl Strategy<Value = Transfer> + Clone {
    prop_oneof![
        (address(), address(), exact_or_all(u128::MAX)).prop_map(|(asset, receiver, amount)| Transfer::TransferFrom {
            asset,
            receiver,
            amount
        }),
        (address(), address(), sweep(u128::MAX)).prop_map(|(asset, receiver, amount)| Transfer::Sweep {
            asset,
            receiver,
            amount
        }),
        (address(), address(), sweep(MAX_112)).prop_map(|(weth, receiver, amount)| Transfer::Unwrap {
            weth,
            receiver,
            amount
        }),
        (address(), address(), exact_or_all(u128::MAX))
            .prop_map(|(token, receiver, amount)| Transfer::Permit2TransferFrom { token, receiver, amount }),
        (address(), address()).prop_map(|(token, spender)| Transfer::Approve { token, spender }),
    ]
}

fn lending() -> impl Strategy<Value = Lending> + Clone {
    let repay = prop_oneof![exact_112().prop_map(Amount::Exact), Just(Amount::All), Just(Amount::Max)];
    let withdraw = prop_oneof![exact_112().prop_map(Amount::Exact), Just(Amount::Max)];
    prop_oneof![
        (address(), exact_or_all(MAX_112), address(), address())
            .prop_map(|(asset, amount, on_behalf_of, pool)| Lending::Deposit { asset, amount, on_behalf_of, pool }),
        (address(), exact(MAX_112), address(), address()).prop_map(|(asset, amount, receiver, pool)| Lending::Borrow {
            asset,
            amount,
            receiver,
            pool
        }),
        (address(), repay, address(), address(), address()).prop_map(
            |(asset, amount, on_behalf_of, debt_token, pool)| Lending::Repay {
                asset,
                amount,
                on_behalf_of,
                debt_token,
                pool
            }
        ),
        (address(), withdraw, address(), address(), address()).prop_map(|(asset, amount, receiver, a_token, pool)| {
            Lending::Withdraw { asset, amount, receiver, a_token, pool }
        }),
    ]
}

fn deadline() -> impl Strategy<Value = Deadline> + Clone {
    prop_oneof![
        (0..u32::MAX).prop_map(|seconds| Deadline::at(u64::from(seconds)).expect("fits")),
        Just(Deadline::Never)
    ]
}

fn permit() -> impl Strategy<Value = Permit> + Clone {
    let compact = (word(), deadline(), word(), word()).prop_map(|(value, deadline, r, vs)| CompactPermit {
        value: value.into(),
        deadline,
        r,
        vs,
    });
    let body = prop_oneof![
        compact.clone().prop_map(PermitBody::Erc2612),
        compact.clone().prop_map(PermitBody::CreditDelegation),
        compact.prop_map(PermitBody::AllowCredit),
        (any::<u32>(), deadline(), word(), word()).prop_map(|(nonce, expiry, r, vs)| PermitBody::Dai {
            nonce,
            expiry,
            r,
            vs
        }),
        (any::<[u8; 20]>(), deadline(), any::<u32>(), deadline(), word(), word()).prop_map(
            |(amount, expiration, nonce, sig_deadline, r, vs)| PermitBody::Permit2 {
                amount: U160::from_be_bytes(amount),
                expiration,
                nonce,
                sig_deadline,
                r,
                vs
            }
        ),
    ];
    (address(), body).prop_map(|(target, body)| Permit { target, body })
}

fn forwarder_op() -> impl Strategy<Value = ForwarderOp> + Clone {
    let data = || proptest::collection::vec(1..=u8::MAX, 36..80).prop_map(Bytes::from);
    let replace = || {
        (any::<[u8; 19]>(), 0..64u16)
            .prop_map(|(tail, offset)| Replace { token: Address::from_slice(&[&[1], &tail[..]].concat()), offset })
    };
    let leaf = prop_oneof![
        transfer().prop_map(ForwarderOp::Transfer),
        (address(), value(), data()).prop_map(|(target, value, data)| ForwarderOp::Call { target, value, data }),
        (address(), value(), replace(), data())
            .prop_map(|(target, value, replace, data)| ForwarderOp::CallWithReplace { target, value, replace, data })
            .prop_filter("the word lies inside the calldata", |op| encode_forwarder(std::slice::from_ref(op)).is_ok()),
    ];
    leaf.prop_recursive(2, 8, 3, move |inner| {
        let catch = proptest::collection::vec(inner, 1..3);
        let failure = prop_oneof![
            Just(FailurePath::REVERT),
            catch.clone().prop_map(|catch| FailurePath { on_failure: OnFailure::Leave, catch }),
            catch.prop_map(|catch| FailurePath { on_failure: OnFailure::Continue, catch }),
        ];
        prop_oneof![
            (address(), value(), data(), failure.clone())
                .prop_map(|(target, value, data, failure)| ForwarderOp::TryCall { target, value, data, failure }),
            (address(), value(), data(), failure).prop_map(|(target, value, data, failure)| {
                let replace = Replace { token: Address::repeat_byte(7), offset: 0 };
                ForwarderOp::TryCallWithReplace { target, value, replace, data, failure }
            }),
        ]
    })
}

fn op() -> impl Strategy<Value = Op> + Clone {
    let singleton = prop_oneof![
        (address(), address(), address(), exact(u128::MAX))
            .prop_map(|(manager, asset, receiver, amount)| { Singleton::V4Take { manager, asset, receiver, amount } }),
        (address(), any::<u128>()).prop_map(|(manager, native_amount)| Singleton::V4Settle { manager, native_amount }),
        (address(), address()).prop_map(|(manager, asset)| Singleton::V4Sync { manager, asset }),
        (address(), address(), address(), exact(u128::MAX))
            .prop_map(|(vault, asset, receiver, amount)| Singleton::BalancerTake { vault, asset, receiver, amount }),
        (address(), address(), any::<u128>()).prop_map(|(vault, asset, amount_hint)| Singleton::BalancerSettle {
            vault,
            asset,
            amount_hint
        }),
    ];
    let leaf = prop_oneof![
        transfer().prop_map(Op::Transfer),
        (address(), address(), exact_or_all(MAX_112)).prop_map(|(weth, receiver, amount)| Op::Wrap {
            weth,
            receiver,
            amount
        }),
        (address(), address(), word()).prop_map(|(collection, receiver, id)| Op::SweepNft {
            collection,
            receiver,
            token_id: id.into()
        }),
        lending().prop_map(Op::Lending),
        permit().prop_map(Op::Permit),
        singleton.prop_map(Op::Singleton),
        (address(), value(), proptest::collection::vec(forwarder_op(), 1..4))
            .prop_map(|(forwarder, value, ops)| Op::ForwarderCall { forwarder, value, ops }),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let ops = proptest::collection::vec(inner, 1..4);
        let provider = prop_oneof![Just(FlashProvider::AaveV3), Just(FlashProvider::MorphoBlue)];
        let leg = (address(), exact(u128::MAX)).prop_map(|(token, amount)| MidnightLeg { token, amount });
        prop_oneof![
            (provider, address(), address(), exact(MAX_112), ops.clone()).prop_map(
                |(provider, asset, pool, amount, ops)| FlashLoan::Pulled { provider, asset, pool, amount, ops }.into()
            ),
            (any::<(u8, u16)>(), [address(), address(), address()], 1..=u128::MAX, any::<u128>(), ops.clone())
                .prop_map(|((fork_id, fee), [pool, token_a, token_b], amount0, amount1, ops)| {
                    FlashLoan::UniswapV3 { fork_id, pool, token_a, token_b, fee, amount0, amount1, ops }.into()
                }),
            (address(), proptest::collection::vec(leg, 1..4), ops.clone())
                .prop_map(|(pool, legs, ops)| FlashLoan::Midnight { pool, legs, ops }.into()),
            (address(), ops).prop_map(|(manager, ops)| Singleton::Unlock { manager, ops }.into()),
        ]
    })
}

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 1..5)
}

/// Bytes that start like ops, so that random input gets past the first byte.
pub(super) fn op_like_bytes() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        Just(vec![0x60, 2]),
        Just(vec![0x60, 1]),
        Just(vec![0x60, 4]),
        Just(vec![0x80, 0]),
        Just(vec![0x20]),
        Just(vec![0x23]),
        Just(vec![0x30, 2, 3, 0xe7]),
        Just(vec![0x50, 0]),
        Just(vec![0x40, 1]),
    ];
    let chunk = (head, proptest::collection::vec(prop_oneof![3 => Just(0u8), 1 => any::<u8>()], 0..120))
        .prop_map(|(head, tail)| [head, tail].concat());
    proptest::collection::vec(chunk, 1..6).prop_map(|chunks| chunks.concat())
}
