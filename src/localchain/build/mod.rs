//! The recipe: one file a stage, in the order in which the stages need each other (base-replica.md §3).
//!
//! Promises: every contract ends at its real Base address, checked where the address comes about by itself; the same
//! inputs give the same accounts, bit for bit, because time, order and senders are fixed.
//! Fails with the call that reverted; nothing is retried, a half-built chain is thrown away.
//!
//! A further protocol (the perpetuals venue) is a further file here and, after the others, a further stage of [`build`].

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

/// How many stages there are, for progress.
const STAGES: u64 = 8;

/// Builds the replica on an empty anvil that was started at [`GENESIS_TIME`].
pub(crate) async fn build(site: &Site<'_>, composer: &Composer, progress: &ProgressBar) -> Result<(), LocalChainError> {
    progress.set_length(STAGES);
    let begin = |stage: u64, name: &'static str| {
        progress.set_position(stage);
        progress.set_message(name);
    };
    open(site).await?;
    begin(0, "tokens");
    tokens::stage(site).await?;
    begin(1, "price feeds");
    feeds::stage(site).await?;
    begin(2, "Aave");
    aave::stage(site).await?;
    begin(3, "Aave reserves");
    reserves::stage(site).await?;
    begin(4, "Uniswap");
    uniswap::stage(site).await?;
    begin(5, "Aave liquidity");
    liquidity::stage(site).await?;
    reserves::freeze(site).await?;
    begin(6, "Morpho");
    morpho::stage(site).await?;
    begin(7, "1delta");
    onedelta::stage(site, composer).await?;
    progress.set_position(STAGES);
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
