//! Raw JSON-RPC to one node, with what only a local one offers.

use std::time::Duration;

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256},
    sol_types::SolCall,
    transports::http::reqwest::{Client, header::CONTENT_TYPE},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;
use url::Url;

use super::LocalChainError;
use crate::{
    chain::{Answers, Batch, BlockRef, multicall3},
    http,
    units::Secs,
};

/// How long one answer may take. Generous, because a fork fetches what it lacks from its own endpoint meanwhile.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often a receipt is asked for. Anvil mines within a millisecond or two; its `eth_sendTransactionSync` was seen to
/// miss a block now and then.
const POLL: Duration = Duration::from_millis(1);

/// Gas that a recipe's transaction may use; below a block's 30 M.
pub(crate) const GAS: u64 = 15_000_000;

/// Most of an answer that is read, bytes; a replica's whole state is some megabytes.
const MOST_ANSWER: usize = 256 * 1024 * 1024;

/// One endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    client: Client,
    url: Url,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

/// A transaction from an account that the node signs or impersonates for.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Sender.
    pub(crate) from: Address,
    /// Contract.
    pub(crate) to: Address,
    /// Call data.
    pub(crate) data: Bytes,
    /// Wei sent along.
    pub(crate) value: U256,
    /// Gas limit.
    pub(crate) gas: u64,
}

impl Call {
    /// A call of a contract's function.
    pub(crate) fn new<C: SolCall>(from: Address, to: Address, call: &C) -> Self {
        Self { from, to, data: call.abi_encode().into(), value: U256::ZERO, gas: GAS }
    }

    /// As JSON-RPC takes it.
    pub(crate) fn request(&self) -> Value {
        json!({
            "from": self.from, "to": self.to, "data": self.data,
            "value": self.value, "gas": U256::from(self.gas),
        })
    }
}

/// What the recipe needs of a receipt.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    status: U64,
    /// Height of the block it is in.
    pub(crate) block_number: U64,
}

impl Receipt {
    /// Whether the transaction did what it should.
    pub(crate) fn succeeded(&self) -> bool {
        self.status == U64::from(1)
    }
}

/// What anvil says of itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    /// Random at each start.
    pub(crate) instance_id: B256,
    /// Hash of the newest block.
    pub(crate) latest_block_hash: B256,
    /// Present when it is a fork.
    pub(crate) forked_network: Option<Value>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Header {
    number: U64,
    hash: B256,
    timestamp: U64,
    gas_limit: U64,
    #[serde(default)]
    base_fee_per_gas: Option<U256>,
}

impl From<Header> for BlockRef {
    fn from(header: Header) -> Self {
        Self {
            number: header.number.to(),
            hash: header.hash,
            timestamp: Secs(header.timestamp.to()),
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            timestamp_ms: None,
        }
    }
}

impl Node {
    /// A node at this URL; nothing is asked yet.
    pub(crate) fn new(url: &str) -> Result<Self, LocalChainError> {
        let bad = |why: String| LocalChainError::BadUrl { url: url.to_owned(), why };
        let parsed = Url::parse(url).map_err(|error| bad(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(bad(format!("scheme {}", parsed.scheme())));
        }
        if parsed.host().is_none() {
            return Err(bad("no host".to_owned()));
        }
        let client = http::client(&parsed, DEADLINE).map_err(|error| bad(error.to_string()))?;
        Ok(Self { client, url: parsed })
    }

    /// Whether the node is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        http::is_this_machine(&self.url)
    }

    /// The URL without user, password, path and query, any of which may carry a key.
    pub(crate) fn shown_url(&self) -> String {
        shown(&self.url)
    }

    /// One JSON-RPC request.
    pub(crate) async fn request<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<R, LocalChainError> {
        match tokio::time::timeout(DEADLINE, self.exchange(method, &params)).await {
            Ok(answered) => answered.map_err(|why| LocalChainError::Rpc {
                method: method.to_owned(),
                url: self.shown_url(),
                why: why.replace(self.url.as_str(), &self.shown_url()),
            }),
            Err(_) => {
                Err(LocalChainError::Timeout { method: method.to_owned(), url: self.shown_url(), waited: DEADLINE })
            }
        }
    }

    async fn exchange<R: DeserializeOwned>(&self, method: &str, params: &Value) -> Result<R, String> {
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(question);
        let response = request.send().await.map_err(|error| http::causes(&error.without_url()))?;
        let status = response.status();
        let body = http::body(response, MOST_ANSWER).await.map_err(|error| error.to_string())?;
        let envelope: Envelope = serde_json::from_slice(&body)
            .map_err(|error| format!("http {}: {error} in an answer of {} bytes", status.as_u16(), body.len()))?;
        match envelope {
            Envelope { error: Some(Refusal { code, message, data }), .. } => {
                let data = data.map(|data| format!(", data: {data}")).unwrap_or_default();
                Err(format!("server returned an error response: error code {code}: {message}{data}"))
            }
            Envelope { result, .. } => {
                let result = result.as_deref().map_or("null", RawValue::get);
                serde_json::from_str(result).map_err(|error| format!("answer not understood: {error}"))
            }
        }
    }

    /// `eth_chainId`.
    pub(crate) async fn chain_id(&self) -> Result<u64, LocalChainError> {
        Ok(self.request::<U64>("eth_chainId", json!([])).await?.to())
    }

    /// `web3_clientVersion`.
    pub(crate) async fn client_version(&self) -> Result<String, LocalChainError> {
        self.request("web3_clientVersion", json!([])).await
    }

    /// `anvil_metadata`.
    pub(crate) async fn metadata(&self) -> Result<Metadata, LocalChainError> {
        self.request("anvil_metadata", json!([])).await
    }

    /// The newest block.
    pub(crate) async fn head(&self) -> Result<BlockRef, LocalChainError> {
        Ok(self.header("latest").await?.into())
    }

    /// The block of this height.
    pub(crate) async fn block(&self, number: u64) -> Result<BlockRef, LocalChainError> {
        Ok(self.header(U64::from(number)).await?.into())
    }

    /// Gas limit of the newest block.
    pub(crate) async fn gas_limit(&self) -> Result<u64, LocalChainError> {
        Ok(self.header("latest").await?.gas_limit.to())
    }

    async fn header(&self, which: impl serde::Serialize + Send) -> Result<Header, LocalChainError> {
        self.request("eth_getBlockByNumber", json!([which, false])).await
    }

    /// Code at an address.
    pub(crate) async fn code(&self, at: Address) -> Result<Bytes, LocalChainError> {
        self.request("eth_getCode", json!([at, "latest"])).await
    }

    /// A storage word.
    pub(crate) async fn storage(&self, at: Address, slot: U256) -> Result<B256, LocalChainError> {
        self.request("eth_getStorageAt", json!([at, slot, "latest"])).await
    }

    /// Balance in wei.
    pub(crate) async fn balance(&self, of: Address) -> Result<U256, LocalChainError> {
        self.request("eth_getBalance", json!([of, "latest"])).await
    }

    /// Asks a contract.
    pub(crate) async fn ask<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, LocalChainError> {
        let data = Bytes::from(call.abi_encode());
        let answer: Bytes = self.request("eth_call", json!([{ "to": to, "data": data }, "latest"])).await?;
        C::abi_decode_returns(&answer).map_err(|error| LocalChainError::Mismatch {
            what: format!("{} of {to}", C::SIGNATURE),
            wanted: "an answer of its type".to_owned(),
            found: format!("{} bytes ({error})", answer.len()),
        })
    }

    /// Asks many contracts in one call.
    pub(crate) async fn ask_all(&self, batch: &Batch) -> Result<Answers, LocalChainError> {
        self.ask_all_at(batch, "latest").await
    }

    /// The same at the newest block, or at the one that is being made (`pending`).
    pub(crate) async fn ask_all_at(&self, batch: &Batch, block: &str) -> Result<Answers, LocalChainError> {
        let call = json!([{ "to": multicall3::ADDRESS, "data": batch.calldata() }, block]);
        let answer: Bytes = self.request("eth_call", call).await?;
        batch.answers(&answer).map_err(|error| LocalChainError::Mismatch {
            what: "Multicall3".to_owned(),
            wanted: format!("{} answers", batch.len()),
            found: error.to_string(),
        })
    }

    /// Sends a transaction and waits for its block; needs automine.
    pub(crate) async fn send(&self, call: &Call) -> Result<Receipt, LocalChainError> {
        let hash = self.queue(call).await?;
        let began = Instant::now();
        loop {
            match self.receipt(hash).await? {
                Some(receipt) if receipt.succeeded() => return Ok(receipt),
                Some(_) => return Err(self.why_reverted(call).await),
                None if began.elapsed() > DEADLINE => {
                    let method = "eth_sendTransaction".to_owned();
                    return Err(LocalChainError::Timeout { method, url: self.shown_url(), waited: DEADLINE });
                }
                None => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Asks again for what reverted, because a receipt does not say why.
    pub(crate) async fn why_reverted(&self, call: &Call) -> LocalChainError {
        let why = match self.request::<Bytes>("eth_call", json!([call.request(), "latest"])).await {
            Ok(_) => "it passes when asked again".to_owned(),
            Err(error) => error.to_string(),
        };
        let selector = call.data.get(..4).map(alloy::primitives::hex::encode).unwrap_or_default();
        LocalChainError::Reverted { what: format!("0x{selector} of {}", call.to), why }
    }

    /// Puts a transaction into the pool; the caller mines.
    pub(crate) async fn queue(&self, call: &Call) -> Result<B256, LocalChainError> {
        self.request("eth_sendTransaction", json!([call.request()])).await
    }

    /// The same with a nonce that may leave room for others before it.
    pub(crate) async fn queue_with_nonce(&self, call: &Call, nonce: u64) -> Result<B256, LocalChainError> {
        let mut request = call.request();
        request["nonce"] = json!(U64::from(nonce));
        self.request("eth_sendTransaction", json!([request])).await
    }

    /// The same at this price of gas, which says where in a block it stands.
    pub(crate) async fn queue_at(&self, call: &Call, gas_price: U256) -> Result<B256, LocalChainError> {
        let mut request = call.request();
        request["gasPrice"] = json!(gas_price);
        self.request("eth_sendTransaction", json!([request])).await
    }

    /// The receipt of a mined transaction.
    pub(crate) async fn receipt(&self, of: B256) -> Result<Option<Receipt>, LocalChainError> {
        self.request("eth_getTransactionReceipt", json!([of])).await
    }
}

/// A URL as it may be shown: scheme, host and port only.
pub(crate) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| format!("{}://{host}", url.scheme()), |port| format!("{}://{host}:{port}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_urls_are_never_shown() {
        let node = Node::new("https://user:secret@rpc.example:8443/v2/KEY?token=KEY").expect("url");
        assert_eq!(node.shown_url(), "https://rpc.example:8443");
    }

    #[test]
    fn only_http_is_spoken_here() {
        assert!(matches!(Node::new("ws://127.0.0.1:1"), Err(LocalChainError::BadUrl { .. })));
        assert!(matches!(Node::new("8545"), Err(LocalChainError::BadUrl { .. })));
    }
}
