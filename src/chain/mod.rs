//! Everything that speaks JSON-RPC, and the keys: block-pinned reads in one multicall whatever the endpoint, heads,
//! simulation, sending, network identity, signers, fees, and revert data in words.
//!
//! Promises: a snapshot's answers all come from one block, named by hash; every wait has a deadline; a rate limit or
//! a dead endpoint is never mistaken for a revert; endpoints of different networks are never mixed; no signature
//! exists that did not pass the [`SigningGate`] of a verified network.
//! Fails with [`ReadError`], which says whether asking again can help; [`IdentityError`] and [`SigningError`] are
//! refusals; [`SendOutcome`] says whether a transaction may still be mined.

mod answer;
mod batch;
mod block;
mod broadcast;
mod call_error;
mod clock;
mod compact;
mod endpoint;
mod endpoints;
mod fee_market;
mod fees;
mod follow;
mod head;
mod head_options;
mod heads;
mod identity;
mod lens;
mod queries;
mod read_error;
mod reader;
mod revert;
mod signer;
mod simulate;
mod tips;
mod traffic;
mod transport;
mod verify;
mod wire;
mod witness;

pub(crate) use batch::unexpected;
pub use batch::{Answers, Batch, Slot, multicall3};
pub use block::{BLOCK_TIME, BlockRef, blocks_in};
pub use broadcast::{Rejection, SendOutcome};
pub use clock::{Clock, SystemClock};
pub use endpoints::{ConnectError, Endpoints};
pub use fee_market::FeeMarket;
pub(crate) use fees::wei;
pub use fees::{FeeError, Fees, GAS_PRICE_ORACLE, GasCost, L1FeeQuery};
pub(crate) use head::BLOCKS_BEHIND;
pub use head_options::HeadOptions;
pub use heads::Heads;
pub use identity::{
    BASE_CHAIN_ID, BASE_GENESIS, Checkpoint, ForkedFrom, IdentityError, NetworkId, NetworkIdentity, NetworkKind,
};
pub use lens::{AccountCode, CodeQuery, Lens};
pub use read_error::ReadError;
pub use reader::Reader;
pub use revert::{ErrorEntry, ErrorTable, Revert, StringEntry};
pub(crate) use signer::address;
pub use signer::{
    ExposedFile, OfflineSigner, SignedTransaction, Signer, SigningError, SigningGate, Wallet, WalletArgs, WalletError,
};
pub use simulate::{SimulatedCall, Simulation};
pub use tips::PaidTips;
pub use traffic::Traffic;
pub use verify::Verified;
pub(crate) use wire::WireBlock;
pub use wire::{CallRequest, KnownTransaction, LocatedLog, Receipt};
