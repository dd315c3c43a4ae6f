//! Typed calls gathered into one `Multicall3.aggregate3`, and its typed answers.
//!
//! Rooms add their calls and keep the [`Slot`]s; after one round trip each slot gives its decoded answer. So one
//! snapshot is one call whatever it is made of, and decoding stays pure.

use std::marker::PhantomData;

use alloy::{
    primitives::{Address, Bytes, address},
    sol_types::SolCall,
};

use super::{ReadError, compact};
use crate::abi::IMulticall3;

/// Multicall3's interface and its address, the same on every chain.
pub mod multicall3 {
    pub use crate::abi::IMulticall3;

    use super::{Address, address};

    /// Where Multicall3 lives (base-replica.md §1.1).
    pub const ADDRESS: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");
}

/// Where in a batch the answer to one call is.
#[derive(Debug)]
pub struct Slot<C> {
    index: usize,
    call: PhantomData<fn() -> C>,
}

impl<C> Clone for Slot<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Slot<C> {}

/// Calls to be made together at one block.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    calls: Vec<(Address, Bytes)>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call; its answer is found at the slot.
    pub fn add<C: SolCall>(&mut self, target: Address, call: &C) -> Slot<C> {
        self.calls.push((target, call.abi_encode().into()));
        Slot { index: self.calls.len() - 1, call: PhantomData }
    }

    /// Adds a call that is already encoded; its answer is found by the position that is returned.
    pub fn add_encoded(&mut self, target: Address, data: Bytes) -> usize {
        self.calls.push((target, data));
        self.calls.len() - 1
    }

    /// Takes back all calls but so many of the first; slots of those that stay are still good.
    pub fn truncate(&mut self, calls: usize) {
        self.calls.truncate(calls);
    }

    /// How many calls there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The `aggregate3` call data; every inner call may fail on its own.
    #[must_use]
    pub fn calldata(&self) -> Bytes {
        let calls = self
            .calls
            .iter()
            .map(|(target, data)| IMulticall3::Call3 { target: *target, allowFailure: true, callData: data.clone() })
            .collect();
        IMulticall3::aggregate3Call { calls }.abi_encode().into()
    }

    /// The same as code that runs without being deployed; `None` when it does not fit.
    pub(super) fn packed(&self) -> Option<Bytes> {
        compact::pack(&self.calls)
    }

    /// Reads what that code returned.
    pub(super) fn packed_answers(&self, returned: &[u8]) -> Result<Answers, ReadError> {
        let results = compact::unpack(returned, self.calls.len())
            .ok_or_else(|| ReadError::Malformed(format!("not {} packed answers", self.calls.len())))?;
        let targets = self.calls.iter().map(|(target, _)| *target);
        Ok(Answers { results: targets.zip(results).map(|(target, (success, data))| (target, success, data)).collect() })
    }

    /// Reads the answer of `aggregate3`.
    pub fn answers(&self, returned: &[u8]) -> Result<Answers, ReadError> {
        let results = IMulticall3::aggregate3Call::abi_decode_returns(returned)
            .map_err(|_| unexpected("aggregate3", multicall3::ADDRESS, returned.len()))?;
        if results.len() != self.calls.len() {
            return Err(ReadError::Malformed(format!("{} answers to {} calls", results.len(), self.calls.len())));
        }
        let targets = self.calls.iter().map(|(target, _)| *target);
        Ok(Answers { results: targets.zip(results).map(|(target, r)| (target, r.success, r.returnData)).collect() })
    }
}

/// In words what a decoder calls an overrun.
pub(crate) fn unexpected(call: &str, target: Address, bytes: usize) -> ReadError {
    let what = match bytes {
        0 => "it answered nothing: there is no contract, or another one".to_owned(),
        bytes => {
            format!("it answered {bytes} bytes of another form: another contract is there, or the endpoint is wrong")
        }
    };
    ReadError::Malformed(format!("{call} of {target}: {what}"))
}

/// What came back for a [`Batch`].
#[derive(Debug, Clone)]
pub struct Answers {
    results: Vec<(Address, bool, Bytes)>,
}

impl Answers {
    /// The decoded answer at a slot.
    pub fn get<C: SolCall>(&self, slot: Slot<C>) -> Result<C::Return, ReadError> {
        let (target, success, data) = self.at(slot)?;
        if !success {
            return Err(ReadError::Reverted { target: *target, data: data.clone() });
        }
        C::abi_decode_returns(data).map_err(|_| unexpected(C::SIGNATURE, *target, data.len()))
    }

    /// The decoded answer, or `None` when the call reverted or nothing is there that could answer.
    #[must_use]
    pub fn find<C: SolCall>(&self, slot: Slot<C>) -> Option<C::Return> {
        self.get(slot).ok()
    }

    /// The undecoded answer at a position that [`Batch::add_encoded`] gave.
    pub fn encoded(&self, position: usize) -> Result<&Bytes, ReadError> {
        match self.results.get(position) {
            Some((_, true, data)) => Ok(data),
            Some((target, false, data)) => Err(ReadError::Reverted { target: *target, data: data.clone() }),
            None => Err(ReadError::Malformed("position of another batch".to_owned())),
        }
    }

    fn at<C>(&self, slot: Slot<C>) -> Result<&(Address, bool, Bytes), ReadError> {
        self.results.get(slot.index).ok_or_else(|| ReadError::Malformed("slot of another batch".to_owned()))
    }
}
