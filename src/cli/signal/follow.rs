//! Staying with open signals: round after round, told as it goes, until there is nothing to wait for.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::watch;

use super::events::{Over, SignalEvent, SignalsStopped};
use crate::{
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        open_signals::{Hands, shown},
        output::Output,
    },
    journal::JournalReader,
    trade::{
        TradeContext,
        saga::{Host, Notice, Phase, Role, SagaReport, Wait},
    },
};

/// Time between two looks at chain and file.
pub(in crate::cli) const POLL: Duration = Duration::from_millis(500);

/// What to do after a stop.
const RESUME: &str = "`trimtab signal resume --stay` goes on";

/// What a run goes on until.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Until {
    /// Somebody stops it.
    Stopped,
    /// This signal's trade is over.
    Over(String),
    /// This signal's perp is open, or its trade over.
    Open(String),
    /// Nothing is open any more.
    Idle,
    /// One round was made.
    Once,
}

/// Round after round until there is nothing to wait for, or somebody stops it.
pub(in crate::cli) async fn stay(
    output: Output,
    desk: &TradeContext,
    hands: &mut Hands,
    mut host: Host,
    until: Until,
) -> Outcome {
    let output = if until.is_stream() { output.streaming() } else { output };
    let mut stopped = stop_signal();
    let mut told = Told::default();
    loop {
        let notices = {
            let mut hand = hands.hand();
            let round = Box::pin(host.round(desk, &mut hand));
            tokio::select! {
                notices = round => Some(notices?),
                _ = stopped.wait_for(|times| *times > 1) => None,
            }
        };
        // Asked twice, it ends in the middle of a round, as a crash would: the journal has everything.
        let Some(notices) = notices else { return interrupted(output, hands.reader(), RESUME) };
        let mut over = Vec::new();
        for notice in notices {
            told.tell(output, &notice)?;
            if let Notice::Stuck { id, error } = notice {
                if until.is_about(&id) {
                    return Err(error.into());
                }
            } else if let Notice::Over(report) = notice {
                over.push(*report);
            }
        }
        if let Some(outcome) = done(output, hands.reader(), &until, over) {
            return outcome;
        }
        if told.is_overdue && matches!(until, Until::Over(_) | Until::Open(_)) {
            let message = "the venue has not answered the order: it stays in the journal; nothing was unwound; \
                           `trimtab signal resume` goes on once it has";
            return Err(Failure::message(Exit::Unknown, message));
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stopped.changed() => {}
        }
        if *stopped.borrow() > 0 {
            return interrupted(output, hands.reader(), RESUME);
        }
    }
}

/// Whether the run has what it was for; then with its result.
pub(in crate::cli) fn done(
    output: Output,
    reader: &JournalReader,
    until: &Until,
    over: Vec<SagaReport>,
) -> Option<Outcome> {
    let result = |report: &SagaReport| {
        output.result(report, || report.words())?;
        match report.outcome.as_deref() {
            Some("traded") | None => Ok(()),
            _ => {
                let why = report.failure.clone().unwrap_or_else(|| "the loop could not be brought back".to_owned());
                // An order that the venue cancelled is worth another code than a trade that was refused beforehand.
                let exit = if report.has(Role::Open) { Exit::Reverted } else { Exit::Refused };
                Err(Failure::after_result(exit, format!("signal {}: {why}", report.signal)))
            }
        }
    };
    let read =
        |id: &str| -> Outcome<Option<SagaReport>> { reader.saga(id)?.map(|saga| shown(reader, &saga)).transpose() };
    match until {
        Until::Stopped => None,
        Until::Over(id) => over.iter().find(|report| report.signal == *id).map(result),
        Until::Open(id) => match over.iter().find(|report| report.signal == *id) {
            Some(report) => Some(result(report)),
            None => match read(id) {
                Ok(Some(report)) if report.phase == Phase::Held.as_str() => Some(result(&report)),
                Ok(_) => None,
                Err(failure) => Some(Err(failure)),
            },
        },
        Until::Once => Some(output.result(&Over { over: &over }, || listed(&over, reader))),
        Until::Idle => match reader.open_sagas() {
            Ok(open) if open.is_empty() => Some(output.result(&Over { over: &over }, || listed(&over, reader))),
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        },
    }
}

fn listed(over: &[SagaReport], reader: &JournalReader) -> String {
    let mut lines: Vec<String> = over.iter().map(SagaReport::words).collect();
    let open = reader.open_sagas().map(|open| open.len()).unwrap_or_default();
    lines.push(match open {
        0 => "nothing is open".to_owned(),
        count => format!("{count} still open: `trimtab signal list` shows them"),
    });
    lines.join("\n")
}

/// Stopped between two rounds: everything is in the journal.
pub(in crate::cli) fn interrupted(output: Output, reader: &JournalReader, next: &str) -> Outcome {
    let open = reader.open_sagas()?;
    let ids: Vec<&str> = open.iter().map(|saga| saga.id.as_str()).collect();
    let words = match ids.as_slice() {
        [] => "stopped; nothing is open".to_owned(),
        ids => format!("stopped; still open: {}; stop and target stay with the venue; {next}", ids.join(", ")),
    };
    output.result(&SignalsStopped { stopped: true, open: &ids }, || words)
}

/// How often the user has asked the program to end.
pub(in crate::cli) fn stop_signal() -> watch::Receiver<u32> {
    let (sender, receiver) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            asked_to_end().await;
            sender.send_modify(|times| *times += 1);
        }
    });
    receiver
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    drop(tokio::signal::ctrl_c().await);
}

impl Until {
    /// Whether it goes on with whatever comes, and tells what happens meanwhile.
    pub(in crate::cli) const fn is_stream(&self) -> bool {
        matches!(self, Self::Stopped | Self::Idle)
    }

    fn is_about(&self, signal: &str) -> bool {
        match self {
            Self::Over(id) | Self::Open(id) => id == signal,
            Self::Stopped | Self::Idle => false,
            Self::Once => true,
        }
    }
}

/// What was said already: a wait is told when it begins.
#[derive(Default)]
struct Told {
    waits: BTreeMap<String, (Phase, Wait)>,
    is_overdue: bool,
}

impl Told {
    fn tell(&mut self, output: Output, notice: &Notice) -> Outcome {
        match notice {
            Notice::Taken { id } => output.note(format!("signal {id} taken")),
            Notice::Skipped { reason, .. } => output.note(format!("skipped: {reason}")),
            Notice::Over(report) => {
                self.waits.remove(&report.signal);
                output.note_lines(report.words());
            }
            Notice::Stuck { id, error } => output.note(format!("signal {id}: {error}")),
            Notice::Overdue { id, reason } => {
                self.is_overdue = true;
                output.note(format!("warning: signal {id}: {reason}"));
            }
            Notice::Waits { id, phase, wait } => {
                if self.waits.insert(id.clone(), (*phase, *wait)) == Some((*phase, *wait)) {
                    return Ok(());
                }
                output.note(format!("signal {id}: {}", wait.words()));
            }
        }
        output.event(&SignalEvent::from(notice))
    }
}
