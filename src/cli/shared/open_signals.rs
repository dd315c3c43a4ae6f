//! Signals whose trade is not over: who carries them on, and how they are shown.

use super::{exit::Outcome, prompt::confirm, session::Session, trade::desk};
use crate::{
    chain::Endpoints,
    journal::{Journal, JournalReader, Saga},
    send::Sender,
    trade::{
        TradeContext,
        saga::{Executor, Progress, SagaReport, report, resume_open_sagas, state_of},
    },
    units::Secs,
};

/// How long an order may lie with the venue before it is called overdue.
pub(in crate::cli) const fn order_timeout(session: &Session) -> Secs {
    Secs(session.config.perps.order_timeout.as_secs())
}

pub(in crate::cli) fn shown(reader: &JournalReader, saga: &Saga) -> Outcome<SagaReport> {
    Ok(report(reader, saga, &state_of(saga)?)?)
}

/// The sender, or practice's journal.
pub(in crate::cli) enum Hands {
    Live(Box<Sender<Endpoints>>),
    Paper(Journal),
}

impl Hands {
    pub(in crate::cli) async fn take(session: &Session, paper: bool, yes: bool) -> Outcome<Self> {
        if paper {
            let account = session.account().await?;
            return Ok(Self::Paper(session.journal(account).await?));
        }
        let signer = session.signer().await?;
        confirm(session, yes)?;
        Ok(Self::Live(Box::new(session.sender(signer).await?)))
    }

    pub(in crate::cli) fn hand(&mut self) -> Executor<'_> {
        match self {
            Self::Live(sender) => Executor::Live(sender),
            Self::Paper(journal) => Executor::Paper(journal),
        }
    }

    pub(in crate::cli) fn reader(&self) -> &JournalReader {
        match self {
            Self::Live(sender) => sender.journal().reader(),
            Self::Paper(journal) => journal.reader(),
        }
    }
}

/// Goes on with what signals have open, before another command of the account sends something: the next command finishes
/// what a detached run began. What cannot go on now is said and does not keep the command.
pub(in crate::cli) async fn finish_open(session: &Session, sender: &mut Sender<Endpoints>) {
    let finish = async {
        let open = sender.journal().reader().open_sagas()?;
        if open.iter().all(|saga| saga.paper) {
            return Ok(());
        }
        let desk = desk(session).await?;
        finish_earlier(session, &desk, &mut Executor::Live(sender)).await
    };
    if let Err(failure) = Box::pin(finish).await {
        session.output.note(format!("warning: open signals wait for `trimtab signal resume`: {}", failure.report));
    }
}

pub(in crate::cli) async fn finish_earlier(session: &Session, desk: &TradeContext, hand: &mut Executor<'_>) -> Outcome {
    for (id, progress) in resume_open_sagas(desk, hand).await? {
        match progress {
            Ok(Progress::Over(report)) => session.output.note_lines(report.words()),
            Ok(Progress::Waits { .. }) => {}
            Err(error) => session.output.note(format!("signal {id}: {error}")),
        }
    }
    Ok(())
}
