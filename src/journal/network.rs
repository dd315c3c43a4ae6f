//! Which chain the journal was written on, and a block of it that must still be there (docs/safety.md, Which network).

use alloy::primitives::B256;
use serde::Serialize;

use super::{
    Journal, JournalError, JournalReader,
    column::{Int, Text},
};

/// What identifies the network, with a block that a node of it must know by this hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// Replica, fork or live, in the chain room's words.
    pub kind: String,
    /// Hash of the genesis block.
    pub genesis: B256,
    /// Height of the remembered block.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

impl Journal {
    /// Remembers a block; the caller has made sure that the earlier one is still in the chain.
    pub fn set_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        self.write(|tx| {
            tx.execute(
                "UPDATE network SET kind = ?1, genesis = ?2, checkpoint_number = ?3, checkpoint_hash = ?4",
                (&checkpoint.kind, Text(checkpoint.genesis), Int(checkpoint.number), Text(checkpoint.hash)),
            )?;
            Ok(())
        })
    }
}

impl JournalReader {
    /// The remembered block; `None` in a new journal.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JournalError> {
        self.query(|db| {
            let row =
                db.query_row("SELECT kind, genesis, checkpoint_number, checkpoint_hash FROM network", [], |row| {
                    let hash: Option<Text<B256>> = row.get(3)?;
                    let Some(Text(hash)) = hash else { return Ok(None) };
                    let (Text(genesis), Int(number)) = (row.get(1)?, row.get(2)?);
                    Ok(Some(Checkpoint { kind: row.get(0)?, genesis, number, hash }))
                });
            Ok(row?)
        })
    }
}
