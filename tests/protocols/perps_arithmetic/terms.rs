//! A pair's terms and state on chain, as the library's arithmetic takes them.

use alloy::primitives::{Address, B256, I256, U256};
use trimtab::perps::{
    LeverageE10, PercentE10, Side, Usdc,
    avantis_v1::math::{Accrual, Accruals, FeeRow, FeeRows, OpenInterest, SpreadParams, Utilisation},
};

use super::abi::{IInfos, INFOS, IPairs, IStorage, PAIRS, STORAGE};
use crate::common::Replica;

/// What stays as it is while a test runs.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub index: u64,
    pub feed: B256,
    /// The feed that the venue holds every price against.
    pub backup: Address,
    pub spread: SpreadParams,
    pub rows: FeeRows,
    pub leverages: [LeverageE10; 2],
    pub closing_fee: PercentE10,
    pub keeper_fee: PercentE10,
    pub max_gain: PercentE10,
    pub deepest_stop: PercentE10,
    pub liquidation: PercentE10,
    pub per_block: U256,
    /// Thresholds of loss protection for longs and shorts, and the shares of a loss by tier.
    pub thresholds: [Vec<u64>; 2],
    pub shares: Vec<u64>,
}

impl Terms {
    pub(crate) async fn read(replica: &Replica, index: u64) -> Self {
        let pair_index = U256::from(index);
        let pair = replica.ask(PAIRS, &IPairs::pairsCall { pairIndex: pair_index }).await;
        let caps = replica.ask(PAIRS, &IPairs::spreadCapsCall { pairIndex: pair_index }).await;
        let above = replica.ask(INFOS, &IInfos::getOnePercentDepthAboveCall { pairIndex: pair_index }).await;
        let below = replica.ask(INFOS, &IInfos::getOnePercentDepthBelowCall { pairIndex: pair_index }).await;
        let rows = replica.ask(PAIRS, &IPairs::getSkewParamsCall { pairIndex: pair_index }).await.eqParams;
        let closing = replica.ask(PAIRS, &IPairs::pairCloseFeePCall { pairIndex: pair_index }).await;
        let keeper = replica.ask(PAIRS, &IPairs::pairLimitOrderFeePCall { pairIndex: pair_index }).await;
        let liquidation = replica.ask(INFOS, &IInfos::liqThresholdCall {}).await;
        let per_block = replica.ask(INFOS, &IInfos::getRolloverFeePerBlockPCall { pairIndex: pair_index }).await;
        let (thresholds, shares) = protection(replica, pair_index).await;
        Self {
            index,
            feed: pair.feed.feedId,
            backup: pair.backupFeed.feedId,
            spread: SpreadParams {
                constant: PercentE10(pair.spreadP),
                price_impact_multiplier: pair.priceImpactMultiplier,
                skew_impact_multiplier: pair.skewImpactMultiplier,
                depth_above: Usdc(above),
                depth_below: Usdc(below),
                favour_cap: caps.favour,
                adverse_cap: caps.adverse,
            },
            rows: FeeRows(rows.map(|[slope, constant]| FeeRow { slope, constant })),
            leverages: [LeverageE10(pair.leverages.minLeverage), LeverageE10(pair.leverages.maxLeverage)],
            closing_fee: PercentE10(closing),
            keeper_fee: PercentE10(keeper),
            max_gain: plain(pair.values.maxGainP),
            deepest_stop: plain(pair.values.maxSlP),
            liquidation: PercentE10(liquidation * U256::from(10_000_000_000u64)),
            per_block,
            thresholds,
            shares,
        }
    }

    /// The side's thresholds of loss protection.
    pub(crate) fn thresholds_of(&self, side: Side) -> &[u64] {
        &self.thresholds[usize::from(!side.is_long())]
    }
}

async fn protection(replica: &Replica, pair_index: U256) -> ([Vec<u64>; 2], Vec<u64>) {
    let count = replica.ask(INFOS, &IInfos::lossProtectionNumTiersCall { pairIndex: pair_index }).await;
    let (mut long, mut short, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for tier in (0..count.to::<u64>()).map(U256::from) {
        let share = IInfos::longSkewConfigCall { pairIndex: pair_index, tier };
        long.push(replica.ask(INFOS, &share).await.to());
        let share = IInfos::shortSkewConfigCall { pairIndex: pair_index, tier };
        short.push(replica.ask(INFOS, &share).await.to());
        let share = IPairs::lossProtectionMultiplierCall { pairIndex: pair_index, tier };
        shares.push(replica.ask(PAIRS, &share).await.to());
    }
    ([long, short], shares)
}

fn plain(percent: I256) -> PercentE10 {
    PercentE10(percent.into_raw() * U256::from(10_000_000_000u64))
}

/// The pair's open interest now.
pub(crate) async fn interest(replica: &Replica, pair: u64) -> OpenInterest {
    let of = async |side: u64| {
        let call = IStorage::openInterestUSDCCall { pairIndex: U256::from(pair), side: U256::from(side) };
        Usdc(replica.ask(STORAGE, &call).await)
    };
    OpenInterest { long: of(0).await, short: of(1).await }
}

/// The pair's accruals now.
pub(crate) async fn accruals(replica: &Replica, terms: &Terms) -> Accruals {
    let pair_index = U256::from(terms.index);
    let stored = replica.ask(INFOS, &IInfos::pairRolloverFeesCall { pairIndex: pair_index }).await;
    let utilisation = Utilisation {
        pair: interest(replica, terms.index).await,
        pair_most: Usdc(replica.ask(PAIRS, &IPairs::pairMaxOICall { pairIndex: pair_index }).await),
        group: Usdc(replica.ask(PAIRS, &IPairs::groupOICall { pairIndex: pair_index }).await),
        group_most: Usdc(replica.ask(PAIRS, &IPairs::groupMaxOICall { pairIndex: pair_index }).await),
    };
    Accruals {
        long: Accrual(stored.long),
        short: Accrual(stored.short),
        updated: stored.updated.to(),
        per_block: terms.per_block,
        utilisation,
    }
}

/// What a position's rollover is counted from.
pub(crate) async fn accrued_since(replica: &Replica, trader: Address, pair: u64, index: U256) -> Accrual {
    let call = IInfos::tradeInitialAccFeesCall { trader, pairIndex: U256::from(pair), index };
    Accrual(replica.ask(INFOS, &call).await.rollover)
}
