//! Carrying a checked plan out: permits signed, exact simulation, sending.

use super::{
    Bid, ChainClient, Ending, Outcome, SendError, Sender, permits_in_force, settlement::SettleError, sign_permits,
};
use crate::{
    chain::{BlockRef, Clock, ReadError, Reader},
    journal::{IdError, IntentId},
    plan::{Approved, PermitRequest, Plan, SignedPermits, Simulated, SimulationError, check, simulate},
    units::{Millis, Secs},
};

/// Why an action was not carried out, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// Nothing was signed.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The exact call data would not do what was planned; only permits were signed.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The chain did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It went through, but its outcome is not recorded yet.
    #[error("the action went through, but its outcome could not be recorded: {0}; run `trimtab journal reconcile`")]
    Settle(#[from] SettleError),
    /// The plan has no usable id.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl ExecuteError {
    /// The program's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Send(error) => error.exit_code(),
            Self::Simulation(SimulationError::Read(error)) | Self::Read(error) => error.exit_code(),
            Self::Simulation(SimulationError::OffPlan(_)) => 4,
            Self::Simulation(SimulationError::Alone) => 6,
            Self::Simulation(_) => 5,
            Self::Settle(_) => 7,
            Self::Id(_) => 1,
        }
    }
}

/// Carries out an approved plan to the end of its last transaction; what became of it is then settled by the room that
/// planned it. A permit that somebody else has already used is left out: what it grants is in force. Where that happened in
/// the very block that held ours, ours reverted: it is done once more, without that permit, as an intent of its own.
///
/// Gives the id of the intent that came to that outcome.
pub async fn perform<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
) -> Result<(IntentId, Outcome), ExecuteError> {
    Box::pin(carry_out(sender, clock, approved, None)).await
}

/// The same for a plan that lowers debt or adds collateral: it takes the place of what is pending and protects nothing, and
/// bids for its own as the attempt that it is ([`Sender::execute_protective`]).
pub async fn perform_protective<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
    bid: Bid,
) -> Result<(IntentId, Outcome), ExecuteError> {
    Box::pin(carry_out(sender, clock, approved, Some(bid))).await
}

async fn carry_out<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
    protective: Option<Bid>,
) -> Result<(IntentId, Outcome), ExecuteError> {
    let plan = approved.get().clone();
    // Long chains of calls each: on the heap they do not add up on the stack.
    let (id, outcome) = Box::pin(attempt(sender, approved, protective)).await?;
    let Some(rest) = front_run(sender, clock, plan, &outcome).await else { return Ok((id, outcome)) };
    tracing::warn!(intent = rest.get().id, "a permit was used by somebody else first; once more without it");
    match Box::pin(attempt(sender, rest, protective.map(Bid::next))).await {
        Ok(again) => Ok(again),
        Err(error) => {
            tracing::warn!(%error, "not done once more");
            Ok((id, outcome))
        }
    }
}

async fn attempt<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    approved: Approved<Plan>,
    protective: Option<Bid>,
) -> Result<(IntentId, Outcome), ExecuteError> {
    let plan = approved.get();
    let id = plan.id.parse()?;
    if protective.is_some() {
        sender.make_way().await?;
    } else {
        sender.require_resolved()?;
    }
    // What protects was planned on a head that has just come: it is held against a newer one with everything else, if there is
    // one. What can wait was shown and confirmed meanwhile: it is simulated on the block that it is signed for.
    let (head, look) = match protective {
        Some(_) => (plan.block, None),
        None => {
            let look = sender.look().await?;
            (look.head(), Some(look))
        }
    };
    let time = head.next_timestamp();
    if time > plan.valid_until {
        return Err(SendError::Expired { valid_until: plan.valid_until, now: time }.into());
    }
    let permits = sign_permits(sender.signer(), plan).await?;
    let simulation = Box::pin(first_simulation(sender.wire(), approved, &permits, (head, time)));
    // A look that fails is taken again by the sender; what others pay is remembered for it.
    let beside = async {
        let look = async {
            match look {
                Some(look) => Some(look),
                None => sender.look().await.ok(),
            }
        };
        tokio::join!(look, sender.wire().fee_market(head)).0
    };
    let (simulated, look) = tokio::join!(simulation, beside);
    let simulated = simulated?;
    let outcome = match protective {
        Some(bid) => Box::pin(sender.protect(simulated, &permits, bid, look)).await?,
        None => Box::pin(sender.carry_on(simulated, &permits, look)).await?,
    };
    Ok((id, outcome))
}

/// The exact call data on a block. A permit that somebody else has used by then is left out; whether one is, is asked side by
/// side with the simulation of all.
async fn first_simulation<W: ChainClient>(
    wire: &W,
    approved: Approved<Plan>,
    permits: &SignedPermits,
    (head, time): (BlockRef, Secs),
) -> Result<Simulated<Approved<Plan>>, ExecuteError> {
    let plan = approved.get();
    let requests: Vec<&PermitRequest> = plan.permits().collect();
    // None is in force on the state that asked for it.
    let asked = if head == plan.block { &[][..] } else { &requests };
    let (all, granted) = tokio::join!(
        simulate(wire, approved.clone(), permits, |_| false, head, time),
        permits_in_force(wire, asked, head),
    );
    let granted = granted?;
    if granted.is_empty() {
        return Ok(all?);
    }
    let omit = |request: &PermitRequest| granted.contains(&request.digest());
    Ok(simulate(wire, approved.clone(), permits, omit, head, time).await?)
}

/// What is left of a plan whose transaction reverted because one of its permits was in force already.
async fn front_run<W: ChainClient + Reader>(
    sender: &Sender<W>,
    clock: &dyn Clock,
    plan: Plan,
    outcome: &Outcome,
) -> Option<Approved<Plan>> {
    let Ending::Reverted { .. } = outcome.ending else { return None };
    let done = outcome.done.len();
    let head = Reader::head(sender.wire()).await.ok()?;
    let requests: Vec<&PermitRequest> = plan.steps.iter().skip(done).flat_map(|step| step.data.permits()).collect();
    if permits_in_force(sender.wire(), &requests, head).await.ok()?.is_empty() {
        return None;
    }
    let id = IntentId::derive(Millis(clock.wall_millis()), plan.id.as_bytes()).to_string();
    let steps = plan.steps.iter().skip(done).cloned().collect();
    let network = plan.network.clone();
    check(Plan { id, steps, ..plan }, &network, head.timestamp).ok()
}
