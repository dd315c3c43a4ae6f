//! Positions: what the journal opened or took over, with its own thresholds and its own share of the account.

use std::cell::RefCell;

use alloy::primitives::{Address, U256};
use rusqlite::{Connection, Row, Transaction, named_params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Optional, Raw};
use serde_json::Value;

use super::{
    DamagedRow, IntentId, Journal, JournalError, JournalReader, PositionId, Stamp,
    column::{Json, Text, words},
    damage::{self, listed},
    error::Fault,
};

words! {
    /// Where a position comes from.
    pub enum Origin {
        /// An intent of this journal opened it.
        Opened = "opened",
        /// Opened elsewhere and taken over (`loop adopt`).
        Adopted = "adopted",
    }
}

/// The parts of a loop that change during its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoopTerms {
    /// Aave's e-mode category, 0 for none.
    pub e_mode: u8,
    /// Warn, trigger, target, … as the watchdog reads them.
    pub thresholds: Value,
    /// Collateral that is ours to touch, in its smallest unit, without interest.
    #[serde(with = "Raw")]
    pub collateral_principal: U256,
    /// Debt that is ours to touch, in its smallest unit, without interest.
    #[serde(with = "Raw")]
    pub debt_principal: U256,
    /// Aave's liquidity index when the collateral was recorded, 27 decimals; what it earns since is ours too. `None` in
    /// practice and for loops that were recorded by a version before 4 of the tables.
    #[serde(default, with = "Optional::<Raw>")]
    pub collateral_index: Option<U256>,
    /// Aave's variable borrow index when the debt was recorded, 27 decimals.
    #[serde(default, with = "Optional::<Raw>")]
    pub debt_index: Option<U256>,
}

/// A loop to be recorded as open.
#[derive(Debug, Clone)]
pub struct NewLoop {
    /// Its name.
    pub id: PositionId,
    /// Practice without transactions.
    pub paper: bool,
    /// Collateral token.
    pub collateral: Address,
    /// Debt token.
    pub debt: Address,
    /// The rest.
    pub terms: LoopTerms,
}

/// A loop as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoopPosition {
    /// Its name.
    pub id: PositionId,
    /// Where it comes from.
    pub origin: Origin,
    /// Practice without transactions.
    pub paper: bool,
    /// Collateral token.
    pub collateral: Address,
    /// Debt token.
    pub debt: Address,
    /// E-mode, thresholds, principal.
    #[serde(flatten)]
    pub terms: LoopTerms,
    /// The intent that opened it, unless adopted.
    pub opened_by: Option<IntentId>,
    /// The intent that closed it.
    pub closed_by: Option<IntentId>,
    /// Result of its life, once closed.
    pub realised: Option<Value>,
    /// When it was opened or adopted.
    pub opened: Stamp,
    /// When it last changed.
    pub updated: Stamp,
    /// When it was closed.
    pub closed: Option<Stamp>,
}

impl Journal {
    /// Records a loop that an intent opened.
    pub fn open_loop(&self, new: &NewLoop, opened_by: IntentId, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| insert(tx, new, Some(opened_by), at))
    }

    /// Records a loop that was opened elsewhere as ours; the principal says how much of it.
    pub fn adopt_loop(&self, new: &NewLoop, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| insert(tx, new, None, at))
    }

    /// Changes the terms of an open loop, after an adjustment or with new thresholds.
    pub fn update_loop(&self, id: PositionId, terms: &LoopTerms, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let changed = tx.execute(
                "UPDATE positions SET e_mode = :e_mode, thresholds = :thresholds, collateral_principal = :collateral,
                    debt_principal = :debt, collateral_index = :collateral_index, debt_index = :debt_index,
                    updated_block_time = :block, updated_ms = :ms
                 WHERE id = :id AND kind = 'loop' AND closed_ms IS NULL",
                named_params! {
                    ":id": id, ":e_mode": terms.e_mode, ":thresholds": Text(&terms.thresholds),
                    ":collateral": Text(terms.collateral_principal), ":debt": Text(terms.debt_principal),
                    ":collateral_index": terms.collateral_index.map(Text), ":debt_index": terms.debt_index.map(Text),
                    ":block": at.block(), ":ms": at.ms(),
                },
            )?;
            if changed == 1 { Ok(()) } else { Err(JournalError::UnknownPosition(id).into()) }
        })
    }

    /// Records that a position is closed: by which intent (`None` when it was closed elsewhere), with what result.
    pub fn close_position(
        &self,
        id: PositionId,
        closed_by: Option<IntentId>,
        realised: &Value,
        at: Stamp,
    ) -> Result<(), JournalError> {
        self.write(|tx| {
            let changed = tx.execute(
                "UPDATE positions SET closed_by = ?2, realised = ?3, closed_block_time = ?4, closed_ms = ?5,
                    updated_block_time = ?4, updated_ms = ?5
                 WHERE id = ?1 AND closed_ms IS NULL",
                (id, closed_by, Text(realised), at.block(), at.ms()),
            )?;
            if changed == 1 { Ok(()) } else { Err(JournalError::UnknownPosition(id).into()) }
        })
    }
}

impl JournalReader {
    /// The loops that are open, oldest first.
    pub fn open_loops(&self) -> Result<Vec<LoopPosition>, JournalError> {
        self.loops_where("kind = 'loop' AND closed_ms IS NULL")
    }

    /// All loops, open and closed, oldest first.
    pub fn loops(&self) -> Result<Vec<LoopPosition>, JournalError> {
        self.loops_where("kind = 'loop'")
    }

    /// The open loop of a pair.
    pub fn open_loop_of(
        &self,
        collateral: Address,
        debt: Address,
        paper: bool,
    ) -> Result<Option<LoopPosition>, JournalError> {
        self.query(|db| open_loop(db, collateral, debt, paper))
    }

    fn loops_where(&self, condition: &str) -> Result<Vec<LoopPosition>, JournalError> {
        let sql = format!("SELECT * FROM positions WHERE {condition} ORDER BY opened_ms, id");
        // A loop whose thresholds alone cannot be read is still protected, by those of its class.
        let mut damaged = Vec::new();
        let read = RefCell::new(|row: &Row<'_>| {
            from_row(row).or_else(|error| {
                let position = without_thresholds(row)?;
                damaged.extend(DamagedRow::of(row, "positions", &error));
                Ok(position)
            })
        });
        let loops = self.listed(|db| listed(db, "positions", &sql, [], |row| (read.borrow_mut())(row)))?;
        damaged.into_iter().for_each(|row| self.add_damaged(row));
        Ok(loops)
    }
}

fn open_loop(db: &Connection, collateral: Address, debt: Address, paper: bool) -> Result<Option<LoopPosition>, Fault> {
    let sql = "SELECT * FROM positions
               WHERE kind = 'loop' AND closed_ms IS NULL AND collateral = ?1 AND debt = ?2 AND paper = ?3";
    damage::found(db, "positions", sql, (Text(collateral), Text(debt), paper), from_row)
}

fn insert(tx: &Transaction<'_>, new: &NewLoop, opened_by: Option<IntentId>, at: Stamp) -> Result<(), Fault> {
    if let Some(open) = open_loop(tx, new.collateral, new.debt, new.paper)? {
        return Err(JournalError::LoopIsOpen(open.id).into());
    }
    if let Some(id) = opened_by {
        super::intent_row::find(tx, id)?;
    }
    let origin = if opened_by.is_some() { Origin::Opened } else { Origin::Adopted };
    tx.execute(
        "INSERT INTO positions (id, kind, origin, paper, opened_by, thresholds, collateral, debt, e_mode,
            collateral_principal, debt_principal, collateral_index, debt_index, opened_block_time, opened_ms,
            updated_block_time, updated_ms)
         VALUES (:id, 'loop', :origin, :paper, :opened_by, :thresholds, :collateral, :debt, :e_mode,
            :collateral_principal, :debt_principal, :collateral_index, :debt_index, :block, :ms, :block, :ms)",
        named_params! {
            ":id": new.id, ":origin": origin, ":paper": new.paper, ":opened_by": opened_by,
            ":thresholds": Text(&new.terms.thresholds), ":collateral": Text(new.collateral), ":debt": Text(new.debt),
            ":e_mode": new.terms.e_mode, ":collateral_principal": Text(new.terms.collateral_principal),
            ":debt_principal": Text(new.terms.debt_principal),
            ":collateral_index": new.terms.collateral_index.map(Text), ":debt_index": new.terms.debt_index.map(Text),
            ":block": at.block(), ":ms": at.ms(),
        },
    )?;
    Ok(())
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<LoopPosition> {
    let thresholds = row.get::<_, Json>("thresholds")?.0;
    let mut position = without_thresholds(row)?;
    position.terms.thresholds = thresholds;
    Ok(position)
}

fn without_thresholds(row: &Row<'_>) -> rusqlite::Result<LoopPosition> {
    let is_closed = row.get::<_, Option<i64>>("closed_ms")?.is_some();
    Ok(LoopPosition {
        id: row.get("id")?,
        origin: row.get("origin")?,
        paper: row.get("paper")?,
        collateral: row.get::<_, Text<_>>("collateral")?.0,
        debt: row.get::<_, Text<_>>("debt")?.0,
        terms: LoopTerms {
            e_mode: row.get("e_mode")?,
            thresholds: Value::Null,
            collateral_principal: row.get::<_, Text<_>>("collateral_principal")?.0,
            debt_principal: row.get::<_, Text<_>>("debt_principal")?.0,
            collateral_index: row.get::<_, Option<Text<_>>>("collateral_index")?.map(|index| index.0),
            debt_index: row.get::<_, Option<Text<_>>>("debt_index")?.map(|index| index.0),
        },
        opened_by: row.get("opened_by")?,
        closed_by: row.get("closed_by")?,
        realised: row.get::<_, Option<Json>>("realised")?.map(|json| json.0),
        opened: Stamp::from_row(row, "opened_")?,
        updated: Stamp::from_row(row, "updated_")?,
        closed: if is_closed { Some(Stamp::from_row(row, "closed_")?) } else { None },
    })
}
