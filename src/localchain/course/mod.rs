//! A price path on a local chain, block by block: our own transactions first, then prices, then a liquidator.
//!
//! Promises: what is waiting in the pool, the standard feed and the pools' prices share one block, in that order or the
//! other way round ([`BlockOrder`](super::BlockOrder)), by what they pay for gas, and last comes the liquidator, whose one transaction updates Aave's oracle and liquidates: nothing can
//! be done between the two. Afterwards oracle and pools stand exactly where the step says. Pools can be thinned and filled
//! up again, Morpho Blue emptied, time stretched. WETH against USDC.
//! On Base, Aave asks Chainlink's SVR feed for ether, which answers up to ten seconds after the standard feed that
//! anybody can read, or when the winner of an auction brings the update together with its liquidations.
//! A course switches the node to mining by command and leaves it so. Fails with
//! [`LocalChainError`](super::LocalChainError).

mod block;
mod depth;
mod loops;

use alloy::primitives::{Address, U256};

pub use block::{CourseBlock, CourseStep, Liquidated};
pub use loops::Standing;

use super::{
    Controls, LocalChainError, Role,
    abi::{IAaveOracle, IReplicaRatioFeed},
    build::AAVE_ORACLE,
    market::{Feed, FeedPrice, Market, Pool, Reserve},
};

/// A path under way.
#[derive(Debug)]
pub struct Course {
    controls: Controls,
    market: &'static Market,
    /// The feed that Aave asks for ether.
    asked: Address,
    /// The feed that shows its answers before Aave may use them.
    standard: Address,
    /// The contract that updates Aave's oracle and liquidates.
    liquidator: Address,
    /// Pools through which ether becomes dollars, and what a token is worth in ether.
    pools: Vec<Moved>,
    thinned: Vec<depth::Taken>,
    morpho: Option<U256>,
}

/// A pool that follows the price of ether.
#[derive(Debug)]
struct Moved {
    pool: &'static Pool,
    sides: [Side; 2],
}

/// One token of a pool.
#[derive(Debug)]
struct Side {
    reserve: &'static Reserve,
    worth: Worth,
}

/// What a token is worth.
#[derive(Debug, Clone, Copy)]
enum Worth {
    /// So much ether, 18 decimals.
    Ether(U256),
    /// So many dollars, 8 decimals, whatever ether does.
    Dollars(U256),
}

impl Course {
    /// Takes a chain over: mining by command, roles that may act without a key, money for them.
    pub async fn begin(controls: &Controls) -> Result<Self, LocalChainError> {
        let controls = controls.clone();
        let market = Market::get()?;
        let node = &controls.node;
        let weth = market.reserve("WETH")?;
        let asked = node.ask(AAVE_ORACLE, &IAaveOracle::getSourceOfAssetCall { asset: weth.token }).await?;
        let price = node.ask(AAVE_ORACLE, &IAaveOracle::getAssetPriceCall { asset: weth.token }).await?;
        let standard = market.standard_feed_of(weth).ok_or_else(|| LocalChainError::Mismatch {
            what: "standard feed of WETH".to_owned(),
            wanted: "one in market.json".to_owned(),
            found: "none".to_owned(),
        })?;
        controls.take_over_standard(standard, price).await?;
        let liquidator = controls.place_liquidator().await?;
        let mut pools = Vec::new();
        for pool in &market.pools {
            let sides = [side(&controls, market, &pool.token0).await?, side(&controls, market, &pool.token1).await?];
            // Where both sides follow ether, or neither does, the pool stays where it is.
            let follows = |side: &Side| matches!(side.worth, Worth::Ether(_));
            if follows(&sides[0]) != follows(&sides[1]) {
                for side in &sides {
                    controls.equip_trader(side.reserve).await?;
                }
                pools.push(Moved { pool, sides });
            }
        }
        for role in [Role::Trader, Role::Liquidator, Role::LiquidityProvider] {
            controls.equip_for_gas(role).await?;
            node.impersonate(role.address(), true).await?;
        }
        let standard = standard.address;
        let course = Self { controls, market, asked, standard, liquidator, pools, thinned: Vec::new(), morpho: None };
        course.equip_liquidator().await?;
        course.controls.node.request::<serde_json::Value>("evm_setAutomine", serde_json::json!([false])).await?;
        Ok(course)
    }

    /// The chain it runs on.
    #[must_use]
    pub const fn controls(&self) -> &Controls {
        &self.controls
    }
}

async fn side(controls: &Controls, market: &'static Market, symbol: &str) -> Result<Side, LocalChainError> {
    let reserve = market.reserve(symbol)?;
    let feed: &Feed = market.feed_of(reserve)?;
    let price =
        || async { controls.node.ask(AAVE_ORACLE, &IAaveOracle::getAssetPriceCall { asset: reserve.token }).await };
    let worth = match &feed.price {
        FeedPrice::Usd { .. } if reserve.symbol == "WETH" => Worth::Ether(crate::units::WAD),
        FeedPrice::Ratio { base, .. } if market.reserve(base)?.symbol == "WETH" => {
            Worth::Ether(controls.node.ask(reserve.feed, &IReplicaRatioFeed::ratioCall {}).await?)
        }
        _ => Worth::Dollars(price().await?),
    };
    Ok(Side { reserve, worth })
}
