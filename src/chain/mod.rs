//! Everything that speaks JSON-RPC: block-pinned reads in one multicall, whatever the endpoint.
//!
//! Promises: a snapshot's answers all come from one block, named by hash; every wait has a deadline; a rate
//! limit or a dead endpoint is never mistaken for a revert.
//! Fails with [`ReadError`], which says whether asking again can help.

mod batch;
mod reader;

pub use batch::{Answers, Batch, Slot, multicall3};
pub use reader::{BlockRef, ReadError, Reader};
