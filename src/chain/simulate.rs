//! Trying calls on a block's state with `eth_simulateV1`: what each returns, uses and logs. Where no endpoint has it, each
//! call is tried by itself with `eth_call` and `eth_estimateGas`.

use alloy::{
    primitives::{Bytes, Log, U64, U256},
    rpc::types::state::StateOverride,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    BlockRef, CallRequest, Endpoints, ReadError,
    answer::revert_data,
    call_error::CallError,
    endpoints::{decode, to_params},
    head::state_of,
};
use crate::units::Secs;

/// A node's refusal of a block whose time is not after its parent's (execution-apis, eth_simulateV1).
const TIMES_IN_ORDER: i64 = -38_021;

/// Calls to try one after the other, in the block after a given one.
#[derive(Debug, Clone)]
#[must_use]
pub struct Simulation {
    at: BlockRef,
    time: Secs,
    calls: Vec<CallRequest>,
    state: StateOverride,
}

impl Simulation {
    /// On the state of this block, in the block after it.
    ///
    /// Number and time of the simulated block are always said: left out, geth takes the next block's and anvil the
    /// pinned block's, and a deadline or an interest index would differ.
    pub fn after(at: BlockRef) -> Self {
        Self { at, time: at.next_timestamp(), calls: Vec::new(), state: StateOverride::default() }
    }

    /// The simulated block's timestamp; not before the pinned block's.
    pub const fn time(mut self, time: Secs) -> Self {
        self.time = time;
        self
    }

    /// One more call.
    pub fn call(mut self, call: CallRequest) -> Self {
        self.calls.push(call);
        self
    }

    /// Balances, nonces, code or storage to assume.
    pub fn state(mut self, state: StateOverride) -> Self {
        self.state = state;
        self
    }

    fn params(&self) -> Result<Value, ReadError> {
        let mut block = json!({
            "blockOverrides": {
                "number": U256::from(self.at.number).saturating_add(U256::ONE),
                "time": U64::from(self.time.0),
            },
            "calls": to_params(&self.calls)?,
        });
        if !self.state.is_empty() {
            block["stateOverrides"] = to_params(&self.state)?;
        }
        let payload = json!({"blockStateCalls": [block], "traceTransfers": false, "validation": false});
        to_params((payload, state_of(self.at.into())))
    }
}

/// What one simulated call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedCall {
    /// Whether it succeeded.
    pub success: bool,
    /// What it returned, or its revert data.
    pub returned: Bytes,
    /// Gas it used on L2.
    pub gas_used: u64,
    /// Events, in order.
    pub logs: Vec<Log>,
    /// The node's words on a failure, such as running out of gas.
    pub error: Option<String>,
    /// No endpoint has `eth_simulateV1`: it was tried by itself, without the calls before it.
    pub alone: bool,
}

#[derive(Deserialize)]
struct WireSimulatedBlock {
    calls: Vec<WireSimulatedCall>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSimulatedCall {
    status: U64,
    #[serde(default)]
    return_data: Bytes,
    gas_used: U64,
    #[serde(default)]
    logs: Vec<Log>,
    #[serde(default)]
    error: Option<WireCallError>,
}

#[derive(Deserialize)]
struct WireCallError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

impl From<WireSimulatedCall> for SimulatedCall {
    fn from(call: WireSimulatedCall) -> Self {
        // geth and anvil put revert data where the return data goes; others only into the error.
        let in_error = || call.error.as_ref().and_then(|error| revert_data(&error.data)).unwrap_or_default();
        let returned = if call.return_data.is_empty() { in_error() } else { call.return_data };
        Self {
            success: !call.status.is_zero(),
            returned,
            gas_used: call.gas_used.to(),
            logs: call.logs,
            error: call.error.map(|error| error.message),
            alone: false,
        }
    }
}

impl Endpoints {
    /// Runs a simulation; one answer per call, in order. A call that reverts is an answer with `success: false`.
    pub async fn simulate(&self, simulation: &Simulation) -> Result<Vec<SimulatedCall>, ReadError> {
        let outcome = self.simulate_natively(simulation).await;
        match &outcome {
            Err(error) if error.is_missing_method() && simulation.state.is_empty() => {}
            _ => return outcome,
        }
        let mut tried = Vec::with_capacity(simulation.calls.len());
        for call in &simulation.calls {
            tried.push(self.try_call(simulation.at, call).await?);
        }
        Ok(tried)
    }

    /// One call on a block's own state, in that block and not the one after it: what needs another call before it fails. Its logs
    /// are not to be had.
    async fn try_call(&self, at: BlockRef, call: &CallRequest) -> Result<SimulatedCall, ReadError> {
        let state = state_of(at.hash);
        let done = |success, returned, gas_used| SimulatedCall {
            success,
            returned,
            gas_used,
            logs: Vec::new(),
            error: None,
            alone: true,
        };
        let failed = |returned| done(false, returned, 0);
        let returned = match self.call(call, state).await {
            Ok(returned) => returned,
            Err(ReadError::Reverted { data, .. }) => return Ok(failed(data)),
            Err(error) => return Err(error),
        };
        let gas: Result<U64, ReadError> = self.request("eth_estimateGas", (call, state)).await;
        match gas {
            Ok(gas) => Ok(done(true, returned, gas.to())),
            Err(ReadError::Reverted { data, .. }) => Ok(failed(data)),
            Err(error) => Err(error),
        }
    }

    /// The same by `eth_simulateV1` and nothing else.
    pub async fn simulate_natively(&self, simulation: &Simulation) -> Result<Vec<SimulatedCall>, ReadError> {
        let asked = simulation.calls.len();
        let answers = |raw: &serde_json::value::RawValue| {
            let mut blocks: Vec<WireSimulatedBlock> = decode(raw)?;
            let calls = blocks.pop().map(|block| block.calls).unwrap_or_default();
            if calls.len() == asked && blocks.is_empty() {
                return Ok(calls.into_iter().map(SimulatedCall::from).collect());
            }
            Err(CallError::Malformed(format!("{} answers to {asked} simulated calls", calls.len())))
        };
        let blamed = simulation.calls.first().map(|call| call.to).unwrap_or_default();
        let mut outcome = self.ask("eth_simulateV1", &simulation.params()?, answers).await;
        if matches!(&outcome, Err(CallError::Refused { code: TIMES_IN_ORDER, .. }))
            && simulation.time <= simulation.at.timestamp
        {
            // A node that wants every block later than the one before it.
            let later = simulation.clone().time(simulation.at.timestamp.plus(Secs(1)));
            outcome = self.ask("eth_simulateV1", &later.params()?, answers).await;
        }
        outcome.map_err(|error| error.into_read_error("eth_simulateV1", blamed, Some(simulation.at.hash)))
    }
}
