//! Why there are no settings.

use std::path::PathBuf;

use super::Origin;

/// What is wrong with the settings. Exit code 3.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A key that means nothing.
    #[error("unknown key `{key}` in {origin}; {}", nearest_text(nearest.as_deref()))]
    UnknownKey {
        /// As written.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// The valid key that looks most like it.
        nearest: Option<String>,
    },
    /// A secret where others may read it.
    #[error("`{key}` in {origin} is a secret, and secrets are never read from a file; {advice}")]
    SecretInFile {
        /// As written.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What to do instead.
        advice: &'static str,
    },
    /// A value of the wrong form, or one that contradicts another.
    #[error("`{key}` from {origin}: {reason}")]
    Invalid {
        /// Dotted key.
        key: String,
        /// Where the value came from.
        origin: Origin,
        /// What is wrong, with the figures.
        reason: String,
    },
    /// The file is no TOML.
    #[error("{} is not valid TOML: {reason}", crate::text::path(path))]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        reason: String,
    },
    /// A file that was asked for, or that exists, cannot be read.
    #[error("cannot read {}: {reason}", crate::text::path(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// No file has the profile.
    #[error("there is no profile `{name}`; {}", known_text(known))]
    UnknownProfile {
        /// As asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// A name that is neither a URL nor in foundry.toml.
    #[error("`{name}` is neither a URL nor a name in [rpc_endpoints] of foundry.toml; {}", known_text(known))]
    UnknownAlias {
        /// As written.
        name: String,
        /// Names that exist.
        known: Vec<String>,
    },
    /// `${NAME}` where no such variable is set.
    #[error("`${{{variable}}}` in the endpoint `{alias}`: the environment variable {variable} is not set")]
    MissingVariable {
        /// The variable.
        variable: String,
        /// Where it is used, without the URL.
        alias: String,
    },
    /// Not an address of an endpoint; the text itself is not repeated, since it may hold a token.
    #[error("not the URL of an endpoint: {0}")]
    NotAUrl(String),
}

impl ConfigError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        3
    }
}

fn nearest_text(nearest: Option<&str>) -> String {
    nearest
        .map_or_else(|| "`trimtab config show` lists the valid ones".to_owned(), |key| format!("did you mean `{key}`?"))
}

fn known_text(known: &[String]) -> String {
    if known.is_empty() { "there are none".to_owned() } else { format!("there are: {}", known.join(", ")) }
}
