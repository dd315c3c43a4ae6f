//! `journal export`, `backup`, `restore`, `prune` and `reconcile --set-aside`: keeping the journal itself in order.

use std::{
    fs::File,
    io::{Write, stdout},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use alloy::{eips::BlockNumberOrTag, primitives::Address};
use clap::{Args, builder::PossibleValuesParser};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        journal_reader::reader,
        output::written,
        session::Session,
    },
    journal::{BackedUp, Exported, Journal, JournalError, JournalReader, Pruned, Restored, exported_tables},
    text,
    units::Millis,
};

/// A backup that was made.
#[derive(Debug, Serialize, JsonSchema)]
struct BackupDocument<'a> {
    backup: &'a BackedUp,
}

/// A journal that took another's place.
#[derive(Debug, Serialize, JsonSchema)]
struct RestoreDocument<'a> {
    restored: &'a Restored,
}

/// What was taken away, or would be.
#[derive(Debug, Serialize, JsonSchema)]
struct PruneDocument {
    pruned: Pruned,
    /// The moment, UTC.
    before: String,
    dry_run: bool,
}

/// A row that has no effect any more.
#[derive(Debug, Serialize, JsonSchema)]
struct SetAsideDocument<'a> {
    set_aside: &'a str,
}

document!(
    "journal-backup": BackupDocument<'_>, "journal-restore": RestoreDocument<'_>, "journal-prune": PruneDocument,
    "journal-set-aside": SetAsideDocument<'_>,
);

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// File to write; stdout by default.
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<PathBuf>,
    /// With the raw signed transactions.
    #[arg(long)]
    with_raw: bool,
    /// One table as CSV, for a spreadsheet, instead of everything as JSON lines.
    #[arg(long, value_name = "TABLE", value_parser = PossibleValuesParser::new(exported_tables()))]
    csv: Option<String>,
}

/// The schema of each line of `journal export`, with its file name.
#[cfg(test)]
pub(in crate::cli) fn export_schema() -> (&'static str, schemars::Schema) {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<crate::journal::ExportLine>();
    schema.insert("title".to_owned(), "trimtab.journal-export/1".into());
    ("journal-export", schema)
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BackupArgs {
    /// File to write; it must not exist.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// A backup of this network's and account's journal.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Restore it although it does not know an intent that may still take effect.
    #[arg(long)]
    forget_unresolved: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PruneArgs {
    /// What ended before this goes: a day (2026-01-31, its beginning in UTC) or a time (2026-01-31T12:00:00Z).
    #[arg(long, value_name = "DATE", value_parser = date)]
    before: Millis,
    /// Say what would go, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

fn date(text: &str) -> Result<Millis, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let time = humantime::parse_rfc3339_weak(&whole)
        .map_err(|_| format!("`{text}` is neither a day such as 2026-01-31 nor a time such as 2026-01-31T12:00:00Z"))?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
}

/// A time for people; one that no calendar has is shown as its number.
pub(in crate::cli) fn time(at: Millis) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let point = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at.0));
    match point.map(|point| write!(text, "{}", humantime::format_rfc3339_seconds(point))) {
        Some(Ok(())) => text,
        _ => format!("{} ms", at.0),
    }
}

pub(in crate::cli) async fn export(session: &Session, args: ExportArgs) -> Outcome {
    let reader = reader(session).await?;
    match args.out {
        Some(path) => {
            let mut file = File::create(&path)
                .map_err(|error| Failure::message(Exit::Configuration, format!("{}: {error}", text::path(&path))))?;
            let done = write(&reader, &mut file, &args.csv, args.with_raw)?;
            session.output.note(format!("{} records written to {}", done.records, text::path(&path)));
        }
        None => match write(&reader, &mut stdout().lock(), &args.csv, args.with_raw) {
            Err(JournalError::Export(error)) => written(Err(error))?,
            done => drop(done?),
        },
    }
    Ok(())
}

fn write(
    reader: &JournalReader,
    out: &mut dyn Write,
    csv: &Option<String>,
    with_raw: bool,
) -> Result<Exported, JournalError> {
    match csv {
        Some(table) => reader.export_csv(out, table, with_raw),
        None => reader.export(out, with_raw),
    }
}

pub(in crate::cli) async fn backup(session: &Session, args: &BackupArgs) -> Outcome {
    let done = reader(session).await?.backup(&args.file)?;
    session.output.result(&BackupDocument { backup: &done }, || {
        let (file, intents, bytes) = (text::path(&done.file), done.intents, done.bytes);
        format!("{file}: {intents} intents, {bytes} bytes, checked")
    })
}

pub(in crate::cli) async fn restore(session: &Session, args: &RestoreArgs) -> Outcome {
    let account = session.account().await?;
    let (dir, network) = (&session.config.journal_dir, session.network());
    let done = Journal::restore(dir, network.as_str(), account, &args.file, args.forget_unresolved)?;
    session.output.result(&RestoreDocument { restored: &done }, || {
        let mut lines = vec![format!("{} is restored from {}", text::path(&done.path), text::path(&done.from))];
        lines.extend(done.replaced.iter().map(|kept| format!("the journal that was there is {}", text::path(kept))));
        lines.push("what happened since the backup is not in it: run `trimtab journal reconcile`".to_owned());
        lines.join("\n")
    })
}

pub(in crate::cli) async fn prune(session: &Session, args: &PruneArgs) -> Outcome {
    if args.before.0 > session.clock.wall_millis() {
        return Err(Failure::message(Exit::Usage, "--before is in the future: give a date that has passed"));
    }
    let account = session.account().await?;
    let done = match args.dry_run {
        true => reader(session).await?.prunable(args.before)?,
        false => session.journal(account).await?.prune(args.before)?,
    };
    let Pruned { intents, transactions, samples, kept } = done;
    let document = PruneDocument { pruned: done, before: time(args.before), dry_run: args.dry_run };
    session.output.result(&document, || {
        let gone = if args.dry_run { "would go" } else { "are gone" };
        format!(
            "{intents} intents, {transactions} transactions and {samples} samples before {} {gone}; {kept} ended intents \
             stay, because a position, an order, a running trade or a nonce needs them",
            time(args.before)
        )
    })
}

pub(in crate::cli) async fn set_aside(session: &Session, account: Address, id: &str) -> Outcome {
    let journal = session.journal(account).await?;
    let next = session.endpoints.nonce(account, BlockNumberOrTag::Latest).await?;
    journal.set_aside(id, next, session.stamp().await?)?;
    session.output.result(&SetAsideDocument { set_aside: id }, || {
        format!("{id} is set aside: the chain has used its nonce, so it has no effect any more")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_and_nonsense_is_told() {
        assert_eq!(date("2026-01-31"), Ok(Millis(1_769_817_600_000)));
        assert_eq!(date("2026-01-31T12:00:00Z"), Ok(Millis(1_769_860_800_000)));
        assert!(date("31.1.2026").is_err_and(|error| error.contains("2026-01-31")));
    }

    #[test]
    fn a_time_that_no_calendar_has_is_shown_and_does_not_end_the_program() {
        assert_eq!(time(Millis(0)), "1970-01-01T00:00:00Z");
        assert!(time(Millis(u64::MAX)).ends_with(" ms"));
    }
}
