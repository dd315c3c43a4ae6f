//! Random op lists survive their bytes; random bytes never break the reader.

use alloy::primitives::{Address, Bytes, U256};
use proptest::prelude::*;

use super::{
    DecodeReason, EncodeError, Exact, FailurePath, FlashLoan, FlashProvider, ForwarderOp, MAX_DEPTH, NativeValue,
    NoNames, OnFailure, Op, PERMIT2, Replace, Singleton, SweepAmount, Transfer,
    arbitrary::{op_like_bytes, ops},
    decode, decode_calldata, decode_forwarder, delta_compose_calldata, encode, encode_forwarder, encoded_len, explain,
};

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
