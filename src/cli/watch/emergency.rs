//! The trim of an emergency, planned and simulated on an account as it is, without its key.

use std::sync::Arc;

use alloy::primitives::{Address, U256};

use crate::{
    chain::Reader,
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        session::Session,
    },
    loops::{AccountsReader, FeedBook},
    units::Wad,
    watchdog::{
        ops::{Alert, AlertSink, Metrics},
        runner::{Emergency, SignerAccess, Watch, WatchContext, WatchSettings, WatchedAccount},
    },
};

/// Nothing is told by looking.
#[derive(Debug)]
struct Silent;

impl AlertSink for Silent {
    fn raise(&self, _: Alert) {}
}

/// What an emergency would do for an account now; `None` when it owes nothing.
pub(super) async fn emergency(session: &Session, account: Address) -> Outcome<Option<Emergency>> {
    let config = &session.config;
    let reserves = session.reserves().await?;
    let feeds =
        FeedBook::new(&config.watch, &reserves).map_err(|error| Failure::message(Exit::Configuration, error))?;
    let meters = Metrics::new().map_err(|error| Failure::message(Exit::Bug, error))?;
    let office = WatchContext::new(
        session.endpoints.clone(),
        session.network().as_str().to_owned(),
        session.clock.clone(),
        Arc::new(Silent),
        Arc::new(meters),
        WatchSettings::from(config),
    );
    let office = Arc::new(office.in_shadow(true));
    let hands = SignerAccess::None(session.journal_reader(account)?.map(Arc::new));
    let mut seat = WatchedAccount::new(office.clone(), account, hands);
    // However healthy the account is, it is read in full.
    let survey = AccountsReader::new(reserves, Wad(U256::MAX)).with_feeds(feeds);
    let mut watch = Watch::over(office, survey, std::slice::from_ref(&seat));
    let head = Reader::head(&session.endpoints).await?;
    let seen = Box::pin(watch.read(head, session.clock.monotonic())).await?;
    Ok(Box::pin(seat.rehearse_emergency(&seen)).await?)
}
