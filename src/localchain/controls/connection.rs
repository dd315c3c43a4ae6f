//! The connection to one local chain, and the refusal of every other.

use std::sync::Arc;

use alloy::primitives::{B256, Bytes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    chain::BlockRef,
    localchain::{Kit, LocalChainError, anvil::CHAIN_ID, genesis::AAVE_ORACLE, node::Node},
};

/// Which sort of local chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LocalKind {
    /// The replica, which needs no network.
    Replica,
    /// A fork of a live chain (or of a replica).
    Fork,
}

impl LocalKind {
    /// `replica` or `fork`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            Self::Fork => "fork",
        }
    }
}

/// Controls of one local chain.
#[derive(Debug, Clone)]
pub struct Controls {
    pub(in crate::localchain) node: Node,
    kind: LocalKind,
    instance: B256,
    pub(super) code: Arc<OwnCode>,
}

/// Runtime code by which a contract of ours is known, or with which one is made ours.
#[derive(Debug)]
pub(super) struct OwnCode {
    /// A feed in dollars.
    pub(super) feed: Bytes,
    /// A feed that is a ratio to another.
    pub(super) ratio_feed: Bytes,
    /// The contract that updates Aave's oracle and liquidates in one transaction.
    pub(super) liquidator: Bytes,
    /// Tokens that anybody may mint.
    pub(super) tokens: [Bytes; 2],
}

impl Controls {
    /// Controls of the anvil at this URL; refuses every other node.
    pub async fn connect(url: &str, kit: &Kit) -> Result<Self, LocalChainError> {
        let node = Node::new(url)?;
        let client = node.client_version().await?;
        if !client.starts_with("anvil/") {
            return Err(LocalChainError::NotLocal { url: node.shown_url(), client });
        }
        let found = node.chain_id().await?;
        if found != CHAIN_ID {
            return Err(LocalChainError::WrongChain { url: node.shown_url(), found });
        }
        if node.code(AAVE_ORACLE).await?.is_empty() {
            return Err(LocalChainError::NoMarket { url: node.shown_url(), oracle: AAVE_ORACLE });
        }
        let metadata = node.metadata().await?;
        let kind = if metadata.forked_network.is_some() { LocalKind::Fork } else { LocalKind::Replica };
        let code = OwnCode {
            feed: kit.runtime_code("ReplicaFeed")?,
            ratio_feed: kit.runtime_code("ReplicaRatioFeed")?,
            liquidator: kit.runtime_code("AtomicLiquidator")?,
            tokens: [kit.runtime_code("ReplicaToken")?, kit.runtime_code("ReplicaPermitToken")?],
        };
        Ok(Self { node, kind, instance: metadata.instance_id, code: Arc::new(code) })
    }

    /// Replica or fork.
    #[must_use]
    pub const fn kind(&self) -> LocalKind {
        self.kind
    }

    /// What anvil calls this run of itself.
    #[must_use]
    pub const fn instance(&self) -> B256 {
        self.instance
    }

    /// The newest block.
    pub async fn head(&self) -> Result<BlockRef, LocalChainError> {
        self.node.head().await
    }
}
