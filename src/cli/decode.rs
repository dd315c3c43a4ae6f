//! `decode`: call data, packed streams, revert data and transactions in words.

use std::io::Read;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U64, U256},
};
use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{
    document::document,
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    local::local_chain,
    names::KnownNames,
    session::Session,
};
use crate::{
    chain::{CallRequest, ReadError, Receipt},
    onedelta::{Line, Names},
    plan::{SimulatedCall, Simulator},
    report::{Explanation, explain_bytes},
    trade::error_table,
    units::{Ether, format_units, group_thousands},
};

/// Explain composer and router call data, packed streams, revert data, or a transaction by its hash.
#[derive(Debug, Args)]
#[command(after_help = "Offline it names Base's contracts and tokens from a table; with an endpoint (--rpc-url, or a \
    running replica) also what Aave lists now, and transactions by hash.")]
pub(super) struct DecodeArgs {
    /// Hex with or without 0x; `-` reads it from stdin.
    #[arg(value_name = "HEX", allow_hyphen_values = true)]
    data: String,
}

document!("explanation": Explanation, "transaction": TransactionView<'_>);

pub(super) async fn run(global: &GlobalArgs, args: DecodeArgs) -> Outcome {
    let data = read_hex(&args.data)?;
    let session = session(global, data.len() == B256::len_bytes()).await?;
    let names = names(session.as_ref()).await;
    if let (Some(session), Ok(hash)) = (&session, B256::try_from(data.as_ref()))
        && let Some(sent) = fetch(session, hash).await?
    {
        return transaction(session, hash, &sent, &names).await;
    }
    match explain_bytes(&data, None, &names, &error_table()) {
        Ok(explanation) => global.output().result(&explanation, || text(&explanation)),
        Err(unknown) => {
            let hint = match (data.len(), &session) {
                (32, None) => "; if it is a transaction's hash, give --rpc-url",
                (32, Some(_)) => "; and no transaction of this hash is known to the endpoint",
                _ => "",
            };
            Err(Failure::message(Exit::Usage, format!("{unknown}{hint}")))
        }
    }
}

fn read_hex(given: &str) -> Outcome<Bytes> {
    let mut text = given.to_owned();
    if given == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::new(Exit::Usage, error))?;
    }
    let digits: String = text.split_whitespace().collect();
    let bytes = alloy::hex::decode(digits.trim_start_matches("0x"))
        .map_err(|error| Failure::message(Exit::Usage, format!("not hex: {error}")))?;
    Ok(bytes.into())
}

/// A session where an endpoint is configured or runs here; nothing but a transaction needs one.
async fn session(global: &GlobalArgs, may_be_hash: bool) -> Outcome<Option<Session>> {
    let mut config = global.settings()?.config;
    let configured = !config.rpc.urls.is_empty() || global.replica()?.is_some();
    if !configured && local_chain(global, &mut config).await.is_err() {
        return Ok(None);
    }
    match Session::connect(global).await {
        Ok(session) => Ok(Some(session)),
        Err(failure) if may_be_hash => Err(failure),
        Err(failure) => {
            global.output().note(format!("warning: {:#}; going on with the built-in names", failure.report));
            Ok(None)
        }
    }
}

async fn names(session: Option<&Session>) -> KnownNames {
    let names = KnownNames::built_in();
    let Some(session) = session else { return names };
    let listed = async {
        let (list, market) = session.market().await?;
        Ok::<_, Failure>((list, market))
    };
    match listed.await {
        Ok((list, market)) => names.with_market(&list, &market),
        Err(failure) => {
            session.output.note(format!("warning: {:#}; going on with the built-in names", failure.report));
            names
        }
    }
}

/// A transaction with its input, as far as it is explained.
#[derive(Debug, Deserialize)]
struct Sent {
    from: Address,
    to: Option<Address>,
    value: U256,
    gas: U64,
    input: Bytes,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TransactionView<'a> {
    transaction: B256,
    from: Address,
    to: Option<Address>,
    #[serde(with = "Ether")]
    value: U256,
    block: Option<u64>,
    success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert: Option<&'a str>,
    #[serde(flatten)]
    explanation: Option<&'a Explanation>,
}

async fn fetch(session: &Session, hash: B256) -> Outcome<Option<Sent>> {
    Ok(session.endpoints.request("eth_getTransactionByHash", (hash,)).await?)
}

async fn transaction(session: &Session, hash: B256, sent: &Sent, names: &KnownNames) -> Outcome {
    let receipt = session.endpoints.receipt(hash).await?;
    let explanation = explain_bytes(&sent.input, sent.to, names, &error_table());
    let revert = match &receipt {
        Some(receipt) if !receipt.success => Some(why(session, sent, receipt).await?),
        _ => None,
    };
    let view = TransactionView {
        transaction: hash,
        from: sent.from,
        to: sent.to,
        value: sent.value,
        block: receipt.as_ref().map(|receipt| receipt.block_number),
        success: receipt.as_ref().map(|receipt| receipt.success),
        revert: revert.as_deref(),
        explanation: explanation.as_ref().ok(),
    };
    session.output.result(&view, || {
        let who = |address: Address| names.address(address).unwrap_or_else(|| address.to_string());
        let fate = match (&receipt, &revert) {
            (None, _) => "waits to be included".to_owned(),
            (Some(receipt), None) => format!("went through in block {}", receipt.block_number),
            (Some(receipt), Some(why)) => format!("reverted in block {}: {why}", receipt.block_number),
        };
        let to = sent.to.map_or_else(|| "a new contract".to_owned(), who);
        let value = group_thousands(&format_units(sent.value, 18));
        let mut lines = vec![format!("{hash}"), format!("from {} to {to} with {value} ETH; {fate}", who(sent.from))];
        lines.push(match &explanation {
            Ok(explanation) => text(explanation),
            Err(_) if sent.input.is_empty() => "no call data".to_owned(),
            Err(unknown) => unknown.to_string(),
        });
        lines.join("\n")
    })
}

/// Why a transaction reverted: the same call on the state before its block.
async fn why(session: &Session, sent: &Sent, receipt: &Receipt) -> Outcome<String> {
    let at = |number| session.endpoints.block_by_number(BlockNumberOrTag::Number(number));
    let unknown = || "the endpoint does not have its block any more".to_owned();
    let (Some(block), Some(parent)) =
        (at(receipt.block_number).await?, at(receipt.block_number.saturating_sub(1)).await?)
    else {
        return Ok(unknown());
    };
    let Some(to) = sent.to else { return Ok("a creation, which is not replayed".to_owned()) };
    let call = SimulatedCall { from: sent.from, to, value: sent.value, data: sent.input.clone() };
    let outcome = match Simulator::simulate(&session.endpoints, parent, block.timestamp, &[call]).await {
        Ok(outcomes) => outcomes.into_iter().next().filter(|outcome| !outcome.success).map(|outcome| outcome.output),
        Err(error) if error.is_missing_method() => replay(session, sent, to, parent.hash).await?,
        Err(error) => return Err(error.into()),
    };
    let out_of_gas = receipt.gas_used >= sent.gas.to::<u64>();
    Ok(match outcome {
        Some(data) => error_table().decode(&data).to_string(),
        None if out_of_gas => "it used all its gas".to_owned(),
        None => {
            "on the state before its block it goes through: something earlier in the block was in its way".to_owned()
        }
    })
}

/// Without `eth_simulateV1`: the call at the parent block, with that block's time.
async fn replay(session: &Session, sent: &Sent, to: Address, parent: B256) -> Outcome<Option<Bytes>> {
    let call = CallRequest::new(sent.from, to, sent.input.clone()).value(sent.value).gas(sent.gas.to());
    match session.endpoints.call(&call, BlockId::hash(parent)).await {
        Ok(_) => Ok(None),
        Err(ReadError::Reverted { data, .. }) => Ok(Some(data)),
        Err(error) => Err(error.into()),
    }
}

fn text(explanation: &Explanation) -> String {
    let head = format!("{}, {} bytes", explanation.kind, explanation.bytes);
    let lines = explanation.lines.iter().map(Line::to_string);
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}
