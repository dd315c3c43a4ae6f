//! After the chain has spoken: the orders that a transaction placed are recorded, and what it changed by itself is
//! brought into the journal's positions.

use super::{
    ExecuteError, MarginChange, OrderHandle, OrderKind, PerpRequest, PerpSubject, PerpVenue, PositionKey,
    apply::{apply, slot},
    records::{OrderRecord, subject_of},
};
use crate::{
    chain::{BlockRef, Reader},
    journal::{self, IntentId, Journal, JournalError, NewOrder, PerpTerms, Stamp},
    plan::Plan,
    send::{SettleError, Settlement, measure, record},
};

/// Settles a perp intent whose transactions are all included: reads the outcome at the last one's block, records the
/// orders that were placed, and then the outcome beside the prediction. Doing it again records nothing twice, and neither
/// does another task that does it at the same time.
pub async fn settle<R: Reader>(
    journal: &Journal,
    reader: &R,
    venue: &dyn PerpVenue,
    id: IntentId,
    stamp: Stamp,
) -> Result<(Settlement, Vec<OrderHandle>), ExecuteError> {
    let now = (reader.head().await?, stamp);
    let (plan, settlement) = measure(journal, reader, id).await?;
    let subject = subject_of(&plan)?;
    let mut handles = Vec::new();
    for transaction in &settlement.transactions {
        for handle in venue.orders_in(*transaction).await.map_err(ExecuteError::Orders)? {
            let handle = with_slot(handle, &subject.perp);
            record_order(journal, venue, &handle, &subject, id, stamp)?;
            handles.push(handle);
        }
    }
    change_position(journal, venue, &plan, &subject, &settlement, now).await?;
    record(journal, id, &settlement, stamp)?;
    Ok((settlement, handles))
}

/// The event of a close does not name the slot; the request does.
fn with_slot(handle: OrderHandle, request: &PerpRequest) -> OrderHandle {
    match (handle.kind, request) {
        (OrderKind::Close, PerpRequest::Close { position, .. }) => OrderHandle { key: *position, ..handle },
        _ => handle,
    }
}

fn record_order(
    journal: &Journal,
    venue: &dyn PerpVenue,
    handle: &OrderHandle,
    subject: &PerpSubject,
    intent: IntentId,
    stamp: Stamp,
) -> Result<(), ExecuteError> {
    if is_recorded(journal, venue, handle, intent)? {
        return Ok(());
    }
    let signal = match &subject.perp {
        PerpRequest::Open(open) => open.signal.clone(),
        _ => None,
    };
    let position = match handle.kind {
        OrderKind::Close => slot(journal, venue, handle.key)?.map(|position| position.id),
        OrderKind::Open | OrderKind::LimitOpen => None,
    };
    let kept = OrderRecord { handle: handle.clone(), subject: subject.clone() };
    let recorded = journal.record_order(
        &NewOrder {
            venue: venue.name().to_owned(),
            id: handle.id.clone(),
            kind: match handle.kind {
                OrderKind::Open => journal::OrderKind::Open,
                OrderKind::Close => journal::OrderKind::Close,
                OrderKind::LimitOpen => journal::OrderKind::LimitOpen,
            },
            intent: Some(intent),
            position,
            signal,
            predicted: serde_json::to_value(kept).map_err(ExecuteError::Record)?,
        },
        stamp,
    );
    match recorded {
        // Somebody else of this process has settled the same intent meanwhile.
        Err(JournalError::DuplicateOrder { .. }) if is_recorded(journal, venue, handle, intent)? => Ok(()),
        other => Ok(other?),
    }
}

/// Whether the journal has an order as placed by this intent.
fn is_recorded(
    journal: &Journal,
    venue: &dyn PerpVenue,
    handle: &OrderHandle,
    intent: IntentId,
) -> Result<bool, ExecuteError> {
    let known = journal.reader().orders_of_intent(intent)?;
    Ok(known.iter().any(|order| order.venue == venue.name() && order.id == handle.id))
}

/// What the transaction did by itself, without the keeper.
async fn change_position(
    journal: &Journal,
    venue: &dyn PerpVenue,
    plan: &Plan,
    subject: &PerpSubject,
    settlement: &Settlement,
    now: (BlockRef, Stamp),
) -> Result<(), ExecuteError> {
    let (_, stamp) = now;
    let actual = |name: &str| {
        let missing = || ExecuteError::Settle(SettleError::ShortAnswer(format!("{name} of {}", plan.kind)));
        let figure = settlement.figures.iter().find(|figure| figure.name == name);
        figure.map(|figure| figure.actual.raw).ok_or_else(missing)
    };
    match &subject.perp {
        PerpRequest::Margin { position, change: MarginChange::Add(_) | MarginChange::Remove(_) } => {
            let (collateral, leverage, target) = (actual("collateral")?, actual("leverage")?, actual("target")?);
            change_terms(journal, venue, *position, stamp, |terms| PerpTerms { collateral, leverage, target, ..terms })
        }
        PerpRequest::Levels { position, .. } => {
            let (stop, target) = (actual("stop")?, actual("target")?);
            change_terms(journal, venue, *position, stamp, |terms| PerpTerms { stop, target, ..terms })
        }
        PerpRequest::Cancel { order } => {
            let open = journal.reader().open_orders()?;
            let records = open.into_iter().filter(|known| known.venue == venue.name() && !known.paper);
            for known in records {
                let Ok(kept) = serde_json::from_value::<OrderRecord>(known.predicted) else { continue };
                if kept.handle.kind == OrderKind::LimitOpen && kept.handle.key == *order {
                    let state = venue.track(journal.account(), &kept.handle, Some(&kept.subject)).await?;
                    apply(journal, venue, &kept.handle, &state, now).await?;
                }
            }
            Ok(())
        }
        PerpRequest::Open(_) | PerpRequest::Close { .. } => Ok(()),
    }
}

fn change_terms(
    journal: &Journal,
    venue: &dyn PerpVenue,
    key: PositionKey,
    stamp: Stamp,
    change: impl FnOnce(PerpTerms) -> PerpTerms,
) -> Result<(), ExecuteError> {
    if let Some(position) = slot(journal, venue, key)? {
        journal.update_perp(position.id, &change(position.terms), stamp)?;
    }
    Ok(())
}
