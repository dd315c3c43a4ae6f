//! Going on after a restart, and while a daemon runs: what was mined but not recorded, orders without an answer, positions
//! that have ended.

use std::collections::BTreeMap;

use super::{
    EndKind, Ending, ExecuteError, OrderHandle, OrderState, PerpSubject, PerpVenue,
    apply::{REPLACEABLE, apply, end},
    records::{OrderRecord, now},
    settle,
};
use crate::{
    chain::{Clock, Reader},
    journal::{
        Event, IntentFilter, IntentId, IntentState, Journal, JournalError, JournalReader, Order, OrderKind, PerpEntry,
        PerpPosition, Severity, Stamp,
    },
    plan::Plan,
    send::Settlement,
    units::Millis,
};

/// What was brought up to date.
#[derive(Debug, Default)]
pub struct Resumed {
    /// Intents that were included but not recorded as done.
    pub settled: Vec<(IntentId, Settlement)>,
    /// Orders that had no answer, as they stand now.
    pub orders: Vec<(OrderHandle, OrderState)>,
}

/// Up to which block each order was seen to wait: whoever looks again and again starts there. The default starts where the
/// orders were placed.
#[derive(Debug, Default)]
pub struct Looked(BTreeMap<String, u64>);

/// Brings the journal's perp orders up to date with the chain: settles included intents, and looks at every order that
/// has no answer yet. Sends nothing and needs no key; doing it again finds the same.
///
/// What fails does not keep the rest: the first error comes back when everything was tried.
pub async fn resume<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
) -> Result<Resumed, ExecuteError> {
    resume_from(journal, reader, venue, clock, &mut Looked::default()).await
}

/// The same for one who looks again and again.
pub async fn resume_from<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    looked: &mut Looked,
) -> Result<Resumed, ExecuteError> {
    let mut resumed = Resumed::default();
    let mut failed = None;
    let mined = IntentFilter { states: vec![IntentState::Mined], ..IntentFilter::default() };
    for intent in journal.reader().intents(&mined)?.into_iter().rev() {
        let is_ours = intent.step + 1 >= intent.steps && is_of(&intent.plan, venue.name());
        if !is_ours {
            continue;
        }
        let settled = async { settle(journal, reader, venue, intent.id, now(reader, clock).await?.1).await };
        match settled.await {
            Ok((settlement, _)) => resumed.settled.push((intent.id, settlement)),
            Err(error) => keep(&mut failed, error),
        }
    }
    let open = open_orders(journal.reader(), venue.name())?;
    looked.0.retain(|id, _| open.iter().any(|order| order.id == *id));
    for order in open {
        match look_at(journal, reader, venue, clock, order, looked).await {
            Ok(seen) => resumed.orders.push(seen),
            Err(error) => keep(&mut failed, error),
        }
    }
    failed.map_or(Ok(resumed), Err)
}

/// The journal's orders on a venue that have no answer; those of practice are not there.
fn open_orders(reader: &JournalReader, venue: &str) -> Result<Vec<Order>, JournalError> {
    let open = reader.open_orders()?;
    Ok(open.into_iter().filter(|order| order.venue == venue && !order.paper).collect())
}

fn keep(failed: &mut Option<ExecuteError>, error: ExecuteError) {
    tracing::debug!(%error, "not brought up to date");
    failed.get_or_insert(error);
}

async fn look_at<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    order: Order,
    looked: &mut Looked,
) -> Result<(OrderHandle, OrderState), ExecuteError> {
    let kept: OrderRecord = serde_json::from_value(order.predicted).map_err(ExecuteError::Record)?;
    // The head first: what waits when it is asked about has not ended up to there.
    let at = now(reader, clock).await?;
    let since = looked.0.get(&order.id).copied().unwrap_or_default().max(kept.handle.block);
    let from = OrderHandle { block: since, ..kept.handle.clone() };
    let state = venue.track(journal.account(), &from, Some(&kept.subject)).await?;
    if state == OrderState::Initiated {
        looked.0.insert(order.id, at.0.number.saturating_sub(REPLACEABLE));
    }
    apply(journal, venue, &kept.handle, &state, at).await?;
    Ok((kept.handle, state))
}

/// Closes the journal's positions that the venue has ended: by target, stop or liquidation, or closed elsewhere; `tell`
/// hears of each as soon as it is recorded. One that is still in its slot costs two reads; one that is not, a search through
/// events from the block where it was seen last. A position that an order of the journal closes is left to the order's own
/// end.
///
/// What fails does not keep the rest: the first error comes back when everything was tried.
pub async fn settle_endings<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    clock: &dyn Clock,
    mut tell: impl FnMut(&PerpPosition, &Ending),
) -> Result<(), ExecuteError> {
    let mut failed = None;
    let closing =
        open_orders(journal.reader(), venue.name())?.into_iter().filter(|order| order.kind == OrderKind::Close);
    let closing: Vec<_> = closing.filter_map(|order| order.position).collect();
    for position in journal.reader().open_perps()? {
        if position.entry.venue != venue.name() || position.paper || closing.contains(&position.id) {
            continue;
        }
        let ended = async { end(journal, venue, &position, now(reader, clock).await?).await };
        match ended.await {
            Ok(Some(ending)) => tell(&position, &ending),
            Ok(None) => {}
            Err(error) => keep(&mut failed, error),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// How a position came to its end, for people.
#[must_use]
pub fn ended_words(position: &PerpPosition, ending: &Ending) -> String {
    let PerpEntry { side, pair, key, .. } = &position.entry;
    let (id, Ending { kind, fill, .. }) = (position.id, ending);
    format!("perp {id} ({side} {pair} {key}) has ended ({kind}) at {} and paid {} USDC", fill.price, fill.paid)
}

/// The same for the journal: liquidation is what somebody should look at.
#[must_use]
pub fn ended_event(position: &PerpPosition, ending: &Ending, wall: Millis) -> Event {
    Event {
        severity: match ending.kind {
            EndKind::Liquidation => Severity::Alert,
            _ => Severity::Warning,
        },
        kind: "perp-ended".to_owned(),
        reason: ended_words(position, ending),
        figures: serde_json::to_value(ending).unwrap_or_default(),
        intent: None,
        position: Some(position.id),
        saga: None,
        at: Stamp { wall, block_time: ending.fill.at },
    }
}

/// Whether a journalled plan is of a perp action on this venue.
fn is_of(plan: &serde_json::Value, venue: &str) -> bool {
    let plan = serde_json::from_value::<Plan>(plan.clone());
    let plan = plan.ok().filter(|plan| plan.kind.starts_with("perp "));
    let subject = plan.and_then(|plan| plan.subject.read_perp::<PerpSubject>().ok());
    subject.is_some_and(|subject| subject.venue == venue)
}
