//! `signal run` and `signal resume` beside a daemon: it takes the signal and trades it; we follow it in the journal.

use std::{collections::BTreeMap, path::Path};

use alloy::primitives::Address;

use super::follow::{POLL, Until, done, interrupted, stop_signal};
use crate::{
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        open_signals::shown,
        session::Session,
    },
    journal::{JournalReader, Writer},
    strategy::Signal,
    trade::saga::{Follow, Line, Phase, SagaReport, SignalOrder, Wait, state_of},
    watchdog::ops::{DaemonClient, SignalResumeWith, SignalTaken, SocketError},
};

/// Hands one signal over, and follows its trade to the end unless the user does not want to stay.
pub(in crate::cli) async fn run(
    session: &Session,
    mut daemon: DaemonClient,
    order: SignalOrder,
    detach: bool,
) -> Outcome {
    let account = session.account().await?;
    session.output.note("handed to the daemon that watches this account");
    let SignalTaken { taken, words } = daemon.ask(order).await?;
    session.output.note_lines(words);
    let reader = reader(session, account)?;
    if detach {
        let saga = reader.saga(&taken)?.ok_or_else(|| gone(&taken))?;
        let report = shown(&reader, &saga)?;
        return session.output.result(&report, || report.words());
    }
    let mut trades = Trades::default();
    trades.look_at(taken.clone());
    stay(session, &reader, trades, Until::Over(taken)).await
}

/// Hands every new line of a growing file over, until stopped or the daemon ends.
pub(in crate::cli) async fn follow(session: &Session, file: &Path, form: &SignalOrder) -> Outcome {
    let account = session.account().await?;
    let reader = reader(session, account)?;
    let (mut follow, mut trades) = (Follow::new(file), Trades::open(&reader, form.paper)?);
    let mut stopped = stop_signal();
    loop {
        let lines = follow
            .poll()
            .map_err(|error| Failure::message(Exit::Usage, format!("{}: {error}", crate::text::path(follow.path()))))?;
        for line in lines {
            let number = line.number;
            match patiently(session, account, &reader, &line, form).await {
                Ok(Some(id)) => {
                    session.output.note(format!("signal {id} taken"));
                    trades.look_at(id);
                }
                Ok(None) => {}
                Err(failure) if failure.exit == Exit::Journal => return Err(failure),
                Err(failure) => session.output.note(format!("skipped: line {number}: {:#}", failure.report)),
            }
        }
        let has_daemon = reader.writer() != Writer::None;
        trades.look(session, &reader)?;
        if !has_daemon {
            return Err(ended());
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stopped.changed() => return interrupted(session.output, &reader, GOES_ON),
        }
    }
}

/// Has the daemon go on at once, and stays until everything is over where the user wants that.
pub(in crate::cli) async fn resume(
    session: &Session,
    mut daemon: DaemonClient,
    with: SignalResumeWith,
    until: Until,
) -> Outcome {
    let account = session.account().await?;
    let reader = reader(session, account)?;
    let trades = Trades::open(&reader, with.paper)?;
    daemon.ask(with).await?;
    stay(session, &reader, trades, until).await
}

/// What the daemon does when we stop looking.
const GOES_ON: &str = "the daemon goes on";

/// Looks at the journal again and again, until there is nothing to wait for or somebody stops it.
async fn stay(session: &Session, reader: &JournalReader, mut trades: Trades, until: Until) -> Outcome {
    let mut stopped = stop_signal();
    loop {
        // Asked before the journal is read: what a daemon wrote last is not missed.
        let has_daemon = reader.writer() != Writer::None;
        trades.look(session, reader)?;
        if let Some(outcome) = done(session.output, reader, &until, trades.over.clone()) {
            return outcome;
        }
        if matches!(&until, Until::Over(id) if trades.is_overdue(reader, id)?) {
            let message = "the venue has not answered the order: it stays in the journal; nothing was unwound; the daemon \
                           goes on once it has";
            return Err(Failure::message(Exit::Unknown, message));
        }
        if !has_daemon {
            return Err(ended());
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stopped.changed() => return interrupted(session.output, reader, GOES_ON),
        }
    }
}

/// How often a line is offered to a daemon that is busy with something that goes first.
const OFFERS: u32 = 20;

/// Hands one line over; a daemon that is busy, with a trim for one, is asked again: the line is not lost for that.
async fn patiently(
    session: &Session,
    account: Address,
    reader: &JournalReader,
    line: &Line,
    form: &SignalOrder,
) -> Outcome<Option<String>> {
    let mut offers = 1;
    loop {
        match hand_over(session, account, reader, line.clone(), form).await {
            Err(failure) if failure.exit == Exit::Journal && offers < OFFERS && reader.writer() != Writer::None => {
                offers += 1;
                tokio::time::sleep(POLL).await;
            }
            done => return done,
        }
    }
}

/// Hands one line over; `None` for a signal that was taken before.
async fn hand_over(
    session: &Session,
    account: Address,
    reader: &JournalReader,
    line: Line,
    form: &SignalOrder,
) -> Outcome<Option<String>> {
    let signal = line.text.map_err(|why| Failure::message(Exit::Usage, why))?;
    let id = Signal::parse(&signal, &form.strategy)?.id;
    // Read again after a restart: that is how it should be.
    if reader.signal(&id)?.is_some() {
        return Ok(None);
    }
    let order = SignalOrder { signal, ..form.clone() };
    // A connection of its own for each: the daemon does not wait for one that has nothing to say.
    let mut daemon = session.daemon(account).await?.ok_or_else(ended)?;
    match daemon.ask(order).await {
        Ok(SignalTaken { taken, .. }) => Ok(Some(taken)),
        Err(SocketError::Refused(refused)) => Err(Failure::message(Exit::from_code(refused.exit), refused.message)),
        Err(error) => Err(error.into()),
    }
}

/// Trades that are looked at, and those of them that are over.
#[derive(Debug, Default)]
struct Trades {
    open: BTreeMap<String, Option<Phase>>,
    over: Vec<SagaReport>,
}

impl Trades {
    /// All that the journal has open, of practice or of the real thing.
    fn open(reader: &JournalReader, paper: bool) -> Outcome<Self> {
        let mut trades = Self::default();
        for saga in reader.open_sagas()?.into_iter().filter(|saga| saga.paper == paper) {
            trades.look_at(saga.id);
        }
        Ok(trades)
    }

    fn look_at(&mut self, id: String) {
        self.open.entry(id).or_default();
    }

    /// Says how far each has come since the last look.
    fn look(&mut self, session: &Session, reader: &JournalReader) -> Outcome {
        let mut over = Vec::new();
        for (id, told) in &mut self.open {
            let saga = reader.saga(id)?.ok_or_else(|| gone(id))?;
            if saga.outcome.is_some() {
                let report = shown(reader, &saga)?;
                session.output.note_lines(report.words());
                over.push(report);
                continue;
            }
            let phase = state_of(&saga)?.phase;
            if told.replace(phase) != Some(phase) {
                session.output.note(format!("signal {id}: {}", words(phase)));
            }
        }
        self.open.retain(|id, _| over.iter().all(|report| report.signal != *id));
        self.over.append(&mut over);
        Ok(())
    }

    /// Whether the venue lets the order of a signal lie; the daemon has told the journal so.
    fn is_overdue(&self, reader: &JournalReader, id: &str) -> Outcome<bool> {
        match reader.saga(id)?.filter(|_| self.open.contains_key(id)) {
            Some(saga) => {
                let state = state_of(&saga)?;
                Ok(state.warned && state.phase == Phase::Placed)
            }
            None => Ok(false),
        }
    }
}

const fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Placed => Wait::Keeper.words(),
        Phase::Held => Wait::Ending.words(),
        other => other.as_str(),
    }
}

fn reader(session: &Session, account: Address) -> Outcome<JournalReader> {
    session.journal_reader(account)?.ok_or_else(|| Failure::message(Exit::Journal, "the daemon's journal is gone"))
}

fn gone(id: &str) -> Failure {
    Failure::message(Exit::Journal, format!("the daemon took signal {id}, and the journal does not have it"))
}

fn ended() -> Failure {
    let message = "the daemon has ended; everything is in the journal: `trimtab signal resume --stay` goes on";
    Failure::message(Exit::Unknown, message)
}
