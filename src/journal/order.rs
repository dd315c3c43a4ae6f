//! Orders on a venue: asked for in our transaction, answered in somebody else's (avantis-v1.md §4).

use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, named_params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    DamagedRow, IntentId, Journal, JournalError, JournalReader, OrderState, PositionId, Stamp,
    column::{Json, Text, words},
    damage::{self, Listed, listed},
    error::Fault,
    intent_row, signal,
};

words! {
    /// What an order does.
    pub enum OrderKind {
        /// Opens a position at the market.
        Open = "open",
        /// Closes a position, or part of it, at the market.
        Close = "close",
        /// Opens a position when the price is reached.
        LimitOpen = "limit-open",
        /// Ends a position by its stop, its target or its liquidation.
        Trigger = "trigger",
    }
}

/// An order to be recorded as initiated.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The venue with its generation, such as `avantis-v1`.
    pub venue: String,
    /// The venue's number of a market order; `limit:PAIR:INDEX` for a limit order. Those of practice start with
    /// `paper:`, so that they never stand in the way of a real one.
    pub id: String,
    /// What it does.
    pub kind: OrderKind,
    /// The intent whose transaction placed it; a trigger has none.
    pub intent: Option<IntentId>,
    /// The position it changes or ends. An opening order has none until [`Journal::open_perp`] names it.
    pub position: Option<PositionId>,
    /// The signal it was placed for.
    pub signal: Option<String>,
    /// What the plan says its fill will be.
    pub predicted: Value,
}

/// An order as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Order {
    #[serde(skip)]
    row: i64,
    /// The venue with its generation.
    pub venue: String,
    /// Its name there.
    pub id: String,
    /// Practice without transactions: its id starts with `paper:`.
    pub paper: bool,
    /// What it does.
    pub kind: OrderKind,
    /// The intent whose transaction placed it.
    pub intent: Option<IntentId>,
    /// The position it opened, changes or ends.
    pub position: Option<PositionId>,
    /// The signal it was placed for.
    pub signal: Option<String>,
    /// How far it has come.
    pub state: OrderState,
    /// Why it was cancelled or is unknown.
    pub reason: Option<String>,
    /// What the plan says its fill will be.
    pub predicted: Value,
    /// What became of it on chain, beside the prediction.
    pub actual: Option<Value>,
    /// When it was placed.
    pub created: Stamp,
    /// When it last changed.
    pub updated: Stamp,
}

impl Journal {
    /// Records an order: initiated. An id is taken once, except that a limit order's, which names a slot, may come
    /// again after the earlier order in that slot has ended.
    pub fn record_order(&self, new: &NewOrder, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            if let Some(earlier) = newest(tx, &new.venue, &new.id)? {
                let is_slot = earlier.kind == OrderKind::LimitOpen && new.kind == OrderKind::LimitOpen;
                if !is_slot || !earlier.state.is_final() {
                    let (venue, id) = (new.venue.clone(), new.id.clone());
                    return Err(JournalError::DuplicateOrder { venue, id }.into());
                }
            }
            check_references(tx, new)?;
            tx.execute(
                "INSERT INTO orders (venue, id, kind, intent, position, signal, state, predicted,
                    created_block_time, created_ms, updated_block_time, updated_ms)
                 VALUES (:venue, :id, :kind, :intent, :position, :signal, :state, :predicted,
                    :block, :ms, :block, :ms)",
                named_params! {
                    ":venue": new.venue, ":id": new.id, ":kind": new.kind, ":intent": new.intent,
                    ":position": new.position, ":signal": new.signal, ":state": OrderState::Initiated,
                    ":predicted": Text(&new.predicted), ":block": at.block(), ":ms": at.ms(),
                },
            )?;
            Ok(())
        })
    }

    /// Records the venue's answer, or that nobody can say yet: initiated or unknown → filled, cancelled or unknown.
    /// The same answer again is fine and only adds figures that were missing; another answer is refused, so the
    /// caller answers from blocks that stay.
    pub fn resolve_order(
        &self,
        venue: &str,
        id: &str,
        state: OrderState,
        reason: Option<&str>,
        actual: Option<&Value>,
        at: Stamp,
    ) -> Result<(), JournalError> {
        self.write(|tx| {
            let order = find(tx, venue, id)?;
            let is_other_answer = !order.state.can_become(state)
                || (order.state.is_final()
                    && order.actual.as_ref().zip(actual).is_some_and(|(known, told)| known != told));
            if is_other_answer {
                let (venue, id) = (venue.to_owned(), id.to_owned());
                return Err(JournalError::OtherAnswer { venue, id, from: order.state, to: state }.into());
            }
            if order.state.is_final() && (order.actual.is_some() || actual.is_none()) {
                return Ok(());
            }
            // The first reason of a final answer stays; an answer after unknown replaces that one's.
            let reason = if order.state.is_final() { order.reason.as_deref() } else { reason };
            tx.execute(
                "UPDATE orders SET state = ?2, reason = ?3, actual = ?4, updated_block_time = ?5, updated_ms = ?6
                 WHERE row = ?1",
                (order.row, state, reason, actual.or(order.actual.as_ref()).map(Text), at.block(), at.ms()),
            )?;
            Ok(())
        })
    }
}

impl JournalReader {
    /// Orders without an answer (initiated or unknown), oldest first, those of practice among them.
    pub fn open_orders(&self) -> Result<Vec<Order>, JournalError> {
        self.listed(|db| list(db, "state NOT IN ('filled', 'cancelled') ORDER BY row", []))
    }

    /// Orders that cannot be read and may be without an answer; no other is placed beside them.
    pub fn unreadable_orders(&self) -> Result<Vec<DamagedRow>, JournalError> {
        self.query(|db| Ok(list(db, "state NOT IN ('filled', 'cancelled') ORDER BY row", [])?.damaged))
    }

    /// One order; of several limit orders in the same slot the newest. `None` when the journal knows none.
    pub fn order(&self, venue: &str, id: &str) -> Result<Option<Order>, JournalError> {
        self.query(|db| newest(db, venue, id))
    }

    /// The orders that an intent's transactions placed, oldest first.
    pub fn orders_of_intent(&self, intent: IntentId) -> Result<Vec<Order>, JournalError> {
        self.listed(|db| list(db, "intent = ?1 ORDER BY row", [intent]))
    }
}

/// Names the position in the order that opened it; an order the journal does not know is left out.
pub(super) fn name_position(
    tx: &Transaction<'_>,
    venue: &str,
    id: &str,
    position: PositionId,
    paper: bool,
) -> Result<(), Fault> {
    let Some(order) = newest(tx, venue, id)? else { return Ok(()) };
    if order.position.is_none() && order.paper == paper {
        tx.execute("UPDATE orders SET position = ?2 WHERE row = ?1", (order.row, position))?;
    }
    Ok(())
}

fn check_references(tx: &Transaction<'_>, new: &NewOrder) -> Result<(), Fault> {
    if let Some(intent) = new.intent {
        intent_row::find(tx, intent)?;
    }
    if let Some(signal) = &new.signal {
        signal::require(tx, signal)?;
    }
    if let Some(position) = new.position {
        let sql = "SELECT 1 FROM positions WHERE id = ?1 AND kind = 'perp'";
        let known = tx.query_row(sql, [position], |_| Ok(())).optional()?;
        known.ok_or(JournalError::UnknownPosition(position))?;
    }
    Ok(())
}

fn find(db: &Connection, venue: &str, id: &str) -> Result<Order, Fault> {
    let unknown = || JournalError::UnknownOrder { venue: venue.to_owned(), id: id.to_owned() };
    newest(db, venue, id)?.ok_or_else(|| unknown().into())
}

fn newest(db: &Connection, venue: &str, id: &str) -> Result<Option<Order>, Fault> {
    let sql = "SELECT * FROM orders WHERE venue = ?1 AND id = ?2 ORDER BY row DESC LIMIT 1";
    damage::found(db, "orders", sql, (venue, id), from_row)
}

fn list(db: &Connection, which: &str, params: impl Params) -> Result<Listed<Order>, Fault> {
    listed(db, "orders", &format!("SELECT * FROM orders WHERE {which}"), params, from_row)
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        row: row.get("row")?,
        venue: row.get("venue")?,
        id: row.get("id")?,
        paper: row.get("paper")?,
        kind: row.get("kind")?,
        intent: row.get("intent")?,
        position: row.get("position")?,
        signal: row.get("signal")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        predicted: row.get::<_, Json>("predicted")?.0,
        actual: row.get::<_, Option<Json>>("actual")?.map(|json| json.0),
        created: Stamp::from_row(row, "created_")?,
        updated: Stamp::from_row(row, "updated_")?,
    })
}
