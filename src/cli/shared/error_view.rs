//! Errors with `--json`: on stdout like any other document, with the sentence that stderr has.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    document::document,
    exit::{Exit, Failure},
};

/// Something went wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct ErrorView {
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
struct ErrorDetail {
    /// Which error, in words that stay: docs/json.md lists them.
    code: String,
    /// The exit code.
    exit: u8,
    /// The sentence for people.
    message: String,
    /// The figures in the sentence, by name, where the error has any.
    figures: Map<String, Value>,
}

document!("error": ErrorView);

impl ErrorView {
    /// Of a failure, in these words.
    pub(in crate::cli) fn new(failure: &Failure, message: String) -> Self {
        let (code, figures) = (failure.code.to_owned(), failure.figures.clone());
        Self { error: ErrorDetail { code, exit: failure.exit as u8, message, figures } }
    }

    /// Of a command line that cannot be read.
    pub(in crate::cli) fn usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned();
        let figures = Map::new();
        Self {
            error: ErrorDetail { code: usage_code(error.kind()).to_owned(), exit: Exit::Usage as u8, message, figures },
        }
    }
}

const fn usage_code(kind: clap::error::ErrorKind) -> &'static str {
    use clap::error::ErrorKind as Kind;
    match kind {
        Kind::InvalidValue | Kind::ValueValidation | Kind::InvalidUtf8 => "invalid-value",
        Kind::UnknownArgument => "unknown-argument",
        Kind::InvalidSubcommand => "unknown-command",
        Kind::NoEquals | Kind::TooManyValues | Kind::TooFewValues | Kind::WrongNumberOfValues => {
            "wrong-number-of-values"
        }
        Kind::ArgumentConflict => "argument-conflict",
        Kind::MissingRequiredArgument => "missing-argument",
        Kind::MissingSubcommand | Kind::DisplayHelpOnMissingArgumentOrSubcommand => "missing-command",
        _ => "usage",
    }
}
