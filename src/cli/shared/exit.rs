//! Exit codes and failures.

use std::process::ExitCode;

use crate::journal::JournalError;

/// What the program's exit code says (docs/commands.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A bug of ours.
    Bug = 1,
    /// Wrong use of the command line.
    Usage = 2,
    /// Configuration: files, keys, unknown network or code.
    Configuration = 3,
    /// Refused by a bound or rule.
    Refused = 4,
    /// Reverted on chain or in simulation.
    Reverted = 5,
    /// No endpoint answered.
    RpcUnavailable = 6,
    /// The outcome is not known: reconcile before trying again.
    Unknown = 7,
    /// `watch --once` acted.
    Acted = 8,
    /// The journal is locked by another process or cannot be written.
    Journal = 9,
}

impl Exit {
    /// The class of an error, in a word.
    const fn code(self) -> &'static str {
        match self {
            Self::Done | Self::Acted => "done",
            Self::Bug => "bug",
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::Refused => "refused",
            Self::Reverted => "reverted",
            Self::RpcUnavailable => "rpc-unavailable",
            Self::Unknown => "outcome-unknown",
            Self::Journal => "journal",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error on its way to the user: what happened, what to do, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The message with its causes.
    pub report: eyre::Report,
    /// The result is on stdout already: with `--json` it is not followed by a second document.
    pub(in crate::cli) after_result: bool,
    /// Which error, for programs (docs/json.md).
    pub(in crate::cli) code: &'static str,
    /// The figures in the message, by name.
    pub(in crate::cli) figures: serde_json::Map<String, serde_json::Value>,
}

impl Failure {
    /// A failure with an exit code and its error.
    pub(in crate::cli) fn new(exit: Exit, report: impl Into<eyre::Report>) -> Self {
        Self { exit, report: report.into(), after_result: false, code: exit.code(), figures: serde_json::Map::new() }
    }

    /// A failure from a plain message.
    pub(in crate::cli) fn message(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self::new(exit, eyre::eyre!("{message}"))
    }

    /// A failure that the result on stdout already shows; only the exit code and a line on stderr are left to say.
    pub(in crate::cli) fn after_result(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { after_result: true, ..Self::message(exit, message) }
    }

    /// Whether it is that the journal has tables of an older program, which can be brought up to date.
    pub(in crate::cli) fn is_old_journal(&self) -> bool {
        let error = self.report.downcast_ref::<JournalError>();
        error.is_some_and(|error| matches!(error, JournalError::OtherVersion { found, known, .. } if found < known))
    }
}

impl Failure {
    /// The same with a word of its own for programs.
    pub(in crate::cli) fn coded(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// The same with the figures of its message, an object.
    pub(in crate::cli) fn with_figures(self, figures: serde_json::Value) -> Self {
        match figures {
            serde_json::Value::Object(figures) => Self { figures, ..self },
            _ => self,
        }
    }
}

/// What a command gives back.
pub(in crate::cli) type Outcome<T = ()> = Result<T, Failure>;
