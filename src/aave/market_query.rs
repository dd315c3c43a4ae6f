//! The calls of a market's snapshot, and their answers.

use alloy::primitives::U256;

use super::{
    abi::{IAaveOracle, IPool, IPriceOracleSentinel, IRateStrategy, IScaledToken},
    configuration::{MAX_RESERVES, ReserveConfiguration},
    error::QueryError,
    interest::RateStrategy,
    market::{EModeCategory, Market},
    reserve::{Price, Reserve},
    reserve_list::{Listing, ReserveList},
};
use crate::abi::IAggregator;
use crate::{
    chain::{Answers, Batch, BlockRef, Slot},
    units::{Bps, Ray, Secs, UsdE8},
};

/// Where a batch has the answers that make a [`Market`].
#[derive(Debug)]
pub struct MarketQuery<'list> {
    list: &'list ReserveList,
    revision: Slot<IPool::POOL_REVISIONCall>,
    assets: Slot<IPool::getReservesListCall>,
    premium: Slot<IPool::FLASHLOAN_PREMIUM_TOTALCall>,
    borrowing: Option<Slot<IPriceOracleSentinel::isBorrowAllowedCall>>,
    next_category: Option<Slot<IPool::getEModeCategoryCollateralConfigCall>>,
    reserves: Vec<ReserveQuery<'list>>,
    categories: Vec<CategoryQuery<'list>>,
}

impl<'list> MarketQuery<'list> {
    /// Adds the calls for every reserve and e-mode of the list.
    pub fn add(list: &'list ReserveList, batch: &mut Batch) -> Self {
        let pool = list.deployment.pool;
        let last = list.categories.iter().map(|(id, _)| *id).max().unwrap_or_default();
        Self {
            list,
            revision: batch.add(pool, &IPool::POOL_REVISIONCall {}),
            assets: batch.add(pool, &IPool::getReservesListCall {}),
            premium: batch.add(pool, &IPool::FLASHLOAN_PREMIUM_TOTALCall {}),
            borrowing: list.sentinel.map(|sentinel| batch.add(sentinel, &IPriceOracleSentinel::isBorrowAllowedCall {})),
            next_category: last
                .checked_add(1)
                .map(|id| batch.add(pool, &IPool::getEModeCategoryCollateralConfigCall { id })),
            reserves: list.listings.iter().map(|listing| ReserveQuery::add(list, listing, batch)).collect(),
            categories: list.categories.iter().map(|entry| CategoryQuery::add(list, entry, batch)).collect(),
        }
    }

    /// Reads the answers of the block that they were asked at.
    pub fn decode(&self, answers: &Answers, block: BlockRef) -> Result<Market, QueryError> {
        let revision = answers.get(self.revision)?;
        let mut outdated = revision != U256::from(self.list.revision);
        let revision = u64::try_from(revision)
            .map_err(|_| QueryError::OutOfRange { what: "POOL_REVISION", value: revision.to_string() })?;

        let mut reserves = Vec::with_capacity(self.reserves.len());
        for query in &self.reserves {
            let (reserve, source_moved) = query.decode(answers)?;
            outdated |= source_moved;
            reserves.push(reserve);
        }
        reserves.sort_by_key(|reserve| reserve.id);
        let listed = answers.get(self.assets)?;
        outdated |= listed.len() != reserves.len() || listed.iter().any(|asset| self.list.listing(*asset).is_none());
        if let Some(next) = self.next_category {
            outdated |= answers.get(next)?.liquidationThreshold != 0;
        }
        let categories = self.categories.iter().map(|query| query.decode(answers)).collect::<Result<_, _>>()?;
        let premium = answers.get(self.premium)?;
        Ok(Market {
            block,
            revision,
            pool: self.list.deployment.pool,
            reserves,
            categories,
            flash_loan_premium: Bps(u32::try_from(premium)
                .map_err(|_| QueryError::OutOfRange { what: "FLASHLOAN_PREMIUM_TOTAL", value: premium.to_string() })?),
            borrowing_allowed: self.borrowing.map_or(Ok(true), |slot| answers.get(slot))?,
            list_outdated: outdated,
        })
    }
}

/// Where a batch has the answers that make a [`Reserve`].
#[derive(Debug)]
pub struct ReserveQuery<'list> {
    listing: &'list Listing,
    data: Slot<IPool::getReserveDataCall>,
    liquidity: Slot<IPool::getVirtualUnderlyingBalanceCall>,
    deficit: Slot<IPool::getReserveDeficitCall>,
    supply: Slot<IScaledToken::scaledTotalSupplyCall>,
    debt: Slot<IScaledToken::scaledTotalSupplyCall>,
    price: Slot<IAaveOracle::getAssetPriceCall>,
    source: Slot<IAaveOracle::getSourceOfAssetCall>,
    round: Slot<IAggregator::latestRoundDataCall>,
    rates: Slot<IRateStrategy::getInterestRateDataBpsCall>,
}

impl<'list> ReserveQuery<'list> {
    /// Adds the calls for one reserve.
    pub fn add(list: &ReserveList, listing: &'list Listing, batch: &mut Batch) -> Self {
        let (pool, oracle, asset) = (list.deployment.pool, list.deployment.oracle, listing.asset);
        Self {
            listing,
            data: batch.add(pool, &IPool::getReserveDataCall { asset }),
            liquidity: batch.add(pool, &IPool::getVirtualUnderlyingBalanceCall { asset }),
            deficit: batch.add(pool, &IPool::getReserveDeficitCall { asset }),
            supply: batch.add(listing.a_token, &IScaledToken::scaledTotalSupplyCall {}),
            debt: batch.add(listing.debt_token, &IScaledToken::scaledTotalSupplyCall {}),
            price: batch.add(oracle, &IAaveOracle::getAssetPriceCall { asset }),
            source: batch.add(oracle, &IAaveOracle::getSourceOfAssetCall { asset }),
            round: batch.add(listing.source, &IAggregator::latestRoundDataCall {}),
            rates: batch.add(list.rate_strategy, &IRateStrategy::getInterestRateDataBpsCall { reserve: asset }),
        }
    }

    /// The reserve, and whether its oracle source is another one than when the list was read.
    pub fn decode(&self, answers: &Answers) -> Result<(Reserve, bool), QueryError> {
        let data = answers.get(self.data)?;
        if data.id >= MAX_RESERVES {
            return Err(QueryError::OutOfRange { what: "a reserve's id", value: data.id.to_string() });
        }
        let rates = answers.get(self.rates)?;
        let source = answers.get(self.source)?;
        let source_moved = source != self.listing.source;
        let round = if source_moved { None } else { answers.find(self.round) };
        let price = answers.find(self.price).map(|value| Price {
            value: UsdE8(value),
            source,
            updated_at: round.and_then(|round| u64::try_from(round.updatedAt).ok()).filter(|at| *at != 0).map(Secs),
        });
        let reserve = Reserve {
            id: data.id,
            asset: self.listing.asset,
            symbol: self.listing.symbol.clone(),
            a_token: self.listing.a_token,
            debt_token: self.listing.debt_token,
            configuration: ReserveConfiguration(data.configuration),
            liquidity_index: Ray(U256::from(data.liquidityIndex)),
            variable_borrow_index: Ray(U256::from(data.variableBorrowIndex)),
            liquidity_rate: Ray(U256::from(data.currentLiquidityRate)),
            variable_borrow_rate: Ray(U256::from(data.currentVariableBorrowRate)),
            last_update: Secs(data.lastUpdateTimestamp.to()),
            accrued_to_treasury: U256::from(data.accruedToTreasury),
            virtual_balance: U256::from(answers.get(self.liquidity)?),
            deficit: answers.get(self.deficit)?,
            scaled_supply: answers.get(self.supply)?,
            scaled_debt: answers.get(self.debt)?,
            price,
            strategy: RateStrategy {
                optimal_usage: Bps(u32::from(rates.optimalUsageRatio)),
                base_rate: Bps(rates.baseVariableBorrowRate),
                slope1: Bps(rates.variableRateSlope1),
                slope2: Bps(rates.variableRateSlope2),
            },
        };
        Ok((reserve, source_moved))
    }
}

#[derive(Debug)]
struct CategoryQuery<'list> {
    id: u8,
    label: &'list str,
    config: Slot<IPool::getEModeCategoryCollateralConfigCall>,
    collateral: Slot<IPool::getEModeCategoryCollateralBitmapCall>,
    borrowable: Slot<IPool::getEModeCategoryBorrowableBitmapCall>,
    ltv_zero: Slot<IPool::getEModeCategoryLtvzeroBitmapCall>,
    isolated: Slot<IPool::getIsEModeCategoryIsolatedCall>,
}

impl<'list> CategoryQuery<'list> {
    fn add(list: &ReserveList, (id, label): &'list (u8, String), batch: &mut Batch) -> Self {
        let (pool, id) = (list.deployment.pool, *id);
        Self {
            id,
            label,
            config: batch.add(pool, &IPool::getEModeCategoryCollateralConfigCall { id }),
            collateral: batch.add(pool, &IPool::getEModeCategoryCollateralBitmapCall { id }),
            borrowable: batch.add(pool, &IPool::getEModeCategoryBorrowableBitmapCall { id }),
            ltv_zero: batch.add(pool, &IPool::getEModeCategoryLtvzeroBitmapCall { id }),
            isolated: batch.add(pool, &IPool::getIsEModeCategoryIsolatedCall { id }),
        }
    }

    fn decode(&self, answers: &Answers) -> Result<EModeCategory, QueryError> {
        let config = answers.get(self.config)?;
        Ok(EModeCategory {
            id: self.id,
            label: self.label.to_owned(),
            ltv: Bps(u32::from(config.ltv)),
            liquidation_threshold: Bps(u32::from(config.liquidationThreshold)),
            liquidation_bonus: Bps(u32::from(config.liquidationBonus)),
            collateral_bitmap: answers.get(self.collateral)?,
            borrowable_bitmap: answers.get(self.borrowable)?,
            // Both are younger than the rest: a pool that does not answer does not have the rule.
            ltv_zero_bitmap: answers.find(self.ltv_zero).unwrap_or_default(),
            isolated: answers.find(self.isolated).unwrap_or_default(),
        })
    }
}
