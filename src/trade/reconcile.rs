//! What was sent and is in a block, compared with its plan, of loops and perps alike.

use serde::{Deserialize, Serialize};

use crate::{
    chain::{Clock, Endpoints, ReadError, Reader},
    journal::{IntentFilter, IntentId, IntentState, Journal, JournalError, Stamp},
    loops,
    perps::{self, OrderHandle, OrderState, PerpSubject, PerpVenue},
    plan::Plan,
    send::{Finding, SettleError, Settlement, Verdict},
    units::Millis,
};

/// Everything that was brought up to date.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reconciled {
    /// What became of each intent that was not settled.
    pub findings: Vec<Finding>,
    /// What was included and is compared now: prediction beside outcome.
    pub settled: Vec<(IntentId, Settlement)>,
    /// Perp orders that had no answer, as they stand now.
    pub orders: Vec<(OrderHandle, OrderState)>,
    /// Perps that have ended, in words.
    pub ended: Vec<String>,
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
    /// The process's exit code (DESIGN.md §3).
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
    /// How many still keep new actions from being signed.
    #[must_use]
    pub fn open(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_open()).count()
    }

    /// Whether somebody has to say what becomes of one: nobody has seen it, and its nonce is free.
    #[must_use]
    pub fn is_waiting_for_word(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding.verdict, Verdict::NotSeen { .. }))
    }
}

/// Compares every included loop action with its plan and records it. Tells also whether perps have something to be brought
/// up to date, which needs the venue ([`settle_at_venue`]).
pub async fn settle_included(
    journal: &Journal,
    endpoints: &Endpoints,
    clock: &dyn Clock,
    done: &mut Reconciled,
) -> Result<bool, ReconcileError> {
    let filter = IntentFilter { states: vec![IntentState::Mined], ..IntentFilter::default() };
    let mut with_perps = !journal.reader().open_orders()?.is_empty();
    for intent in journal.reader().intents(&filter)? {
        if intent.step + 1 < intent.steps {
            continue;
        }
        let head = Reader::head(endpoints).await?;
        let stamp = Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) };
        let plan = serde_json::from_value::<Plan>(intent.plan).ok();
        if plan.is_some_and(|plan| serde_json::from_value::<PerpSubject>(plan.subject).is_ok()) {
            with_perps = true;
            continue;
        }
        done.settled.push((intent.id, loops::settle(journal, endpoints, intent.id, stamp).await?));
    }
    Ok(with_perps)
}

/// The same for perps: included actions, orders without an answer, positions that the venue has ended.
pub async fn settle_at_venue<V: PerpVenue>(
    journal: &Journal,
    endpoints: &Endpoints,
    venue: &V,
    clock: &dyn Clock,
    done: &mut Reconciled,
) -> Result<(), ReconcileError> {
    let resumed = perps::resume(journal, endpoints, venue, clock).await.map_err(Box::new)?;
    done.settled.extend(resumed.settled);
    done.orders.extend(resumed.orders);
    for (id, ending) in perps::settle_endings(journal, endpoints, venue, clock).await.map_err(Box::new)? {
        done.ended.push(format!("perp {id} has ended ({}) and paid {} USDC", ending.kind, ending.fill.paid));
    }
    Ok(())
}
