//! Part of section `watch`: what of the owner's may be sold or used to protect the account.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// What may be sold to repay debt (`watch.sell`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SellConfig {
    /// The collateral of loops that the journal opened or adopted.
    #[default]
    Loops,
    /// Every supply of the account.
    All,
    /// The whole supply of these tokens, in this order; symbols or addresses.
    Assets(Vec<String>),
}

/// Which tokens of the wallet may be used to repay debt or to add collateral (`watch.use_wallet`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WalletUse {
    /// None: the wallet is left alone.
    #[default]
    Nothing,
    /// All that helps.
    Everything,
    /// These tokens; symbols, and `ETH` for ether.
    Assets(Vec<String>),
}

impl WalletUse {
    /// Whether a token of the wallet may be used.
    #[must_use]
    pub fn allows(&self, symbol: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Assets(symbols) => symbols.iter().any(|allowed| allowed.eq_ignore_ascii_case(symbol)),
        }
    }
}

/// What is wrong with a list of tokens; `None` when it makes sense.
fn problem(names: &[String], otherwise: &str) -> Option<String> {
    if names.is_empty() {
        return Some(format!("an empty list allows nothing; {otherwise}"));
    }
    let mut seen = std::collections::BTreeSet::new();
    let twice = names.iter().find(|name| !seen.insert(name.to_ascii_lowercase()));
    twice.map(|name| format!("{name} is named twice"))
}

impl SellConfig {
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let Self::Assets(names) = self else { return None };
        problem(names, "write \"loops\", \"all\" or name tokens").map(|reason| ("watch.sell", reason))
    }
}

impl WalletUse {
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let Self::Assets(names) = self else { return None };
        problem(names, "write false, true or name tokens").map(|reason| ("watch.use_wallet", reason))
    }
}

impl fmt::Display for SellConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loops => f.write_str("loops"),
            Self::All => f.write_str("all"),
            Self::Assets(names) => f.write_str(&names.join(", ")),
        }
    }
}

/// How both are written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Switch(bool),
    Word(String),
    List(Vec<String>),
}

/// A list, or a text that a variable holds: `WETH,cbBTC`.
fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

impl Serialize for SellConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Loops => Form::Word("loops".to_owned()),
            Self::All => Form::Word("all".to_owned()),
            Self::Assets(names) => Form::List(names.clone()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SellConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "expected \"loops\", \"all\" or a list of tokens such as [\"WETH\", \"cbBTC\"]";
        match Form::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))? {
            Form::Word(word) if word.eq_ignore_ascii_case("loops") => Ok(Self::Loops),
            Form::Word(word) if word.eq_ignore_ascii_case("all") => Ok(Self::All),
            Form::Word(word) => Ok(Self::Assets(names(&word))),
            Form::List(names) => Ok(Self::Assets(names)),
            Form::Switch(_) => Err(D::Error::custom(EXPECTED)),
        }
    }
}

impl Serialize for WalletUse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => Form::Switch(false),
            Self::Everything => Form::Switch(true),
            Self::Assets(names) => Form::List(names.clone()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for WalletUse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "expected false, true or a list of tokens such as [\"USDC\", \"ETH\"]";
        match Form::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))? {
            Form::Switch(false) => Ok(Self::Nothing),
            Form::Switch(true) => Ok(Self::Everything),
            Form::Word(word) if ["none", "false"].contains(&word.to_ascii_lowercase().as_str()) => Ok(Self::Nothing),
            Form::Word(word) if ["all", "true"].contains(&word.to_ascii_lowercase().as_str()) => Ok(Self::Everything),
            Form::Word(word) => Ok(Self::Assets(names(&word))),
            Form::List(names) => Ok(Self::Assets(names)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_settings_are_read_as_words_switches_and_lists() {
        let sell = |text: &str| serde_json::from_str::<SellConfig>(text);
        let assets = SellConfig::Assets(vec!["WETH".to_owned(), "cbBTC".to_owned()]);
        assert_eq!(sell("\"loops\"").expect("word"), SellConfig::Loops);
        assert_eq!(sell("[\"WETH\", \"cbBTC\"]").expect("list"), assets);
        assert_eq!(sell("\"WETH, cbBTC\"").expect("of a variable"), assets);
        assert!(sell("true").expect_err("no switch").to_string().contains("\"loops\", \"all\""));
        let wallet = |text: &str| serde_json::from_str::<WalletUse>(text);
        assert_eq!(wallet("false").expect("off"), WalletUse::Nothing);
        assert!(wallet("[\"USDC\"]").expect("list").allows("usdc"));
        assert!(!wallet("[\"USDC\"]").expect("list").allows("WETH"));
    }

    #[test]
    fn a_list_that_names_nothing_or_a_token_twice_is_refused_with_the_key() {
        let twice = SellConfig::Assets(vec!["WETH".to_owned(), "weth".to_owned()]);
        assert_eq!(twice.problem(), Some(("watch.sell", "weth is named twice".to_owned())));
        assert!(WalletUse::Assets(Vec::new()).problem().is_some_and(|(key, _)| key == "watch.use_wallet"));
    }
}
