//! Carrying a checked loop plan out, and settling it.

use super::settle::settle;
use crate::{
    chain::{Clock, Reader},
    journal::{IntentId, Stamp},
    plan::{Approved, Plan},
    send::{Bid, ChainClient, ExecuteError, Outcome, Sender, Settlement, perform, perform_protective},
    units::Millis,
};

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// How the transactions ended.
    pub outcome: Outcome,
    /// Prediction beside outcome; `None` when not every step went through.
    pub settlement: Option<Settlement>,
}

/// Carries out an approved plan and, when every step went through, records its outcome and the position.
pub async fn execute<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
) -> Result<Report, ExecuteError> {
    let done = perform(sender, clock, approved).await?;
    settled(sender, clock, done).await
}

/// The same for a plan that lowers debt or adds collateral: it takes the place of what is pending and protects nothing, and
/// bids for its own as the attempt that it is ([`Sender::execute_protective`]).
pub async fn execute_protective<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    clock: &dyn Clock,
    approved: Approved<Plan>,
    bid: Bid,
) -> Result<Report, ExecuteError> {
    let done = perform_protective(sender, clock, approved, bid).await?;
    settled(sender, clock, done).await
}

async fn settled<W: ChainClient + Reader>(
    sender: &Sender<W>,
    clock: &dyn Clock,
    (id, outcome): (IntentId, Outcome),
) -> Result<Report, ExecuteError> {
    if !outcome.is_mined() {
        return Ok(Report { outcome, settlement: None });
    }
    let head = Reader::head(sender.wire()).await?;
    let stamp = Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) };
    let settlement = settle(sender.journal(), sender.wire(), id, stamp).await?;
    Ok(Report { outcome, settlement: Some(settlement) })
}
