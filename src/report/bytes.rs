//! Recognising bytes: call data, packed streams, revert data.

use std::fmt;

use alloy::primitives::{Address, Bytes};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::call_words;
use crate::{
    chain::{ErrorTable, Revert},
    dex::Exchanges,
    onedelta::{
        DELTA_COMPOSE, DELTA_FORWARD_COMPOSE, Line, Names, decode, decode_calldata, decode_forwarder,
        decode_forwarder_calldata, explain, explain_forwarder, explain_router,
    },
};

/// What bytes were found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A call of `deltaCompose(bytes)`.
    ComposerCall,
    /// The packed ops of the composer.
    ComposerStream,
    /// A call of `deltaForwardCompose(bytes)`.
    ForwarderCall,
    /// The packed ops of the call forwarder.
    ForwarderStream,
    /// A swap of SwapRouter02.
    RouterCall,
    /// A call of a token or of Aave's pool.
    ContractCall,
    /// What a call reverted with.
    RevertData,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ComposerCall => "call of deltaCompose on the composer",
            Self::ComposerStream => "packed composer stream",
            Self::ForwarderCall => "call of deltaForwardCompose on the call forwarder",
            Self::ForwarderStream => "packed forwarder stream",
            Self::RouterCall => "swap on an exchange",
            Self::ContractCall => "contract call",
            Self::RevertData => "revert data",
        })
    }
}

/// Bytes in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// What they are.
    pub kind: Kind,
    /// How many there are.
    pub bytes: usize,
    /// Op by op for streams, one line for anything else.
    pub lines: Vec<Line>,
}

/// Bytes that nobody here knows, and what was tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{bytes} bytes that are nothing known: {}", .tried.iter().map(|(what, why)| format!("no {what} ({why})")).collect::<Vec<_>>().join("; "))]
pub struct Unrecognised {
    /// How many bytes.
    pub bytes: usize,
    /// What they could have been, and why they are not.
    pub tried: Vec<(Kind, String)>,
}

/// Says what bytes are. `to` is the contract they were sent to, where that is known.
pub fn explain_bytes(
    data: &[u8],
    to: Option<Address>,
    names: &dyn Names,
    errors: &ErrorTable,
) -> Result<Explanation, Unrecognised> {
    let found = |kind, lines| Ok(Explanation { kind, bytes: data.len(), lines });
    let one = |op, text| vec![Line { offset: 0, indent: 0, op, text }];
    let mut tried = Vec::new();
    // An envelope that is recognised but broken is not looked at as anything else.
    let broken = |kind, why: String| Err(Unrecognised { bytes: data.len(), tried: vec![(kind, why)] });
    if data.starts_with(&DELTA_COMPOSE) {
        return match decode_calldata(data) {
            Ok(ops) => found(Kind::ComposerCall, explain(&ops, names)),
            Err(error) => broken(Kind::ComposerCall, error.to_string()),
        };
    }
    if data.starts_with(&DELTA_FORWARD_COMPOSE) {
        return match decode_forwarder_calldata(data) {
            Ok(ops) => found(Kind::ForwarderCall, explain_forwarder(&ops, names)),
            Err(error) => broken(Kind::ForwarderCall, error.to_string()),
        };
    }
    match Exchanges::default().read(data) {
        Ok((exchange, call)) => {
            return found(Kind::RouterCall, one("SWAP", explain_router(exchange.as_ref(), &call, names)));
        }
        Err(error) => tried.push((Kind::RouterCall, error.to_string())),
    }
    if let Some((name, words)) = call_words(data, to, names) {
        return found(Kind::ContractCall, one(name, words));
    }
    tried.push((Kind::ContractCall, "not a call we make".to_owned()));
    match errors.decode(data) {
        Revert::Unknown(_) => tried.push((Kind::RevertData, "an error in none of our tables".to_owned())),
        revert => return found(Kind::RevertData, one("REVERT", revert.to_string())),
    }
    match decode(data) {
        Ok(ops) => return found(Kind::ComposerStream, explain(&ops, names)),
        Err(error) => tried.push((Kind::ComposerStream, error.to_string())),
    }
    match decode_forwarder(data) {
        Ok(ops) => return found(Kind::ForwarderStream, explain_forwarder(&ops, names)),
        Err(error) => tried.push((Kind::ForwarderStream, error.to_string())),
    }
    let selector = Bytes::copy_from_slice(data.get(..4).unwrap_or(data));
    tried.insert(0, (Kind::ComposerCall, format!("begins with {selector}")));
    Err(Unrecognised { bytes: data.len(), tried })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;

    use super::*;
    use crate::dex::{Exchange, RouterCall, UniswapV3};
    use crate::onedelta::{
        Exact, ForwarderOp, NoNames, Op, SweepAmount, Transfer, delta_compose_calldata, encode, encode_forwarder,
    };

    fn explained(data: &[u8]) -> Result<Explanation, Unrecognised> {
        let errors = ErrorTable::new().with(crate::aave::ERRORS).with(crate::onedelta::ERRORS);
        explain_bytes(data, None, &NoNames, &errors)
    }

    fn sweep() -> Transfer {
        Transfer::Sweep {
            asset: Address::repeat_byte(1),
            receiver: Address::repeat_byte(2),
            amount: SweepAmount::Exact(Exact::new(U256::from(5)).expect("an amount")),
        }
    }

    #[test]
    fn the_same_ops_are_recognised_packed_and_in_their_call() {
        let ops: Vec<Op> = vec![sweep().into()];
        let packed = explained(&encode(&ops).expect("encodes")).expect("recognised");
        let call = explained(&delta_compose_calldata(&ops).expect("encodes")).expect("recognised");
        assert_eq!((packed.kind, call.kind), (Kind::ComposerStream, Kind::ComposerCall));
        assert_eq!(packed.lines, call.lines);
        assert_eq!(call.lines[0].op, "SWEEP");
    }

    #[test]
    fn a_forwarder_stream_that_no_composer_would_take_is_recognised() {
        let call = ForwarderOp::Call {
            target: Address::repeat_byte(3),
            value: crate::onedelta::NativeValue::Wei(0),
            data: Bytes::from([1, 2, 3, 4]),
        };
        let found = explained(&encode_forwarder(&[call]).expect("encodes")).expect("recognised");
        assert_eq!(found.kind, Kind::ForwarderStream);
    }

    #[test]
    fn swaps_and_reverts_are_sentences() {
        let swap = RouterCall::ExactIn {
            route: UniswapV3::route(Address::repeat_byte(1), &[(500, Address::repeat_byte(2))]).expect("a route"),
            recipient: Address::repeat_byte(3),
            amount_in: U256::from(7),
            min_out: U256::from(6),
            limit: None,
        };
        let found = explained(&UniswapV3::BASE.write(&swap).expect("encodes")).expect("recognised");
        assert_eq!(found.kind, Kind::RouterCall);
        assert!(found.lines[0].text.starts_with("sell 7 units"), "{}", found.lines[0].text);
        let found = explained(&[0x39, 0x8d, 0x4d, 0x32]).expect("recognised");
        assert_eq!(found.kind, Kind::RevertData);
        assert!(found.lines[0].text.starts_with("InvalidOperation()"), "{}", found.lines[0].text);
        assert_eq!(explained(&[]).map(|found| found.kind), Ok(Kind::RevertData));
    }

    #[test]
    fn what_nobody_knows_is_told_with_everything_that_was_tried() {
        let unknown = explained(&[0xde, 0xad, 0xbe, 0xef, 0]).expect_err("unknown");
        assert_eq!(unknown.tried.len(), 6);
        let said = unknown.to_string();
        assert!(said.contains("begins with 0xdeadbeef") && said.contains("unknown command 0xde"), "{said}");
    }

    #[test]
    fn a_broken_composer_call_says_where_it_breaks() {
        let ops: Vec<Op> = vec![sweep().into()];
        let mut data = delta_compose_calldata(&ops).expect("encodes").to_vec();
        data[68] = 0x10;
        let said = explained(&data).expect_err("legacy").to_string();
        assert!(said.contains("at byte 0") && said.contains("legacy swap"), "{said}");
    }
}
