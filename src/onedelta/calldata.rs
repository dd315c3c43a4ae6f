//! The ABI form of a stream: `deltaCompose(bytes)` (onedelta-composer.md §2).

use alloy::primitives::{Bytes, U256};

use super::{
    DecodeError, DecodeReason, EncodeError, ForwarderOp, Op, decode, decode_forwarder, deployment::DELTA_COMPOSE,
    encode,
};

/// Selector of `deltaForwardCompose(bytes)` on the call forwarder.
pub const DELTA_FORWARD_COMPOSE: [u8; 4] = [0x6a, 0x0c, 0x90, 0xff];

/// Where the ops start: selector, offset word, length word.
const OPS_AT: usize = 68;

/// Transaction data of `deltaCompose(ops)`.
pub fn delta_compose_calldata(ops: &[Op]) -> Result<Bytes, EncodeError> {
    Ok(abi_form(&encode(ops)?))
}

/// Transaction data around a packed stream from elsewhere, after reading it whole: a stream of the legacy generation
/// (swaps, 0x10) and anything else [`decode`] or [`encode`] refuses is refused here too.
pub fn wrap_stream(stream: &[u8]) -> Result<Bytes, EncodeError> {
    delta_compose_calldata(&decode(stream)?)
}

/// Reads transaction data of `deltaCompose`; only the canonical form, since the contract ignores the offset word.
/// Offsets in errors count from the first op, or from the first byte of the data for the envelope.
pub fn decode_calldata(data: &[u8]) -> Result<Vec<Op>, DecodeError> {
    decode(stream_of(data, DELTA_COMPOSE, DecodeReason::NotDeltaCompose)?)
}

/// Reads transaction data of `deltaForwardCompose`, by the same rules.
pub fn decode_forwarder_calldata(data: &[u8]) -> Result<Vec<ForwarderOp>, DecodeError> {
    decode_forwarder(stream_of(data, DELTA_FORWARD_COMPOSE, DecodeReason::NotForwardCompose)?)
}

fn abi_form(stream: &[u8]) -> Bytes {
    let padded = stream.len().next_multiple_of(32);
    let mut data = Vec::with_capacity(OPS_AT + padded);
    data.extend_from_slice(&DELTA_COMPOSE);
    data.extend_from_slice(&U256::from(32).to_be_bytes::<32>());
    data.extend_from_slice(&U256::from(stream.len()).to_be_bytes::<32>());
    data.extend_from_slice(stream);
    data.resize(OPS_AT + padded, 0);
    data.into()
}

fn stream_of(data: &[u8], selector: [u8; 4], reason: fn(&'static str) -> DecodeReason) -> Result<&[u8], DecodeError> {
    let refuse = |offset, what| Err(DecodeError::new(offset, reason(what)));
    let Some(rest) = data.strip_prefix(&selector) else {
        return refuse(0, "the selector is another one");
    };
    let Some((head, body)) = rest.split_at_checked(64) else {
        return refuse(data.len(), "the data ends inside its head");
    };
    if U256::from_be_slice(&head[..32]) != U256::from(32) {
        return refuse(4, "the offset word is not 32");
    }
    let Ok(length) = usize::try_from(U256::from_be_slice(&head[32..])) else {
        return refuse(36, "the length word is larger than the data");
    };
    let Some((stream, padding)) = body.split_at_checked(length) else {
        return refuse(36, "the length word is larger than the data");
    };
    if padding.len() >= 32 || padding.iter().any(|byte| *byte != 0) || !body.len().is_multiple_of(32) {
        return refuse(OPS_AT.saturating_add(length), "the ops are not padded with zeros to a whole word");
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, hex, keccak256};

    use super::*;
    use crate::onedelta::{SweepAmount, Transfer};

    fn stream() -> Bytes {
        let sweep = Transfer::Sweep {
            asset: Address::repeat_byte(1),
            receiver: Address::repeat_byte(2),
            amount: SweepAmount::ALL,
        };
        encode(&[sweep.into()]).expect("encodes")
    }

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        assert_eq!(keccak256("deltaCompose(bytes)")[..4], DELTA_COMPOSE);
        assert_eq!(keccak256("deltaForwardCompose(bytes)")[..4], DELTA_FORWARD_COMPOSE);
    }

    #[test]
    fn an_envelope_the_contract_would_read_differently_is_refused() {
        let good = wrap_stream(&stream()).expect("wraps");
        assert_eq!(decode_calldata(&good), decode(&stream()));
        for (at, value, expected) in
            [(0, 0xff, "selector"), (35, 0x40, "offset word"), (67, 0xff, "length word"), (130, 1, "padded")]
        {
            let mut bad = good.to_vec();
            bad[at] = value;
            let error = decode_calldata(&bad).expect_err("refused").to_string();
            assert!(error.contains(expected), "{error}");
        }
        for length in [0, 3, 40, 100, good.len() - 1] {
            assert!(decode_calldata(&good[..length]).is_err(), "{length}");
        }
        assert!(decode_calldata(&[&good[..], &[0; 32]].concat()).is_err());
    }

    #[test]
    fn a_legacy_swap_is_refused_by_name_before_it_is_sent() {
        let swap = hex!("10000000000000000000000000000000000000000000");
        let error = wrap_stream(&swap).expect_err("legacy").to_string();
        assert!(
            error.contains("legacy swap op 0x10") && error.contains("the current composer has no swaps"),
            "{error}"
        );
    }

    #[test]
    fn a_foreign_stream_with_an_empty_inner_list_is_read_but_not_wrapped() {
        let address = "11".repeat(20);
        let text = format!("6002{address}{address}{:032x}000100", 1);
        let empty_inner = hex::decode(text).expect("hex");
        assert!(decode(&empty_inner).is_ok());
        assert!(wrap_stream(&empty_inner).is_err());
    }
}
