//! Random op lists survive their bytes; random bytes never break the reader.

use alloy::primitives::{Address, B256, Bytes, U160, U256};
use proptest::prelude::*;

use super::{
    Amount, CompactPermit, Deadline, DecodeReason, EncodeError, Exact, FailurePath, FlashLoan, FlashProvider,
    ForwarderOp, Lending, MAX_112, MAX_DEPTH, MidnightLeg, NativeValue, NoNames, OnFailure, Op, PERMIT2, Permit,
    PermitBody, Replace, Singleton, SweepAmount, Transfer, decode, decode_calldata, decode_forwarder,
    delta_compose_calldata, encode, encode_forwarder, encoded_len, explain,
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

fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 1..5)
}

/// Bytes that start like ops, so that random input gets past the first byte.
fn op_like_bytes() -> impl Strategy<Value = Vec<u8>> {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_encoded_is_read_back_the_same(ops in ops()) {
        let stream = encode(&ops).expect("encodes");
        prop_assert_eq!(stream.len(), encoded_len(&ops));
        let calldata = delta_compose_calldata(&ops).expect("encodes");
        prop_assert_eq!(&decode(&stream), &Ok(ops.clone()));
        prop_assert_eq!(decode_calldata(&calldata), Ok(ops));
    }

    #[test]
    fn ops_survive_json(ops in ops()) {
        let text = serde_json::to_string(&ops).expect("json");
        prop_assert_eq!(serde_json::from_str::<Vec<Op>>(&text).expect("reads back"), ops);
    }

    #[test]
    fn every_op_has_a_line_at_its_offset(ops in ops()) {
        let stream = encode(&ops).expect("encodes");
        let lines = explain(&ops, &NoNames);
        prop_assert!(lines.windows(2).all(|pair| pair[0].offset <= pair[1].offset));
        let mut at = 0;
        for op in &ops {
            prop_assert!(lines.iter().any(|line| line.offset == at && line.indent == 0 && line.op == op.name()));
            at += op.encoded_len();
        }
        prop_assert_eq!(at, stream.len());
    }

    #[test]
    fn a_stream_cut_anywhere_inside_an_op_says_where(ops in ops(), cut in any::<prop::sample::Index>()) {
        let stream = encode(&ops).expect("encodes");
        let length = cut.index(stream.len());
        let mut ends = vec![0];
        for op in &ops {
            ends.push(ends.last().expect("one") + op.encoded_len());
        }
        let result = decode(&stream[..length]);
        if length > 0 && ends.contains(&length) {
            prop_assert!(result.is_ok());
        } else {
            let error = result.expect_err("cut inside an op");
            prop_assert!(error.offset <= length, "{error}");
            prop_assert!(matches!(error.reason, DecodeReason::Truncated { .. } | DecodeReason::Empty), "{error}");
        }
    }

    #[test]
    fn random_bytes_are_read_or_refused_and_what_is_read_is_written_the_same(
        bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..300), op_like_bytes()]
    ) {
        if let Ok(ops) = decode(&bytes) {
            prop_assert_eq!(encoded_len(&ops), bytes.len());
            let _ = explain(&ops, &NoNames);
            if let Ok(again) = encode(&ops) {
                prop_assert_eq!(again.as_ref(), bytes.as_slice());
            }
        }
        if let Ok(ops) = decode_forwarder(&bytes)
            && let Ok(again) = encode_forwarder(&ops)
        {
            prop_assert_eq!(again.as_ref(), bytes.as_slice());
        }
        let _ = decode_calldata(&bytes);
    }

    #[test]
    fn a_flipped_byte_never_breaks_the_reader(ops in ops(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut stream = encode(&ops).expect("encodes").to_vec();
        let at = at.index(stream.len());
        stream[at] = value;
        match decode(&stream) {
            Ok(read) => {
                if let Ok(again) = encode(&read) {
                    prop_assert_eq!(again.as_ref(), stream.as_slice());
                }
            }
            Err(error) => prop_assert!(error.offset <= stream.len()),
        }
    }
}

fn sweep_all() -> Op {
    Transfer::Sweep { asset: Address::repeat_byte(1), receiver: Address::repeat_byte(2), amount: SweepAmount::ALL }
        .into()
}

fn unlocked(ops: Vec<Op>) -> Op {
    Singleton::Unlock { manager: Address::repeat_byte(3), ops }.into()
}

#[test]
fn lists_nested_too_deep_are_refused_in_both_directions() {
    let deep = |levels: usize| (0..levels).fold(sweep_all(), |inner, _| unlocked(vec![inner]));
    let deepest = encode(&[deep(MAX_DEPTH)]).expect("as deep as allowed");
    assert!(decode(&deepest).is_ok());
    assert_eq!(encode(&[deep(MAX_DEPTH + 1)]), Err(EncodeError::TooDeep { max: MAX_DEPTH }));
    let mut head = deepest[..25].to_vec();
    head[22..24].copy_from_slice(&u16::try_from(deepest.len() + 1).expect("small").to_be_bytes());
    let too_deep = [&head[..], &deepest[..]].concat();
    let error = decode(&too_deep).expect_err("too deep");
    assert_eq!((error.offset, error.reason), (25 * (MAX_DEPTH + 1), DecodeReason::TooDeep(MAX_DEPTH)));
}

#[test]
fn hostile_nesting_of_thousands_of_lists_is_refused_without_overflowing_the_stack() {
    let mut hostile = Vec::new();
    for level in 0..2_600_u16 {
        let inside = 25 * (2_600 - level) - 24;
        hostile.extend([&[0x80, 0][..], &[3; 20], &inside.to_be_bytes(), &[0]].concat());
    }
    let error = decode(&hostile).expect_err("too deep");
    assert_eq!(error.reason, DecodeReason::TooDeep(MAX_DEPTH));
}

#[test]
fn nested_data_beyond_its_length_field_is_refused() {
    let many = |count| FlashLoan::Pulled {
        provider: FlashProvider::AaveV3,
        asset: Address::repeat_byte(1),
        pool: Address::repeat_byte(2),
        amount: Exact::new(U256::from(1)).expect("not zero"),
        ops: vec![sweep_all(); count],
    };
    assert!(encode(&[many(1110).into()]).is_ok());
    let refused = encode(&[many(1111).into()]);
    assert_eq!(refused, Err(EncodeError::NestedTooLong { op: "FLASH_LOAN", length: 1111 * 59 + 1 }));
    let call = |length| ForwarderOp::Call {
        target: Address::repeat_byte(1),
        value: NativeValue::NONE,
        data: vec![0; length].into(),
    };
    assert!(encode_forwarder(&[call(65_535)]).is_ok());
    assert_eq!(encode_forwarder(&[call(65_536)]), Err(EncodeError::NestedTooLong { op: "EXT_CALL", length: 65_536 }));
}

#[test]
fn empty_lists_are_refused() {
    let forwarder = Address::repeat_byte(4);
    let empty_call = Op::ForwarderCall { forwarder, value: NativeValue::NONE, ops: Vec::new() };
    for refused in [encode(&[]), encode(&[unlocked(Vec::new())]), encode(&[empty_call]), encode_forwarder(&[])] {
        assert!(matches!(refused, Err(EncodeError::EmptyList { .. })), "{refused:?}");
    }
    assert_eq!(decode(&[]).expect_err("empty").reason, DecodeReason::Empty);
}

#[test]
fn calls_the_forwarder_forbids_or_could_not_make_are_refused() {
    let call = |target, data: Vec<u8>| ForwarderOp::Call { target, value: NativeValue::NONE, data: data.into() };
    let router = Address::repeat_byte(1);
    assert_eq!(encode_forwarder(&[call(PERMIT2, vec![])]), Err(EncodeError::ForbiddenTarget(PERMIT2)));
    let transfer_from = vec![0x23, 0xb8, 0x72, 0xdd, 0, 0];
    assert_eq!(encode_forwarder(&[call(router, transfer_from)]), Err(EncodeError::ForbiddenSelector));
    let replace = |token, offset| ForwarderOp::CallWithReplace {
        target: router,
        value: NativeValue::NONE,
        replace: Replace { token, offset },
        data: vec![1; 100].into(),
    };
    assert!(encode_forwarder(&[replace(router, 64)]).is_ok());
    assert_eq!(
        encode_forwarder(&[replace(router, 65)]),
        Err(EncodeError::ReplaceOutOfBounds { offset: 65, needed: 101, length: 100 })
    );
    assert_eq!(encode_forwarder(&[replace(Address::ZERO, 0)]), Err(EncodeError::ReplaceWithoutToken));
    let tried = |on_failure, catch| ForwarderOp::TryCall {
        target: router,
        value: NativeValue::NONE,
        data: Bytes::new(),
        failure: FailurePath { on_failure, catch },
    };
    assert_eq!(
        encode_forwarder(&[tried(OnFailure::Revert, vec![call(router, vec![])])]),
        Err(EncodeError::CatchNeverRuns(1))
    );
    assert!(matches!(encode_forwarder(&[tried(OnFailure::Leave, vec![])]), Err(EncodeError::EmptyList { .. })));
}

#[test]
fn bytes_the_contract_reads_otherwise_are_refused_with_their_offset() {
    let a = [7u8; 20];
    let refused = |parts: &[&[u8]]| {
        let error = decode(&parts.concat()).expect_err("refused");
        (error.offset, error.to_string())
    };
    let zero = 0u128.to_be_bytes();
    let one = 1u128.to_be_bytes();
    let wide = (1u128 << 120).to_be_bytes();
    let cases: [(&[&[u8]], usize, &str); 12] = [
        (&[&[0x10, 0]], 0, "legacy swap op 0x10"),
        (&[&[0x21]], 0, "EXT_TRY_CALL (0x21) is not an op of the composer"),
        (&[&[0x70]], 0, "ERC4626"),
        (&[&[0xff]], 0, "unknown command 0xff"),
        (&[&[0x40, 2]], 1, "TRANSFERS has no sub-op 2"),
        (&[&[0x40, 1], &a, &a, &[1], &zero], 42, "exact amount 0"),
        (&[&[0x40, 1], &a, &a, &[2], &one], 42, "mode above 1"),
        (&[&[0x30, 1, 3, 0xe7], &a, &one, &a, &[1], &a], 60, "interest rate mode 1"),
        (&[&[0x30, 1, 0, 5], &a], 2, "lender id 5"),
        (&[&[0x30, 0, 3, 0xe7], &a, &wide], 24, "bits above 112"),
        (&[&[0x60, 2], &a, &a, &one, &[0, 1, 20]], 60, "pool id 20"),
        (&[&[0x60, 3]], 1, "FLASH_LOAN on Base has no sub-op 3"),
    ];
    for (parts, offset, words) in cases {
        let (at, text) = refused(parts);
        assert_eq!(at, offset, "{text}");
        assert!(text.contains(words), "{text}");
    }
    let nested = [&[0x20][..], &a, &zero, &[0, 2], &[0x30, 0]].concat();
    let error = decode(&nested).expect_err("lending in the forwarder");
    assert_eq!(error.offset, 39);
    assert!(error.to_string().contains("LENDING (0x30) is not an op of the call forwarder"), "{error}");
    let legacy = [&[0x20][..], &a, &zero, &[0, 1], &[0x10]].concat();
    assert_eq!(decode(&legacy).expect_err("legacy").reason, DecodeReason::LegacySwap);
}
