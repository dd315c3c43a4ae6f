//! A price path on a local chain, block by block: our own transactions first, then prices, then a liquidator.
//!
//! Promises: what is waiting in the pool, the standard feeds and the pools' prices share one block, in that order or the
//! other way round ([`BlockOrder`](super::BlockOrder)), by what they pay for gas, and last comes the liquidator, whose one
//! transaction updates Aave's oracle and liquidates: nothing can be done between the two. Afterwards oracle and pools stand
//! exactly where the step says. What strangers supply on somebody's behalf comes between prices and liquidator. Pools can be
//! thinned and filled up again, Morpho Blue emptied, reserves lent out, time stretched.
//! On Base, Aave asks Chainlink's SVR feed for ether and bitcoin, which answers up to ten seconds after the standard feed that
//! anybody can read, or when the winner of an auction brings the update together with its liquidations.
//! A course switches the node to mining by command and leaves it so. Fails with
//! [`LocalChainError`](super::LocalChainError).

mod block;
mod depth;
mod offers;
mod opening;
mod pools;

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};

pub use block::{CourseBlock, CourseStep, Liquidated, Offered, Quarry};
pub use opening::Opening;
pub use pools::CoursePrice;

use super::{
    Controls, LocalChainError, Role,
    abi::{IAaveOracle, IReplicaRatioFeed},
    genesis::AAVE_ORACLE,
    market::{FeedPrice, Market, Reserve},
};
use pools::Moved;

/// What the liquidator has of each debt asset, whole tokens.
const MONEY: u64 = 1_000_000_000;

/// A path under way.
#[derive(Debug)]
pub struct Course {
    controls: Controls,
    market: &'static Market,
    /// Tokens whose prices each step names.
    named: Vec<Named>,
    /// The contract that updates Aave's oracle and liquidates.
    liquidator: Address,
    /// Pools whose price moves on the path.
    pools: Vec<Moved>,
    thinned: Vec<depth::Taken>,
    /// What Morpho Blue held of its loan tokens before it was emptied.
    morpho: Vec<(Address, U256)>,
    lent_out: Option<depth::LentOut>,
}

/// A token whose prices each step names.
#[derive(Debug)]
struct Named {
    reserve: &'static Reserve,
    /// The feed that Aave asks.
    asked: Address,
    /// The feed that shows its answers before Aave may use them.
    standard: Option<Address>,
    /// Priced as a ratio to this asset's feed; the ratio now.
    ratio: Option<(Address, U256)>,
}

impl Course {
    /// Takes a chain over: mining by command, roles that may act without a key, money for them. `tokens` are those whose
    /// prices the steps name; what is priced as a ratio to one of the others follows it.
    pub async fn begin(controls: &Controls, tokens: &BTreeSet<Address>) -> Result<Self, LocalChainError> {
        let controls = controls.clone();
        let market = Market::get()?;
        let node = &controls.node;
        let mut named = Vec::new();
        for reserve in market.reserves.iter().filter(|reserve| tokens.contains(&reserve.token)) {
            named.push(name(&controls, market, reserve).await?);
        }
        let liquidator = controls.place_liquidator().await?;
        let pools = pools::moving(&controls, market, tokens).await?;
        for role in [Role::Trader, Role::Liquidator, Role::LiquidityProvider] {
            controls.equip_for_gas(role).await?;
            node.impersonate(role.address(), true).await?;
        }
        controls.equip_for_gas(Role::Faucet).await?;
        for Named { reserve, .. } in named.iter().filter(|named| named.reserve.borrowable) {
            let unit = U256::from(10u64).pow(U256::from(reserve.decimals));
            controls.equip_liquidator(reserve, unit.saturating_mul(U256::from(MONEY))).await?;
        }
        controls.node.request::<serde_json::Value>("evm_setAutomine", serde_json::json!([false])).await?;
        let (thinned, morpho) = (Vec::new(), Vec::new());
        Ok(Self { controls, market, named, liquidator, pools, thinned, morpho, lent_out: None })
    }

    /// The chain it runs on.
    #[must_use]
    pub const fn controls(&self) -> &Controls {
        &self.controls
    }
}

async fn name(
    controls: &Controls,
    market: &'static Market,
    reserve: &'static Reserve,
) -> Result<Named, LocalChainError> {
    let asset = reserve.token;
    let asked = controls.node.ask(AAVE_ORACLE, &IAaveOracle::getSourceOfAssetCall { asset }).await?;
    let price = controls.node.ask(AAVE_ORACLE, &IAaveOracle::getAssetPriceCall { asset }).await?;
    let ratio = match &market.feed_of(reserve)?.price {
        FeedPrice::Ratio { base, .. } => {
            let ratio = controls.node.ask(asked, &IReplicaRatioFeed::ratioCall {}).await?;
            Some((market.reserve(base)?.token, ratio))
        }
        FeedPrice::Usd { .. } => None,
    };
    let standard = market.standard_feed_of(reserve);
    if let Some(standard) = standard {
        controls.take_over_standard(standard, price).await?;
    }
    Ok(Named { reserve, asked, standard: standard.map(|standard| standard.address), ratio })
}

/// Prices by token, as steps name them.
pub(super) type Prices = BTreeMap<Address, CoursePrice>;
