//! Blocks that the sequencer has announced and not sealed yet: Base's flashblocks, every 200 ms a longer part of the next
//! block (docs.base.org, Flashblocks API reference).
//!
//! An endpoint that serves them answers their state as `pending`, and over a WebSocket announces each part as a new head.
//! Elsewhere `pending` means something else (the newest block, or a mempool nobody vouches for), so such questions go only
//! to endpoints that have announced a part of that very block. A part is final only when its block is sealed.

use std::sync::Arc;

use alloy::primitives::U256;
use serde_json::{Value, json, value::RawValue};

use super::{
    Answers, At, Batch, BlockRef, Endpoints, ReadError,
    call_error::CallError,
    endpoint::Endpoint,
    endpoints::decode,
    head::{answers, state_of},
    multicall3::{self, IMulticall3},
    wire::{Part, WirePending},
};

impl Endpoints {
    /// The newest part of the block under construction, of the endpoint that serves it best; `None` when no endpoint announces
    /// parts, or the newest part is sealed already.
    pub async fn pre_confirmed(&self) -> Result<Option<BlockRef>, ReadError> {
        let now = self.clock().monotonic();
        for endpoint in self.usable() {
            if endpoint.last_part(now).is_some() {
                let part = self.part_of(&endpoint).await;
                let part =
                    part.map_err(|error| error.into_read_error("eth_getBlockByNumber", multicall3::ADDRESS, None))?;
                return Ok(part.map(|part| part.block));
            }
        }
        Ok(None)
    }

    /// The endpoints, by name, whose `pending` block is above every sealed one just now.
    pub async fn announcers(&self) -> Vec<String> {
        let mut found = Vec::new();
        for endpoint in self.usable() {
            if matches!(self.part_of(&endpoint).await, Ok(Some(_))) {
                found.push(endpoint.name());
            }
        }
        found
    }

    /// What an endpoint answers as its `pending` block, where that is above every sealed one.
    pub(super) async fn part_of(&self, endpoint: &Arc<Endpoint>) -> Result<Option<Part>, CallError> {
        let params: Value = json!(["pending", false]);
        let decode = |raw: &RawValue| decode::<Option<WirePending>>(raw);
        let told = endpoint.call(self.clock(), "eth_getBlockByNumber", &params, decode).await?;
        let now = self.clock().monotonic();
        let sealed = self.trusted().filter_map(|endpoint| endpoint.last_head(now)).max().unwrap_or_default();
        let part = told.and_then(WirePending::part).filter(|part| part.block.number > sealed);
        if let Some(part) = &part {
            endpoint.set_part(part.block.number, now);
        }
        Ok(part)
    }

    /// Asks an endpoint that announced a part of this block; once, for in a moment there is a longer part.
    pub(super) async fn ask_about_part<T>(
        &self,
        number: u64,
        method: &str,
        params: &Value,
        decode: impl Fn(&RawValue) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let now = self.clock().monotonic();
        let announced = |endpoint: &Arc<Endpoint>| endpoint.last_part(now) == Some(number);
        let mut errors = Vec::new();
        for endpoint in self.usable().into_iter().filter(announced) {
            match endpoint.call(self.clock(), method, params, &decode).await {
                Err(error) if error.is_local_to_endpoint() => errors.push((endpoint.name(), error)),
                settled => return settled,
            }
        }
        if errors.is_empty() {
            return Err(CallError::Stale(format!("no endpoint announces block {number} any more")));
        }
        Err(CallError::of_round(errors))
    }

    /// A batch on the state of a part, refused when it is the state of another block meanwhile.
    pub(super) async fn read_part(&self, height: u64, batch: &Batch) -> Result<Answers, ReadError> {
        let mut batch = batch.clone();
        let number = batch.add(multicall3::ADDRESS, &IMulticall3::getBlockNumberCall {});
        let call = json!({"to": multicall3::ADDRESS, "data": batch.calldata()});
        let params = json!([call, state_of(At::PreConfirmed(height))]);
        let read = self.ask_about_part(height, "eth_call", &params, |raw| answers(&batch, raw)).await;
        let read = read.map_err(|error| error.into_read_error("eth_call", multicall3::ADDRESS, None))?;
        let found = read.get(number)?;
        if found != U256::from(height) {
            return Err(ReadError::Stale(format!("the block under construction is {found}, not {height} any more")));
        }
        Ok(read)
    }
}
