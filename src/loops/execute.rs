//! Carrying a checked plan out: permits signed, exact simulation, sending, settlement.

use super::settle::{SettleError, Settlement, settle};
use crate::{
    chain::{Clock, ReadError, Reader},
    journal::{IdError, Stamp},
    loops::BLOCK_TIME,
    plan::{Approved, PermitRequest, Plan, SimulationError, simulate},
    send::{Ending, Outcome, SendError, Sender, Wire, permits_in_force, sign_permits},
    units::Millis,
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

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// How the transactions ended.
    pub outcome: Outcome,
    /// Prediction beside outcome; `None` when not every step went through.
    pub settlement: Option<Settlement>,
}

/// Carries out an approved plan. A permit that somebody else has already used is left out: what it grants is in force.
pub async fn execute<W: Wire + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
) -> Result<Report, ExecuteError> {
    let plan = approved.get();
    let id = plan.id.parse()?;
    sender.require_resolved()?;
    let head = Reader::head(sender.wire()).await?;
    let time = head.timestamp.plus(BLOCK_TIME);
    if time > plan.valid_until {
        return Err(SendError::Expired { valid_until: plan.valid_until, now: time }.into());
    }
    let permits = sign_permits(sender.signer(), plan).await?;
    let requests: Vec<&PermitRequest> = plan.permits().collect();
    let granted = permits_in_force(sender.wire(), &requests, head).await?;
    let omit = |request: &PermitRequest| granted.contains(&request.digest());
    let simulated = simulate(sender.wire(), approved, &permits, omit, head, time).await?;
    let outcome = sender.execute(simulated, &permits).await?;
    let settlement = match outcome.ending {
        Ending::Mined => {
            let head = Reader::head(sender.wire()).await?;
            let stamp = Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) };
            Some(settle(sender.journal(), sender.wire(), id, stamp).await?)
        }
        _ => None,
    };
    Ok(Report { outcome, settlement })
}
