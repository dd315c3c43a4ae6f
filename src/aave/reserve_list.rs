//! What a market consists of: read once in two batches, then every snapshot is one.

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{
    abi::{IAaveOracle, IPool, IPoolAddressesProvider},
    deployment::Deployment,
    error::QueryError,
    permit::PermitDomain,
    permit_probe::PermitProbe,
};
use crate::abi::IERC20;
use crate::{
    chain::{Answers, Batch, BlockRef, Lens, Reader, Slot},
    text,
};

/// The unchanging part of one reserve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The token.
    pub asset: Address,
    /// Its symbol.
    pub symbol: String,
    /// Receipt for supplies.
    pub a_token: Address,
    /// Receipt for debts.
    pub debt_token: Address,
    /// What the oracle asked when the list was read.
    pub source: Address,
    /// How to sign the token's permits; `None` when it has none (WETH, cbETH).
    pub token_permit: Option<PermitDomain>,
    /// How to sign the aToken's permits.
    pub a_token_permit: Option<PermitDomain>,
    /// How to sign delegations of the debt token.
    pub debt_token_permit: Option<PermitDomain>,
}

/// The reserves and e-modes of a market, with the addresses that a snapshot's calls go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveList {
    /// The market's contracts, confirmed by its registry.
    pub deployment: Deployment,
    /// `POOL_REVISION`.
    pub revision: u64,
    /// The rate strategy that all reserves share.
    pub rate_strategy: Address,
    /// Gate on borrowing; `None` when there is none.
    pub sentinel: Option<Address>,
    /// Reserves in the pool's order.
    pub listings: Vec<Listing>,
    /// Ids and labels of the e-modes.
    pub categories: Vec<(u8, String)>,
}

impl ReserveList {
    /// Reads the list at a block and checks the deployment against the registry.
    pub async fn read<R: Reader>(
        reader: &R,
        deployment: Deployment,
        chain_id: u64,
        block: &BlockRef,
    ) -> Result<Self, QueryError> {
        let mut list = Box::pin(Self::without_permits(reader, deployment, block)).await?;
        Box::pin(list.add_permits(reader, chain_id, block)).await?;
        Ok(list)
    }

    /// The list but for its permits: all that a market is asked with.
    pub(super) async fn without_permits<R: Reader>(
        reader: &R,
        deployment: Deployment,
        block: &BlockRef,
    ) -> Result<Self, QueryError> {
        let mut batch = Batch::new();
        let market = MarketSlots::add(deployment, &mut batch);
        let found = market.decode(&reader.read(block, &batch).await?)?;

        let mut batch = Batch::new();
        let reserves: Vec<_> =
            found.assets.iter().map(|asset| ReserveSlots::add(deployment, *asset, &mut batch)).collect();
        let labels: Vec<_> = found
            .categories
            .iter()
            .map(|id| (*id, batch.add(deployment.pool, &IPool::getEModeCategoryLabelCall { id: *id })))
            .collect();
        let answers = reader.read(block, &batch).await?;
        let reserves = reserves.iter().map(|slots| slots.decode(&answers)).collect::<Result<Vec<_>, _>>()?;
        let mut categories = Vec::with_capacity(labels.len());
        for (id, slot) in labels {
            categories.push((id, answers.get(slot)?));
        }
        let rate_strategy = shared_strategy(deployment, &reserves)?;
        let listings = reserves.into_iter().map(FoundReserve::listing).collect();
        let sentinel = Some(found.sentinel).filter(|address| !address.is_zero());
        Ok(Self { deployment, revision: found.revision, rate_strategy, sentinel, listings, categories })
    }

    /// How to sign permits of every token, aToken and debt token, where they have one.
    pub(super) async fn add_permits<R: Reader>(
        &mut self,
        reader: &R,
        chain_id: u64,
        block: &BlockRef,
    ) -> Result<(), QueryError> {
        let mut batch = Batch::new();
        let lens = Lens::add(&mut batch);
        let tokens: Vec<_> = self.listings.iter().map(|listing| listing.permit_slots(&lens, &mut batch)).collect();
        let answers = reader.read(block, &batch).await?;
        for (listing, [token, a_token, debt_token]) in self.listings.iter_mut().zip(&tokens) {
            listing.token_permit = token.decode(&answers, chain_id);
            listing.a_token_permit = a_token.decode(&answers, chain_id);
            listing.debt_token_permit = debt_token.decode(&answers, chain_id);
        }
        Ok(())
    }

    /// The listing of a token.
    #[must_use]
    pub fn listing(&self, asset: Address) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.asset == asset)
    }
}

fn shared_strategy(deployment: Deployment, reserves: &[FoundReserve]) -> Result<Address, QueryError> {
    let first = reserves.first().ok_or(QueryError::NoReserves(deployment.pool))?;
    let strategy = first.strategy;
    match reserves.iter().find(|reserve| reserve.strategy != strategy) {
        Some(other) => Err(QueryError::RateStrategy { symbol: other.symbol.clone(), strategy: other.strategy }),
        None => Ok(strategy),
    }
}

struct MarketSlots {
    deployment: Deployment,
    pool: Slot<IPoolAddressesProvider::getPoolCall>,
    oracle: Slot<IPoolAddressesProvider::getPriceOracleCall>,
    sentinel: Slot<IPoolAddressesProvider::getPriceOracleSentinelCall>,
    unit: Slot<IAaveOracle::BASE_CURRENCY_UNITCall>,
    revision: Slot<IPool::POOL_REVISIONCall>,
    assets: Slot<IPool::getReservesListCall>,
    categories: Vec<(u8, Slot<IPool::getEModeCategoryCollateralConfigCall>)>,
}

struct FoundMarket {
    sentinel: Address,
    revision: u64,
    assets: Vec<Address>,
    categories: Vec<u8>,
}

impl MarketSlots {
    fn add(deployment: Deployment, batch: &mut Batch) -> Self {
        let provider = deployment.addresses_provider;
        let pool = deployment.pool;
        Self {
            deployment,
            pool: batch.add(provider, &IPoolAddressesProvider::getPoolCall {}),
            oracle: batch.add(provider, &IPoolAddressesProvider::getPriceOracleCall {}),
            sentinel: batch.add(provider, &IPoolAddressesProvider::getPriceOracleSentinelCall {}),
            unit: batch.add(deployment.oracle, &IAaveOracle::BASE_CURRENCY_UNITCall {}),
            revision: batch.add(pool, &IPool::POOL_REVISIONCall {}),
            assets: batch.add(pool, &IPool::getReservesListCall {}),
            categories: (1..=u8::MAX)
                .map(|id| (id, batch.add(pool, &IPool::getEModeCategoryCollateralConfigCall { id })))
                .collect(),
        }
    }

    fn decode(&self, answers: &Answers) -> Result<FoundMarket, QueryError> {
        let agree = |what, expected, on_chain| {
            if expected == on_chain { Ok(()) } else { Err(QueryError::AddressMismatch { what, expected, on_chain }) }
        };
        agree("pool", self.deployment.pool, answers.get(self.pool)?)?;
        agree("oracle", self.deployment.oracle, answers.get(self.oracle)?)?;
        let unit = answers.get(self.unit)?;
        if unit != U256::from(100_000_000u64) {
            return Err(QueryError::BaseCurrency(unit.to_string()));
        }
        let revision = answers.get(self.revision)?;
        let out_of_range = || QueryError::OutOfRange { what: "POOL_REVISION", value: revision.to_string() };
        let mut categories = Vec::new();
        for (id, slot) in &self.categories {
            if answers.get(*slot)?.liquidationThreshold != 0 {
                categories.push(*id);
            }
        }
        Ok(FoundMarket {
            sentinel: answers.get(self.sentinel)?,
            revision: u64::try_from(revision).map_err(|_| out_of_range())?,
            assets: answers.get(self.assets)?,
            categories,
        })
    }
}

struct ReserveSlots {
    asset: Address,
    data: Slot<IPool::getReserveDataCall>,
    source: Slot<IAaveOracle::getSourceOfAssetCall>,
    symbol: Slot<IERC20::symbolCall>,
}

struct FoundReserve {
    asset: Address,
    symbol: String,
    a_token: Address,
    debt_token: Address,
    source: Address,
    strategy: Address,
}

impl ReserveSlots {
    fn add(deployment: Deployment, asset: Address, batch: &mut Batch) -> Self {
        Self {
            asset,
            data: batch.add(deployment.pool, &IPool::getReserveDataCall { asset }),
            source: batch.add(deployment.oracle, &IAaveOracle::getSourceOfAssetCall { asset }),
            symbol: batch.add(asset, &IERC20::symbolCall {}),
        }
    }

    fn decode(&self, answers: &Answers) -> Result<FoundReserve, QueryError> {
        let data = answers.get(self.data)?;
        Ok(FoundReserve {
            asset: self.asset,
            // Whoever made the token wrote it.
            symbol: text::one_line(&answers.get(self.symbol)?).into_owned(),
            a_token: data.aTokenAddress,
            debt_token: data.variableDebtTokenAddress,
            source: answers.get(self.source)?,
            strategy: data.interestRateStrategyAddress,
        })
    }
}

impl Listing {
    fn permit_slots(&self, lens: &Lens, batch: &mut Batch) -> [PermitProbe; 3] {
        let delegates = self.debt_token;
        [self.asset, self.a_token, self.debt_token]
            .map(|token| PermitProbe::add(token, token == delegates, lens, batch))
    }
}

impl FoundReserve {
    /// Without permits.
    fn listing(self) -> Listing {
        Listing {
            asset: self.asset,
            symbol: self.symbol,
            a_token: self.a_token,
            debt_token: self.debt_token,
            source: self.source,
            token_permit: None,
            a_token_permit: None,
            debt_token_permit: None,
        }
    }
}
