//! Where the services are, and whose keys may sign for them.
//!
//! The venue's test network has Base's chain id and addresses: what is signed for it can be carried out on Base. So a set of hosts
//! belongs to one network, and keys do (`perps.network`); what is signed for the one is never signed by a key of the other.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{config::RpcUrl, http::is_this_machine};

/// A network of the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VenueNetwork {
    /// Base.
    Mainnet,
    /// The venue's fork of Base, with its chain id.
    Testnet,
    /// Services of this machine.
    Local,
}

impl fmt::Display for VenueNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Local => "local",
        })
    }
}

/// A set of hosts that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostPreset {
    /// The venue's, under its new name.
    Veranta,
    /// The venue's, under its first name.
    Avantisfi,
    /// Those of its test network.
    Staging,
}

/// Hosts that cannot be used together, or not with these keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostsError {
    /// One of one network and one of another.
    #[error("the hosts of the perp services are of {one} and of {other}: name those of one network")]
    Mixed {
        /// A network.
        one: VenueNetwork,
        /// Another.
        other: VenueNetwork,
    },
    /// Keys of another network.
    #[error(
        "the hosts of the perp services are of {hosts} and the keys are for {keys} (perps.network): both have the same chain id and \
         contracts, so that what is signed for one counts on the other; nothing is signed"
    )]
    OtherKeys {
        /// Of the hosts.
        hosts: VenueNetwork,
        /// Of the keys.
        keys: VenueNetwork,
    },
    /// Not a web address.
    #[error("{0}")]
    Url(String),
}

/// Where the services are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSet {
    /// Positions, market orders, risk, pairs.
    pub(super) gateway: RpcUrl,
    /// Metadata, and intents that others build.
    pub(super) tx_builder: RpcUrl,
    /// Prices.
    pub(super) feed: RpcUrl,
    network: VenueNetwork,
}

impl HostPreset {
    const fn hosts(self) -> [&'static str; 3] {
        match self {
            Self::Veranta => {
                ["https://prod-api.veranta.xyz", "https://tx-builder.veranta.xyz", "https://feed-v3.veranta.xyz"]
            }
            Self::Avantisfi => {
                ["https://prod-api.avantisfi.com", "https://tx-builder.avantisfi.com", "https://feed-v3.avantisfi.com"]
            }
            Self::Staging => [
                "https://staging-api.veranta.xyz",
                "https://tx-builder-testnet.veranta.xyz",
                "https://feed-v3-testnet.veranta.xyz",
            ],
        }
    }
}

/// Which network a host is of: this machine's, the venue's test network by the words in its name, or, for any other, Base, where a
/// signature does most.
fn network_of(url: &Url) -> VenueNetwork {
    if is_this_machine(url) {
        return VenueNetwork::Local;
    }
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let is_of_testnet = host.split(['.', '-']).any(|word| matches!(word, "staging" | "testnet" | "devnet"));
    if is_of_testnet { VenueNetwork::Testnet } else { VenueNetwork::Mainnet }
}

impl HostSet {
    /// A known set.
    pub fn preset(preset: HostPreset) -> Result<Self, HostsError> {
        let url = |text: &str| RpcUrl::from_str(text).map_err(|error| HostsError::Url(error.to_string()));
        let [gateway, tx_builder, feed] = preset.hosts();
        Self::new(url(gateway)?, url(tx_builder)?, url(feed)?)
    }

    /// Hosts of one's own; refuses those of several networks.
    pub fn new(gateway: RpcUrl, tx_builder: RpcUrl, feed: RpcUrl) -> Result<Self, HostsError> {
        let network = network_of(gateway.expose());
        for other in [&tx_builder, &feed].map(|url| network_of(url.expose())) {
            if other != network {
                return Err(HostsError::Mixed { one: network, other });
            }
        }
        Ok(Self { gateway, tx_builder, feed, network })
    }

    /// Which network they are of.
    #[must_use]
    pub const fn network(&self) -> VenueNetwork {
        self.network
    }

    /// Refuses keys of another network. Local services are double of either: there the network's own identity admits the keys.
    pub fn admit(&self, keys: VenueNetwork) -> Result<(), HostsError> {
        if self.network == keys || self.network == VenueNetwork::Local {
            return Ok(());
        }
        Err(HostsError::OtherKeys { hosts: self.network, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> RpcUrl {
        text.parse().expect("url")
    }

    #[test]
    fn a_key_of_one_network_never_signs_for_hosts_of_the_other() {
        let (live, staging) = (HostSet::preset(HostPreset::Veranta), HostSet::preset(HostPreset::Staging));
        let (live, staging) = (live.expect("hosts"), staging.expect("hosts"));
        assert_eq!((live.network(), staging.network()), (VenueNetwork::Mainnet, VenueNetwork::Testnet));
        live.admit(VenueNetwork::Mainnet).expect("its own");
        let told = staging.admit(VenueNetwork::Mainnet).expect_err("refused").to_string();
        assert!(told.contains("are of testnet and the keys are for mainnet"), "{told}");
        assert!(live.admit(VenueNetwork::Testnet).is_err());
        let old = HostSet::preset(HostPreset::Avantisfi).expect("hosts");
        assert_eq!(old.network(), VenueNetwork::Mainnet);
    }

    #[test]
    fn a_host_that_nobody_knows_counts_as_live_and_networks_are_not_mixed() {
        let own = HostSet::new(url("https://a.example"), url("https://b.example"), url("https://c.example"));
        assert_eq!(own.expect("hosts").network(), VenueNetwork::Mainnet);
        let local = url("http://127.0.0.1:9");
        let here = HostSet::new(local.clone(), local.clone(), local.clone()).expect("hosts");
        assert_eq!(here.network(), VenueNetwork::Local);
        here.admit(VenueNetwork::Mainnet).expect("the identity of the chain decides");
        let mixed = HostSet::new(local, url("https://staging-api.veranta.xyz"), url("https://c.example"));
        assert!(matches!(mixed, Err(HostsError::Mixed { .. })));
    }
}
