//! The loops of an account, and the market that they are in.

use alloy::primitives::Address;

use super::{exit::Outcome, session::Session};
use crate::{
    aave::{Market, MarketQuery, ReserveList},
    chain::{Batch, Reader},
    loops::{KnownLoop, known_loops},
};

/// Aave at the newest block.
pub(in crate::cli) async fn read_market(session: &Session, list: &ReserveList) -> Outcome<Market> {
    let block = Reader::head(&session.endpoints).await?;
    let mut batch = Batch::new();
    let query = MarketQuery::add(list, &mut batch);
    let answers = session.endpoints.read(block, &batch).await?;
    Ok(query.decode(&answers, block)?)
}

/// The journal's loops of an account; none without a journal.
pub(in crate::cli) fn own_loops(session: &Session, account: Address) -> Outcome<Vec<KnownLoop>> {
    let reader = session.journal_reader(account)?;
    Ok(reader.as_ref().map(known_loops).transpose()?.unwrap_or_default())
}
