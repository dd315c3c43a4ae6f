//! An action audited and carried out by the room that planned it.

use alloy::primitives::U256;

use super::{PlanKind, UnknownKind, added_risk};
use crate::{
    chain::{Clock, Reader},
    dex::Exchanges,
    journal::Stamp,
    loops,
    perps::{self, Interest, OrderHandle, OrderPatience, OrderState, PerpError, PerpRequest, PerpVenue, Placed},
    plan::{Approved, Deviation, Plan},
    send::{ChainClient, ExecuteError, Outcome, Sender, Settlement, measure, perform, record},
    units::Millis,
};

/// Why an action was not carried out, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// No room knows it.
    #[error(transparent)]
    Unknown(#[from] UnknownKind),
    /// It is not what its kind of action sends.
    #[error("the plan is not what its action sends: {0}")]
    Audit(String),
    /// The venue could not be read, to hold the plan against it.
    #[error(transparent)]
    Venue(#[from] PerpError),
    /// A perp action, and no venue.
    #[error("no perp venue is known here")]
    NoVenue,
    /// It was not sent, or not to the end of its last transaction.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The same at the perp venue.
    #[error(transparent)]
    Perp(#[from] perps::ExecuteError),
}

impl ActionError {
    /// The process's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Unknown(_) | Self::Audit(_) => 4,
            Self::NoVenue => 3,
            Self::Venue(error) => error.exit_code(),
            Self::Execute(error) => error.exit_code(),
            Self::Perp(error) => error.exit_code(),
        }
    }
}

/// What came of an action.
#[derive(Debug)]
pub struct Done {
    /// How the transactions ended.
    pub outcome: Outcome,
    /// Prediction beside outcome; `None` when not every step went through.
    pub settlement: Option<Settlement>,
    /// Orders at the perp venue, and how each ended or stood at the deadline.
    pub orders: Vec<(OrderHandle, OrderState)>,
    /// Prediction beside fill, of the orders that were filled.
    pub fills: Vec<Deviation>,
    exit: u8,
}

impl Done {
    /// An action that placed no orders.
    #[must_use]
    pub fn of(outcome: Outcome, settlement: Option<Settlement>) -> Self {
        Self { exit: outcome.exit_code(), outcome, settlement, orders: Vec::new(), fills: Vec::new() }
    }

    /// The process's exit code: 7 while an order's end is not known, 5 when one was cancelled.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.exit
    }
}

impl From<perps::Report> for Done {
    fn from(report: perps::Report) -> Self {
        let exit = report.exit_code();
        let perps::Report { outcome, settlement, orders, fills } = report;
        Self { outcome, settlement, orders, fills, exit }
    }
}

/// What was sent: over, or with orders at the venue whose ends are waited for without the sender.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Sent {
    /// There is nothing to wait for.
    Over(Done),
    /// Orders were placed, or may have been.
    Placed(Placed),
}

/// Refuses a plan whose transactions are not what an action of its kind would send now: a plan that comes from a file or
/// from another process is somebody's text.
pub async fn audit(plan: &Plan, venue: Option<&dyn PerpVenue>, gas_price: U256) -> Result<PlanKind, ActionError> {
    let kind = PlanKind::of(plan)?;
    // What claims to protect a loop is not called away for a trim, and a trim does not take its place.
    let protects = matches!(kind, PlanKind::Loop(_)) && added_risk(plan, &kind).is_none();
    if plan.urgency.is_protective() && !protects {
        let reason = format!("its urgency `{}` is for what protects a loop", plan.urgency.name());
        return Err(ActionError::Audit(reason));
    }
    match &kind {
        PlanKind::Loop(_) | PlanKind::Revocation => {
            loops::audit(plan, &Exchanges::default()).map_err(|error| ActionError::Audit(error.to_string()))?;
        }
        PlanKind::Perp(subject) => {
            let venue = venue.ok_or(ActionError::NoVenue)?;
            let marks = match &subject.perp {
                PerpRequest::Open(open) => vec![open.pair.clone()],
                _ => Vec::new(),
            };
            let snapshot = venue.snapshot(plan.owner, &Interest { marks, ..Interest::default() }).await?;
            venue.audit(plan, &snapshot, gas_price).map_err(|error| ActionError::Audit(error.to_string()))?;
        }
    }
    Ok(kind)
}

/// Carries out an approved plan to the end of its last transaction and records the outcome; the orders that it placed are
/// recorded and not waited for.
pub async fn send<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    venue: Option<&dyn PerpVenue>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
) -> Result<Sent, ActionError> {
    Ok(match PlanKind::of(approved.get())? {
        PlanKind::Loop(_) => {
            let loops::Report { outcome, settlement } = Box::pin(loops::execute(sender, clock, approved)).await?;
            Sent::Over(Done::of(outcome, settlement))
        }
        PlanKind::Revocation => {
            let (outcome, settlement) = Box::pin(revoke(sender, clock, approved)).await?;
            Sent::Over(Done::of(outcome, settlement))
        }
        PlanKind::Perp(_) => {
            let venue = venue.ok_or(ActionError::NoVenue)?;
            Sent::Placed(Box::pin(perps::place(sender, venue, clock, approved)).await?)
        }
    })
}

/// The same, and its orders are followed to their ends or to the deadline.
pub async fn execute<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    venue: Option<&dyn PerpVenue>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
    patience: OrderPatience,
) -> Result<Done, ActionError> {
    match send(sender, venue, clock, approved).await? {
        Sent::Over(done) => Ok(done),
        Sent::Placed(placed) => {
            let venue = venue.ok_or(ActionError::NoVenue)?;
            let report = perps::follow(sender.journal(), sender.wire(), venue, clock, placed, patience).await?;
            Ok(report.into())
        }
    }
}

/// Takes approvals back; what is left of them is read and recorded.
async fn revoke<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
) -> Result<(Outcome, Option<Settlement>), ExecuteError> {
    let (id, outcome) = perform(sender, clock, approved).await?;
    if !outcome.is_mined() {
        return Ok((outcome, None));
    }
    let head = Reader::head(sender.wire()).await?;
    let stamp = Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) };
    let (_, settlement) = measure(sender.journal(), sender.wire(), id).await?;
    record(sender.journal(), id, &settlement, stamp)?;
    Ok((outcome, Some(settlement)))
}
