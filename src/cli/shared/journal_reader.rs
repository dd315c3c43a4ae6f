//! The account's journal, open for reading.

use super::{
    exit::{Exit, Failure, Outcome},
    session::Session,
};
use crate::journal::JournalReader;

pub(in crate::cli) async fn reader(session: &Session) -> Outcome<JournalReader> {
    let account = session.account().await?;
    session.journal_reader(account)?.ok_or_else(|| {
        let message = format!("no journal for {account} on {} yet", session.network().as_str());
        Failure::message(Exit::Configuration, message)
    })
}
