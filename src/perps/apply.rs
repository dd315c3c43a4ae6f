//! What an order's end makes of the journal's positions. Everything here may be done again after a crash, and by two tasks
//! at the same time: each write is whole, and the second finds that it is done.

use std::time::Duration;

use super::{
    Ending, ExecuteError, Fill, OrderHandle, OrderKind, OrderState, PerpRequest, PerpVenue, PositionKey, Side,
    records::{OpenedRecord, OrderRecord},
};
use crate::{
    chain::{BlockRef, blocks_in},
    journal::{
        self, IntentId, Journal, JournalError, NewPerp, PerpEntry, PerpPosition, PerpSide, PerpTerms, PositionId, Stamp,
    },
    units::Millis,
};

/// Brings an order's state into the journal: the position it opened, made smaller or closed first, then its answer.
pub(super) async fn apply(
    journal: &Journal,
    venue: &dyn PerpVenue,
    handle: &OrderHandle,
    state: &OrderState,
    (head, stamp): (BlockRef, Stamp),
) -> Result<(), ExecuteError> {
    let Some(order) = journal.reader().order(venue.name(), &handle.id)? else { return Ok(()) };
    if order.state.is_final() {
        return Ok(());
    }
    let (answer, reason) = match state {
        OrderState::Initiated => return Ok(()),
        OrderState::Filled(fill) => {
            match handle.kind {
                OrderKind::Open | OrderKind::LimitOpen => opened(journal, venue, &order, fill, (head, stamp)).await?,
                OrderKind::Close => closed(journal, venue, &order, fill, stamp)?,
            }
            (journal::OrderState::Filled, None)
        }
        OrderState::Cancelled { reason, .. } => (journal::OrderState::Cancelled, Some(reason.to_string())),
        OrderState::Unknown { reason } => (journal::OrderState::Unknown, Some(reason.clone())),
    };
    let actual = serde_json::to_value(state).map_err(ExecuteError::Record)?;
    let actual = answer.is_final().then_some(&actual);
    match journal.resolve_order(venue.name(), &handle.id, answer, reason.as_deref(), actual, stamp) {
        // Another task has recorded the same end meanwhile; of what it could tell about it the first word stays.
        Err(JournalError::OtherAnswer { from, to, .. }) if from.is_final() && (from == to || !to.is_final()) => Ok(()),
        other => Ok(other?),
    }
}

/// The journal's open position in a slot.
pub(super) fn slot(
    journal: &Journal,
    venue: &dyn PerpVenue,
    key: PositionKey,
) -> Result<Option<PerpPosition>, ExecuteError> {
    Ok(journal.reader().open_perp_at(venue.name(), key.as_str())?)
}

async fn opened(
    journal: &Journal,
    venue: &dyn PerpVenue,
    order: &journal::Order,
    fill: &Fill,
    (head, stamp): (BlockRef, Stamp),
) -> Result<(), ExecuteError> {
    let kept: OrderRecord = serde_json::from_value(order.predicted.clone()).map_err(ExecuteError::Record)?;
    let (PerpRequest::Open(request), Some(intent)) = (&kept.subject.perp, order.intent) else { return Ok(()) };
    if let Some(there) = slot(journal, venue, fill.key)? {
        if there.entry.opened_order.as_deref() == Some(&order.id) {
            return Ok(());
        }
        // The slot was emptied without our seeing it; only then could the venue fill it again.
        end(journal, venue, &there, (head, stamp)).await?;
    }
    let (stop, target) = match &kept.subject.forecast {
        Some(super::Forecast::Open(forecast)) => (forecast.stop.0, forecast.target.0),
        _ => Default::default(),
    };
    let record = OpenedRecord { subject: kept.subject.clone(), fill: fill.clone() };
    let outlook = request.outlook;
    let new = NewPerp {
        // From the fill alone, so that doing it again gives the same name.
        id: PositionId::derive(
            Millis(fill.at.0.saturating_mul(1_000)),
            format!("{} {}", order.venue, order.id).as_bytes(),
        ),
        paper: false,
        entry: PerpEntry {
            venue: order.venue.clone(),
            pair: request.pair.clone(),
            key: fill.key.to_string(),
            side: match fill.side {
                Side::Long => PerpSide::Long,
                Side::Short => PerpSide::Short,
            },
            margin: request.margin.0,
            entry_price: fill.price.0,
            opened_order: Some(order.id.clone()),
            signal: request.signal.clone(),
            drift: outlook.map(|outlook| outlook.drift),
            confidence: outlook.map(|outlook| outlook.confidence),
            half_life_s: outlook.and_then(|outlook| outlook.half_life),
            predicted: serde_json::to_value(record).map_err(ExecuteError::Record)?,
        },
        terms: PerpTerms {
            collateral: fill.collateral.0,
            leverage: fill.leverage.0,
            stop,
            // The venue moves a target that was left out with the fill's price.
            target: if fill.target.0.is_zero() { target } else { fill.target.0 },
            guard_uses: 0,
        },
    };
    match journal.open_perp(&new, intent, stamp) {
        // Another task has recorded the same fill meanwhile.
        Err(JournalError::DuplicatePosition(_)) => Ok(()),
        Err(JournalError::PerpIsOpen(there)) if opened_by(journal, there, &order.id)? => Ok(()),
        other => Ok(other?),
    }
}

/// Whether a position of the journal came from this order.
fn opened_by(journal: &Journal, position: PositionId, order: &str) -> Result<bool, ExecuteError> {
    let known = journal.reader().perp(position)?;
    Ok(known.is_some_and(|known| known.entry.opened_order.as_deref() == Some(order)))
}

/// Closes a position; one that another task has closed meanwhile stays as that wrote it. Answers whether it was this.
fn close_once(
    journal: &Journal,
    position: PositionId,
    by: Option<IntentId>,
    ending: &Ending,
    stamp: Stamp,
) -> Result<bool, ExecuteError> {
    let realised = serde_json::to_value(ending).map_err(ExecuteError::Record)?;
    match journal.close_position(position, by, &realised, stamp) {
        Ok(()) => Ok(true),
        Err(JournalError::UnknownPosition(_)) if journal.reader().perp(position)?.is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn closed(
    journal: &Journal,
    venue: &dyn PerpVenue,
    order: &journal::Order,
    fill: &Fill,
    stamp: Stamp,
) -> Result<(), ExecuteError> {
    // A position that this journal does not have was opened elsewhere; the order says all there is to say.
    let Some(position) = slot(journal, venue, fill.key)? else { return Ok(()) };
    if fill.left.0.is_zero() {
        let ending = Ending { kind: super::EndKind::Closed, fill: fill.clone(), order: order.id.parse().ok() };
        close_once(journal, position.id, order.intent, &ending, stamp)?;
        return Ok(());
    }
    journal.update_perp(position.id, &PerpTerms { collateral: fill.left.0, ..position.terms }, stamp)?;
    Ok(())
}

/// Blocks before the newest one from which a later look starts again: what was seen in these may still be replaced.
pub(super) const REPLACEABLE: u64 = blocks_in(Duration::from_secs(64));
/// Blocks that a chain may have made beyond Base's cadence, for a position whose first block is not known.
const BLOCK_MARGIN: u64 = blocks_in(Duration::from_secs(2_000));

/// Closes a position in the journal that the chain says has ended; tells how. `None` while it is open: then that it was
/// is remembered, so that the next look starts there.
pub(super) async fn end(
    journal: &Journal,
    venue: &dyn PerpVenue,
    position: &PerpPosition,
    (head, stamp): (BlockRef, Stamp),
) -> Result<Option<Ending>, ExecuteError> {
    let key = PositionKey::recorded(&position.entry)?;
    let since = open_at(position, head);
    if let Some(ending) = venue.ending(journal.account(), key, since).await? {
        return Ok(close_once(journal, position.id, None, &ending, stamp)?.then_some(ending));
    }
    let seen = head.number.saturating_sub(REPLACEABLE);
    if seen > since {
        match journal.see_perp(position.id, seen) {
            // Closed meanwhile.
            Err(JournalError::UnknownPosition(_)) => {}
            other => other?,
        }
    }
    Ok(None)
}

/// A block at which the position was open, the newest that is known: where it was seen, where it was filled, or, for one
/// that was opened elsewhere, a block that cannot be after its adoption.
fn open_at(position: &PerpPosition, head: BlockRef) -> u64 {
    let filled = serde_json::from_value::<OpenedRecord>(position.entry.predicted.clone());
    let filled = filled.ok().map(|record| record.fill.block);
    filled.max(position.seen_block).unwrap_or_else(|| {
        let age = Duration::from_secs(head.timestamp.0.saturating_sub(position.opened.block_time.0));
        head.number.saturating_sub(blocks_in(age)).saturating_sub(BLOCK_MARGIN)
    })
}
