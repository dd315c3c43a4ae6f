//! The offline replica of Base, forks of Base, and the controls that only a local chain has.
//!
//! Promises: the replica shows the protocols' real code at their real Base addresses, the same bit for bit on every
//! machine, ready in a fraction of a second once built; controls act on replica and fork alike and on nothing else.
//! Nothing foreign is committed: contracts come from the kit that `make setup` makes of pinned packages.
//! Fails with [`LocalChainError`], which says whether the set-up, the node or the recipe is at fault.
//!
//! Start at [`Kit`], then [`ReplicaState`]; the recipe is in `build/`, one file a stage.

mod abi;
mod anvil;
mod artifacts;
mod cache;
mod cheats;
mod controls;
mod dump;
mod error;
mod fork;
mod genesis;
mod instance;
mod keeper;
mod market;
mod name;
mod node;
mod perps_version;
mod price_path;
mod role;
mod state;
mod venue;
mod venue_abi;
mod venue_v2;

pub use anvil::{ANVIL_VERSION, Anvil};
pub use artifacts::Kit;
pub use cache::Cache;
pub use controls::{
    BlockOrder, Controls, FeedAge, Liquidation, LiquidationReport, LocalKind, PoolMoved, PriceChange, PriceMoved,
    PriceReport, PriceScope, PriceTarget,
};
pub use error::{FailureClass, LocalChainError};
pub use fork::ForkOptions;
pub use genesis::Composer;
pub use instance::{
    DEFAULT_PORT, Instance, Mining, Status, add_keeper, replicas, start_fork, start_named_replica, start_replica,
    status, status_of, stop, stop_named,
};
pub use keeper::{Behaviour, Conduct, Keeper, KeeperOptions, KeeperProcess};
pub use market::{KnownToken, known_tokens, token};
pub use name::InstanceName;
pub use perps_version::PerpsVersion;
pub use price_path::{Course, CourseBlock, CoursePrice, CourseStep, Liquidated, Offered, Opening, Quarry};
pub use role::Role;
pub use state::{ComposerSource, ReplicaState, rebuild_account_hash};
