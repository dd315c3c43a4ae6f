//! Dotted keys: which are valid, which are secrets, which one was meant.

use std::collections::BTreeSet;

use figment::value::{Dict, Value};

use super::{Config, ConfigError, Origin};

/// Every valid key; they are the leaves of the defaults, so a new field is valid by existing.
pub(super) fn valid(defaults: &Config) -> Result<BTreeSet<String>, ConfigError> {
    Ok(leaves(&dict(defaults)?).into_iter().map(|(key, _)| key).collect())
}

/// Settings as figment's tree.
pub(super) fn dict(config: &Config) -> Result<Dict, ConfigError> {
    let invalid = |reason: String| ConfigError::Invalid { key: "defaults".to_owned(), origin: Origin::Default, reason };
    match Value::serialize(config) {
        Ok(Value::Dict(_, dict)) => Ok(dict),
        Ok(_) => Err(invalid("settings are not a table".to_owned())),
        Err(error) => Err(invalid(error.to_string())),
    }
}

/// The leaves of a tree with their dotted keys. An empty table is a leaf, so that it cannot hide a misspelt section.
pub(super) fn leaves(dict: &Dict) -> Vec<(String, Value)> {
    dict.iter()
        .flat_map(|(key, value)| match value {
            Value::Dict(_, inner) if !inner.is_empty() => {
                leaves(inner).into_iter().map(|(below, value)| (format!("{key}.{below}"), value)).collect()
            }
            leaf => vec![(key.clone(), leaf.clone())],
        })
        .collect()
}

/// A tree with one leaf.
pub(super) fn branch(key: &str, value: Value) -> Dict {
    match key.split_once('.') {
        Some((head, rest)) => Dict::from([(head.to_owned(), Value::from(branch(rest, value)))]),
        None => Dict::from([(key.to_owned(), value)]),
    }
}

/// Refuses keys that do not exist and, in files, keys that are secrets.
pub(super) fn check(key: &str, value: &Value, origin: &Origin, valid: &BTreeSet<String>) -> Result<(), ConfigError> {
    if let (Origin::File { .. }, Some(advice)) = (origin, secret(key)) {
        return Err(ConfigError::SecretInFile { key: key.to_owned(), origin: origin.clone(), advice });
    }
    let empty_section = matches!(value, Value::Dict(_, inner) if inner.is_empty());
    let section = format!("{key}.");
    if valid.contains(key) || (empty_section && valid.iter().any(|known| known.starts_with(&section))) {
        return Ok(());
    }
    let nearest = nearest(key, valid.iter().map(String::as_str)).map(str::to_owned);
    Err(ConfigError::UnknownKey { key: key.to_owned(), origin: origin.clone(), nearest })
}

/// The candidate that looks most like a word, when one looks like it at all.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| {
        // A key without its section is the commonest slip.
        let tail = candidate.rsplit('.').next().unwrap_or(candidate);
        strsim::damerau_levenshtein(word, candidate).min(strsim::damerau_levenshtein(word, tail) + 1)
    };
    candidates
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= word.len().div_ceil(2))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Addresses and tokens of services that whoever has them may write to.
const SERVICE_SECRETS: [(&str, &str); 3] = [
    ("alerts.webhook.url", "set TRIMTAB_ALERTS_WEBHOOK_URL, or name a file that holds it: alerts.webhook.url_file"),
    (
        "alerts.heartbeat.url",
        "set TRIMTAB_ALERTS_HEARTBEAT_URL, or name a file that holds it: alerts.heartbeat.url_file",
    ),
    (
        "alerts.telegram.token",
        "set TRIMTAB_ALERTS_TELEGRAM_TOKEN, or name a file that holds it: alerts.telegram.token_file",
    ),
];

/// Whether a variable's text is taken as it is, whatever it looks like.
pub(super) fn is_plain_text(key: &str) -> bool {
    let ends = ["_dir", "_file", ".path", ".chat_id"];
    key == "rpc.urls" || ends.iter().any(|end| key.ends_with(end)) || service_secret(key).is_some()
}

/// What to do instead, when a key is a secret.
fn secret(key: &str) -> Option<&'static str> {
    let last = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase().replace('-', "_");
    let of_wallet = ["private_key", "mnemonic", "passphrase", "password", "secret", "seed_phrase"]
        .iter()
        .any(|word| last == *word || last.ends_with(&format!("_{word}")));
    if of_wallet { Some("use --account with a keystore, or --password-file") } else { service_secret(key) }
}

fn service_secret(key: &str) -> Option<&'static str> {
    SERVICE_SECRETS.iter().find(|(secret, _)| *secret == key).map(|(_, advice)| *advice)
}
