//! A look at everything that decides what is done next, and at the newest of the rest: damage in it is told by every
//! command alike, whatever the command itself reads.

use rusqlite::Row;

use super::{
    IntentFilter, IntentState, JournalError, JournalReader, TransactionState, column::UnknownWord, damage::listed,
    in_flight, intent_row, transaction,
};

/// How many of the newest rows of a table are looked at.
const NEWEST: u32 = 32;

impl JournalReader {
    /// Reads what is open and the newest rows of each table, and keeps what is damaged for [`Self::damages`]. Costs the
    /// same however large the journal is.
    pub fn survey(&self) -> Result<(), JournalError> {
        let in_flight = format!("SELECT * FROM intents WHERE {}", in_flight::IN_FLIGHT);
        self.listed(|db| listed(db, "intents", &in_flight, [], intent_row::from_row))?;
        self.intents(&IntentFilter { limit: Some(NEWEST), ..IntentFilter::default() })?;
        self.intents(&IntentFilter {
            states: vec![IntentState::Mined],
            limit: Some(NEWEST),
            ..IntentFilter::default()
        })?;

        let unreadable = format!("SELECT * FROM transactions WHERE {}", in_flight::UNREADABLE);
        self.listed(|db| listed(db, "transactions", &unreadable, [], |row| row.get::<_, TransactionState>("state")))?;
        let newest = "SELECT * FROM transactions ORDER BY id DESC LIMIT ?1";
        self.listed(|db| listed(db, "transactions", newest, [NEWEST], transaction::from_row))?;
        self.pending_transactions()?;

        self.open_loops()?;
        self.open_perps()?;
        let kinds = "SELECT * FROM positions WHERE kind NOT IN ('loop', 'perp')";
        self.listed(|db| listed(db, "positions", kinds, [], unknown_kind))?;
        self.open_orders()?;
        self.open_sagas()?;
        self.sagas(NEWEST)?;
        self.samples(None, NEWEST)?;
        self.events(None, NEWEST)?;
        for paper in [false, true] {
            match self.governor_state(paper) {
                Err(JournalError::DamagedRow(row)) => self.add_damaged(*row),
                other => drop(other?),
            }
        }
        Ok(())
    }
}

fn unknown_kind(row: &Row<'_>) -> rusqlite::Result<()> {
    let index = row.as_ref().column_index("kind")?;
    let unknown = UnknownWord { word: row.get(index)?, known: "loop, perp".to_owned() };
    Err(rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(unknown)))
}
