//! Reading the venue, an account's positions there and its wallet, all at one block.

use std::sync::Arc;

use alloy::primitives::{Address, U256};
use tokio::task::JoinSet;

use super::{
    AvantisV1, Detail, PairDetail, Quote,
    abi::{IERC20, IPairInfos, IPairStorage, IPriceAggregator, ITrading, ITradingStorage, IViews, PendingMarketOrder},
    pair_query::{Common, PairQuery},
    positions::name_of,
    positions::{limit, position},
    slot::Slot,
};
use crate::{
    chain::{Answers, Batch, BlockRef, ReadError, Reader, multicall3},
    perps::{
        Interest, LeverageE10, OrderKind, PairTerms, PendingOrder, PercentDelta, PercentE10, PerpError, PriceE10, Side,
        Usdc, VenueSnapshot,
    },
};

/// Pairs asked about in one call; about 25 questions each.
const PAIRS_A_CALL: usize = 24;
/// Tries when the venue's own views revert: a node may show a new block's state with the old height while it stores it,
/// on which the venue's rollover underflows.
const TRIES: usize = 5;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

impl AvantisV1 {
    /// The venue at the newest block. The marks of the account's positions and of the interest are asked last.
    pub(super) async fn read(&self, account: Address, interest: &Interest) -> Result<VenueSnapshot, PerpError> {
        let mut tried = 0;
        let mut snapshot = loop {
            let head = Reader::head(&self.endpoints).await?;
            tried += 1;
            match self.read_at(head, account, interest).await {
                Err(PerpError::Read(ReadError::Reverted { .. } | ReadError::UnknownBlock(_))) if tried < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => break other?,
            }
        };
        self.add_marks(&mut snapshot, interest).await?;
        Ok(snapshot)
    }

    async fn read_at(
        &self,
        block: BlockRef,
        account: Address,
        interest: &Interest,
    ) -> Result<VenueSnapshot, PerpError> {
        let at = &self.at;
        let mut batch = Batch::new();
        let count = batch.add(at.pairs, &IPairStorage::pairsCountCall {});
        let paused = batch.add(at.trading, &ITrading::pausedCall {});
        let timelock = batch.add(at.trading, &ITrading::limitOrdersTimelockCall {});
        let views = batch.add(at.views, &IViews::getPositionsCall { trader: account });
        let pending = batch.add(at.storage, &ITradingStorage::getPendingOrderIdsCall { trader: account });
        let most_pending = batch.add(at.storage, &ITradingStorage::maxPendingMarketOrdersCall {});
        let trades_per_pair = batch.add(at.storage, &ITradingStorage::maxTradesPerPairCall {});
        let total = batch.add(at.storage, &ITradingStorage::totalOICall {});
        let most_total = batch.add(at.storage, &ITradingStorage::maxOpenInterestCall {});
        let wallet_interest = batch.add(at.storage, &ITradingStorage::walletOICall { trader: account });
        let threshold = batch.add(at.infos, &IPairInfos::liqThresholdCall {});
        let pyth = batch.add(at.aggregator, &IPriceAggregator::pythCall {});
        let usdc = batch.add(at.usdc, &IERC20::balanceOfCall { owner: account });
        let allowance = batch.add(at.usdc, &IERC20::allowanceCall { owner: account, spender: at.storage });
        let native = batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getEthBalanceCall { addr: account });
        let answers = self.endpoints.read(block, &batch).await?;
        let liquidation = answers.get(threshold)?.saturating_mul(U256::from(10_000_000_000u64));
        let common = Common {
            paused: answers.get(paused)?,
            total: [Usdc(answers.get(total)?), Usdc(answers.get(most_total)?)],
            wallet: Usdc(answers.get(wallet_interest)?),
            liquidation: PercentE10(liquidation),
        };
        let count = answers.get(count)?.saturating_to::<u64>();
        let ids = answers.get(pending)?;
        let (pairs, details) = self.pairs(block, account, count, &common).await?;
        let (orders, quotes) = self.orders_and_quotes(block, account, &ids, &pairs, interest).await?;
        let detail = Detail {
            pairs: details,
            timelock: answers.get(timelock)?.saturating_to(),
            liquidation: common.liquidation,
            trades_per_pair: answers.get(trades_per_pair)?.saturating_to(),
            quotes,
            // Only ever asked beside other sources.
            pyth: answers.find(pyth).unwrap_or_default(),
        };
        let views = answers.get(views)?;
        // Both lists are padded with empty entries.
        let positions = views.positions.iter().filter(|view| !view.trade.leverage.is_zero());
        let limits = views.limits.iter().filter(|view| !view.order.leverage.is_zero());
        Ok(VenueSnapshot {
            block,
            account,
            usdc: Usdc(answers.get(usdc)?),
            native: answers.get(native)?,
            allowance: Usdc(answers.get(allowance)?),
            positions: positions.map(|view| position(view, &pairs, &detail)).collect::<Result<_, _>>()?,
            limits: limits.map(|view| limit(&view.order, &pairs, detail.timelock)).collect(),
            pending: orders,
            most_pending: usize::try_from(answers.get(most_pending)?).unwrap_or(usize::MAX),
            pairs,
            detail: Arc::new(detail),
        })
    }

    async fn pairs(
        &self,
        block: BlockRef,
        account: Address,
        count: u64,
        common: &Common,
    ) -> Result<(Vec<PairTerms>, Vec<PairDetail>), PerpError> {
        let indexes: Vec<u64> = (0..count).collect();
        let (mut pairs, mut details) = (Vec::new(), Vec::new());
        for part in indexes.chunks(PAIRS_A_CALL) {
            let mut batch = Batch::new();
            let queries: Vec<PairQuery> =
                part.iter().map(|index| PairQuery::add(&self.at, *index, account, &mut batch)).collect();
            let answers = self.endpoints.read(block, &batch).await?;
            for query in queries {
                let (terms, detail) = query.decode(&answers, common)?;
                pairs.push(terms);
                details.push(detail);
            }
        }
        Ok((pairs, details))
    }

    /// What waits for the keeper, and the venue's word on the open of interest.
    async fn orders_and_quotes(
        &self,
        block: BlockRef,
        account: Address,
        ids: &[U256],
        pairs: &[PairTerms],
        interest: &Interest,
    ) -> Result<(Vec<PendingOrder>, Vec<Quote>), PerpError> {
        let wanted = interest.open.as_ref().and_then(|(name, side, notional)| {
            let pair = pairs.iter().find(|pair| pair.name.eq_ignore_ascii_case(name))?;
            Some((pair.index, *side, *notional))
        });
        if ids.is_empty() && wanted.is_none() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut batch = Batch::new();
        let slots: Vec<_> = ids
            .iter()
            .map(|id| {
                let call = ITradingStorage::reqIDpendingMarketOrderCall { orderId: *id };
                (*id, batch.add(self.at.storage, &call))
            })
            .collect();
        let asked = wanted.map(|wanted| (wanted, self.ask_quote(account, wanted, &mut batch)));
        let answers = self.endpoints.read(block, &batch).await?;
        let orders = slots
            .into_iter()
            .map(|(id, slot)| Ok(pending(id, &answers.get(slot)?, pairs)))
            .collect::<Result<Vec<_>, ReadError>>()?;
        let quotes = match asked {
            Some((wanted, slots)) => vec![quote(wanted, slots, &answers)?],
            None => Vec::new(),
        };
        Ok((orders, quotes))
    }

    /// The venue's word on an open of another size than the snapshot's interest, at the snapshot's block.
    pub(super) async fn quote_at(
        &self,
        block: BlockRef,
        account: Address,
        wanted: (u64, Side, Usdc),
    ) -> Result<Quote, PerpError> {
        let mut batch = Batch::new();
        let slots = self.ask_quote(account, wanted, &mut batch);
        let answers = self.endpoints.read(block, &batch).await?;
        Ok(quote(wanted, slots, &answers)?)
    }

    fn ask_quote(&self, trader: Address, wanted: (u64, Side, Usdc), batch: &mut Batch) -> QuoteSlots {
        let (index, side, notional) = wanted;
        let pair = U256::from(index);
        let (notional, buy) = (notional.0, side.is_long());
        let skew = IPairInfos::getSkewImpactSpreadCall { pairIndex: pair, buy, notional, isPnl: false };
        let within = ITradingStorage::withinExposureLimitsCall { trader, pairIndex: pair, notional, buy };
        (batch.add(self.at.infos, &skew), batch.add(self.at.storage, &within))
    }

    async fn add_marks(&self, snapshot: &mut VenueSnapshot, interest: &Interest) -> Result<(), PerpError> {
        let named = interest.marks.iter().chain(interest.open.as_ref().map(|(name, _, _)| name));
        let mut wanted: Vec<u64> = named
            .filter_map(|name| snapshot.pair(name).map(|pair| pair.index))
            .chain(snapshot.positions.iter().filter_map(|position| Slot::of(position.key).ok()).map(|slot| slot.pair))
            .chain(snapshot.limits.iter().filter_map(|limit| Slot::of(limit.key).ok()).map(|slot| slot.pair))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        // At once: a service that stalls does so for one deadline, not for one a pair.
        let mut asked = JoinSet::new();
        for index in wanted {
            let prices = self.prices.clone();
            asked.spawn(async move { (index, prices.update(index).await) });
        }
        while let Some(answered) = asked.join_next().await {
            let Ok((index, update)) = answered else { continue };
            let mark = match update {
                Ok(update) => update.price,
                // Reading works without prices; a plan that needs one asks again and says why there is none.
                Err(PerpError::Prices(why)) => {
                    tracing::warn!(pair = index, why, "no price");
                    PriceE10::ZERO
                }
                Err(PerpError::NoPriceService) => PriceE10::ZERO,
                Err(error) => return Err(error),
            };
            if let Some(pair) = snapshot.pairs.iter_mut().find(|pair| pair.index == index) {
                pair.mark = mark;
            }
        }
        super::positions::value_at_marks(snapshot)
    }
}

type QuoteSlots = (
    crate::chain::Slot<IPairInfos::getSkewImpactSpreadCall>,
    crate::chain::Slot<ITradingStorage::withinExposureLimitsCall>,
);

fn quote(wanted: (u64, Side, Usdc), slots: QuoteSlots, answers: &Answers) -> Result<Quote, ReadError> {
    let (pair_index, side, notional) = wanted;
    let skew_impact = PercentDelta(answers.get(slots.0)?);
    Ok(Quote { pair_index, side, notional, skew_impact, within_limits: answers.get(slots.1)? })
}

/// A close has no leverage of its own.
fn pending(id: U256, order: &PendingMarketOrder, pairs: &[PairTerms]) -> PendingOrder {
    let trade = &order.trade;
    let slot = Slot::new(trade.pairIndex, trade.index);
    let is_close = LeverageE10(trade.leverage) == LeverageE10::ZERO;
    PendingOrder {
        id,
        kind: if is_close { OrderKind::Close } else { OrderKind::Open },
        key: slot.key(),
        pair: name_of(pairs, slot.pair),
        side: if trade.buy { Side::Long } else { Side::Short },
        amount: Usdc(if is_close { trade.initialPosToken } else { trade.positionSizeUSDC }),
        block: order.block.saturating_to(),
    }
}
