//! The network as the sender sees it, with a note of when the first signed bytes were handed to it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, U256},
};
use trimtab::{
    chain::{Answers, Batch, BlockRef, Endpoints, FeeMarket, ReadError, Reader, Receipt, SendOutcome},
    journal::{RawTx, Recorded},
    plan::{CallOutcome, SimulatedCall, Simulator},
    send::{BlockContent, ChainClient},
    units::Secs,
};

/// Passes everything on.
#[derive(Debug)]
pub struct Stopwatch {
    inner: Endpoints,
    signed: Mutex<Option<Instant>>,
    questions: AtomicU64,
}

impl Stopwatch {
    pub fn new(inner: Endpoints) -> Self {
        Self { inner, signed: Mutex::default(), questions: AtomicU64::new(0) }
    }

    /// When the newest signed bytes, already in the journal, were about to be broadcast.
    pub fn signed(&self) -> Option<Instant> {
        self.signed.lock().ok().and_then(|signed| *signed)
    }

    /// How many questions the network was asked until then.
    pub fn questions_before_signed(&self) -> u64 {
        self.questions.load(Ordering::Relaxed)
    }

    /// Starts anew.
    pub fn reset(&self) {
        if let Ok(mut signed) = self.signed.lock() {
            *signed = None;
        }
        self.questions.store(0, Ordering::Relaxed);
    }

    fn count(&self) -> &Endpoints {
        if self.signed().is_none() {
            self.questions.fetch_add(1, Ordering::Relaxed);
        }
        &self.inner
    }
}

impl Reader for Stopwatch {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        Reader::head(self.count()).await
    }

    async fn read(&self, at: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
        self.count().read(at, batch).await
    }
}

impl Simulator for Stopwatch {
    async fn simulate(&self, at: BlockRef, time: Secs, calls: &[SimulatedCall]) -> Result<Vec<CallOutcome>, ReadError> {
        Simulator::simulate(self.count(), at, time, calls).await
    }
}

impl ChainClient for Stopwatch {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        ChainClient::head(self.count()).await
    }

    async fn fee_market(&self, head: BlockRef) -> Result<FeeMarket, ReadError> {
        ChainClient::fee_market(self.count(), head).await
    }

    async fn balance(&self, account: Address) -> Result<U256, ReadError> {
        ChainClient::balance(self.count(), account).await
    }

    async fn send_raw(&self, transaction: &Recorded<RawTx>) -> SendOutcome {
        let now = Instant::now();
        if let Ok(mut signed) = self.signed.lock() {
            *signed = Some(now);
        }
        ChainClient::send_raw(&self.inner, transaction).await
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ReadError> {
        ChainClient::receipt(self.count(), hash).await
    }

    async fn is_known(&self, hash: B256) -> Result<bool, ReadError> {
        ChainClient::is_known(self.count(), hash).await
    }

    async fn nonce(&self, account: Address, at: BlockNumberOrTag) -> Result<u64, ReadError> {
        ChainClient::nonce(self.count(), account, at).await
    }

    async fn block(&self, number: u64) -> Result<Option<BlockContent>, ReadError> {
        ChainClient::block(self.count(), number).await
    }
}
