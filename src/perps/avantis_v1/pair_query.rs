//! The questions about one pair, and what their answers make.

use alloy::primitives::{Address, I256, U256};

use super::{
    Deployment, PairDetail,
    abi::{IPairInfos, IPairStorage, ITradingStorage},
    math::{Accrual, Accruals, FeeRow, FeeRows, OpenInterest, SpreadParams, Utilisation},
};
use crate::{
    chain::{Answers, Batch, ReadError, Slot},
    perps::{Availability, ClosingFee, LeverageE10, PairTerms, PercentE10, PerpError, PriceE10, Usdc},
};

/// Tiers of loss protection that are read.
const TIERS: u64 = 4;

/// Where a batch has the answers about one pair.
#[derive(Debug)]
pub(super) struct PairQuery {
    index: u64,
    backend: Slot<IPairStorage::pairsBackendCall>,
    name: Slot<IPairStorage::pairDataCall>,
    rows: Slot<IPairStorage::getSkewParamsCall>,
    caps: Slot<IPairStorage::spreadCapsCall>,
    above: Slot<IPairInfos::getOnePercentDepthAboveCall>,
    below: Slot<IPairInfos::getOnePercentDepthBelowCall>,
    per_block: Slot<IPairInfos::getRolloverFeePerBlockPCall>,
    accrued: Slot<IPairInfos::pairRolloverFeesCall>,
    tiers: Slot<IPairInfos::lossProtectionNumTiersCall>,
    borne: Vec<Slot<IPairStorage::lossProtectionMultiplierCall>>,
    longs_from: Vec<Slot<IPairInfos::longSkewConfigCall>>,
    shorts_from: Vec<Slot<IPairInfos::shortSkewConfigCall>>,
    long: Slot<ITradingStorage::pairLongOICall>,
    short: Slot<ITradingStorage::pairShortOICall>,
    most_long: Slot<IPairStorage::pairMaxLongOICall>,
    most_short: Slot<IPairStorage::pairMaxShortOICall>,
    most: Slot<IPairStorage::pairMaxOICall>,
    group: Slot<IPairStorage::groupOICall>,
    most_group: Slot<IPairStorage::groupMaxOICall>,
    most_wallet: Slot<IPairStorage::maxWalletOICall>,
    most_block: Slot<IPairStorage::blockOILimitCall>,
    trades: Slot<ITradingStorage::openTradesCountCall>,
    opening: Slot<ITradingStorage::pendingMarketOpenCountCall>,
    limits: Slot<ITradingStorage::openLimitOrdersCountCall>,
}

/// What holds for all pairs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common {
    pub(super) paused: bool,
    /// Open interest of the whole venue and its limit.
    pub(super) total: [Usdc; 2],
    /// The account's open interest.
    pub(super) wallet: Usdc,
    pub(super) liquidation: PercentE10,
}

impl PairQuery {
    pub(super) fn add(at: &Deployment, index: u64, trader: Address, batch: &mut Batch) -> Self {
        let pair = U256::from(index);
        let tiers = || (0..TIERS).map(U256::from);
        Self {
            index,
            backend: batch.add(at.pairs, &IPairStorage::pairsBackendCall { pairIndex: pair }),
            name: batch.add(at.pairs, &IPairStorage::pairDataCall { pairIndex: pair }),
            rows: batch.add(at.pairs, &IPairStorage::getSkewParamsCall { pairIndex: pair }),
            caps: batch.add(at.pairs, &IPairStorage::spreadCapsCall { pairIndex: pair }),
            above: batch.add(at.infos, &IPairInfos::getOnePercentDepthAboveCall { pairIndex: pair }),
            below: batch.add(at.infos, &IPairInfos::getOnePercentDepthBelowCall { pairIndex: pair }),
            per_block: batch.add(at.infos, &IPairInfos::getRolloverFeePerBlockPCall { pairIndex: pair }),
            accrued: batch.add(at.infos, &IPairInfos::pairRolloverFeesCall { pairIndex: pair }),
            tiers: batch.add(at.infos, &IPairInfos::lossProtectionNumTiersCall { pairIndex: pair }),
            borne: tiers()
                .map(|tier| batch.add(at.pairs, &IPairStorage::lossProtectionMultiplierCall { pairIndex: pair, tier }))
                .collect(),
            longs_from: tiers()
                .map(|tier| batch.add(at.infos, &IPairInfos::longSkewConfigCall { pairIndex: pair, tier }))
                .collect(),
            shorts_from: tiers()
                .map(|tier| batch.add(at.infos, &IPairInfos::shortSkewConfigCall { pairIndex: pair, tier }))
                .collect(),
            long: batch.add(at.storage, &ITradingStorage::pairLongOICall { pairIndex: pair }),
            short: batch.add(at.storage, &ITradingStorage::pairShortOICall { pairIndex: pair }),
            most_long: batch.add(at.pairs, &IPairStorage::pairMaxLongOICall { pairIndex: pair }),
            most_short: batch.add(at.pairs, &IPairStorage::pairMaxShortOICall { pairIndex: pair }),
            most: batch.add(at.pairs, &IPairStorage::pairMaxOICall { pairIndex: pair }),
            group: batch.add(at.pairs, &IPairStorage::groupOICall { pairIndex: pair }),
            most_group: batch.add(at.pairs, &IPairStorage::groupMaxOICall { pairIndex: pair }),
            most_wallet: batch.add(at.pairs, &IPairStorage::maxWalletOICall { pairIndex: pair }),
            most_block: batch.add(at.pairs, &IPairStorage::blockOILimitCall { pairIndex: pair }),
            trades: batch.add(at.storage, &ITradingStorage::openTradesCountCall { trader, pairIndex: pair }),
            opening: batch.add(at.storage, &ITradingStorage::pendingMarketOpenCountCall { trader, pairIndex: pair }),
            limits: batch.add(at.storage, &ITradingStorage::openLimitOrdersCountCall { trader, pairIndex: pair }),
        }
    }

    pub(super) fn decode(&self, answers: &Answers, common: &Common) -> Result<(PairTerms, PairDetail), PerpError> {
        let detail = self.detail(answers)?;
        let backend = answers.get(self.backend)?;
        let name = answers.get(self.name)?;
        let room = self.room(answers, common, &detail.interest)?;
        let is_closed_to_opens = room_limits_are_zero(answers.get(self.most_long)?, answers.get(self.most_short)?);
        let availability = match (common.paused, is_closed_to_opens) {
            (true, _) => Availability::Paused,
            (false, true) => Availability::CloseOnly,
            (false, false) => Availability::Open,
        };
        let smallest = Usdc(backend.fee.minLevPosUSDC);
        let opening_fee = detail.fee_rows.percent(crate::perps::Side::Long, smallest, &detail.interest)?;
        let terms = PairTerms {
            index: self.index,
            name: format!("{}/{}", name.from, name.to),
            availability,
            minimum_notional: smallest,
            least_leverage: LeverageE10(backend.pair.leverages.minLeverage),
            most_leverage: LeverageE10(backend.pair.leverages.maxLeverage),
            opening_fee,
            closing_fee: detail.closing_fee,
            closing_on: ClosingFee::OnCloseNotional,
            keeper_fee: detail.keeper_fee,
            spread: detail.spread.constant,
            liquidation: common.liquidation,
            deepest_stop: detail.deepest_stop,
            most_profit: detail.max_gain,
            room,
            mark: PriceE10::ZERO,
        };
        Ok((terms, detail))
    }

    fn detail(&self, answers: &Answers) -> Result<PairDetail, ReadError> {
        let backend = answers.get(self.backend)?;
        let caps = answers.get(self.caps)?;
        let rows = answers.get(self.rows)?.eqParams;
        let tiers = usize::try_from(answers.get(self.tiers)?).unwrap_or(usize::MAX);
        let small = |figure: U256| figure.saturating_to::<u64>();
        let interest = OpenInterest { long: Usdc(answers.get(self.long)?), short: Usdc(answers.get(self.short)?) };
        let used = [answers.get(self.trades)?, answers.get(self.opening)?, answers.get(self.limits)?];
        Ok(PairDetail {
            index: self.index,
            spread: SpreadParams {
                constant: PercentE10(backend.pair.spreadP),
                price_impact_multiplier: backend.pair.priceImpactMultiplier,
                skew_impact_multiplier: backend.pair.skewImpactMultiplier,
                depth_above: Usdc(answers.get(self.above)?),
                depth_below: Usdc(answers.get(self.below)?),
                favour_cap: caps.favour,
                adverse_cap: caps.adverse,
            },
            interest,
            accruals: self.accruals(answers, interest)?,
            fee_rows: FeeRows(rows.map(|[slope, constant]| FeeRow { slope, constant })),
            closing_fee: PercentE10(backend.fee.closeFeeP),
            keeper_fee: PercentE10(backend.fee.limitOrderFeeP),
            max_gain: plain_percent(backend.pair.values.maxGainP)?,
            deepest_stop: plain_percent(backend.pair.values.maxSlP)?,
            protected_from: [
                self.longs_from.iter().take(tiers).map_while(|slot| answers.find(*slot)).map(small).collect(),
                self.shorts_from.iter().take(tiers).map_while(|slot| answers.find(*slot)).map(small).collect(),
            ],
            borne: self.borne.iter().take(tiers).map_while(|slot| answers.find(*slot)).map(small).collect(),
            used: used.into_iter().map(small).fold(0, u64::saturating_add),
            limits: small(answers.get(self.limits)?),
            feed_id: backend.pair.feed.feedId,
            backup_feed: backend.pair.backupFeed.feedId,
        })
    }

    fn accruals(&self, answers: &Answers, pair: OpenInterest) -> Result<Accruals, ReadError> {
        let accrued = answers.get(self.accrued)?;
        Ok(Accruals {
            long: Accrual(accrued.long),
            short: Accrual(accrued.short),
            updated: accrued.updated.saturating_to(),
            per_block: answers.get(self.per_block)?,
            utilisation: Utilisation {
                pair,
                pair_most: Usdc(answers.get(self.most)?),
                group: Usdc(answers.get(self.group)?),
                group_most: Usdc(answers.get(self.most_group)?),
            },
        })
    }

    /// What the tightest limit on open interest still takes: long, short (avantis-v1.md §6).
    fn room(&self, answers: &Answers, common: &Common, interest: &OpenInterest) -> Result<[Usdc; 2], PerpError> {
        let left = |most: U256, used: U256| most.saturating_sub(used);
        let [used, most] = common.total;
        let shared = [
            left(answers.get(self.most)?, interest.total()?),
            left(answers.get(self.most_group)?, answers.get(self.group)?),
            left(answers.get(self.most_wallet)?, common.wallet.0),
            left(most.0, used.0),
            answers.get(self.most_block)?,
        ];
        let shared = shared.into_iter().min().unwrap_or_default();
        let long = left(answers.get(self.most_long)?, interest.long.0);
        let short = left(answers.get(self.most_short)?, interest.short.0);
        Ok([Usdc(long.min(shared)), Usdc(short.min(shared))])
    }
}

fn room_limits_are_zero(long: U256, short: U256) -> bool {
    long.is_zero() && short.is_zero()
}

/// Plain per cent, as the contracts keep it, in 1e10.
fn plain_percent(figure: I256) -> Result<PercentE10, ReadError> {
    let bad = || ReadError::Malformed(format!("{figure} per cent of a pair"));
    let plain = U256::try_from(figure).map_err(|_| bad())?;
    plain.checked_mul(U256::from(10_000_000_000u64)).map(PercentE10).ok_or_else(bad)
}
