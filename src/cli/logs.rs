//! Where logs go, and how a field of a log line is written.

use std::{
    fmt,
    io::{IsTerminal, Write},
};

use tracing::field::Field;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::{
        SubscriberBuilder,
        format::{Format, FormatFields, Writer, debug_fn},
    },
};

use super::shared::global::GlobalArgs;
use crate::text;

/// Where logs go, and how much is logged when nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logs {
    /// Warnings to stderr.
    Warnings,
    /// Decisions to stderr.
    Decisions,
    /// Decisions to a file beside the journals: the terminal shows a table.
    File,
}

/// Name of the log file while a table has the terminal.
pub(super) const LOG_FILE: &str = "watch.log";

impl GlobalArgs {
    /// Logs go to stderr, or to a file while a table has the terminal: warnings, and more with -v; `TRIMTAB_LOG` takes a
    /// filter. Where the program goes on by itself, nobody who does not read its logs can keep it from acting: a thread of its own
    /// writes them, and what does not fit into its queue is dropped. The guard writes what is left.
    pub(super) fn init_logging(&self, logs: Logs) -> Option<WorkerGuard> {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (_, 0) if logs == Logs::Warnings => "warn",
            (_, 0) => "trimtab=info,warn",
            (_, 1) => "trimtab=info,warn",
            (_, 2) => "trimtab=debug,info",
            _ => "trace",
        };
        let filter = EnvFilter::try_from_env("TRIMTAB_LOG").unwrap_or_else(|_| EnvFilter::new(level));
        if logs == Logs::File {
            // What the settings say is said again by the command itself; without a file the logs are held back.
            let file = self.settings().ok().and_then(|loaded| log_file(&loaded.config.journal_dir).ok());
            let (writer, guard) = beside(file?);
            let to_file = line_format(filter).with_ansi(false);
            let _ = to_file.with_writer(writer).try_init();
            return Some(guard);
        }
        let to_stderr = line_format(filter).with_ansi(std::io::stderr().is_terminal());
        if logs == Logs::Warnings {
            let _ = to_stderr.with_writer(std::io::stderr).try_init();
            return None;
        }
        let (writer, guard) = beside(std::io::stderr());
        let _ = to_stderr.with_writer(writer).try_init();
        Some(guard)
    }
}

/// How lines are written. A reader that is gone is no reason to write about it to the same reader, which would panic.
fn line_format(
    filter: EnvFilter,
) -> SubscriberBuilder<impl for<'writer> FormatFields<'writer> + Send + Sync + 'static, Format, EnvFilter> {
    tracing_subscriber::fmt().fmt_fields(fields()).log_internal_errors(false).with_env_filter(filter)
}

/// Message and fields of a line. What comes from outside stays in the line and does nothing to the terminal; colours are
/// put around it here.
fn fields() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
    debug_fn(write_field).delimited(" ")
}

fn write_field(out: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let (italic, dim, reset) = ("\u{1b}[3m", "\u{1b}[2m", "\u{1b}[0m");
    let value = format!("{value:?}");
    let value = text::one_line(&value);
    match field.name() {
        "message" => out.write_str(&value),
        name if out.has_ansi_escapes() => write!(out, "{italic}{name}{reset}{dim}={reset}{value}"),
        name => write!(out, "{name}={value}"),
    }
}

/// A writer that waits for nobody.
fn beside(sink: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    /// Some megabytes.
    const LINES: usize = 16_384;
    NonBlockingBuilder::default().buffered_lines_limit(LINES).lossy(true).finish(sink)
}

fn log_file(dir: &std::path::Path) -> std::io::Result<std::fs::File> {
    std::fs::create_dir_all(dir)?;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(dir.join(LOG_FILE))
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panicked").extend_from_slice(part);
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(colours: bool) -> String {
        let written = Shared::default();
        let sink = written.clone();
        let format = line_format(EnvFilter::new("info")).with_ansi(colours).with_writer(move || sink.clone());
        tracing::subscriber::with_default(format.finish(), || {
            let evil = "a\u{1b}[2J\nERROR forged\u{202e}";
            tracing::warn!(reason = %evil, quoted = evil, "said: {evil}");
        });
        let bytes = written.0.lock().expect("nobody panicked").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_reason_from_outside_forges_no_log_line_and_our_colours_stay() {
        let plain = logged(false);
        assert_eq!(plain.lines().count(), 1, "{plain}");
        assert!(
            !plain.contains(text::is_unsafe) && plain.contains("said: a\\u{1b}[2J\\nERROR forged\\u{202e}"),
            "{plain}"
        );
        assert!(plain.contains("reason=a\\u{1b}[2J"), "{plain}");
        let coloured = logged(true);
        assert_eq!(coloured.lines().count(), 1, "{coloured:?}");
        assert!(coloured.contains("\u{1b}[33m") && !coloured.contains("\u{1b}[2J"), "{coloured:?}");
    }
}
