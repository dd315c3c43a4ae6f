//! Answers of a real node, kept so that what follows them can be measured without the node.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes},
};
use trimtab::chain::{Answers, Batch, BlockRef, CallRequest, Endpoints, ReadError, Reader, multicall3};

/// Asks a node and keeps the raw answers.
#[derive(Debug)]
pub struct Recorder<'a> {
    endpoints: &'a Endpoints,
    head: BlockRef,
    answers: Mutex<Vec<Bytes>>,
}

/// Gives the raw answers back in the order they were asked for, over and over.
#[derive(Debug)]
pub struct Recording {
    head: BlockRef,
    answers: Vec<Bytes>,
    next: AtomicUsize,
}

impl<'a> Recorder<'a> {
    /// A recorder of reads at the node's newest block.
    pub async fn new(endpoints: &'a Endpoints) -> Result<Self, ReadError> {
        Ok(Self { endpoints, head: Reader::head(endpoints).await?, answers: Mutex::default() })
    }

    /// What was recorded.
    pub fn finish(self) -> Recording {
        let answers = self.answers.into_inner().unwrap_or_default();
        Recording { head: self.head, answers, next: AtomicUsize::new(0) }
    }
}

impl Reader for Recorder<'_> {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        Ok(self.head)
    }

    async fn read(&self, at: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
        let call = CallRequest::new(Address::ZERO, multicall3::ADDRESS, batch.calldata());
        let raw = self.endpoints.call(&call, BlockId::hash(at.into())).await?;
        if let Ok(mut answers) = self.answers.lock() {
            answers.push(raw.clone());
        }
        batch.answers(&raw)
    }
}

impl Recording {
    /// Bytes of all answers.
    pub fn size(&self) -> usize {
        self.answers.iter().map(|answer| answer.len()).sum()
    }
}

impl Reader for Recording {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        Ok(self.head)
    }

    async fn read(&self, _: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.answers.len().max(1);
        let raw = self.answers.get(index).ok_or_else(|| ReadError::Malformed("nothing was recorded".to_owned()))?;
        batch.answers(raw)
    }
}
