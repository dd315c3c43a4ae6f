//! Layers over layers: defaults, file, profile, environment, flags.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{Config, ConfigError, Origin, RpcUrl, Setting, Sources, alias::Aliases, keys, kubernetes, retired};

/// Names that begin like ours and are not settings.
const OTHER_VARIABLES: [&str; 6] =
    ["TRIMTAB_CONFIG", "TRIMTAB_PROFILE", "TRIMTAB_CACHE", "TRIMTAB_LOG", "TRIMTAB_LONG", "TRIMTAB_REPLICA"];

/// Variables of the test harness and of the set-up.
const OTHER_PREFIXES: [&str; 2] = ["TRIMTAB_TEST_", "TRIMTAB_SOLC_"];

/// Settings together with where they came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// What is to be said of settings that mean nothing any more.
    pub notes: Vec<String>,
    origins: BTreeMap<String, Origin>,
}

impl Loaded {
    /// Every setting with its value and origin, in the order of the keys.
    pub fn origins(&self) -> Result<Vec<Setting>, ConfigError> {
        let leaves = keys::leaves(&keys::dict(&self.config)?);
        Ok(leaves
            .into_iter()
            .map(|(key, value)| {
                let origin = self.origin(&key);
                Setting { key, value: shown(&value), origin }
            })
            .collect())
    }

    /// Where the value of a key came from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

struct Layers {
    figment: Figment,
    origins: BTreeMap<String, Origin>,
    valid: BTreeSet<String>,
    notes: Vec<String>,
}

struct Layer<'a>(&'a Origin, Dict);

impl Provider for Layer<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.1.clone()))
    }
}

impl Layers {
    fn put(&mut self, origin: &Origin, mut values: Dict) -> Result<(), ConfigError> {
        self.notes.extend(retired::take(&mut values, origin));
        for (key, value) in keys::leaves(&values) {
            keys::check(&key, &value, origin, &self.valid)?;
            if !matches!(origin, Origin::Default) {
                self.origins.insert(key, origin.clone());
            }
        }
        self.figment = std::mem::take(&mut self.figment).merge(Layer(origin, values));
        Ok(())
    }
}

impl Sources {
    /// Reads and checks everything.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        load(&self)
    }
}

fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let defaults = sources.defaults();
    let valid = keys::valid(&defaults)?;
    let mut layers = Layers { figment: Figment::new(), origins: BTreeMap::new(), valid, notes: Vec::new() };
    layers.put(&Origin::Default, keys::dict(&defaults)?)?;
    let file = sources.find_file();
    read_file(&mut layers, file.as_ref(), sources.profile.as_deref())?;
    read_env(&mut layers, &sources.env)?;
    for (key, flag, value) in &sources.flags {
        layers.put(&Origin::Flag(flag.clone()), keys::branch(key, value.clone()))?;
    }
    let urls = resolve_urls(&layers, sources)?;
    let config = extract(&layers, urls)?;
    Ok(Loaded { config, file, notes: layers.notes, origins: layers.origins })
}

fn read_file(layers: &mut Layers, file: Option<&PathBuf>, profile: Option<&str>) -> Result<(), ConfigError> {
    let unknown_profile = |name: &str, known| Err(ConfigError::UnknownProfile { name: name.to_owned(), known });
    let Some(path) = file else {
        return profile.map_or(Ok(()), |name| unknown_profile(name, Vec::new()));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.clone(), reason: error.to_string() })?;
    let mut common: Dict = Toml::from_str(&text)
        .map_err(|error| ConfigError::NotToml { path: path.clone(), reason: error.to_string() })?;
    let profiles = match common.remove("profile") {
        Some(Value::Dict(_, profiles)) => profiles,
        _ => Dict::new(),
    };
    layers.put(&Origin::File { path: path.clone(), profile: None }, common)?;
    // Every profile is checked, so that a slip shows before the profile is needed.
    let mut chosen = None;
    for (name, values) in &profiles {
        let origin = Origin::File { path: path.clone(), profile: Some(name.clone()) };
        let Value::Dict(_, mut values) = values.clone() else {
            let reason = "a profile is a table: [profile.NAME]".to_owned();
            return Err(ConfigError::Invalid { key: format!("profile.{name}"), origin, reason });
        };
        let notes = retired::take(&mut values, &origin);
        for (key, value) in keys::leaves(&values) {
            keys::check(&key, &value, &origin, &layers.valid)?;
        }
        if profile == Some(name.as_str()) {
            layers.notes.extend(notes);
            chosen = Some((origin, values));
        }
    }
    match (profile, chosen) {
        (_, Some((origin, values))) => layers.put(&origin, values),
        (Some(name), None) => unknown_profile(name, profiles.keys().cloned().collect()),
        (None, None) => Ok(()),
    }
}

fn read_env(layers: &mut Layers, env: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    let variables: BTreeMap<String, String> = layers
        .valid
        .iter()
        .cloned()
        .chain(retired::keys().map(str::to_owned))
        .map(|key| (format!("TRIMTAB_{}", key.replace('.', "_").to_uppercase()), key))
        .collect();
    // Names that others gave come first, so that ours win over them.
    for (variable, key) in [("ETH_RPC_URL", "rpc.urls"), ("TRIMTAB_CACHE", "cache_dir")] {
        if let Some(text) = env.get(variable).filter(|text| !text.is_empty()) {
            layers.put(&Origin::Env(variable.to_owned()), keys::branch(key, Value::from(text.as_str())))?;
        }
    }
    for (variable, text) in env.iter().filter(|(name, _)| name.starts_with("TRIMTAB_")) {
        let is_other = OTHER_PREFIXES.iter().any(|prefix| variable.starts_with(prefix));
        if is_other || OTHER_VARIABLES.contains(&variable.as_str()) {
            continue;
        }
        let origin = Origin::Env(variable.clone());
        let Some(key) = variables.get(variable) else {
            if kubernetes::is_service_variable(variable, text) {
                continue;
            }
            let nearest = keys::nearest(variable, variables.keys().map(String::as_str)).map(str::to_owned);
            return Err(ConfigError::UnknownKey { key: variable.clone(), origin, nearest });
        };
        layers.put(&origin, keys::branch(key, typed(key, text)))?;
    }
    Ok(())
}

/// Variables are text; paths, endpoints and secrets stay text when they look like numbers or lists.
fn typed(key: &str, text: &str) -> Value {
    if keys::is_plain_text(key) {
        return Value::from(text);
    }
    text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
}

fn resolve_urls(layers: &Layers, sources: &Sources) -> Result<Vec<RpcUrl>, ConfigError> {
    let origin = layers.origins.get("rpc.urls").cloned().unwrap_or(Origin::Default);
    let invalid = |reason: &str| ConfigError::Invalid {
        key: "rpc.urls".to_owned(),
        origin: origin.clone(),
        reason: reason.to_owned(),
    };
    let written: Vec<String> = match layers.figment.find_value("rpc.urls") {
        Ok(Value::String(_, text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Ok(Value::Array(_, items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| invalid("expected URLs or names as strings")))
            .collect::<Result<_, _>>()?,
        _ => return Err(invalid("expected a list of URLs or names")),
    };
    if written.is_empty() {
        return Ok(Vec::new());
    }
    let aliases = Aliases::find(&sources.directory, &sources.env)?;
    let mut urls: Vec<RpcUrl> = Vec::new();
    for text in written.iter().filter(|text| !text.is_empty()) {
        let url = aliases.resolve(text).map_err(|error| match error {
            ConfigError::NotAUrl(reason) => invalid(&format!("not the URL of an endpoint: {reason}")),
            other => other,
        })?;
        // The same endpoint twice would look like two that agree.
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}

fn extract(layers: &Layers, urls: Vec<RpcUrl>) -> Result<Config, ConfigError> {
    let none: Vec<String> = Vec::new();
    let figment = layers.figment.clone().merge(("rpc.urls", none));
    let origin = |key: &str| layers.origins.get(key).cloned().unwrap_or(Origin::Default);
    let mut config: Config = figment.extract().map_err(|error| {
        let key = error.path.join(".");
        let reason = error.kind.to_string();
        ConfigError::Invalid { origin: origin(&key), key, reason }
    })?;
    config.rpc.urls = urls;
    // A file's paths are relative to the file, wherever the program is started.
    if let Some(Origin::File { path, .. }) = layers.origins.get("watch.keys")
        && let Some(directory) = path.parent()
    {
        config.watch.keys.iter_mut().for_each(|key| key.within(directory));
    }
    match config.problem() {
        Some((key, reason)) => Err(ConfigError::Invalid { origin: origin(&key), key, reason }),
        None => Ok(config),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => text.clone(),
        Value::Num(_, number) => number.to_u128().map_or_else(|| format!("{number:?}"), |number| number.to_string()),
        Value::Bool(_, truth) => truth.to_string(),
        Value::Array(_, items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Dict(_, entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key} = {}", shown(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Empty(..) => "unset".to_owned(),
        other => format!("{other:?}"),
    }
}
