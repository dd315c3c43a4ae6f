//! Perps: positions on a venue, with what was predicted and what their exits need to know later (strategy.md §5–§7).

use alloy::primitives::U256;
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, named_params};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::{
    IntentId, Journal, JournalError, JournalReader, Origin, PositionId, Stamp,
    column::{Int, Json, Text, words},
    damage::{self, Listed, listed},
    error::Fault,
    intent_row, order, signal,
};
use crate::units::Secs;

words! {
    /// Direction of a perp.
    pub enum PerpSide {
        /// Wins when the price rises.
        Long = "long",
        /// Wins when the price falls.
        Short = "short",
    }
}

/// A share of a price or a confidence is never so large; above it, it is damage.
const MOST: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// What is settled when a perp is opened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerpEntry {
    /// The venue with its generation, such as `avantis-v1`.
    pub venue: String,
    /// The pair's name, such as `ETH/USD`.
    pub pair: String,
    /// The venue's own name of the position; it may be another position's after the close.
    pub key: String,
    /// Direction.
    pub side: PerpSide,
    /// USDC offered, 1e6, before the opening fee.
    pub margin: U256,
    /// Price of the fill, 1e10.
    pub entry_price: U256,
    /// The order that opened it, where it is known.
    pub opened_order: Option<String>,
    /// The signal it was opened for.
    pub signal: Option<String>,
    /// The signal's forecast drift, a share of the price.
    pub drift: Option<Decimal>,
    /// The signal's confidence, 0 to 1.
    pub confidence: Option<Decimal>,
    /// The forecast's half-life.
    pub half_life_s: Option<Secs>,
    /// What the plan said would become of it.
    pub predicted: Value,
}

/// The parts of a perp that change during its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PerpTerms {
    /// USDC in the position, 1e6: the margin after the opening fee, partial closes and margin changes.
    pub collateral: U256,
    /// Leverage, 1e10.
    pub leverage: U256,
    /// Stop loss, 1e10; 0 for none.
    pub stop: U256,
    /// Take profit, 1e10; 0 for none.
    pub target: U256,
    /// How many times the loss guard has tightened the stop (strategy.md §5).
    pub guard_uses: u32,
}

/// A perp to be recorded as open.
#[derive(Debug, Clone)]
pub struct NewPerp {
    /// Its name.
    pub id: PositionId,
    /// Practice without transactions.
    pub paper: bool,
    /// What stays.
    pub entry: PerpEntry,
    /// What changes.
    pub terms: PerpTerms,
}

/// A perp as recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerpPosition {
    /// Its name.
    pub id: PositionId,
    /// Where it comes from.
    pub origin: Origin,
    /// Practice without transactions.
    pub paper: bool,
    /// What was settled when it was opened.
    #[serde(flatten)]
    pub entry: PerpEntry,
    /// Collateral, leverage, stop, target, guard.
    #[serde(flatten)]
    pub terms: PerpTerms,
    /// The intent that opened it, unless adopted.
    pub opened_by: Option<IntentId>,
    /// The intent that closed it; `None` when the venue did.
    pub closed_by: Option<IntentId>,
    /// Result of its life, once closed.
    pub realised: Option<Value>,
    /// Newest block at which it was seen to be open at the venue; its end is looked for from there.
    pub seen_block: Option<u64>,
    /// When it was opened or adopted.
    pub opened: Stamp,
    /// When it last changed.
    pub updated: Stamp,
    /// When it was closed.
    pub closed: Option<Stamp>,
}

impl Journal {
    /// Records a perp that an intent opened, and names it in the order it came from. Call it before the order is
    /// resolved: after a crash between the two the order is followed again, and this is refused with
    /// [`JournalError::PerpIsOpen`] naming the same position.
    pub fn open_perp(&self, new: &NewPerp, opened_by: IntentId, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| insert(tx, new, Some(opened_by), at))
    }

    /// Records a perp that was opened elsewhere as ours.
    pub fn adopt_perp(&self, new: &NewPerp, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| insert(tx, new, None, at))
    }

    /// Changes the terms of an open perp, after a partial close, a margin change or new exits.
    pub fn update_perp(&self, id: PositionId, terms: &PerpTerms, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let changed = tx.execute(
                "UPDATE positions SET perp_collateral = :collateral, leverage = :leverage, stop = :stop,
                    target = :target, guard_uses = :guard_uses, updated_block_time = :block, updated_ms = :ms
                 WHERE id = :id AND kind = 'perp' AND closed_ms IS NULL",
                named_params! {
                    ":id": id, ":collateral": Text(terms.collateral), ":leverage": Text(terms.leverage),
                    ":stop": Text(terms.stop), ":target": Text(terms.target), ":guard_uses": terms.guard_uses,
                    ":block": at.block(), ":ms": at.ms(),
                },
            )?;
            if changed == 1 { Ok(()) } else { Err(JournalError::UnknownPosition(id).into()) }
        })
    }

    /// Remembers that an open perp was still open at the venue at this block; an older one changes nothing.
    pub fn see_perp(&self, id: PositionId, block: u64) -> Result<(), JournalError> {
        self.write(|tx| {
            let changed = tx.execute(
                "UPDATE positions SET seen_block = max(coalesce(seen_block, 0), :seen)
                 WHERE id = :id AND kind = 'perp' AND closed_ms IS NULL",
                named_params! { ":id": id, ":seen": Int(block) },
            )?;
            if changed == 1 { Ok(()) } else { Err(JournalError::UnknownPosition(id).into()) }
        })
    }
}

impl JournalReader {
    /// The perps that are open, oldest first, those of practice among them.
    pub fn open_perps(&self) -> Result<Vec<PerpPosition>, JournalError> {
        self.listed(|db| list(db, "closed_ms IS NULL", []))
    }

    /// All perps, open and closed, oldest first.
    pub fn perps(&self) -> Result<Vec<PerpPosition>, JournalError> {
        self.listed(|db| list(db, "TRUE", []))
    }

    /// One perp, open or closed; `None` when there is none of this name.
    pub fn perp(&self, id: PositionId) -> Result<Option<PerpPosition>, JournalError> {
        self.query(|db| one(db, "id = ?1", [id]))
    }

    /// The open perp that a venue has under this name; those of practice have none there.
    pub fn open_perp_at(&self, venue: &str, key: &str) -> Result<Option<PerpPosition>, JournalError> {
        self.query(|db| open_at(db, venue, key))
    }
}

fn list(db: &Connection, condition: &str, params: impl Params) -> Result<Listed<PerpPosition>, Fault> {
    let sql = format!("SELECT * FROM positions WHERE kind = 'perp' AND {condition} ORDER BY opened_ms, id");
    listed(db, "positions", &sql, params, from_row)
}

fn one(db: &Connection, condition: &str, params: impl Params) -> Result<Option<PerpPosition>, Fault> {
    let sql = format!("SELECT * FROM positions WHERE kind = 'perp' AND {condition} ORDER BY opened_ms DESC, id DESC");
    damage::found(db, "positions", &sql, params, from_row)
}

fn open_at(db: &Connection, venue: &str, key: &str) -> Result<Option<PerpPosition>, Fault> {
    one(db, "paper = 0 AND closed_ms IS NULL AND venue = ?1 AND perp_key = ?2", (venue, key))
}

fn insert(tx: &Transaction<'_>, new: &NewPerp, opened_by: Option<IntentId>, at: Stamp) -> Result<(), Fault> {
    let NewPerp { id, paper, entry, terms } = new;
    if !paper && let Some(open) = open_at(tx, &entry.venue, &entry.key)? {
        return Err(JournalError::PerpIsOpen(open.id).into());
    }
    if let Some(intent) = opened_by {
        intent_row::find(tx, intent)?;
    }
    if let Some(signal) = &entry.signal {
        signal::require(tx, signal)?;
    }
    let known = tx.query_row("SELECT 1 FROM positions WHERE id = ?1", [id], |_| Ok(())).optional()?;
    if known.is_some() {
        return Err(JournalError::DuplicatePosition(*id).into());
    }
    let origin = if opened_by.is_some() { Origin::Opened } else { Origin::Adopted };
    tx.execute(
        "INSERT INTO positions (id, kind, origin, paper, opened_by, thresholds, venue, pair, perp_key, side, margin, perp_collateral, leverage, entry_price, stop, target, guard_uses, predicted, opened_order,
            signal, entry_drift, entry_confidence, half_life_s, opened_block_time, opened_ms, updated_block_time,
            updated_ms)
         VALUES (:id, 'perp', :origin, :paper, :opened_by, '{}', :venue, :pair, :key, :side,
            :margin, :collateral, :leverage, :entry_price, :stop, :target, :guard_uses, :predicted, :opened_order,
            :signal, :drift, :confidence, :half_life_s, :block, :ms, :block, :ms)",
        named_params! {
            ":id": id, ":origin": origin, ":paper": paper, ":opened_by": opened_by, ":venue": entry.venue,
            ":pair": entry.pair, ":key": entry.key, ":side": entry.side, ":margin": Text(entry.margin), ":collateral": Text(terms.collateral),
            ":leverage": Text(terms.leverage), ":entry_price": Text(entry.entry_price), ":stop": Text(terms.stop),
            ":target": Text(terms.target), ":guard_uses": terms.guard_uses, ":predicted": Text(&entry.predicted),
            ":opened_order": entry.opened_order, ":signal": entry.signal, ":drift": entry.drift.map(Text),
            ":confidence": entry.confidence.map(Text), ":half_life_s": entry.half_life_s.map(|secs| Int(secs.0)),
            ":block": at.block(), ":ms": at.ms(),
        },
    )?;
    if let Some(opened_order) = &entry.opened_order {
        order::name_position(tx, &entry.venue, opened_order, *id, *paper)?;
    }
    Ok(())
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<PerpPosition> {
    let is_closed = row.get::<_, Option<i64>>("closed_ms")?.is_some();
    let decimal = |column: &str| match row.get::<_, Option<Text<Decimal>>>(column)? {
        Some(Text(value)) if value.abs() > MOST => {
            let index = row.as_ref().column_index(column)?;
            Err(rusqlite::Error::IntegralValueOutOfRange(index, i64::MAX))
        }
        other => Ok(other.map(|text| text.0)),
    };
    let number = |column: &str| row.get::<_, Text<U256>>(column).map(|text| text.0);
    Ok(PerpPosition {
        id: row.get("id")?,
        origin: row.get("origin")?,
        paper: row.get("paper")?,
        entry: PerpEntry {
            venue: row.get("venue")?,
            pair: row.get("pair")?,
            key: row.get("perp_key")?,
            side: row.get("side")?,
            margin: number("margin")?,
            entry_price: number("entry_price")?,
            opened_order: row.get("opened_order")?,
            signal: row.get("signal")?,
            drift: decimal("entry_drift")?,
            confidence: decimal("entry_confidence")?,
            half_life_s: row.get::<_, Option<Int>>("half_life_s")?.map(|int| Secs(int.0)),
            predicted: row.get::<_, Json>("predicted")?.0,
        },
        terms: PerpTerms {
            collateral: number("perp_collateral")?,
            leverage: number("leverage")?,
            stop: number("stop")?,
            target: number("target")?,
            guard_uses: row.get("guard_uses")?,
        },
        opened_by: row.get("opened_by")?,
        closed_by: row.get("closed_by")?,
        realised: row.get::<_, Option<Json>>("realised")?.map(|json| json.0),
        seen_block: row.get::<_, Option<Int>>("seen_block")?.map(|int| int.0),
        opened: Stamp::from_row(row, "opened_")?,
        updated: Stamp::from_row(row, "updated_")?,
        closed: if is_closed { Some(Stamp::from_row(row, "closed_")?) } else { None },
    })
}
