//! The adapter as a [`PerpVenue`].

use std::sync::Arc;

use alloy::primitives::{Address, B256, U256};
use async_trait::async_trait;
use rust_decimal::Decimal;

use super::{
    Deployment, NAME, PriceService,
    abi::ITradingStorage as Storage,
    math::notional,
    pair_query::{Common, PairQuery},
    slot::Slot,
};
use crate::{
    chain::{Batch, BlockRef, Endpoints, ReadError, Reader},
    config::{ExecutionFee, PriceCheck},
    perps::{
        AuditError, Capabilities, ClosingFee, Ending, Interest, OrderHandle, OrderState, PairTerms, PercentE10,
        PerpError, PerpRequest, PerpSettings, PerpSubject, PerpVenue, PositionKey, PriceE10, Side, Usdc, UsualFees,
        Venue, VenueSnapshot,
    },
    plan::Plan,
};

/// The pair of ether, by which the price service is held against the chain.
const ETHER: u64 = 0;

/// The venue on one network; only [`AvantisV1::recognise`] makes one.
#[derive(Debug, Clone)]
pub struct AvantisV1 {
    pub(super) endpoints: Endpoints,
    pub(super) prices: PriceService,
    pub(super) at: Deployment,
    pub(super) fee: ExecutionFee,
    pub(super) depth: u64,
    pub(super) check: PriceCheck,
}

impl AvantisV1 {
    pub(super) fn new(endpoints: Endpoints, prices: PriceService, at: Deployment) -> Self {
        Self { endpoints, prices, at, fee: ExecutionFee::Auto, depth: 0, check: PriceCheck::default() }
    }

    /// Holds the price service against the chain in this way; as the defaults say without it.
    #[must_use]
    pub const fn with_price_check(mut self, check: PriceCheck) -> Self {
        self.check = check;
        self
    }

    /// With this fee for the keeper; [`ExecutionFee::Auto`] without it.
    #[must_use]
    pub const fn with_execution_fee(mut self, fee: ExecutionFee) -> Self {
        self.fee = fee;
        self
    }

    /// Believes the end of an order or a position only from a block that has so many on top of it; without this, from
    /// the newest. A block of a chain that is not our own may still be replaced, and the keeper's transaction with it.
    #[must_use]
    pub const fn with_depth(mut self, depth: u64) -> Self {
        self.depth = depth;
        self
    }

    /// Whether a block is too new to be believed, and in which words.
    pub(super) fn too_new(&self, block: Option<u64>, head: u64) -> Option<String> {
        let on_top = head.saturating_sub(block.unwrap_or(head));
        let is_new = on_top < self.depth;
        is_new.then(|| format!("its end is in a block with {on_top} on top of it, of the {} waited for", self.depth))
    }

    /// Its price service.
    #[must_use]
    pub const fn prices(&self) -> &PriceService {
        &self.prices
    }

    /// What the tightest open-interest limit took before a block.
    pub(super) async fn room_before(
        &self,
        account: Address,
        pair_index: u64,
        side: Side,
        block: u64,
    ) -> Result<Usdc, PerpError> {
        let before = self.endpoints.block_by_number(block.saturating_sub(1).into()).await?;
        let before = before.ok_or_else(|| ReadError::Unavailable(format!("no block before {block}")))?;
        let mut batch = Batch::new();
        let query = PairQuery::add(&self.at, pair_index, account, &mut batch);
        let total = batch.add(self.at.storage, &Storage::totalOICall {});
        let most = batch.add(self.at.storage, &Storage::maxOpenInterestCall {});
        let wallet = batch.add(self.at.storage, &Storage::walletOICall { trader: account });
        let answers = self.endpoints.read(before, &batch).await?;
        let common = Common {
            paused: false,
            total: [Usdc(answers.get(total)?), Usdc(answers.get(most)?)],
            wallet: Usdc(answers.get(wallet)?),
            liquidation: PercentE10(U256::ZERO),
        };
        let (terms, _) = query.decode(&answers, &common)?;
        let [long, short] = terms.room;
        Ok(if side.is_long() { long } else { short })
    }
}

#[async_trait]
impl PerpVenue for AvantisV1 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self) -> Address {
        self.at.trading
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { partial_close: true, limit_orders: true }
    }

    /// As most pairs have it (avantis-v1.md §5).
    fn usual_fees(&self) -> UsualFees {
        UsualFees {
            opening: Decimal::new(45, 5),
            closing: Decimal::new(45, 5),
            closing_on: ClosingFee::OnCloseNotional,
            keeper: Decimal::new(1, 4),
            liquidation: Decimal::new(85, 2),
        }
    }

    fn with_unchecked_prices(&self) -> Venue {
        let check = PriceCheck { unchecked_prices: true, ..self.check };
        Arc::new(self.clone().with_price_check(check))
    }

    async fn check_prices(&self, block: BlockRef) -> Result<String, PerpError> {
        let price = self.prices.update(ETHER).await?.price;
        let words = self.ether_against_chain(price, block).await?;
        let url = self.prices.shown_url().unwrap_or_default();
        Ok(format!("{url} answers: pair {ETHER} at {price}; {words}"))
    }

    fn interest(&self, request: &PerpRequest) -> Result<Interest, PerpError> {
        let PerpRequest::Open(open) = request else { return Ok(Interest::default()) };
        let ordered = notional(open.margin, open.leverage)?;
        Ok(Interest { open: Some((open.pair.clone(), open.side, ordered)), ..Interest::default() })
    }

    async fn snapshot(&self, account: Address, interest: &Interest) -> Result<VenueSnapshot, PerpError> {
        self.read(account, interest).await
    }

    async fn plan(
        &self,
        request: &PerpRequest,
        snapshot: &VenueSnapshot,
        settings: &PerpSettings,
    ) -> Result<Plan, PerpError> {
        self.draft_plan(request, snapshot, settings).await
    }

    fn audit(&self, plan: &Plan, snapshot: &VenueSnapshot, gas_price: U256) -> Result<(), AuditError> {
        self.audit_plan(plan, snapshot, gas_price)
    }

    async fn orders_in(&self, transaction: B256) -> Result<Vec<OrderHandle>, PerpError> {
        self.placed_by(transaction).await
    }

    async fn track(
        &self,
        account: Address,
        order: &OrderHandle,
        _subject: Option<&PerpSubject>,
    ) -> Result<OrderState, PerpError> {
        self.state_of(account, order).await
    }

    async fn ending(&self, account: Address, key: PositionKey, since: u64) -> Result<Option<Ending>, PerpError> {
        self.ending_of(account, key, since).await
    }

    async fn mark(&self, key: PositionKey) -> Result<PriceE10, PerpError> {
        Ok(self.prices.update(Slot::of(key)?.pair).await?.price)
    }

    fn key_on(&self, pair: &PairTerms) -> PositionKey {
        Slot { pair: pair.index, index: 0 }.key()
    }
}
