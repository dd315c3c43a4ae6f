//! Endpoints by name, as foundry's users know them: `[rpc_endpoints]` of foundry.toml, with `${VARIABLE}`s.

use std::{collections::BTreeMap, path::Path};

use figment::{
    providers::{Format, Toml},
    value::{Dict, Value},
};

use super::{ConfigError, RpcUrl, find};

/// What names and variables are looked up in.
#[derive(Debug)]
pub(super) struct Aliases<'a> {
    env: &'a BTreeMap<String, String>,
    endpoints: BTreeMap<String, String>,
}

impl<'a> Aliases<'a> {
    /// Reads the nearest foundry.toml upwards; none is fine.
    pub(super) fn find(directory: &Path, env: &'a BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let Some(path) = find::nearest(directory, "foundry.toml") else {
            return Ok(Self { env, endpoints: BTreeMap::new() });
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ConfigError::Unreadable { path: path.clone(), reason: error.to_string() })?;
        let file: Dict = Toml::from_str(&text)
            .map_err(|error| ConfigError::NotToml { path: path.clone(), reason: error.to_string() })?;
        let entries = match file.get("rpc_endpoints") {
            Some(Value::Dict(_, entries)) => {
                entries.iter().filter_map(|(name, value)| Some((name.clone(), endpoint(value)?))).collect()
            }
            _ => BTreeMap::new(),
        };
        Ok(Self { env, endpoints: entries })
    }

    /// The URL behind a name or a URL.
    pub(super) fn resolve(&self, written: &str) -> Result<RpcUrl, ConfigError> {
        if written.contains("://") {
            return self.expand(written, "(a URL)")?.parse();
        }
        if written.starts_with("${") {
            return self.expand(written, written)?.parse();
        }
        let Some(text) = self.endpoints.get(written) else {
            // `localhost:8545` looks like a name; it is a URL without its scheme and no secret.
            if written.contains(':') || written.contains('/') {
                return Err(ConfigError::NotAUrl(
                    "it does not start with http://, https://, ws:// or wss://".to_owned(),
                ));
            }
            let known = self.endpoints.keys().cloned().collect();
            return Err(ConfigError::UnknownAlias { name: written.to_owned(), known });
        };
        self.expand(text, written)?.parse()
    }

    fn expand(&self, text: &str, alias: &str) -> Result<String, ConfigError> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((variable, behind)) = after.split_once('}') else {
                return Err(ConfigError::NotAUrl("`${` without `}`".to_owned()));
            };
            let value = self.env.get(variable.trim()).filter(|value| !value.is_empty()).ok_or_else(|| {
                ConfigError::MissingVariable { variable: variable.trim().to_owned(), alias: alias.to_owned() }
            })?;
            expanded.push_str(before);
            expanded.push_str(value);
            rest = behind;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// An entry is a URL, or a table with one under `endpoint` (or `url`).
fn endpoint(value: &Value) -> Option<String> {
    match value {
        Value::String(_, url) => Some(url.clone()),
        Value::Dict(_, table) => table.get("endpoint").or_else(|| table.get("url"))?.as_str().map(str::to_owned),
        _ => None,
    }
}
