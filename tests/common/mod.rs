//! A replica of its own for every test: real contracts on a free port, gone when the test ends.
//!
//! A fresh one takes a twentieth of a second, so take one instead of `evm_revert`: after it, anvil 1.7.1 now and then
//! loses the next transaction.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use std::{
    os::unix::fs::symlink,
    time::{Duration, Instant},
};

use alloy::{
    network::AnyTransactionReceipt,
    primitives::{Address, B256, Bytes, U256},
    rpc::{
        client::RpcClient,
        json_rpc::{RpcRecv, RpcSend},
    },
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
    transports::{TransportError, http::reqwest::Url},
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tempfile::TempDir;
use trimtab::localchain::{
    Anvil, Cache, ComposerSource, Controls, ForkOptions, Kit, Mining, PerpsVersion, ReplicaState,
};

/// How long a transaction may take to be mined.
const RECEIPT_DEADLINE: Duration = Duration::from_secs(20);

/// Private keys of anvil's ten test accounts, public knowledge.
pub const TEST_KEYS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// Test account number `index`, with its key.
pub fn signer(index: usize) -> PrivateKeySigner {
    TEST_KEYS[index].parse().expect("a valid key")
}

/// Address of test account number `index`.
pub fn account(index: usize) -> Address {
    signer(index).address()
}

/// The artifact kit that `make setup` left.
pub fn kit() -> Kit {
    Kit::find().unwrap_or_else(|error| panic!("{error}"))
}

/// A cache of its own that shares the machine's kit, for tests that change what is remembered or running.
pub fn own_cache() -> (TempDir, Kit) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let cache = Cache::at(dir.path());
    symlink(kit().cache().kit(), cache.kit()).expect("link to the kit");
    let kit = Kit::open(cache).expect("kit");
    (dir, kit)
}

/// A running local chain.
#[derive(Debug)]
pub struct Replica {
    anvil: Anvil,
    /// Prices, time and money.
    pub controls: Controls,
    /// Raw JSON-RPC.
    pub rpc: RpcClient,
    /// The kit it was made from.
    pub kit: Kit,
}

impl Replica {
    /// Starts a replica from the cached state, which is built first if this machine has none.
    pub async fn start() -> Self {
        Self::mining(Mining::Manual).await
    }

    /// The same with a block every 200 ms, as Base makes them.
    pub async fn at_cadence() -> Self {
        Self::mining(Mining::default()).await
    }

    async fn mining(mining: Mining) -> Self {
        Self::with(PerpsVersion::V1, mining).await
    }

    /// Starts a replica with the stand-in of the perpetuals venue's second version.
    pub async fn with_perps_v2() -> Self {
        Self::with(PerpsVersion::V2, Mining::Manual).await
    }

    async fn with(perps: PerpsVersion, mining: Mining) -> Self {
        let kit = kit();
        let state = ReplicaState::ensure_with(&kit, ComposerSource::Remembered, perps, &ProgressBar::hidden())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let anvil = Anvil::mining(&kit, &state, 0, mining).await.unwrap_or_else(|error| panic!("{error}"));
        Self::on(anvil, kit).await
    }

    /// Starts a fork of a node, with the same controls.
    pub async fn fork_of(url: &str) -> Self {
        let kit = kit();
        let anvil = Anvil::fork(&kit, &ForkOptions::latest(url), 0).await.unwrap_or_else(|error| panic!("{error}"));
        Self::on(anvil, kit).await
    }

    /// Controls and RPC of a node that runs already.
    pub async fn on(anvil: Anvil, kit: Kit) -> Self {
        let controls = Controls::connect(anvil.url(), &kit).await.unwrap_or_else(|error| panic!("{error}"));
        let rpc = RpcClient::new_http(anvil.url().parse::<Url>().expect("url"));
        Self { anvil, controls, rpc, kit }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        self.anvil.url()
    }

    /// One JSON-RPC request.
    pub async fn request<P: RpcSend, R: RpcRecv>(&self, method: &'static str, params: P) -> Result<R, TransportError> {
        self.rpc.request(method, params).await
    }

    /// Asks a contract; panics when it reverts.
    pub async fn ask<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        self.try_ask(to, call).await.unwrap_or_else(|error| panic!("{} of {to}: {error}", C::SIGNATURE))
    }

    /// Asks a contract that may revert.
    pub async fn try_ask<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, TransportError> {
        let call = json!([{ "to": to, "data": Bytes::from(call.abi_encode()) }, "latest"]);
        let answer: Bytes = self.request("eth_call", call).await?;
        Ok(C::abi_decode_returns(&answer).expect("an answer of the function's type"))
    }

    /// Sends a call from an account that the node signs for (a test account, or an impersonated one) and waits for it.
    pub async fn send<C: SolCall>(&self, from: Address, to: Address, call: &C) -> AnyTransactionReceipt {
        self.send_data(from, to, call.abi_encode().into(), U256::ZERO).await
    }

    /// The same with call data and ether. Panics when it reverts.
    pub async fn send_data(&self, from: Address, to: Address, data: Bytes, value: U256) -> AnyTransactionReceipt {
        let call = json!([{
            "from": from, "to": to, "data": data, "value": value, "gas": U256::from(10_000_000)
        }]);
        let hash: B256 = self.request("eth_sendTransaction", call.clone()).await.expect("a sent transaction");
        let receipt = self.receipt(hash).await;
        if !receipt.inner.inner.status() {
            let why: Result<Bytes, _> = self.request("eth_call", (call[0].clone(), "latest")).await;
            panic!("call to {to} reverted: {why:?}");
        }
        receipt
    }

    /// The receipt of a transaction, waited for.
    pub async fn receipt(&self, hash: B256) -> AnyTransactionReceipt {
        let deadline = Instant::now() + RECEIPT_DEADLINE;
        loop {
            let receipt = self.request("eth_getTransactionReceipt", [hash]).await.expect("an answer");
            if let Some(receipt) = receipt {
                return receipt;
            }
            assert!(Instant::now() < deadline, "no receipt of {hash} after {RECEIPT_DEADLINE:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Code at an address.
    pub async fn code(&self, at: Address) -> Bytes {
        self.request("eth_getCode", (at, "latest")).await.expect("code")
    }

    /// A storage word.
    pub async fn storage(&self, at: Address, slot: B256) -> B256 {
        self.request("eth_getStorageAt", (at, U256::from_be_bytes(slot.0), "latest")).await.expect("storage")
    }

    /// How many transactions an account has sent.
    pub async fn nonce(&self, of: Address) -> U256 {
        self.request("eth_getTransactionCount", (of, "latest")).await.expect("nonce")
    }

    /// Balance in wei.
    pub async fn balance(&self, of: Address) -> U256 {
        self.request("eth_getBalance", (of, "latest")).await.expect("balance")
    }

    /// Lets the next block be at this time.
    pub async fn next_block_at(&self, timestamp: u64) {
        let _: Value = self.request("evm_setNextBlockTimestamp", [timestamp]).await.expect("a later time");
    }
}
