//! RPC addresses that do not print what they may hide.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::ConfigError;

/// The address of a JSON-RPC endpoint. Prints without user, password, path and query, where providers put their keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RpcUrl(Url);

impl RpcUrl {
    /// The address as it is, token and all; only for the connection itself.
    #[must_use]
    pub const fn expose(&self) -> &Url {
        &self.0
    }

    /// Whether it is a WebSocket.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        matches!(self.0.scheme(), "ws" | "wss")
    }

    /// The WebSocket that goes with this HTTP address: the same host, port and key. Most providers, anvil and geth's `--ws` on
    /// one port have the same path; those that do not are known by their host. `None` where it is a WebSocket already.
    #[must_use]
    pub fn websocket(&self) -> Option<Self> {
        let scheme = match self.0.scheme() {
            "http" => "ws",
            "https" => "wss",
            _ => return None,
        };
        let mut url = self.0.clone();
        url.set_scheme(scheme).ok()?;
        let host = url.host_str().unwrap_or_default();
        let path = url.path();
        let moved = if host.ends_with(".infura.io") {
            path.strip_prefix("/v3/").map(|key| format!("/ws/v3/{key}"))
        } else if host == "rpc.ankr.com" {
            let (chain, key) = path.trim_start_matches('/').split_once('/')?;
            Some(format!("/{chain}/ws/{key}"))
        } else if host == "lb.drpc.org" && path == "/ogrpc" {
            Some("/ogws".to_owned())
        } else {
            None
        };
        if let Some(moved) = moved {
            url.set_path(&moved);
        }
        Some(Self(url))
    }

    /// A text (somebody else's error message) without the parts of this address that may be secret.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let mut clean = text.replace(self.0.as_str(), &self.to_string());
        let secrets = self.0.path_segments().into_iter().flatten().chain(self.0.query()).chain(self.0.password());
        for secret in secrets.filter(|part| part.len() >= SHORTEST_SECRET) {
            clean = clean.replace(secret, "…");
        }
        clean
    }
}

/// Path segments such as `v2` or `rpc` are no secrets, and replacing them would spoil messages.
const SHORTEST_SECRET: usize = 8;

/// `https://user:pass@host:1/v2/KEY?x=y` → `https://host:1/…`; text that is no URL is not repeated at all.
#[must_use]
pub fn redact_url(text: &str) -> String {
    text.trim().parse::<RpcUrl>().map_or_else(|_| "(not a URL)".to_owned(), |url| url.to_string())
}

impl FromStr for RpcUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text.trim()).map_err(|error| ConfigError::NotAUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
            return Err(ConfigError::NotAUrl(format!("`{}:` is not http, https, ws or wss", url.scheme())));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ConfigError::NotAUrl("it names no host".to_owned()));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for RpcUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        let hides = self.0.path().len() > 1 || self.0.query().is_some() || self.0.fragment().is_some();
        f.write_str(if hides { "/…" } else { "" })
    }
}

impl fmt::Debug for RpcUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RpcUrl({self})")
    }
}

impl Serialize for RpcUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RpcUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_an_rpc_url_is_never_printed() {
        let url: RpcUrl = "https://me:hunter22@base.example.com:8443/v2/s3cr3tT0ken?key=abcdefgh".parse().expect("url");
        for shown in [
            url.to_string(),
            format!("{url:?}"),
            serde_json::to_string(&url).expect("json"),
            redact_url(url.expose().as_str()),
            url.scrub(&format!("error sending request for url ({})", url.expose())),
            url.scrub("bad path /v2/s3cr3tT0ken?key=abcdefgh"),
        ] {
            for secret in ["hunter22", "s3cr3tT0ken", "abcdefgh"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        assert_eq!(url.to_string(), "https://base.example.com:8443/…");
        assert_eq!(redact_url("http://127.0.0.1:8545"), "http://127.0.0.1:8545");
        assert_eq!(redact_url("token-without-scheme"), "(not a URL)");
    }

    #[test]
    fn the_websocket_of_an_http_address_is_at_the_same_host_with_the_same_key() {
        let derived = |text: &str| {
            let url: RpcUrl = text.parse().expect("url");
            url.websocket().map(|url| url.expose().to_string())
        };
        for (http, websocket) in [
            ("http://127.0.0.1:8545", Some("ws://127.0.0.1:8545/")),
            ("https://base-mainnet.g.alchemy.com/v2/KEY", Some("wss://base-mainnet.g.alchemy.com/v2/KEY")),
            ("https://base-mainnet.infura.io/v3/KEY", Some("wss://base-mainnet.infura.io/ws/v3/KEY")),
            ("https://rpc.ankr.com/base/KEY", Some("wss://rpc.ankr.com/base/ws/KEY")),
            ("https://lb.drpc.org/ogrpc?network=base&dkey=KEY", Some("wss://lb.drpc.org/ogws?network=base&dkey=KEY")),
            ("https://me:pass@node.example.com/x", Some("wss://me:pass@node.example.com/x")),
            ("wss://node.example.com/x", None),
        ] {
            assert_eq!(derived(http).as_deref(), websocket, "{http}");
        }
    }

    #[test]
    fn only_http_and_websocket_addresses_are_endpoints() {
        assert!("ftp://host".parse::<RpcUrl>().is_err());
        assert!("localhost:8545".parse::<RpcUrl>().is_err());
        assert!("wss://host/x".parse::<RpcUrl>().expect("url").is_websocket());
    }
}
