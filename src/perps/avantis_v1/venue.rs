//! The adapter as a [`PerpVenue`].

use alloy::primitives::{Address, B256, U256};

use super::{
    Deployment, NAME, PriceService,
    abi::ITradingStorage as Storage,
    pair_query::{Common, PairQuery},
};
use crate::{
    chain::{Batch, Endpoints, ReadError, Reader},
    config::{ExecutionFee, PriceCheck},
    perps::{
        Capabilities, Ending, Interest, OrderHandle, OrderState, PercentE10, PerpError, PerpRequest, PerpSettings,
        PerpSubject, PerpVenue, PositionKey, PriceE10, Side, Usdc, VenueSnapshot,
    },
    plan::Plan,
};

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

    /// Takes a price that nothing on chain confirms. One that the chain contradicts is refused all the same.
    #[must_use]
    pub const fn with_unchecked_prices(mut self) -> Self {
        self.check.unchecked_prices = true;
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

impl PerpVenue for AvantisV1 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_gas: true,
            atomic_fill: false,
            levels_on_chain: true,
            increase: false,
            partial_close: true,
            limit_orders: true,
            funding: false,
            close_slippage: false,
        }
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

    async fn mark(&self, pair_index: u64) -> Result<PriceE10, PerpError> {
        Ok(self.prices.update(pair_index).await?.price)
    }
}
