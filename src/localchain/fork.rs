//! A fork: anvil over a live Base RPC (or over a replica), with the replica's controls.

use url::Url;

use super::{
    Anvil, Kit, LocalChainError,
    anvil::CHAIN_ID,
    node::{Node, shown},
};

/// What to fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkOptions {
    /// RPC to fork from.
    pub url: String,
    /// Block to fork at; the newest when not given.
    pub block_number: Option<u64>,
}

impl ForkOptions {
    /// Forks at the newest block of this RPC.
    #[must_use]
    pub fn latest(url: impl Into<String>) -> Self {
        Self { url: url.into(), block_number: None }
    }

    /// The RPC without anything in its URL that may be a key.
    #[must_use]
    pub fn shown_url(&self) -> String {
        Url::parse(&self.url).map_or_else(|_| "?".to_owned(), |url| shown(&url))
    }

    /// Checks that there is Base at the other end and gives anvil's arguments.
    pub(crate) async fn anvil_arguments(&self) -> Result<Vec<String>, LocalChainError> {
        let node = Node::new(&self.url)?;
        let found = node.chain_id().await?;
        if found != CHAIN_ID {
            return Err(LocalChainError::WrongChain { url: node.shown_url(), found });
        }
        let mut arguments = vec!["--fork-url".to_owned(), self.url.clone()];
        if let Some(number) = self.block_number {
            arguments.extend(["--fork-block-number".to_owned(), number.to_string()]);
        }
        if node.is_loopback() {
            // Anvil caches by chain id and block number; two replicas share both and nothing else.
            arguments.push("--no-storage-caching".to_owned());
        }
        Ok(arguments)
    }
}

impl Anvil {
    /// A fork that ends with this value; port 0 takes any free one.
    pub async fn fork(kit: &Kit, options: &ForkOptions, port: u16) -> Result<Self, LocalChainError> {
        Self::start(kit, port, &options.anvil_arguments().await?).await
    }
}
