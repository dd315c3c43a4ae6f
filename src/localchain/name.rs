//! Names of replicas that run beside each other.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most letters of a name; it is part of a file's name.
const MOST: usize = 32;

/// A replica's name; the one that nobody named is `default`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceName(String);

impl InstanceName {
    /// The name of the one that nobody named.
    pub const DEFAULT: &'static str = "default";

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nobody named it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }
}

impl Default for InstanceName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for InstanceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let begins = text.bytes().next().is_some_and(is_letter);
        let is_fit = begins && text.len() <= MOST && text.bytes().all(|letter| is_letter(letter) || letter == b'-');
        if is_fit {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("a replica's name has 1 to {MOST} of the letters a-z, 0-9 and -, and does not begin with -"))
    }
}

impl TryFrom<String> for InstanceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<InstanceName> for String {
    fn from(name: InstanceName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_no_escape_sequence() {
        for name in ["default", "a", "eth-down-2", "0"] {
            assert_eq!(name.parse::<InstanceName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in ["", "-a", "../x", "a/b", "A", "a b", "a\n", "\u{1b}[2J", "ä", &"a".repeat(33)] {
            assert!(name.parse::<InstanceName>().is_err(), "{name:?}");
        }
    }
}
