//! Running a plan against the chain's present state without sending it.

use std::future::Future;

use alloy::primitives::{Address, Bytes, U256};

use super::{Approved, Deviation, FillError, PermitRequest, Plan, ReadyStep, SignedPermits, deviations};
use crate::{
    chain::{BlockRef, ReadError},
    units::Secs,
};

/// One call of a simulated block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedCall {
    /// Caller.
    pub from: Address,
    /// Contract.
    pub to: Address,
    /// Native value, wei.
    pub value: U256,
    /// Call data.
    pub data: Bytes,
}

/// What one simulated call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOutcome {
    /// Whether it went through.
    pub success: bool,
    /// Its answer, or its revert data.
    pub output: Bytes,
    /// Gas used, after refunds.
    pub gas_used: u64,
    /// It was tried by itself, without the calls before it: the endpoint has no `eth_simulateV1`.
    pub alone: bool,
}

/// Runs calls one after the other in an imagined block on top of a real one.
pub trait Simulator: Send + Sync {
    /// Simulates the calls on the state of the block `at`, in a block after it with timestamp `time`.
    fn simulate(
        &self,
        at: BlockRef,
        time: Secs,
        calls: &[SimulatedCall],
    ) -> impl Future<Output = Result<Vec<CallOutcome>, ReadError>> + Send;
}

/// Why a simulation does not let a plan through.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A step would revert.
    #[error("`{purpose}` would revert: {data}{}", alone_words(*.alone))]
    Reverts {
        /// The step.
        purpose: String,
        /// Revert data, to be decoded by whoever knows the contracts.
        data: Bytes,
        /// It was tried without the steps before it, which may be why.
        alone: bool,
    },
    /// The figures differ, and each call was tried by itself.
    #[error("what the plan leads to cannot be seen{}", alone_words(true))]
    Alone,
    /// A token would not take a permit, whatever is signed.
    #[error("the permit of {symbol} would not be taken: {why}")]
    Permit {
        /// Of what.
        symbol: String,
        /// Why.
        why: String,
    },
    /// The outcome is further from the prediction than the plan allows.
    #[error("the simulated outcome is not what was planned: {}", .0.iter().map(|d| format!("{} {} instead of {}", d.label, d.actual, d.predicted)).collect::<Vec<_>>().join(", "))]
    OffPlan(Vec<Deviation>),
    /// Call data could not be completed.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The endpoint did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An answer is shorter than the figure needs.
    #[error("the answer for `{0}` has no such word")]
    ShortAnswer(String),
}

/// What is said where each call was tried by itself.
#[must_use]
pub const fn alone_words(alone: bool) -> &'static str {
    if alone {
        "; the endpoint lacks eth_simulateV1, so each call was tried by itself, without those before it: use another endpoint"
    } else {
        ""
    }
}

/// A plan whose exact signed call data was simulated on a given block. Only [`simulate`] makes one; the sender accepts
/// nothing else.
#[derive(Debug, Clone)]
pub struct Simulated<T> {
    subject: T,
    steps: Vec<ReadyStep>,
    gas: Vec<u64>,
    at: BlockRef,
}

impl<T> Simulated<T> {
    /// What was simulated.
    pub const fn get(&self) -> &T {
        &self.subject
    }

    /// The transactions, with the gas each used in the simulation.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = (&ReadyStep, u64)> {
        self.steps.iter().zip(self.gas.iter().copied())
    }

    /// The block it was simulated on.
    pub const fn block(&self) -> BlockRef {
        self.at
    }
}

impl Simulated<Approved<Plan>> {
    /// Simulates what is left to do after the first `done` steps went through, on a newer block, and lets it through
    /// as [`simulate`] does. The steps that are done stay as they were; the others are completed afresh, so that a
    /// permit somebody else has used meanwhile can be left out. `paid` is what the steps that are done cost in gas, wei:
    /// the plan's figures leave gas out.
    pub async fn again<S: Simulator>(
        &self,
        simulator: &S,
        (done, paid): (usize, U256),
        signed: &SignedPermits,
        omit: impl Fn(&PermitRequest) -> bool,
        at: BlockRef,
        time: Secs,
    ) -> Result<Self, SimulationError> {
        let plan = self.subject.get();
        let left: Vec<ReadyStep> =
            plan.steps.iter().skip(done).map(|step| step.ready(signed, &omit)).collect::<Result<_, _>>()?;
        let gas_left = accept(run(simulator, plan, &left, paid, (at, time)).await?)?;
        let steps = self.steps.iter().take(done).cloned().chain(left).collect();
        let gas = self.gas.iter().take(done).copied().chain(gas_left).collect();
        Ok(Self { subject: self.subject.clone(), steps, gas, at })
    }
}

/// Simulates the exact signed call data and lets the plan through if it does what was planned, within the figures'
/// tolerances.
pub async fn simulate<S: Simulator>(
    simulator: &S,
    approved: Approved<Plan>,
    signed: &SignedPermits,
    omit: impl Fn(&PermitRequest) -> bool,
    at: BlockRef,
    time: Secs,
) -> Result<Simulated<Approved<Plan>>, SimulationError> {
    let plan = approved.get();
    let steps: Vec<ReadyStep> = plan.steps.iter().map(|step| step.ready(signed, &omit)).collect::<Result<_, _>>()?;
    let gas = accept(run(simulator, plan, &steps, U256::ZERO, (at, time)).await?)?;
    Ok(Simulated { subject: approved, steps, gas, at })
}

/// The gas of a simulation whose outcome is within the figures' tolerances.
fn accept((gas, outcome): (Vec<u64>, Vec<Deviation>)) -> Result<Vec<u64>, SimulationError> {
    let off: Vec<Deviation> = outcome.into_iter().filter(|deviation| !deviation.within).collect();
    if off.is_empty() { Ok(gas) } else { Err(SimulationError::OffPlan(off)) }
}

pub(super) async fn run<S: Simulator>(
    simulator: &S,
    plan: &Plan,
    steps: &[ReadyStep],
    paid: U256,
    (at, time): (BlockRef, Secs),
) -> Result<(Vec<u64>, Vec<Deviation>), SimulationError> {
    let from = plan.signer;
    let acts = steps.iter().map(|s| SimulatedCall { from, to: s.to, value: s.value, data: s.data.clone() });
    let readable: Vec<_> = plan.figures.iter().filter_map(|figure| figure.read.as_ref().map(|r| (figure, r))).collect();
    let reads = readable.iter().map(|(_, read)| SimulatedCall {
        from,
        to: read.to,
        value: U256::ZERO,
        data: read.data.clone(),
    });
    let calls: Vec<SimulatedCall> = acts.chain(reads).collect();
    let outcomes = simulator.simulate(at, time, &calls).await?;
    if outcomes.len() != calls.len() {
        let message = format!("{} outcomes for {} simulated calls", outcomes.len(), calls.len());
        return Err(ReadError::Malformed(message).into());
    }
    let (acted, answered) = outcomes.split_at(steps.len());
    for (step, outcome) in steps.iter().zip(acted) {
        if !outcome.success {
            let (purpose, data) = (step.purpose.clone(), outcome.output.clone());
            return Err(SimulationError::Reverts { purpose, data, alone: outcome.alone });
        }
    }
    let words = readable
        .iter()
        .zip(answered)
        .map(|((figure, read), answer)| {
            let start = read.word * 32;
            let word = answer.output.get(start..start + 32).filter(|_| answer.success);
            let word = word.map(U256::from_be_slice);
            let word = word.map(|word| if read.pays_gas { word.saturating_add(paid) } else { word });
            word.ok_or_else(|| SimulationError::ShortAnswer(figure.label.clone()))
        })
        .collect::<Result<Vec<U256>, _>>()?;
    let differs = deviations(&plan.figures, &words);
    if outcomes.iter().any(|outcome| outcome.alone) && differs.iter().any(|deviation| !deviation.within) {
        return Err(SimulationError::Alone);
    }
    Ok((acted.iter().map(|outcome| outcome.gas_used).collect(), differs))
}
