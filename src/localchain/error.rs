//! What can go wrong with a local chain, and whose fault it is.

use std::{io, path::PathBuf, time::Duration};

use alloy::primitives::Address;

/// Whose fault a failure is; the command line turns it into its exit code (docs/commands.md, Exit codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// Something on this machine or in the arguments must be put right first (exit 3).
    Configuration,
    /// The node did not answer, or not in time (exit 6).
    Rpc,
    /// The recipe and the contracts disagree: a bug (exit 1).
    Bug,
}

/// Why something about the replica or a fork did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalChainError {
    /// The artifact kit (compiled contracts and the anvil binary) is not where it should be.
    #[error("no artifact kit at {0}: run `make setup` once (it compiles the contracts and fetches anvil)")]
    KitMissing(PathBuf),
    /// The kit is there but cannot be read as one.
    #[error("the artifact kit at {path} is not usable ({why}): run `make setup` again")]
    KitUnusable {
        /// File that was read.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The recipe asks for a contract that the kit does not carry.
    #[error("the artifact kit has no contract `{0}`: run `make setup` again")]
    NoContract(String),
    /// Another version of anvil than the one everything was proved with.
    #[error("{path} is anvil {found}, the replica needs {wanted}: run `make setup` again")]
    WrongAnvil {
        /// Binary that was asked.
        path: PathBuf,
        /// Version it reports.
        found: String,
        /// Version that is pinned.
        wanted: &'static str,
    },
    /// Anvil ended before it listened.
    #[error("anvil ended before it was ready ({status}): {log}")]
    AnvilEnded {
        /// Its exit status.
        status: String,
        /// The last lines it wrote.
        log: String,
    },
    /// Anvil did not listen in time.
    #[error("anvil was not ready after {waited:?}: {log}")]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// The last lines it wrote.
        log: String,
    },
    /// Another process holds the build lock and does not finish.
    #[error("another process has been building the replica for {waited:?} (lock {lock}): end it and try again")]
    BuildStuck {
        /// The lock file.
        lock: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// An instance of this kind runs already.
    #[error("a {kind} is already running at {url} (process {pid}): use it, or end it first")]
    AlreadyRunning {
        /// `replica` or `fork`.
        kind: &'static str,
        /// Its process id.
        pid: u32,
        /// Where it listens.
        url: String,
    },
    /// The node is not a local one, so its prices and clock are not ours to move.
    #[error("{url} is {client}, not a local anvil: controls refuse any other node")]
    NotLocal {
        /// Node that was asked, without credentials.
        url: String,
        /// What it says it is.
        client: String,
    },
    /// The node is on another chain.
    #[error("{url} is on chain {found}, wanted 8453 (Base)")]
    WrongChain {
        /// Node that was asked, without credentials.
        url: String,
        /// Its chain id.
        found: u64,
    },
    /// An anvil, but without Base's contracts.
    #[error("{url} has no Aave oracle at {oracle}: it is neither a replica nor a fork of Base")]
    NoMarket {
        /// Node that was asked, without credentials.
        url: String,
        /// Where the oracle should be.
        oracle: Address,
    },
    /// Not a URL that can be used.
    #[error("`{url}` is not an http(s) url: {why}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The node did not answer in time.
    #[error("{method} at {url} gave no answer within {waited:?}")]
    Timeout {
        /// JSON-RPC method.
        method: String,
        /// Node that was asked, without credentials.
        url: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The node answered with an error, or could not be reached.
    #[error("{method} at {url} failed: {why}")]
    Rpc {
        /// JSON-RPC method.
        method: String,
        /// Node that was asked, without credentials.
        url: String,
        /// What it said.
        why: String,
    },
    /// A transaction of the recipe or of a control reverted.
    #[error("{what} reverted: {why}")]
    Reverted {
        /// What was being done.
        what: String,
        /// The node's reason.
        why: String,
    },
    /// A contract did not land where the real one is, or does not say what it should.
    #[error("{what}: expected {wanted}, found {found}")]
    Mismatch {
        /// What was compared.
        what: String,
        /// What should be there.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// No asset of that name.
    #[error("`{asset}` is not an asset of the market; known are ETH, BTC, {known}")]
    UnknownAsset {
        /// What was asked for.
        asset: String,
        /// All symbols there are.
        known: String,
    },
    /// A price or an amount that cannot be.
    #[error("{0}")]
    BadAmount(String),
    /// Balances of aTokens and debt tokens follow from the pool's books and cannot be given away.
    #[error("{token} is an Aave token: its balance follows from the pool's books; supply the underlying instead")]
    AaveToken {
        /// The aToken or debt token.
        token: Address,
    },
    /// The live RPC given for the composer does not have it.
    #[error("{url} has no code for the {what} at {at}")]
    NoRemoteCode {
        /// Node that was asked, without credentials.
        url: String,
        /// Which contract.
        what: &'static str,
        /// Its address.
        at: Address,
    },
    /// There is no perpetuals venue that a local keeper could work for.
    #[error("no perpetuals venue for the local keeper at {url}: {why}")]
    NoVenue {
        /// Node that was asked, without credentials.
        url: String,
        /// What is not as it should be.
        why: String,
    },
    /// The price service could not listen.
    #[error("the price service could not listen at {address}: {source}; choose another with --price-port")]
    PriceService {
        /// Where it was to listen.
        address: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The keeper's process ended or was not ready in time.
    #[error("the keeper did not start: {last} (log {log})")]
    KeeperEnded {
        /// Its log.
        log: PathBuf,
        /// The last line it wrote.
        last: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl LocalChainError {
    /// Whose fault this is.
    #[must_use]
    pub const fn class(&self) -> FailureClass {
        match self {
            Self::Timeout { .. } | Self::Rpc { .. } => FailureClass::Rpc,
            Self::Reverted { .. } | Self::Mismatch { .. } => FailureClass::Bug,
            _ => FailureClass::Configuration,
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
