//! Sending a checked plan: by the daemon that holds the journal, or by ourselves where there is none.

use alloy::primitives::Address;

use super::{exit::Outcome, open_signals::finish_open, outcome_view::ending_words, prompt::confirm, session::Session};
use crate::{
    actions::{ActionError, PlanKind, execute},
    journal::Writer,
    perps::OrderPatience,
    plan::{Approved, Plan},
    trade::{Order, refuse_while_paused},
    watchdog::ops::{Ask, DaemonClient, Delivered, Submit, socket_path},
};

impl Session {
    /// The daemon that writes this account's journal, when one listens beside it.
    pub(in crate::cli) async fn daemon(&self, account: Address) -> Outcome<Option<DaemonClient>> {
        let Some(reader) = self.journal_reader(account)? else { return Ok(None) };
        if reader.writer() == Writer::None {
            return Ok(None);
        }
        let path = socket_path(&self.config.socket, reader.path());
        Ok(DaemonClient::connect(&path, &self.config.socket).await?)
    }

    /// Asks the daemon of an account; `None` where none listens.
    pub(in crate::cli) async fn ask_daemon<A: Ask>(&self, account: Address, ask: A) -> Outcome<Option<A::Answer>> {
        match self.daemon(account).await? {
            Some(mut daemon) => Ok(Some(daemon.ask(ask).await?)),
            None => Ok(None),
        }
    }
}

/// Says before a plan is shown that it would not be sent now.
pub(in crate::cli) fn note_pause(session: &Session, plan: &Plan) -> Outcome {
    let Some(reader) = session.journal_reader(plan.owner)? else { return Ok(()) };
    if let Err(refused) = refuse_while_paused(&reader, plan) {
        session.output.note(format!("note: {refused}"));
    }
    Ok(())
}

/// Sends a plan after the user's word: ourselves sign it, or the daemon plans its order anew and signs that.
pub(in crate::cli) async fn deliver(
    session: &Session,
    (approved, order): (Approved<Plan>, &Order),
    yes: bool,
) -> Outcome<Delivered> {
    let account = approved.get().owner;
    let kind = PlanKind::of(approved.get()).map_err(ActionError::from)?;
    if let Some(mut daemon) = session.daemon(account).await? {
        confirm(session, yes)?;
        session.output.note("handed to the daemon that watches this account");
        let submit = Submit { order: order.clone(), unchecked_price: session.unchecked_price };
        return Ok(daemon.ask(submit).await?);
    }
    let signer = session.signer().await?;
    confirm(session, yes)?;
    let mut sender = session.sender(signer).await?;
    refuse_while_paused(sender.journal().reader(), approved.get())?;
    Box::pin(finish_open(session, &mut sender)).await;
    let venue = match kind {
        PlanKind::Perp(_) => Some(session.perps().await?),
        PlanKind::Loop(_) | PlanKind::Revocation => None,
    };
    let patience = OrderPatience { timeout: session.config.perps.order_timeout, ..OrderPatience::default() };
    let done = execute(&mut sender, venue.as_deref(), &*session.clock, approved, patience).await?;
    Ok(Delivered::of(done, ending_words))
}
