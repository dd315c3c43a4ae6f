//! Sending a checked plan: by the daemon that holds the journal, or by ourselves where there is none.

use alloy::primitives::Address;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    exit::{Exit, Failure, Outcome},
    journal::ending_words,
    loops::confirm,
    session::Session,
    signal_run::finish_open,
};
use crate::{
    actions::{ActionError, PlanKind, execute},
    journal::Writer,
    perps::{OrderHandle, OrderPatience, OrderState},
    plan::{Approved, Deviation, Plan},
    send::Settlement,
    watchdog::ops::{DaemonClient, Request, socket_path},
};

/// What came of a plan.
#[derive(Debug, Deserialize)]
pub(super) struct Delivered {
    /// The exit code of it.
    pub(super) exit: u8,
    /// Prediction beside outcome; `None` when not every step went through.
    pub(super) settlement: Option<Settlement>,
    /// How it ended, in words.
    pub(super) ending: String,
    /// Orders at the perp venue.
    #[serde(default)]
    pub(super) orders: Vec<(OrderHandle, OrderState)>,
    /// Prediction beside fill.
    #[serde(default)]
    pub(super) fills: Vec<Deviation>,
}

impl Session {
    /// The daemon that writes this account's journal, when one listens beside it.
    pub(super) async fn daemon(&self, account: Address) -> Outcome<Option<DaemonClient>> {
        let Some(reader) = self.journal_reader(account)? else { return Ok(None) };
        if reader.writer() == Writer::None {
            return Ok(None);
        }
        let path = socket_path(&self.config.socket, reader.path());
        Ok(DaemonClient::connect(&path, &self.config.socket).await?)
    }

    /// Asks the daemon of an account; `None` where none listens.
    pub(super) async fn ask_daemon(&self, account: Address, request: &Request) -> Outcome<Option<Value>> {
        match self.daemon(account).await? {
            Some(mut daemon) => Ok(Some(daemon.ask(request).await?)),
            None => Ok(None),
        }
    }
}

/// The daemon's answer in its own type. What it did is done, even if we cannot read what it says of it.
pub(super) fn answered<T: DeserializeOwned>(answer: Value) -> Outcome<T> {
    serde_json::from_value(answer)
        .map_err(|error| Failure::message(Exit::Unknown, format!("the daemon's answer cannot be read: {error}")))
}

/// Sends a plan after the user's word: the daemon checks and simulates it again as its own, ourselves sign it otherwise.
pub(super) async fn deliver(session: &Session, approved: Approved<Plan>, yes: bool) -> Outcome<Delivered> {
    let account = approved.get().account;
    let kind = PlanKind::of(approved.get()).map_err(ActionError::from)?;
    if let Some(mut daemon) = session.daemon(account).await? {
        confirm(session, yes)?;
        session.output.note("handed to the daemon that watches this account");
        let answer = daemon.ask(&Request::Submit(Box::new(approved.get().clone()))).await?;
        return answered(answer);
    }
    let signer = session.signer().await?;
    confirm(session, yes)?;
    let mut sender = session.sender(signer).await?;
    Box::pin(finish_open(session, &mut sender)).await;
    let venue = match kind {
        PlanKind::Perp(_) => Some(session.perps().await?),
        PlanKind::Loop(_) | PlanKind::Revocation => None,
    };
    let patience = OrderPatience { timeout: session.config.perps.order_timeout, ..OrderPatience::default() };
    let done = execute(&mut sender, venue.as_ref(), &*session.clock, approved, patience).await?;
    let (exit, ending) = (done.exit_code(), ending_words(&done.outcome));
    Ok(Delivered { exit, settlement: done.settlement, ending, orders: done.orders, fills: done.fills })
}
