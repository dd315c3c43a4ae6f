//! Where a value came from.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

/// The place that set a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A file.
    File {
        /// Which one.
        path: PathBuf,
        /// The profile of the file, if not its common part.
        profile: Option<String>,
    },
    /// An environment variable.
    Env(String),
    /// A command-line flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, profile: None } => write!(f, "{}", crate::text::path(path)),
            Self::File { path, profile: Some(profile) } => write!(f, "{} [profile.{profile}]", crate::text::path(path)),
            Self::Env(variable) => write!(f, "environment variable {variable}"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// One setting as `config show --origin` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Setting {
    /// Dotted key.
    pub key: String,
    /// Its value, without anything secret.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}
