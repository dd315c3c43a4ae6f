//! What was sent and is in a block, compared with its plan by the room that planned it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlanKind;
use crate::{
    chain::{Clock, Endpoints, ReadError, Reader},
    journal::{Intent, IntentFilter, IntentId, IntentState, Journal, JournalError, JournalReader, PerpPosition, Stamp},
    loops,
    perps::{self, Ending, OrderHandle, OrderState, PerpVenue, ended_event},
    send::{Finding, SettleError, Settlement, Verdict, measure, record},
    units::Millis,
};

/// Everything that was brought up to date.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Reconciled {
    /// What became of each intent that was not settled.
    pub findings: Vec<Finding>,
    /// What was included and is compared now: prediction beside outcome.
    pub settled: Vec<(IntentId, Settlement)>,
    /// Perp orders that had no answer, as they stand now.
    pub orders: Vec<(OrderHandle, OrderState)>,
    /// Perps that have ended, in words.
    pub ended: Vec<String>,
    /// What is included and stays as it is, because nobody here can settle it.
    #[serde(default)]
    pub left: Vec<Left>,
}

/// An included action that is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Left {
    /// Its intent.
    pub intent: IntentId,
    /// What it calls itself.
    pub kind: String,
    /// Why nobody settles it.
    pub reason: String,
}

impl Left {
    /// One sentence for people.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {} is included and not settled: {}", self.kind, self.intent, self.reason)
    }
}

/// Why not everything could be brought up to date; doing it again goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The chain.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An outcome could not be recorded.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// Orders could not be looked up.
    #[error(transparent)]
    Perp(#[from] Box<perps::ExecuteError>),
}

impl ReconcileError {
    /// The process's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Journal(error) => error.exit_code(),
            Self::Read(error) | Self::Settle(SettleError::Read(error)) => error.exit_code(),
            Self::Settle(SettleError::Journal(error)) => error.exit_code(),
            Self::Settle(_) => 1,
            Self::Perp(error) => error.exit_code(),
        }
    }
}

impl Reconciled {
    /// How many still keep new actions from being signed, or were never compared.
    #[must_use]
    pub fn open(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_open()).count().saturating_add(self.left.len())
    }

    /// Whether somebody has to say what becomes of one: nobody has seen it, and its nonce is free.
    #[must_use]
    pub fn is_waiting_for_word(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding.verdict, Verdict::NotSeen { .. }))
    }
}

/// Compares every included action with its plan and records it, but for those at the perp venue. Tells also whether the
/// venue has something to be brought up to date ([`settle_at_venue`]): actions, orders without an answer, open positions.
///
/// One that cannot be settled does not keep the others: the first error comes back when all were tried.
pub async fn settle_included<R: Reader>(
    journal: &Journal,
    reader: &R,
    clock: &dyn Clock,
    done: &mut Reconciled,
) -> Result<bool, ReconcileError> {
    let mut needs_venue = has_perps(journal.reader())?;
    let mut failed = None;
    for intent in included(journal.reader())? {
        match PlanKind::of_intent(&intent) {
            Ok(PlanKind::Perp(_)) => needs_venue = true,
            Ok(kind) => match settle(journal, reader, clock, intent.id, &kind).await {
                Ok(settlement) => done.settled.push((intent.id, settlement)),
                Err(error) => {
                    tracing::warn!(intent = %intent.id, kind = intent.kind, %error, "not settled");
                    failed.get_or_insert(error);
                }
            },
            Err(unknown) => {
                let left = Left { intent: intent.id, kind: intent.kind, reason: unknown.to_string() };
                tracing::warn!("{}", left.words());
                done.left.push(left);
            }
        }
    }
    failed.map_or(Ok(needs_venue), Err)
}

/// What is in a block to its last step and not compared yet, oldest first.
fn included(reader: &JournalReader) -> Result<Vec<Intent>, JournalError> {
    let mined = IntentFilter { states: vec![IntentState::Mined], ..IntentFilter::default() };
    let whole = reader.intents(&mined)?.into_iter().filter(|intent| intent.step + 1 >= intent.steps);
    Ok(whole.rev().collect())
}

/// Whether the journal follows anything at the venue; practice is not there.
fn has_perps(reader: &JournalReader) -> Result<bool, JournalError> {
    let order = reader.open_orders()?.iter().any(|order| !order.paper);
    Ok(order || reader.open_perps()?.iter().any(|position| !position.paper))
}

async fn settle<R: Reader>(
    journal: &Journal,
    reader: &R,
    clock: &dyn Clock,
    id: IntentId,
    kind: &PlanKind,
) -> Result<Settlement, ReconcileError> {
    let head = reader.head().await?;
    let stamp = Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) };
    if let PlanKind::Loop(_) = kind {
        return Ok(loops::settle(journal, reader, id, stamp).await?);
    }
    let (_, settlement) = measure(journal, reader, id).await?;
    record(journal, id, &settlement, stamp)?;
    Ok(settlement)
}

/// The same for perps: included actions, orders without an answer, positions that the venue has ended.
pub async fn settle_at_venue(
    journal: &Journal,
    endpoints: &Endpoints,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    done: &mut Reconciled,
) -> Result<(), ReconcileError> {
    let resumed = perps::resume(journal, endpoints, venue, clock).await.map_err(Box::new)?;
    done.settled.extend(resumed.settled);
    done.orders.extend(resumed.orders);
    let mut unwritten = None;
    let tell = |position: &PerpPosition, ending: &Ending| {
        let event = ended_event(position, ending, Millis(clock.wall_millis()));
        done.ended.push(event.reason.clone());
        unwritten = journal.append_event(&event).err().or(unwritten.take());
    };
    perps::settle_endings(journal, endpoints, venue, clock, tell).await.map_err(Box::new)?;
    unwritten.map_or(Ok(()), |error| Err(error.into()))
}
