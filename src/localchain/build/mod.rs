//! The recipe: one file a stage, in the order in which the stages need each other (base-replica.md §3).
//!
//! Promises: every contract ends at its real Base address, checked where the address comes about by itself; the same
//! inputs give the same accounts, bit for bit, because time, order and senders are fixed.
//! Fails with the call that reverted; nothing is retried, a half-built chain is thrown away.
//!
//! A further protocol (the perpetuals venue) is a further file here and a further line in [`STAGES`].

mod aave;
mod addresses;
mod feeds;
mod liquidity;
mod morpho;
mod onedelta;
mod reserves;
mod site;
mod tokens;
mod uniswap;

pub(crate) use addresses::{AAVE_ORACLE, SWAP_ROUTER, WETH};
use indicatif::ProgressBar;
pub use onedelta::Composer;
pub(crate) use onedelta::fetch_composer;
use serde_json::{Value, json};
pub(crate) use site::Site;

use super::LocalChainError;

/// Time of the replica's genesis: 21 September 2026, 16:53:20 UTC, shortly after the market it shows was recorded.
pub(crate) const GENESIS_TIME: u64 = 1_790_000_000;

/// Names of the stages, for progress.
const STAGES: [&str; 8] =
    ["tokens", "price feeds", "Aave", "Aave reserves", "Uniswap", "Aave liquidity", "Morpho", "1delta"];

/// Builds the replica on an empty anvil that was started at [`GENESIS_TIME`].
pub(crate) async fn build(site: &Site<'_>, composer: &Composer, progress: &ProgressBar) -> Result<(), LocalChainError> {
    progress.set_length(STAGES.len() as u64);
    let mut names = STAGES.iter();
    let mut next = || {
        if let Some(name) = names.next() {
            progress.set_message(*name);
        }
    };
    open(site).await?;
    next();
    tokens::stage(site).await?;
    progress.inc(1);
    next();
    feeds::stage(site).await?;
    progress.inc(1);
    next();
    aave::stage(site).await?;
    progress.inc(1);
    next();
    reserves::stage(site).await?;
    progress.inc(1);
    next();
    uniswap::stage(site).await?;
    progress.inc(1);
    next();
    liquidity::stage(site).await?;
    reserves::freeze(site).await?;
    progress.inc(1);
    next();
    morpho::stage(site).await?;
    progress.inc(1);
    next();
    onedelta::stage(site, composer).await?;
    progress.inc(1);
    close(site).await
}

/// Everybody may act without a signature, and every block is one second after the last.
async fn open(site: &Site<'_>) -> Result<(), LocalChainError> {
    site.node.request::<Value>("anvil_autoImpersonateAccount", json!([true])).await?;
    site.node.request::<Value>("anvil_setBlockTimestampInterval", json!([1])).await?;
    site.endow().await
}

async fn close(site: &Site<'_>) -> Result<(), LocalChainError> {
    site.node.request::<Value>("anvil_autoImpersonateAccount", json!([false])).await?;
    site.node.request::<Value>("anvil_removeBlockTimestampInterval", json!([])).await?;
    Ok(())
}
