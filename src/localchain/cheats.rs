//! What only a local node lets anybody do: replace state, act for others, construct in place.

use alloy::primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

use super::{
    LocalChainError,
    node::{Call, GAS, Node},
};

impl Node {
    /// Replaces code.
    pub(crate) async fn set_code(&self, at: Address, code: &Bytes) -> Result<(), LocalChainError> {
        self.request::<Value>("anvil_setCode", json!([at, code])).await.map(drop)
    }

    /// Replaces a storage word.
    pub(crate) async fn set_storage(&self, at: Address, slot: U256, word: B256) -> Result<(), LocalChainError> {
        self.request::<Value>("anvil_setStorageAt", json!([at, slot, word])).await.map(drop)
    }

    /// Replaces a nonce.
    pub(crate) async fn set_nonce(&self, of: Address, nonce: u64) -> Result<(), LocalChainError> {
        self.request::<Value>("anvil_setNonce", json!([of, U256::from(nonce)])).await.map(drop)
    }

    /// Replaces a balance, wei.
    pub(crate) async fn set_balance(&self, of: Address, wei: U256) -> Result<(), LocalChainError> {
        self.request::<Value>("anvil_setBalance", json!([of, wei])).await.map(drop)
    }

    /// Lets transactions from this account pass without a signature, or ends that.
    pub(crate) async fn impersonate(&self, who: Address, on: bool) -> Result<(), LocalChainError> {
        let method = if on { "anvil_impersonateAccount" } else { "anvil_stopImpersonatingAccount" };
        self.request::<Value>(method, json!([who])).await.map(drop)
    }

    /// Runs a constructor *at* a chosen address (base-replica.md §3.5): the creation code is put there as runtime,
    /// asked for what it returns, executed once for its storage and events, then replaced by what it returned. So
    /// `address(this)`, immutables and nested creations come out as they would by deploying there.
    pub(crate) async fn place(
        &self,
        deployer: Address,
        at: Address,
        creation_code: &Bytes,
    ) -> Result<(), LocalChainError> {
        self.set_code(at, creation_code).await?;
        self.set_nonce(at, 1).await?;
        let construct = Call { from: deployer, to: at, data: Bytes::new(), value: U256::ZERO, gas: GAS };
        let runtime: Bytes = self.request("eth_call", json!([construct.request(), "latest"])).await?;
        self.send(&construct).await?;
        self.set_nonce(at, 1).await?;
        self.set_code(at, &runtime).await
    }
}
