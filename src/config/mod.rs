//! Settings, and where each of them came from.
//!
//! Flags win over the environment (`TRIMTAB_…`, then `ETH_RPC_URL`), the environment over `trimtab.toml` (the nearest
//! one upwards, else the one in the user's configuration directory), the file over the defaults.
//!
//! Promises: every value has an [`Origin`]; an unknown key is an error that names the nearest valid one; secrets are
//! refused in files; what an RPC URL may hide (a token, a password) is never printed.
//! Fails with [`ConfigError`] (exit code 3), which names the key and its origin.

mod alerts;
mod alias;
mod bounds;
mod error;
mod execution_fee;
mod feeds;
mod fees;
mod find;
mod governor;
mod keys;
mod kubernetes;
mod load;
mod loop_exit;
mod origin;
mod pair_price;
mod perps;
mod protect;
mod retired;
mod rpc;
mod secret;
mod service;
mod settings;
mod sources;
mod strategy;
#[cfg(test)]
mod tests;
mod thresholds;
mod tier;
mod url;
mod values;
mod watch;
mod watch_keys;

pub use alerts::{AlertLevel, AlertsConfig, HeartbeatConfig, HeartbeatMethod, TelegramConfig, WebhookConfig};
pub use bounds::{ActionBounds, BoundsConfig, LastResort, SlippageTooWide, Urgency};
pub use error::ConfigError;
pub use execution_fee::{ExecutionFee, ExecutionFeeError};
pub use feeds::{FeedInUse, FeedOrigin, StandardFeed, TokenFeed};
pub use fees::{FeeLimits, FeesConfig};
pub use governor::{DayLossAction, GovernorConfig};
pub use load::Loaded;
pub use loop_exit::LoopExit;
pub use origin::{Origin, Setting};
pub use pair_price::{PairPrice, PairSide, PriceMove, is_currency_symbol};
pub use perps::{PerpsConfig, PriceCheck};
pub use protect::{SellConfig, WalletUse};
pub use rpc::{RpcConfig, WebSockets};
pub use secret::{HookUrl, Secret};
pub use service::{MetricsConfig, SocketConfig};
pub use settings::Config;
pub use sources::Sources;
pub use strategy::{
    AfterPerp, BelowMinimum, FixedRisk, KellyNotional, MarginFrom, OnPerpFailure, StrategyConfig, TableName,
};
pub use thresholds::{LoopClass, Thresholds, ThresholdsConfig, UnfitThresholds};
pub use tier::{Fraction, Tier, Volatility};
pub use url::{RpcUrl, redact_url};
pub use watch::{BoostConfig, BoostLevels, CarryConfig, Heartbeats, LossGuardConfig, TopUpConfig, WatchConfig};
pub use watch_keys::WatchKey;
