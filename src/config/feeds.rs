//! Price feeds that answer before Aave's oracle: those that the settings name, and the standard feeds of Base.

use std::{collections::BTreeMap, fmt};

use alloy::primitives::{Address, address};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A price feed of a token, as Chainlink's aggregators answer (`latestRoundData`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFeed {
    /// Symbol of the token at Aave, such as `WETH`.
    pub token: String,
    /// The aggregator; it answers in US dollars.
    pub feed: Address,
}

/// A feed that anybody can read before Aave's oracle answers the same: Aave's sources for these tokens are Chainlink's SVR
/// feeds on Base, or a ratio to one (governance.aave.com/t/24241).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardFeed {
    /// What it says it is, such as `ETH / USD`.
    pub description: &'static str,
    /// The aggregator.
    pub feed: Address,
    /// Symbols of tokens that Aave prices by an SVR feed that follows it.
    pub direct: &'static [&'static str],
    /// Symbols of tokens that Aave prices by a ratio to what such a feed answers.
    pub by_ratio: &'static [&'static str],
}

impl StandardFeed {
    /// All that are known on Base.
    pub const ALL: [Self; 2] = [
        Self {
            description: "ETH / USD",
            feed: address!("71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70"),
            direct: &["WETH"],
            by_ratio: &["cbETH", "wstETH", "weETH", "ezETH", "wrsETH"],
        },
        Self {
            description: "BTC / USD",
            feed: address!("64c911996D3c6aC71f9b455B1E8E7266BcbD848F"),
            direct: &["cbBTC", "tBTC"],
            by_ratio: &["LBTC"],
        },
    ];

    /// The standard feed of a token, if it has one.
    #[must_use]
    pub fn of(token: &str) -> Option<&'static Self> {
        const ALL: &[StandardFeed] = &StandardFeed::ALL;
        ALL.iter().find(|standard| standard.tokens().any(|known| known == token))
    }

    /// Every token that follows it.
    pub fn tokens(&self) -> impl Iterator<Item = &'static str> {
        self.direct.iter().chain(self.by_ratio).copied()
    }
}

/// Why a feed is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedOrigin {
    /// The settings name it (`[[watch.feeds]]`).
    Named,
    /// It is the standard feed of the token (`watch.default_feeds`).
    Standard,
}

impl fmt::Display for FeedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Named => "watch.feeds",
            Self::Standard => "watch.default_feeds",
        })
    }
}

/// A feed that is asked for a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FeedInUse {
    /// Symbol of the token at Aave.
    pub token: String,
    /// The aggregator.
    pub feed: Address,
    /// Why it is asked.
    pub origin: FeedOrigin,
    /// The feed is of the asset that Aave's price of the token is a ratio to; the token moves as that asset does.
    pub by_ratio: bool,
}

/// The feeds of the settings and, where they are wanted, the standard ones; those of one token in the order in which they
/// are preferred. A standard feed stays behind a named one: it is used while the named one is implausible.
pub(super) fn in_use(named: &[TokenFeed], with_standard: bool) -> Vec<FeedInUse> {
    let mut feeds: Vec<FeedInUse> = named
        .iter()
        .map(|TokenFeed { token, feed }| FeedInUse {
            token: token.clone(),
            feed: *feed,
            origin: FeedOrigin::Named,
            by_ratio: false,
        })
        .collect();
    let standard = if with_standard { &StandardFeed::ALL[..] } else { &[] };
    for StandardFeed { feed, direct, by_ratio, .. } in standard {
        let entry = |token: &&str, by_ratio| FeedInUse {
            token: (*token).to_owned(),
            feed: *feed,
            origin: FeedOrigin::Standard,
            by_ratio,
        };
        feeds.extend(direct.iter().map(|token| entry(token, false)));
        feeds.extend(by_ratio.iter().map(|token| entry(token, true)));
    }
    feeds
}

/// What is wrong with the feeds of the settings.
pub(super) fn problem(named: &[TokenFeed]) -> Option<String> {
    let mut tokens = BTreeMap::new();
    named.iter().find_map(|TokenFeed { token, feed }| {
        if let Some(other) = tokens.insert(token.to_ascii_lowercase(), *feed) {
            return Some(format!("{token} has two feeds, {other} and {feed}: name one"));
        }
        feed.is_zero().then(|| format!("{token}: {feed} is no contract; give the address of its price feed"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(token: &str, last: u8) -> TokenFeed {
        TokenFeed { token: token.to_owned(), feed: Address::with_last_byte(last) }
    }

    #[test]
    fn ether_and_bitcoin_have_standard_feeds_without_any_setting_and_a_named_one_goes_before() {
        let defaults = in_use(&[], true);
        let find = |feeds: &[FeedInUse], token: &str| -> Vec<(FeedOrigin, bool)> {
            feeds.iter().filter(|feed| feed.token == token).map(|feed| (feed.origin, feed.by_ratio)).collect()
        };
        assert_eq!(find(&defaults, "WETH"), [(FeedOrigin::Standard, false)]);
        assert_eq!(find(&defaults, "cbETH"), [(FeedOrigin::Standard, true)]);
        assert_eq!(find(&defaults, "tBTC"), [(FeedOrigin::Standard, false)]);
        assert!(find(&defaults, "AAVE").is_empty() && find(&defaults, "USDC").is_empty());
        let both = in_use(&[named("WETH", 1)], true);
        assert_eq!(find(&both, "WETH"), [(FeedOrigin::Named, false), (FeedOrigin::Standard, false)]);
        let own = in_use(&[named("WETH", 1)], false);
        assert_eq!((own.len(), own[0].feed), (1, Address::with_last_byte(1)));
    }

    #[test]
    fn a_token_has_one_standard_feed_at_most() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(StandardFeed::ALL.iter().flat_map(StandardFeed::tokens).all(|token| seen.insert(token)));
        assert_eq!(StandardFeed::of("LBTC").map(|standard| standard.description), Some("BTC / USD"));
        assert_eq!(StandardFeed::of("PEPE"), None);
    }

    #[test]
    fn two_feeds_for_a_token_however_it_is_written_and_no_feed_at_all_are_refused() {
        assert_eq!(problem(&[named("WETH", 1), named("cbETH", 2)]), None);
        assert!(problem(&[named("WETH", 1), named("weth", 2)]).is_some_and(|why| why.contains("two feeds")));
        assert!(problem(&[named("WETH", 0)]).is_some_and(|why| why.contains("no contract")));
    }
}
