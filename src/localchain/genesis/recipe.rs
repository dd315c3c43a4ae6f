//! All stages in their order, on a chain where everybody may act.

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::{
    Composer, Deployer, aave, avantis, avantis_pairs, avantis_v2, feeds, liquidity, morpho, onedelta, reserves, tokens,
    uniswap,
};
use crate::localchain::{LocalChainError, PerpsVersion};

/// Time of the replica's genesis: 21 September 2026, 16:53:20 UTC, shortly after the market it shows was recorded.
pub(crate) const GENESIS_TIME: u64 = 1_790_000_000;

/// Everything a built state depends on besides the kit; a change of it makes another state. A new stage belongs here.
pub(crate) const SOURCES: [&str; 23] = [
    include_str!("../market.json"),
    include_str!("../market.rs"),
    include_str!("../venue.json"),
    include_str!("../venue.rs"),
    include_str!("../venue_abi.rs"),
    include_str!("../venue_v2/pairs.json"),
    include_str!("../venue_v2/pairs.rs"),
    include_str!("../role.rs"),
    include_str!("../cheats.rs"),
    include_str!("../dump.rs"),
    include_str!("addresses.rs"),
    include_str!("aave.rs"),
    include_str!("avantis.rs"),
    include_str!("avantis_pairs.rs"),
    include_str!("avantis_v2.rs"),
    include_str!("feeds.rs"),
    include_str!("liquidity.rs"),
    include_str!("morpho.rs"),
    include_str!("onedelta.rs"),
    include_str!("reserves.rs"),
    include_str!("deployer.rs"),
    include_str!("tokens.rs"),
    include_str!("uniswap.rs"),
];

/// How many stages there are, for progress.
const STAGES: u64 = 9;

/// Builds the replica on an empty anvil that was started at [`GENESIS_TIME`].
pub(crate) async fn build(
    site: &Deployer<'_>,
    composer: &Composer,
    perps: PerpsVersion,
    progress: &ProgressBar,
) -> Result<(), LocalChainError> {
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
    begin(8, "Avantis");
    match perps {
        PerpsVersion::V1 => {
            avantis::stage(site).await?;
            avantis_pairs::stage(site).await?;
            avantis::fund(site).await?;
        }
        PerpsVersion::V2 => avantis_v2::stage(site).await?,
    }
    progress.set_position(STAGES);
    close(site).await
}

/// Everybody may act without a signature, and every block is one second after the last.
async fn open(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.node.request::<Value>("anvil_autoImpersonateAccount", json!([true])).await?;
    site.node.request::<Value>("anvil_setBlockTimestampInterval", json!([1])).await?;
    site.endow().await
}

async fn close(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.node.request::<Value>("anvil_autoImpersonateAccount", json!([false])).await?;
    site.node.request::<Value>("anvil_removeBlockTimestampInterval", json!([])).await?;
    Ok(())
}
