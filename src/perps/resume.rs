//! Going on after a restart: what was mined but not recorded, orders without an answer, positions that have ended.

use super::{
    Ending, ExecuteError, OrderHandle, OrderState, PerpSubject, PerpVenue,
    apply::{apply, end},
    execute::now,
    settle,
    settle::OrderRecord,
};
use crate::{
    chain::{Clock, Reader},
    journal::{IntentFilter, IntentId, IntentState, Journal, PositionId},
    plan::Plan,
    send::Settlement,
};

/// What was brought up to date.
#[derive(Debug, Default)]
pub struct Resumed {
    /// Intents that were included but not recorded as done.
    pub settled: Vec<(IntentId, Settlement)>,
    /// Orders that had no answer, as they stand now.
    pub orders: Vec<(OrderHandle, OrderState)>,
}

/// Brings the journal's perp orders up to date with the chain: settles included intents, and looks at every order that
/// has no answer yet. Sends nothing and needs no key; doing it again finds the same.
pub async fn resume<R: Reader, V: PerpVenue>(
    journal: &Journal,
    reader: &R,
    venue: &V,
    clock: &dyn Clock,
) -> Result<Resumed, ExecuteError> {
    let mut resumed = Resumed::default();
    let mined = IntentFilter { states: vec![IntentState::Mined], ..IntentFilter::default() };
    for intent in journal.reader().intents(&mined)? {
        let is_ours = intent.step + 1 >= intent.steps && is_of(&intent.plan, venue.name());
        if is_ours {
            let (settlement, _) = settle(journal, reader, venue, intent.id, now(reader, clock).await?.1).await?;
            resumed.settled.push((intent.id, settlement));
        }
    }
    for order in journal.reader().open_orders()? {
        if order.venue != venue.name() || order.paper {
            continue;
        }
        let kept: OrderRecord = serde_json::from_value(order.predicted).map_err(ExecuteError::Subject)?;
        let state = venue.track(journal.account(), &kept.handle, Some(&kept.subject)).await?;
        apply(journal, venue, &kept.handle, &state, now(reader, clock).await?).await?;
        resumed.orders.push((kept.handle, state));
    }
    Ok(resumed)
}

/// Closes the journal's positions that the venue has ended: by target, stop or liquidation, or closed elsewhere. One that
/// is still in its slot costs two reads; one that is not, a search through events from the block where it was seen last.
pub async fn settle_endings<R: Reader, V: PerpVenue>(
    journal: &Journal,
    reader: &R,
    venue: &V,
    clock: &dyn Clock,
) -> Result<Vec<(PositionId, Ending)>, ExecuteError> {
    let mut ended = Vec::new();
    for position in journal.reader().open_perps()? {
        if position.entry.venue != venue.name() || position.paper {
            continue;
        }
        if let Some(ending) = end(journal, venue, &position, now(reader, clock).await?).await? {
            ended.push((position.id, ending));
        }
    }
    Ok(ended)
}

/// Whether a journalled plan is of a perp action on this venue.
fn is_of(plan: &serde_json::Value, venue: &str) -> bool {
    let plan = serde_json::from_value::<Plan>(plan.clone());
    let subject = plan.ok().and_then(|plan| serde_json::from_value::<PerpSubject>(plan.subject).ok());
    subject.is_some_and(|subject| subject.venue == venue)
}
