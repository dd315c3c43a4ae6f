//! Pool state out of batched reads.
//!
//! Which words of the tick bitmap to read depends on the tick, so a pool that nothing is known of takes two batches:
//! [`TickProbe`], then [`StateQuery`]. Whoever has an earlier state passes its [`TickHint`] and needs only the second.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{
    abi::{IBalance, ITickLens, IUniswapV3Pool},
    key::PoolKey,
    pool::{KnownRange, PoolState},
};
use crate::{
    chain::{Answers, Batch, ReadError, Slot},
    dex::{Absence, Deployment, Reach},
};

/// What has to be known of a pool before its ticks can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TickHint {
    /// The tick the price is near.
    pub tick: i32,
    /// The pool's tick spacing.
    pub tick_spacing: i32,
}

impl From<&PoolState> for TickHint {
    fn from(pool: &PoolState) -> Self {
        Self { tick: pool.tick, tick_spacing: pool.tick_spacing }
    }
}

/// Asks whether a pool exists and where its price is: two calls in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct TickProbe {
    slot0: Slot<IUniswapV3Pool::slot0Call>,
    spacing: Slot<IUniswapV3Pool::tickSpacingCall>,
}

impl TickProbe {
    /// Adds the calls.
    pub(super) fn add(batch: &mut Batch, key: &PoolKey, deployment: &Deployment) -> Self {
        let pool = key.address(deployment);
        Self {
            slot0: batch.add(pool, &IUniswapV3Pool::slot0Call {}),
            spacing: batch.add(pool, &IUniswapV3Pool::tickSpacingCall {}),
        }
    }

    /// Reads the answers.
    pub(super) fn decode(&self, answers: &Answers) -> Result<TickHint, Absence> {
        let (Some(slot0), Some(spacing)) = (answers.find(self.slot0), answers.find(self.spacing)) else {
            return Err(Absence::NoContract);
        };
        if slot0.sqrtPriceX96.is_zero() {
            return Err(Absence::Uninitialised);
        }
        Ok(TickHint { tick: slot0.tick.as_i32(), tick_spacing: spacing.as_i32() })
    }
}

/// Asks where the price of a pool stands: one call in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct PriceQuery(Slot<IUniswapV3Pool::slot0Call>);

impl PriceQuery {
    /// Adds the call.
    pub(super) fn add(pool: Address, batch: &mut Batch) -> Self {
        Self(batch.add(pool, &IUniswapV3Pool::slot0Call {}))
    }

    /// The square root of the price as Q64.96; `None` when nothing is there that could answer.
    #[must_use]
    pub(super) fn decode(&self, answers: &Answers) -> Option<U256> {
        answers.find(self.0).map(|slot0| U256::from(slot0.sqrtPriceX96))
    }
}

/// Asks for the whole state of a pool: six calls in a batch and one per word of the bitmap.
#[derive(Debug, Clone)]
pub(super) struct StateQuery {
    key: PoolKey,
    address: Address,
    range: KnownRange,
    slot0: Slot<IUniswapV3Pool::slot0Call>,
    liquidity: Slot<IUniswapV3Pool::liquidityCall>,
    fee: Slot<IUniswapV3Pool::feeCall>,
    spacing: Slot<IUniswapV3Pool::tickSpacingCall>,
    balances: [Slot<IBalance::balanceOfCall>; 2],
    words: Vec<Slot<ITickLens::getPopulatedTicksInWordCall>>,
}

impl StateQuery {
    /// Adds the calls for the pool and the words within reach of the hint.
    pub(super) fn add(batch: &mut Batch, key: PoolKey, hint: TickHint, reach: &Reach, deployment: &Deployment) -> Self {
        let address = key.address(deployment);
        let range = reach.range(hint.tick, hint.tick_spacing);
        let balance = IBalance::balanceOfCall { owner: address };
        Self {
            key,
            address,
            range,
            slot0: batch.add(address, &IUniswapV3Pool::slot0Call {}),
            liquidity: batch.add(address, &IUniswapV3Pool::liquidityCall {}),
            fee: batch.add(address, &IUniswapV3Pool::feeCall {}),
            spacing: batch.add(address, &IUniswapV3Pool::tickSpacingCall {}),
            balances: [batch.add(key.token0(), &balance), batch.add(key.token1(), &balance)],
            words: (range.low_word..=range.high_word)
                .map(|word| ITickLens::getPopulatedTicksInWordCall { pool: address, tickBitmapIndex: word })
                .map(|call| batch.add(deployment.tick_lens, &call))
                .collect(),
        }
    }

    /// The pool this asks for.
    #[must_use]
    pub(super) const fn key(&self) -> PoolKey {
        self.key
    }

    /// Reads the answers: the state, or why the pool cannot be used. An error is a bad answer, not a missing pool.
    pub(super) fn state(&self, answers: &Answers) -> Result<Result<PoolState, Absence>, ReadError> {
        let Some(slot0) = answers.find(self.slot0) else { return Ok(Err(Absence::NoContract)) };
        if slot0.sqrtPriceX96.is_zero() {
            return Ok(Err(Absence::Uninitialised));
        }
        let fee: u32 = answers.get(self.fee)?.to();
        if fee != self.key.fee() {
            return Err(ReadError::Malformed(format!(
                "pool {} says its fee is {fee}, not {}",
                self.key,
                self.key.fee()
            )));
        }
        let tick = slot0.tick.as_i32();
        let tick_spacing = answers.get(self.spacing)?.as_i32();
        if tick_spacing < 1 {
            return Err(ReadError::Malformed(format!("pool {} says its tick spacing is {tick_spacing}", self.key)));
        }
        if !self.range.contains(tick.div_euclid(tick_spacing) >> 8) {
            return Ok(Err(Absence::PriceMoved));
        }
        let pool = PoolState {
            key: self.key,
            address: self.address,
            tick_spacing,
            sqrt_price_x96: U256::from(slot0.sqrtPriceX96),
            tick,
            liquidity: answers.get(self.liquidity)?,
            ticks: self.ticks(answers)?,
            known_range: self.range,
            balance0: answers.get(self.balances[0])?,
            balance1: answers.get(self.balances[1])?,
        };
        Ok(if pool.liquidity == 0 && pool.ticks.is_empty() { Err(Absence::NoLiquidity) } else { Ok(pool) })
    }

    fn ticks(&self, answers: &Answers) -> Result<BTreeMap<i32, i128>, ReadError> {
        let mut ticks = BTreeMap::new();
        for word in &self.words {
            ticks.extend(answers.get(*word)?.into_iter().map(|tick| (tick.tick.as_i32(), tick.liquidityNet)));
        }
        Ok(ticks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chain::{BlockRef, Reader, multicall3::IMulticall3},
        dex::{Exchanges, USDC, WETH, read_pools, sqrt_ratio_at_tick},
    };
    use alloy::{
        primitives::{B256, Bytes},
        sol_types::{SolCall, SolValue},
    };
    use std::sync::Mutex;

    const TICK: i32 = -196_256;

    /// A chain with one pool, as the answers it gives to each function.
    #[derive(Clone)]
    struct Fake {
        sqrt_price: U256,
        tick: i32,
        fee: u32,
        liquidity: u128,
        ticks: Vec<(i32, i128)>,
    }

    impl Fake {
        fn pool() -> Self {
            let sqrt_price = sqrt_ratio_at_tick(TICK);
            Self { sqrt_price, tick: TICK, fee: 500, liquidity: 7, ticks: vec![(-197_000, 5), (-195_000, -5)] }
        }

        fn answer(&self, data: &[u8]) -> Vec<u8> {
            let head = data.first_chunk::<4>().copied().expect("selector");
            match head {
                IUniswapV3Pool::slot0Call::SELECTOR => {
                    (self.sqrt_price, self.tick, 0u16, 1u16, 1u16, U256::ZERO, true).abi_encode()
                }
                IUniswapV3Pool::feeCall::SELECTOR => self.fee.abi_encode(),
                IUniswapV3Pool::tickSpacingCall::SELECTOR => 10i32.abi_encode(),
                IUniswapV3Pool::liquidityCall::SELECTOR => self.liquidity.abi_encode(),
                IBalance::balanceOfCall::SELECTOR => 99u64.abi_encode(),
                ITickLens::getPopulatedTicksInWordCall::SELECTOR => {
                    let call = ITickLens::getPopulatedTicksInWordCall::abi_decode(data).expect("call");
                    let inside = |tick: &&(i32, i128)| tick.0.div_euclid(10) >> 8 == i32::from(call.tickBitmapIndex);
                    let rows = self.ticks.iter().filter(inside).map(|(tick, net)| (*tick, *net, net.unsigned_abs()));
                    rows.collect::<Vec<_>>().abi_encode()
                }
                _ => Vec::new(),
            }
        }
    }

    /// Answers the first batch from one chain and the second from another.
    struct Two(Mutex<Vec<Option<Fake>>>);

    impl Reader for Two {
        async fn head(&self) -> Result<BlockRef, ReadError> {
            Err(ReadError::Unavailable("not asked".to_owned()))
        }

        async fn read(&self, _: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
            let fake = self.0.lock().expect("lock").remove(0);
            let calls = IMulticall3::aggregate3Call::abi_decode(&batch.calldata()).expect("batch").calls;
            let results = calls.iter().map(|call| IMulticall3::Result {
                success: true,
                returnData: fake.as_ref().map_or_else(Bytes::new, |fake| fake.answer(&call.callData).into()),
            });
            let results = results.collect::<Vec<_>>();
            batch.answers(&IMulticall3::aggregate3Call::abi_encode_returns(&results))
        }
    }

    async fn read(first: Option<Fake>, second: Option<Fake>) -> Result<Result<PoolState, Absence>, ReadError> {
        let key = PoolKey::new(WETH, USDC, 500).expect("key");
        let reader = Two(Mutex::new(vec![first, second]));
        let pools = read_pools(&reader, B256::ZERO, &Exchanges::default(), [key.into()], &Reach::default()).await?;
        Ok(pools.get(key).map(|pool| pool.as_any().downcast_ref::<PoolState>().expect("its own").clone()))
    }

    #[tokio::test]
    async fn a_pool_is_read_with_the_ticks_in_reach() {
        let pool = read(Some(Fake::pool()), Some(Fake::pool())).await.expect("answers").expect("pool");
        assert_eq!((pool.tick, pool.tick_spacing, pool.liquidity), (TICK, 10, 7));
        assert_eq!(pool.ticks, [(-197_000, 5), (-195_000, -5)].into());
        assert_eq!((pool.balance0, pool.balance1), (U256::from(99), U256::from(99)));
        assert_eq!(pool.address, pool.key.address(&Deployment::BASE));
    }

    #[tokio::test]
    async fn a_pool_that_cannot_be_used_is_absent_and_says_why() {
        let absence = async |first, second| read(first, second).await.expect("answers").expect_err("absent");
        assert_eq!(absence(None, None).await, Absence::NoContract);
        let new = Fake { sqrt_price: U256::ZERO, ..Fake::pool() };
        assert_eq!(absence(Some(new), None).await, Absence::Uninitialised);
        let empty = Fake { liquidity: 0, ticks: Vec::new(), ..Fake::pool() };
        assert_eq!(absence(Some(empty.clone()), Some(empty)).await, Absence::NoLiquidity);
        let moved = Fake { tick: TICK + 20_000, ..Fake::pool() };
        assert_eq!(absence(Some(Fake::pool()), Some(moved)).await, Absence::PriceMoved);
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_true_is_an_error_not_a_missing_pool() {
        let lying = Fake { fee: 3_000, ..Fake::pool() };
        let error = read(Some(Fake::pool()), Some(lying)).await.expect_err("malformed");
        assert!(matches!(error, ReadError::Malformed(_)), "{error}");
    }
}
