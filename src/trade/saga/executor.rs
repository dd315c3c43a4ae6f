//! Who carries a saga out: the sender with its key, or practice with the journal alone.

use crate::{
    chain::Endpoints,
    journal::{Journal, JournalReader},
    send::Sender,
};

/// Who carries a saga out.
#[derive(Debug)]
pub enum Executor<'a> {
    /// Signs and sends.
    Live(&'a mut Sender<Endpoints>),
    /// Live prices, no transactions.
    Paper(&'a Journal),
}

impl Executor<'_> {
    /// Where everything is written.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        match self {
            Self::Live(sender) => sender.journal(),
            Self::Paper(journal) => journal,
        }
    }

    /// The same for reading.
    #[must_use]
    pub fn reader(&self) -> &JournalReader {
        self.journal().reader()
    }

    /// Whether it is practice.
    #[must_use]
    pub const fn is_paper(&self) -> bool {
        matches!(self, Self::Paper(_))
    }
}
