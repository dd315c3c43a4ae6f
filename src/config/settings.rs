//! Every setting, typed.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    AlertsConfig, BoundsConfig, FeesConfig, GovernorConfig, MetricsConfig, PerpsConfig, RpcConfig, SocketConfig,
    StrategyConfig, ThresholdsConfig, WatchConfig, values,
};
use crate::units::Secs;

/// The settings of one run. Each section is a type of its own; rooms take the section they need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How the chain is reached.
    pub rpc: RpcConfig,
    /// What an action may cost.
    pub bounds: BoundsConfig,
    /// When loops are trimmed.
    pub thresholds: ThresholdsConfig,
    /// What gas may cost.
    pub fees: FeesConfig,
    /// How a signal becomes sizes.
    pub strategy: StrategyConfig,
    /// What no signal may exceed.
    pub governor: GovernorConfig,
    /// What the watchdog does.
    pub watch: WatchConfig,
    /// Who is told what.
    pub alerts: AlertsConfig,
    /// Where the daemon's figures are read.
    pub metrics: MetricsConfig,
    /// Host names, beside those of this machine and the address of `metrics.listen`, under which the figures may be asked for.
    #[serde(deserialize_with = "values::list")]
    pub metrics_hosts: Vec<String>,
    /// Where commands reach the daemon.
    pub socket: SocketConfig,
    /// How orders on the perpetuals venue are placed.
    pub perps: PerpsConfig,
    /// How long a permit stays valid after the snapshot's block.
    pub permit_ttl: Secs,
    /// Where journals live, one per network and account.
    pub journal_dir: PathBuf,
    /// Where the replica's state and other things that can be rebuilt live.
    pub cache_dir: PathBuf,
}

impl Config {
    /// The defaults; directories follow the XDG variables and `HOME` of this environment.
    #[must_use]
    pub fn defaults(env: &BTreeMap<String, String>) -> Self {
        let directory = |variable: &str, below_home: &str| {
            let set = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
            set(variable)
                .or_else(|| set("HOME").map(|home| home.join(below_home)))
                .unwrap_or_else(|| PathBuf::from("."))
                .join("trimtab")
        };
        Self {
            rpc: RpcConfig::default(),
            bounds: BoundsConfig::default(),
            thresholds: ThresholdsConfig::default(),
            fees: FeesConfig::default(),
            strategy: StrategyConfig::default(),
            governor: GovernorConfig::default(),
            watch: WatchConfig::default(),
            alerts: AlertsConfig::defaults(env),
            metrics: MetricsConfig::default(),
            metrics_hosts: Vec::new(),
            socket: SocketConfig::default(),
            perps: PerpsConfig::default(),
            permit_ttl: Secs::HOUR,
            journal_dir: directory("XDG_DATA_HOME", ".local/share").join("journal"),
            cache_dir: directory("XDG_CACHE_HOME", ".cache"),
        }
    }

    /// What is wrong with values that are each well formed, as (key, reason).
    pub(super) fn problem(&self) -> Option<(String, String)> {
        let thresholds = [("volatile", &self.thresholds.volatile), ("correlated", &self.thresholds.correlated)];
        let threshold = thresholds.into_iter().find_map(|(class, thresholds)| {
            thresholds.problem().map(|(field, reason)| (format!("thresholds.{class}.{field}"), reason))
        });
        let section = self
            .bounds
            .problem()
            .or_else(|| self.fees.problem())
            .or_else(|| self.strategy.problem())
            .or_else(|| self.governor.problem())
            .or_else(|| self.watch.problem(&self.thresholds))
            .or_else(|| self.alerts.problem())
            .or_else(|| self.metrics.problem())
            .or_else(|| self.socket.problem())
            .or_else(|| self.perps.problem());
        let rpc = self.rpc.problem();
        let permit = (self.permit_ttl.0 == 0)
            .then(|| ("permit_ttl", "a permit that is valid for no time is always expired".to_owned()));
        let owned = |(key, reason): (&str, String)| (key.to_owned(), reason);
        threshold.or_else(|| section.or(rpc).or(permit).map(owned))
    }
}
