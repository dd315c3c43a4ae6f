//! Which version of the perpetuals venue a replica shows.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which version of the perpetuals venue a replica shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PerpsVersion {
    /// Avantis v1.5: the real code, which has not run on Base since 12 August 2026.
    #[default]
    V1,
    /// Avantis v2, now Veranta: a stand-in of ours, as the real code is private, and a double of its services.
    V2,
}

impl PerpsVersion {
    /// As it is written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// In words, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::V1 => "perps v1, the venue's real code",
            Self::V2 => "perps v2, our stand-in",
        }
    }
}

impl fmt::Display for PerpsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PerpsVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::V1, Self::V2]
            .into_iter()
            .find(|version| version.name() == text)
            .ok_or_else(|| "expected v1 (the venue's real code of before August 2026) or v2 (our stand-in)".to_owned())
    }
}
