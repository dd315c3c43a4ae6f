//! Carrying a checked plan out, and following the orders it placed to their end.

use std::time::Duration;

use super::{
    ExecuteError, OrderHandle, OrderKind, OrderState, PerpRequest, PerpSubject, PerpVenue,
    apply::apply,
    compare,
    records::{now, subject_of},
    resume, settle,
};
use crate::{
    chain::{Clock, Reader},
    journal::{IntentId, Journal, JournalReader},
    plan::{Approved, Deviation, Plan},
    send::{ChainClient, Ending, Outcome, Sender, Settlement, perform},
};

/// How long an order is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderPatience {
    /// After this the order stays in the journal as it is, and the next command goes on.
    pub timeout: Duration,
    /// Time between two looks.
    pub poll: Duration,
}

impl Default for OrderPatience {
    /// A keeper fills within seconds; a minute without an answer means that it is away.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), poll: Duration::from_millis(250) }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// How the transactions ended.
    pub outcome: Outcome,
    /// Prediction beside outcome of the transactions; `None` when not every step went through.
    pub settlement: Option<Settlement>,
    /// The orders that were placed and how each ended, or stood at the deadline.
    pub orders: Vec<(OrderHandle, OrderState)>,
    /// Prediction beside fill, of the orders that were filled.
    pub fills: Vec<Deviation>,
}

impl Report {
    /// The program's exit code: 7 while an order's end is not known, 5 when one was cancelled.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let of_orders = self.orders.iter().map(|(order, state)| match state {
            OrderState::Filled(_) => 0,
            OrderState::Cancelled { .. } => 5,
            OrderState::Initiated if order.kind == OrderKind::LimitOpen => 0,
            OrderState::Initiated | OrderState::Unknown { .. } => 7,
        });
        match self.outcome.exit_code() {
            0 => of_orders.max().unwrap_or(0),
            code => code,
        }
    }
}

/// What was sent, with the orders that it placed: their ends are still to come.
#[derive(Debug)]
pub struct Placed {
    outcome: Outcome,
    settlement: Option<Settlement>,
    handles: Vec<OrderHandle>,
    subject: PerpSubject,
}

impl Placed {
    /// How the transactions ended.
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

/// Carries out an approved plan: sends it, records the orders it placed, and follows each to its end or to the deadline.
/// No order is placed while the end of an earlier one is not known; what can be settled of earlier ones is settled first.
pub async fn execute<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    approved: Approved<Plan>,
    patience: OrderPatience,
) -> Result<Report, ExecuteError> {
    let placed = Box::pin(place(sender, venue, clock, approved)).await?;
    Box::pin(follow(sender.journal(), sender.wire(), venue, clock, placed, patience)).await
}

/// The first half of [`execute`]: everything that needs the sender. Its orders are in the journal when it is over, and are
/// found there by whoever comes next, should nobody follow them.
pub async fn place<W: ChainClient + Reader>(
    sender: &mut Sender<W>,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    approved: Approved<Plan>,
) -> Result<Placed, ExecuteError> {
    let subject = subject_of(approved.get())?;
    resume(sender.journal(), sender.wire(), venue, clock).await?;
    if places_order(&subject.perp) {
        require_no_order(sender.journal().reader(), venue)?;
    }
    let (id, outcome) = Box::pin(perform(sender, clock, approved)).await?;
    if !outcome.is_mined() {
        return Ok(Placed { outcome, settlement: None, handles: Vec::new(), subject });
    }
    fail::fail_point!("perps-after-mined");
    let (_, stamp) = now(sender.wire(), clock).await?;
    let (settlement, handles) = settle(sender.journal(), sender.wire(), venue, id, stamp).await?;
    fail::fail_point!("perps-after-recorded");
    Ok(Placed { outcome, settlement: Some(settlement), handles, subject })
}

/// The same for an intent whose transactions are all included already: what it placed is recorded, if nobody has done that,
/// and can be followed.
pub async fn take_up<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    id: IntentId,
) -> Result<Placed, ExecuteError> {
    let plan = journal.reader().intent(id)?.plan;
    let subject = subject_of(&serde_json::from_value(plan).map_err(ExecuteError::Record)?)?;
    let (_, stamp) = now(reader, clock).await?;
    let (settlement, handles) = settle(journal, reader, venue, id, stamp).await?;
    let outcome = Outcome { done: Vec::new(), ending: Ending::Mined };
    Ok(Placed { outcome, settlement: Some(settlement), handles, subject })
}

/// The second half: the orders are followed to their ends or to the deadline, and what they came to is recorded. It needs no
/// sender, so that whoever has one may use it meanwhile.
pub async fn follow<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    placed: Placed,
    patience: OrderPatience,
) -> Result<Report, ExecuteError> {
    let Placed { outcome, settlement, handles, subject } = placed;
    let orders = watch(venue, journal, handles, clock, patience).await;
    let mut fills = Vec::new();
    for (order, state) in &orders {
        let now = now(reader, clock).await?;
        apply(journal, venue, order, state, now).await?;
        if let (OrderState::Filled(fill), Some(forecast)) = (state, &subject.forecast) {
            fills.extend(compare(forecast, fill, &subject.perp));
        }
    }
    fail::fail_point!("perps-after-applied");
    Ok(Report { outcome, settlement, orders, fills })
}

const fn places_order(request: &PerpRequest) -> bool {
    match request {
        PerpRequest::Open(_) | PerpRequest::Close { .. } => true,
        PerpRequest::Margin { .. } | PerpRequest::Levels { .. } | PerpRequest::Cancel { .. } => false,
    }
}

/// A limit order that waits for its price is in nobody's way.
fn require_no_order(reader: &JournalReader, venue: &dyn PerpVenue) -> Result<(), ExecuteError> {
    use crate::journal::{OrderKind as Kind, OrderState as State};
    let open = reader.open_orders()?;
    let waiting: Vec<String> = open
        .into_iter()
        .filter(|order| order.venue == venue.name() && !order.paper)
        .filter(|order| order.kind != Kind::LimitOpen || order.state == State::Unknown)
        .map(|order| order.id)
        .chain(reader.unreadable_orders()?.into_iter().map(|row| format!("{} (cannot be read)", row.id)))
        .collect();
    if waiting.is_empty() { Ok(()) } else { Err(ExecuteError::Pending(waiting)) }
}

/// Looks at each order until it has ended or the deadline is over. An endpoint that fails does not end the following.
async fn watch(
    venue: &dyn PerpVenue,
    journal: &Journal,
    handles: Vec<OrderHandle>,
    clock: &dyn Clock,
    patience: OrderPatience,
) -> Vec<(OrderHandle, OrderState)> {
    let started = clock.monotonic();
    let mut followed = Vec::with_capacity(handles.len());
    for handle in handles {
        let state = loop {
            let state = venue.track(journal.account(), &handle, None).await.unwrap_or_else(|error| {
                tracing::debug!(%error, order = handle.id, "not looked at");
                OrderState::Unknown { reason: error.to_string() }
            });
            let is_resting = handle.kind == OrderKind::LimitOpen && state == OrderState::Initiated;
            let is_over = clock.monotonic().saturating_sub(started) >= patience.timeout;
            if state.is_final() || is_resting || is_over {
                break state;
            }
            tokio::time::sleep(patience.poll).await;
        };
        followed.push((handle, state));
    }
    followed
}
