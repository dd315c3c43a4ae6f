//! stdout carries the result only, as text or as one JSON document; everything else goes to stderr.
//!
//! Nothing else in the program writes to either: what comes from outside is made harmless here, and a reader that is gone
//! ends nothing that was begun.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, LazyLock},
};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::{
    document::{Document, Named},
    error_view::ErrorView,
    exit::{Exit, Failure, Outcome},
};
use crate::{journal::Damages, text};

/// Rows of journals that this command could not read and left out: said once, and in the document.
static DAMAGED: LazyLock<Arc<Damages>> = LazyLock::new(Arc::default);

/// Where the journals of this command tell what they could not read.
pub(in crate::cli) fn damages() -> &'static Arc<Damages> {
    &DAMAGED
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Output {
    /// One JSON document instead of text.
    pub(in crate::cli) json: bool,
    /// Nothing on stderr but errors.
    pub(in crate::cli) quiet: bool,
    /// The command goes on: documents are lines.
    pub(in crate::cli) stream: bool,
}

impl Output {
    /// Writes the result: the text for people, or `value` as a document.
    pub(in crate::cli) fn result<T: Document>(self, value: &T, text: impl FnOnce() -> String) -> Outcome {
        if !self.json {
            return self.text(&text());
        }
        if self.stream {
            return self.line(value);
        }
        let document = serde_json::to_string_pretty(&Named::new(value, DAMAGED.all()));
        self.write(text::json(&document.map_err(|error| Failure::new(Exit::Bug, error))?).as_ref())
    }

    /// For a command that goes on and tells what happens meanwhile.
    pub(in crate::cli) const fn streaming(self) -> Self {
        Self { stream: true, ..self }
    }

    /// Text for people only.
    pub(in crate::cli) fn text(self, text: &str) -> Outcome {
        self.write(text::lines(text).as_ref())
    }

    /// With `--json`, what happened while a command goes on: a line of its own, at once.
    pub(in crate::cli) fn event<T: Document>(self, value: &T) -> Outcome {
        if self.json && self.stream { self.line(value) } else { Ok(()) }
    }

    fn line<T: Document>(self, value: &T) -> Outcome {
        let line =
            serde_json::to_string(&Named::new(value, DAMAGED.all())).map_err(|error| Failure::new(Exit::Bug, error))?;
        self.write(text::json(&line).as_ref())
    }

    fn write(self, shown: &str) -> Outcome {
        let mut stdout = io::stdout().lock();
        written(writeln!(stdout, "{}", shown.trim_end()).and_then(|()| stdout.flush()))
    }

    /// A line about what is going on, on stderr.
    pub(in crate::cli) fn note(self, line: impl AsRef<str>) {
        if !self.quiet {
            say(&text::one_line(line.as_ref()));
        }
    }

    /// The same in several lines, such as a plan.
    pub(in crate::cli) fn note_lines(self, lines: impl AsRef<str>) {
        if !self.quiet {
            say(&text::lines(lines.as_ref()));
        }
    }

    /// Names the rows of the journal that were left out, also when quiet: they may matter more than the result.
    pub(in crate::cli) fn damaged(self) {
        for row in DAMAGED.all() {
            eprintln!("warning: {row}");
        }
    }

    /// An error: in words on stderr, and with `--json` as a document on stdout too, so that programs see why.
    pub(in crate::cli) fn failure(self, failure: &Failure) {
        let words = words(&failure.report);
        say(&format!("error: {}", text::message(&words)));
        if self.json && !failure.after_result {
            let _ = self.line(&ErrorView::new(failure, words));
        }
    }

    /// Whether progress bars make sense.
    #[must_use]
    pub(in crate::cli) fn shows_progress(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
}

/// A line on stderr; nobody there to read it is no reason to stop.
pub(in crate::cli) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Help, or what is wrong with the command line: in colours, unless an argument or a variable that may be quoted in it holds
/// what a terminal must not get.
pub(in crate::cli) fn usage(error: &clap::Error) {
    // What cannot be parsed may still say how the answer is wanted.
    let wants_json = std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|flag| flag == "--json");
    if wants_json && error.use_stderr() {
        let _ = Output { json: true, quiet: false, stream: false }.line(&ErrorView::usage(error));
    }
    let is_odd = |text: &std::ffi::OsStr| text::one_line(&text.to_string_lossy()) != text.to_string_lossy();
    let quoted =
        |name: &std::ffi::OsStr| ["ETH_", "BASE_"].iter().any(|begin| name.to_string_lossy().starts_with(begin));
    let is_foreign = std::env::args_os().any(|argument| is_odd(&argument))
        || std::env::vars_os().any(|(name, value)| quoted(&name) && is_odd(&value));
    let _ = match (is_foreign, error.use_stderr()) {
        (false, _) => error.print(),
        (true, true) => writeln!(io::stderr(), "{}", text::message(&error.render().to_string())),
        (true, false) => writeln!(io::stdout(), "{}", text::message(&error.render().to_string())),
    };
}

/// What became of writing to stdout. A reader that closed the pipe has seen what it wanted.
pub(in crate::cli) fn written(outcome: io::Result<()>) -> Outcome {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::message(Exit::Bug, format!("stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// An error and its causes, each said once: many errors quote their cause already.
fn words(report: &eyre::Report) -> String {
    report.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        said if said.contains(&cause) => said.to_owned(),
        said => format!("{said}: {cause}"),
    })
}

/// A plain table: first column left, the others right.
#[must_use]
pub(in crate::cli) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if !header.is_empty() {
        table.set_header(header.iter().enumerate().map(|(index, text)| aligned(index, text)));
    }
    for row in rows {
        table.add_row(row.iter().enumerate().map(|(index, text)| aligned(index, text)));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn aligned(index: usize, text: &str) -> Cell {
    let alignment = if index == 0 { CellAlignment::Left } else { CellAlignment::Right };
    Cell::new(text::one_line(text)).set_alignment(alignment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_quoted_already_is_not_said_again() {
        let told = eyre::eyre!("no such file").wrap_err("plan.json: no such file").wrap_err("cannot send");
        assert_eq!(words(&told), "cannot send: plan.json: no such file");
    }

    #[test]
    fn tables_align_figures_to_the_right() {
        let rows = vec![vec!["debt".into(), "0 USDC".into()], vec!["collateral".into(), "29.9 WETH".into()]];
        assert_eq!(
            table(&["", "after"], &rows),
            "                 after\n debt           0 USDC\n collateral  29.9 WETH"
        );
    }
}
