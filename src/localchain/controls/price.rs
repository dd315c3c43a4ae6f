//! Prices: the feed, everything that hangs on it, and all pools, in one block.

use alloy::primitives::{Address, U160, U256, aliases::U24};

use super::{
    Controls, PoolMoved, PriceChange, PriceMoved, PriceReport, PriceScope, PriceTarget,
    feeds::{Quotes, quote},
    one_block::{ANSWER, SMALL, mine_together},
    standard::refuse_delay,
};
use crate::{
    chain::{Batch, BlockRef},
    localchain::{
        LocalChainError, Role,
        abi::{IReplicaFeed, IReplicaRatioFeed, ISwapRouter02, IUniswapV3Pool},
        genesis::SWAP_ROUTER,
        market::{FeedPrice, Market, Pool, Reserve, ratio_price, sqrt_price},
        node::Call,
        venue::Venue,
    },
    units::Secs,
};

/// Most gas that one swap may use.
const SWAP_GAS: u64 = 15_000_000;
/// Room in the block for whoever else sends just then, such as the keeper.
const OTHERS_GAS: u64 = 3_000_000;

/// How often a price that somebody else's swap came between is set again.
const ATTEMPTS: u32 = 3;

/// A pool and where it is to go.
pub(super) struct Push<'a> {
    pool: &'a Pool,
    tick: i32,
    now: U256,
    target: U256,
}

impl Controls {
    /// Sets a price. Feeds that are a ratio to it follow, and so do the pools of all these assets. Perps follow the same
    /// feeds; an asset that only they have moves its own feed.
    pub async fn price(&self, change: &PriceChange, scope: PriceScope) -> Result<PriceReport, LocalChainError> {
        self.price_before_oracle(change, scope, Secs(0)).await
    }

    /// The same, with Aave's oracle so much later than the standard feed, as where it asks an SVR feed and nobody has brought
    /// the update forward. Only an asset with a standard feed can move ahead of Aave's oracle.
    pub async fn price_before_oracle(
        &self,
        change: &PriceChange,
        scope: PriceScope,
        delay: Secs,
    ) -> Result<PriceReport, LocalChainError> {
        if delay != Secs(0) {
            refuse_delay(change, scope)?;
        }
        if let Some(pair) = Venue::get()?.priced_here(change.symbol()) {
            return self.price_pair(pair, change, scope).await;
        }
        let market = Market::get()?;
        let before = self.quotes(market).await?;
        let after = self.prices_after(market, change, &before).await?;
        let source = quote(&before, market.reserve(change.symbol())?)?.source;
        let changed = Self::changed(market, source, &before);
        let mut calls = Vec::new();
        let mut said = None;
        if scope != PriceScope::PoolsOnly {
            let (standard, says) = self.standard_call(market, change, &before).await?.unzip();
            calls.extend(standard);
            said = says;
            calls.push(self.feed_call(market, change, &before, delay).await?);
        }
        self.equip_for_gas(Role::Trader).await?;
        let mut attempts = ATTEMPTS;
        let (block, pools) = loop {
            let concerned = if scope == PriceScope::FeedOnly { &[][..] } else { &changed };
            match self.in_one_block(market, &calls, concerned, &after).await {
                Err(LocalChainError::Reverted { .. } | LocalChainError::Mismatch { .. }) if attempts > 1 => {
                    attempts -= 1
                }
                done => break done?,
            }
        };
        let now = self.quotes(market).await?;
        let (mut prices, mut standard_feeds) = (Vec::new(), Vec::new());
        for symbol in changed.into_iter().filter(|_| scope != PriceScope::PoolsOnly) {
            let reserve = market.reserve(symbol)?;
            let found = quote(&now, reserve)?.price;
            // What was given in advance may have come meanwhile, to the base of a ratio too.
            let wanted = match change.target() {
                PriceTarget::Ratio(ratio) => ratio_price(quote(&now, self.base_of(market, reserve)?)?.price, ratio),
                PriceTarget::Usd(_) => quote(&after, reserve)?.price,
            };
            if delay == Secs(0) {
                same(format!("price of {symbol}"), wanted, found)?;
            }
            prices.push(PriceMoved { asset: symbol.to_owned(), before: quote(&before, reserve)?.price, after: found });
        }
        if let Some((standard, before)) = said {
            let asset = standard.description.clone();
            standard_feeds.push(PriceMoved { asset, before, after: self.answer(standard.address).await? });
        }
        let oracle_follows_at = (delay != Secs(0)).then(|| block.timestamp.plus(delay));
        Ok(PriceReport { block, prices, standard_feeds, oracle_follows_at, pools })
    }

    /// The feeds' new answers and the pools of these assets, in one block. Somebody else's swap in that block can put a pool
    /// past its price.
    async fn in_one_block(
        &self,
        market: &Market,
        feeds: &[Call],
        concerned: &[&str],
        after: &Quotes<'_>,
    ) -> Result<(BlockRef, Vec<PoolMoved>), LocalChainError> {
        let pushes = self.pushes(market, concerned, after).await?;
        let mut calls = feeds.to_vec();
        calls.extend(self.swaps(market, &pushes).await?);
        let block = mine_together(&self.node, Role::Trader, &calls, None).await?;
        Ok((block, self.pushed(&pushes).await?))
    }

    /// Symbols of what is priced by this feed or by a ratio to it.
    pub(super) fn changed<'a>(market: &'a Market, source: Address, quotes: &Quotes<'_>) -> Vec<&'a str> {
        let follows = market.reserves.iter().filter(|reserve| hangs_on(source, reserve, market, quotes));
        follows.map(|reserve| reserve.symbol.as_str()).collect()
    }

    /// All prices as they will be. Takes over the feeds that must follow by themselves.
    pub(super) async fn prices_after<'a>(
        &self,
        market: &'a Market,
        change: &PriceChange,
        before: &Quotes<'a>,
    ) -> Result<Quotes<'a>, LocalChainError> {
        let mut after = before.clone();
        let reserve = market.reserve(change.symbol())?;
        let source = quote(before, reserve)?.source;
        let price = match change.target() {
            PriceTarget::Usd(price) => price,
            PriceTarget::Ratio(ratio) => ratio_price(quote(before, self.base_of(market, reserve)?)?.price, ratio),
        };
        // Assets may share a feed (USDbC has USDC's).
        for quote in after.values_mut().filter(|quote| quote.source == source) {
            quote.price = price;
        }
        for feed in &market.feeds {
            let FeedPrice::Ratio { base, .. } = &feed.price else { continue };
            let base = quote(before, market.reserve(base)?)?;
            if base.source != source {
                continue;
            }
            let own = quote(before, market.reserve(&feed.asset)?)?;
            self.take_over_ratio(own, base).await?;
            let ratio = self.node.ask(own.source, &IReplicaRatioFeed::ratioCall {}).await?;
            for quote in after.values_mut().filter(|quote| quote.source == own.source) {
                quote.price = ratio_price(price, ratio);
            }
        }
        Ok(after)
    }

    fn base_of<'a>(&self, market: &'a Market, reserve: &Reserve) -> Result<&'a Reserve, LocalChainError> {
        match &market.feed_of(reserve)?.price {
            FeedPrice::Ratio { base, .. } => market.reserve(base),
            FeedPrice::Usd { .. } => {
                Err(LocalChainError::BadAmount(format!("{} is priced in dollars, not as a ratio", reserve.symbol)))
            }
        }
    }

    pub(super) async fn feed_call(
        &self,
        market: &Market,
        change: &PriceChange,
        before: &Quotes<'_>,
        delay: Secs,
    ) -> Result<Call, LocalChainError> {
        let reserve = market.reserve(change.symbol())?;
        let own = quote(before, reserve)?;
        let trader = Role::Trader.address();
        let mut call = match change.target() {
            PriceTarget::Usd(price) => {
                self.take_over_feed(own).await?;
                let answer = alloy::primitives::I256::from_raw(price);
                let delay = U256::from(delay.0);
                if delay.is_zero() {
                    Call::new(trader, own.source, &IReplicaFeed::setCall { answer })
                } else {
                    Call::new(trader, own.source, &IReplicaFeed::setLaterCall { answer, delay })
                }
            }
            PriceTarget::Ratio(ratio) => {
                self.take_over_ratio(own, quote(before, self.base_of(market, reserve)?)?).await?;
                Call::new(trader, own.source, &IReplicaRatioFeed::setRatioCall { newRatio: ratio })
            }
        };
        call.gas = if delay == Secs(0) { ANSWER } else { SMALL };
        Ok(call)
    }

    /// The pools of changed assets that are not where the new prices say.
    pub(super) async fn pushes<'a>(
        &self,
        market: &'a Market,
        changed: &[&str],
        after: &Quotes<'_>,
    ) -> Result<Vec<Push<'a>>, LocalChainError> {
        let concerned: Vec<&Pool> = market
            .pools
            .iter()
            .filter(|pool| changed.contains(&pool.token0.as_str()) || changed.contains(&pool.token1.as_str()))
            .collect();
        let mut pushes = Vec::new();
        for (pool, (now, tick)) in concerned.iter().zip(self.slots(&concerned).await?) {
            let (reserve0, reserve1) = (market.reserve(&pool.token0)?, market.reserve(&pool.token1)?);
            let (price0, price1) = (quote(after, reserve0)?.price, quote(after, reserve1)?.price);
            let target = sqrt_price(price0, reserve0.decimals, price1, reserve1.decimals)?;
            if target != now {
                pushes.push(Push { pool, tick, now, target });
            }
        }
        Ok(pushes)
    }

    /// One bounded swap a pool: it takes what it needs to reach the price and not more (base-replica.md §3.1).
    pub(super) async fn swaps(&self, market: &Market, pushes: &[Push<'_>]) -> Result<Vec<Call>, LocalChainError> {
        let trader = Role::Trader.address();
        let shared = self.node.gas_limit().await?.saturating_sub(2 * SMALL + OTHERS_GAS) / (pushes.len() as u64).max(1);
        let mut calls = Vec::with_capacity(pushes.len());
        for push in pushes {
            let (token0, token1) = (market.reserve(&push.pool.token0)?, market.reserve(&push.pool.token1)?);
            let (paid, got) = if push.target < push.now { (token0, token1) } else { (token1, token0) };
            let params = ISwapRouter02::ExactInputSingleParams {
                tokenIn: paid.token,
                tokenOut: got.token,
                fee: U24::from(push.pool.fee),
                recipient: trader,
                amountIn: self.equip_trader(paid).await?,
                amountOutMinimum: U256::ZERO,
                sqrtPriceLimitX96: U160::from(push.target),
            };
            let mut call = Call::new(trader, SWAP_ROUTER, &ISwapRouter02::exactInputSingleCall { params });
            call.gas = shared.min(SWAP_GAS);
            calls.push(call);
        }
        Ok(calls)
    }

    async fn pushed(&self, pushes: &[Push<'_>]) -> Result<Vec<PoolMoved>, LocalChainError> {
        let pools: Vec<&Pool> = pushes.iter().map(|push| push.pool).collect();
        let mut moved = Vec::with_capacity(pushes.len());
        for (push, (sqrt, tick)) in pushes.iter().zip(self.slots(&pools).await?) {
            same(format!("sqrt price of pool {}", push.pool.name()), push.target, sqrt)?;
            moved.push(PoolMoved {
                name: push.pool.name(),
                address: push.pool.address,
                tick_before: push.tick,
                tick_after: tick,
                sqrt_price: sqrt,
            });
        }
        Ok(moved)
    }

    /// Price and tick of these pools.
    async fn slots(&self, pools: &[&Pool]) -> Result<Vec<(U256, i32)>, LocalChainError> {
        let mut batch = Batch::new();
        let slots: Vec<_> = pools.iter().map(|pool| batch.add(pool.address, &IUniswapV3Pool::slot0Call {})).collect();
        let answers = self.node.ask_all(&batch).await?;
        pools
            .iter()
            .zip(slots)
            .map(|(pool, slot)| {
                let slot0 = answers.get(slot).map_err(|error| LocalChainError::Mismatch {
                    what: format!("pool {}", pool.name()),
                    wanted: "its price".to_owned(),
                    found: error.to_string(),
                })?;
                Ok((U256::from(slot0.sqrtPriceX96), slot0.tick.as_i32()))
            })
            .collect()
    }
}

/// Whether an asset is priced by this feed or by a ratio to it. Whether its price differs does not matter, because its
/// pools may lag behind.
fn hangs_on(source: Address, reserve: &Reserve, market: &Market, quotes: &Quotes<'_>) -> bool {
    let has_source = |reserve: &Reserve| quote(quotes, reserve).is_ok_and(|quote| quote.source == source);
    let base = match market.feed_of(reserve).map(|feed| &feed.price) {
        Ok(FeedPrice::Ratio { base, .. }) => market.reserve(base).ok(),
        _ => None,
    };
    has_source(reserve) || base.is_some_and(has_source)
}

pub(super) fn same(what: String, wanted: U256, found: U256) -> Result<(), LocalChainError> {
    if wanted == found {
        return Ok(());
    }
    Err(LocalChainError::Mismatch { what, wanted: wanted.to_string(), found: found.to_string() })
}
