//! Secrets of services: tokens, and addresses that are secrets themselves. They come from the environment or from files
//! of their own, and nothing prints them.

use std::{fmt, path::Path, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use url::Url;

use super::{ConfigError, Origin, RpcUrl};

/// A text that is never shown; prints as `(set)`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself; only for the connection that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "" => Err("it is empty"),
            text if text.chars().any(char::is_whitespace) => Err("there is a blank inside"),
            text => Ok(Self(text.to_owned().into())),
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(set)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(set)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The address of an HTTP service that is told something. Prints without user, password, path and query, where such
/// services put their keys.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl(RpcUrl);

/// Values such as `wait=true` are no secrets, and replacing them would spoil messages.
const SHORTEST_SECRET: usize = 8;

impl HookUrl {
    /// The address as it is; only for the connection itself.
    #[must_use]
    pub const fn expose(&self) -> &Url {
        self.0.expose()
    }

    /// A text (somebody else's error message) without the parts of this address that may be secret.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let clean = self.0.scrub(text);
        let segments = self.expose().path_segments().into_iter().flatten();
        // Telegram's `bot` stands before the token; services that complain about a token leave it out.
        let tokens = segments.filter_map(|segment| segment.strip_prefix("bot")).map(str::to_owned);
        let values = self.expose().query_pairs().map(|(_, value)| value.into_owned());
        tokens
            .chain(values)
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
            .fold(clean, |clean, secret| clean.replace(&secret, "…"))
    }

    /// An address below this one; `None` where the result is no address.
    #[must_use]
    pub fn below(&self, path: &str) -> Option<Self> {
        let base = self.expose().as_str().trim_end_matches('/');
        format!("{base}/{path}").parse().ok()
    }
}

impl FromStr for HookUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let url: RpcUrl = text.parse()?;
        if url.is_websocket() {
            return Err(ConfigError::NotAUrl("it does not start with http:// or https://".to_owned()));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookUrl({self})")
    }
}

impl Serialize for HookUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)?.parse().map_err(|error| match error {
            ConfigError::NotAUrl(reason) => D::Error::custom(format!("not the URL of a service: {reason}")),
            other => D::Error::custom(other),
        })
    }
}

/// A text; serde's own message would repeat a value of another type, which may be a secret.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|_| D::Error::custom("expected a text"))
}

/// What was set, else the content of the file that was named.
pub(super) fn set_or_in_file<T: Clone + FromStr<Err: fmt::Display>>(
    key: &str,
    set: Option<&T>,
    file: Option<&Path>,
) -> Result<Option<T>, ConfigError> {
    let (None, Some(path)) = (set, file) else { return Ok(set.cloned()) };
    let content = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    content.parse().map(Some).map_err(|error: T::Err| ConfigError::Invalid {
        key: key.to_owned(),
        origin: Origin::File { path: path.to_owned(), profile: None },
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_token_nor_the_address_of_a_hook_is_ever_printed() {
        let token: Secret = " 123456:s3cr3tT0ken\n".parse().expect("token");
        let hook: HookUrl = "https://hooks.example.com/services/T000/s3cr3tT0ken".parse().expect("url");
        for shown in [
            format!("{token:?} {hook:?} {hook}"),
            serde_json::to_string(&(&token, &hook)).expect("json"),
            hook.scrub("error sending request for url (https://hooks.example.com/services/T000/s3cr3tT0ken)"),
        ] {
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        let asked: HookUrl =
            "https://example.com/bot123456:s3cr3tT0ken/send?wait=true&key=0therS3cret".parse().expect("url");
        assert_eq!(asked.scrub("no bot 123456:s3cr3tT0ken, key 0therS3cret, wait true"), "no bot …, key …, wait true");
        assert_eq!(token.expose(), "123456:s3cr3tT0ken");
        assert_eq!(hook.to_string(), "https://hooks.example.com/…");
        let below = hook.below("bot1/send").expect("address");
        assert_eq!(below.expose().path(), "/services/T000/s3cr3tT0ken/bot1/send");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_without_repeating_it() {
        for wrong in ["1234567890", "[\"s3cr3tT0ken\"]", "\"s3cr3tT0ken with blanks\"", "\"wss://s3cr3tT0ken\""] {
            let url = serde_json::from_str::<HookUrl>(wrong).expect_err("no url").to_string();
            let token = serde_json::from_str::<Secret>(wrong).map_err(|error| error.to_string());
            for said in [Some(url), token.err()].into_iter().flatten() {
                assert!(!said.contains("s3cr3t") && !said.contains("1234567890"), "{said}");
            }
        }
    }
}
