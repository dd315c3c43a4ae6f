//! The keeper's connection: the node, the venue on it, and price updates for it.

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256},
    sol_types::SolValue,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    abi::IPyth::{Price, PriceFeed},
    localchain::{
        Kit, LocalChainError, Role,
        abi::IReplicaFeed,
        anvil::CHAIN_ID,
        genesis::{AVANTIS_PRICE_AGGREGATOR, AVANTIS_TRADING},
        node::{Call, Node},
        venue::{PRICE_DECIMALS, PairListing},
        venue_abi::{IPriceAggregator, ITrading},
    },
    units::Secs,
};

/// Gas of one keeper transaction; a fill takes up to 1.4 million (avantis-v1.md §4).
pub(super) const KEEPER_GAS: u64 = 2_500_000;
/// What one price update costs, wei.
const UPDATE_FEE: u64 = 1;

/// A node with a venue that this keeper may work for.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) node: Node,
    /// What anvil calls this run of itself.
    pub(super) instance: B256,
}

#[derive(Deserialize, Debug)]
struct Time {
    timestamp: U64,
}

impl Link {
    /// Connects, and refuses what is not a local chain with the known venue that takes unsigned prices.
    pub(super) async fn connect(url: &str, kit: &Kit) -> Result<Self, LocalChainError> {
        let node = Node::new(url)?;
        let client = node.client_version().await?;
        if !client.starts_with("anvil/") {
            return Err(LocalChainError::NotLocal { url: node.shown_url(), client });
        }
        let found = node.chain_id().await?;
        if found != CHAIN_ID {
            return Err(LocalChainError::WrongChain { url: node.shown_url(), found });
        }
        let refuse = |why: &str| LocalChainError::NoVenue { url: node.shown_url(), why: why.to_owned() };
        let keeper = Role::VenueKeeper.address();
        let is_operator = node.ask(AVANTIS_TRADING, &ITrading::isOperatorCall { who: keeper }).await;
        if !matches!(is_operator, Ok(true)) {
            return Err(refuse("its Trading contract does not know the local keeper as an operator"));
        }
        let pyth = node.ask(AVANTIS_PRICE_AGGREGATOR, &IPriceAggregator::pythCall {}).await?;
        if node.code(pyth).await? != kit.runtime_code("ReplicaPyth")? {
            return Err(refuse("its oracle takes only signed prices"));
        }
        let instance = node.metadata().await?.instance_id;
        let link = Self { node, instance };
        link.equip().await?;
        Ok(link)
    }

    /// Ether for gas, and leave to act without a key.
    async fn equip(&self) -> Result<(), LocalChainError> {
        let (keeper, ether) = (Role::VenueKeeper.address(), U256::from(10).pow(U256::from(18)));
        if self.node.balance(keeper).await? < ether {
            self.node.set_balance(keeper, ether.saturating_mul(U256::from(1_000_000))).await?;
        }
        self.node.impersonate(keeper, true).await
    }

    /// A transaction of the keeper's that brings a price along.
    pub(super) fn call_with_price<C: alloy::sol_types::SolCall>(call: &C) -> Call {
        Call { value: U256::from(UPDATE_FEE), ..Self::call(call) }
    }

    /// A transaction of the keeper's.
    pub(super) fn call<C: alloy::sol_types::SolCall>(call: &C) -> Call {
        Call { gas: KEEPER_GAS, ..Call::new(Role::VenueKeeper.address(), AVANTIS_TRADING, call) }
    }

    /// Dollars that a pair's feed says, 8 decimals.
    pub(super) async fn price(&self, pair: &PairListing) -> Result<U256, LocalChainError> {
        let feed: Address = pair.feed()?;
        let answer = self.node.ask(feed, &IReplicaFeed::latestAnswerCall {}).await?;
        Ok(answer.into_raw())
    }

    /// An update with this price, as of the next block.
    pub(super) async fn update(&self, pair: &PairListing, price: U256) -> Result<Bytes, LocalChainError> {
        update(pair, price, self.next_time().await?)
    }

    /// Time of the block that comes next. The newest block may be long ago on a chain that mines on demand.
    async fn next_time(&self) -> Result<Secs, LocalChainError> {
        let block: Time = self.node.request("eth_getBlockByNumber", json!(["pending", false])).await?;
        Ok(Secs(block.timestamp.to()))
    }
}

fn update(pair: &PairListing, price: U256, at: Secs) -> Result<Bytes, LocalChainError> {
    let price = i64::try_from(price)
        .map_err(|_| LocalChainError::BadAmount(format!("price {price} of {} is too large", pair.name())))?;
    let price = Price { price, conf: 0, expo: -i32::from(PRICE_DECIMALS), publishTime: U256::from(at.0) };
    Ok(PriceFeed { id: pair.feed_id, price: price.clone(), emaPrice: price }.abi_encode().into())
}
