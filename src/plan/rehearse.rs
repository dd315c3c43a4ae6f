//! Running a plan against the chain's present state before anything is signed.

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Deviation, Plan, SimulationError, Simulator, permit_path::check_permits, simulate::run};
use crate::{chain::BlockRef, units::Secs};

/// Gas of one step in a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepResult {
    /// The step's purpose.
    pub purpose: String,
    /// Gas used, after refunds.
    pub gas_used: u64,
    /// Bytes of call data, for the L1 fee.
    pub calldata_bytes: usize,
}

/// What a dry run showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rehearsal {
    /// Gas per step (approvals stand in for permits).
    pub steps: Vec<StepResult>,
    /// Prediction beside the simulated outcome.
    pub outcome: Vec<Deviation>,
    /// Permits whose signatures are made and tried only when the plan is sent; that the tokens would take the account's was asked.
    pub unsigned: Vec<String>,
}

/// Simulates a plan without any signature, approvals standing in for permits; the tokens are asked whether they would take these.
pub async fn rehearse<S: Simulator>(
    simulator: &S,
    plan: &Plan,
    at: BlockRef,
    time: Secs,
) -> Result<Rehearsal, SimulationError> {
    let mut ready = Vec::new();
    let mut own = Vec::new();
    for step in &plan.steps {
        for part in step.rehearsal() {
            own.push(part.purpose == step.purpose);
            ready.push(part);
        }
    }
    let moment = (at, time);
    let (ran, unsigned) =
        tokio::join!(run(simulator, plan, &ready, U256::ZERO, moment), check_permits(simulator, plan, moment));
    let ((gas, outcome), unsigned) = (ran?, unsigned?);
    let steps = ready
        .iter()
        .zip(gas)
        .zip(own)
        .filter(|(_, own)| *own)
        .map(|((step, gas_used), _)| StepResult {
            purpose: step.purpose.clone(),
            gas_used,
            calldata_bytes: step.data.len(),
        })
        .collect();
    Ok(Rehearsal { steps, outcome, unsigned })
}
