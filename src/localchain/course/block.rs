//! One block: what waits in the pool, prices, and the liquidator that brings them to Aave.

use alloy::{
    primitives::{Address, B256, I256, U160, U256, aliases::U24},
    rpc::types::Log,
    sol_types::SolEvent,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Course, Moved, Worth};
use crate::{
    chain::{Batch, BlockRef},
    localchain::{
        BlockOrder, LocalChainError, Role,
        abi::{
            IAavePool,
            IAtomicLiquidator::{Prey, Update},
            IReplicaFeed, ISwapRouter02, IUniswapV3Pool,
        },
        build::SWAP_ROUTER,
        controls::strike,
        market::{ratio_price, sqrt_price},
        node::Call,
    },
    units::{Secs, UsdE8},
};

/// Gas of a push, and of each account that is liquidated: half of the debt first, then the rest.
const GAS: u64 = 1_500_000;

/// Where the market is to be after a block.
#[derive(Debug, Clone, Copy)]
pub struct CourseStep {
    /// What the standard feed answers for ether.
    pub feed: UsdE8,
    /// What Aave's oracle answers for it.
    pub oracle: UsdE8,
    /// Ether in the pools.
    pub pool: UsdE8,
    /// The block's time.
    pub at: Secs,
}

/// A block of the course.
#[derive(Debug, Clone)]
pub struct CourseBlock {
    /// The block.
    pub block: BlockRef,
    /// Transactions in it before the first that moves a price.
    pub before_prices: u64,
    /// What the liquidator took.
    pub liquidated: Vec<Liquidated>,
}

/// A liquidation that went through.
#[derive(Debug, Clone, Copy)]
pub struct Liquidated {
    /// Whose loop.
    pub account: Address,
    /// USDC repaid, 6 decimals.
    pub covered: U256,
    /// WETH taken for it, 18 decimals.
    pub seized: U256,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mined {
    status: alloy::primitives::U64,
    transaction_index: alloy::primitives::U64,
    logs: Vec<Log>,
}

impl Course {
    /// Mines a block: what waits in the pool and the prices of standard feed and pools in this order, then the oracle's
    /// update together with `liquidationCall` for each of `prey`, which may revert. What comes behind the prices may leave
    /// the pools elsewhere than the step says, until the next block.
    pub async fn block(
        &self,
        step: &CourseStep,
        prey: &[Address],
        order: BlockOrder,
    ) -> Result<CourseBlock, LocalChainError> {
        let node = &self.controls.node;
        let head = node.head().await?;
        let (prices, last) = order.gas_prices(head.base_fee);
        let trader = Role::Trader.address();
        let answer = I256::from_raw(step.feed.0);
        let call = Call::new(trader, self.standard, &IReplicaFeed::setCall { answer });
        // One account and one price of gas: they stay in this order, so the standard feed's is the first.
        let shown = self.offer(&Call { gas: GAS, ..call }, prices).await?;
        for moved in &self.pools {
            let target = moved.target(step.pool)?;
            // What waits in the pool moves prices too, so it is known only in the block on which side of the target they are:
            // each pool is pushed from both sides, and one of the two pushes has nothing to do.
            for from_above in [true, false] {
                self.offer(&moved.push(target, from_above), prices).await?;
            }
        }
        let struck = self.offer(&self.update_and_liquidate(step.oracle, prey)?, last).await?;
        node.request::<Value>("evm_setNextBlockTimestamp", json!([step.at.0])).await?;
        node.request::<Value>("evm_mine", json!([])).await?;
        let block = node.head().await?;
        let before_prices = self.mined(shown, "setting the standard feed").await?.transaction_index.to();
        let struck = self.mined(struck, "updating the oracle").await?;
        for (moved, found) in self.pools.iter().zip(self.square_roots().await?) {
            if order == BlockOrder::PricesFirst {
                break;
            }
            let wanted = moved.target(step.pool)?;
            if wanted != found {
                return Err(LocalChainError::Mismatch {
                    what: format!("price of pool {}", moved.pool.name()),
                    wanted: wanted.to_string(),
                    found: found.to_string(),
                });
            }
        }
        let events = struck.logs.iter().filter_map(|log| IAavePool::LiquidationCall::decode_log(&log.inner).ok());
        let liquidated =
            events.map(|event| Liquidated { account: event.user, covered: event.covered, seized: event.seized });
        Ok(CourseBlock { block, before_prices, liquidated: liquidated.collect() })
    }

    /// Mines what waits in the pool and nothing else.
    pub async fn mine(&self, at: Secs) -> Result<BlockRef, LocalChainError> {
        let node = &self.controls.node;
        node.request::<Value>("evm_setNextBlockTimestamp", json!([at.0])).await?;
        node.request::<Value>("evm_mine", json!([])).await?;
        node.head().await
    }

    /// Whether an account has something in the pool.
    pub async fn is_waiting(&self, account: Address) -> Result<bool, LocalChainError> {
        let node = &self.controls.node;
        let used: U256 = node.request("eth_getTransactionCount", json!([account, "latest"])).await?;
        let next: U256 = node.request("eth_getTransactionCount", json!([account, "pending"])).await?;
        Ok(next > used)
    }

    /// The liquidator's transaction: the oracle's new answer, and whoever can be liquidated at it.
    fn update_and_liquidate(&self, oracle: UsdE8, prey: &[Address]) -> Result<Call, LocalChainError> {
        let update = Update { feed: self.asked, answer: I256::from_raw(oracle.0) };
        let (collateral, debt) = (self.market.reserve("WETH")?.token, self.market.reserve("USDC")?.token);
        let gas = GAS.saturating_mul(u64::try_from(prey.len()).unwrap_or(u64::MAX).saturating_add(1));
        let prey = prey.iter().map(|user| Prey { user: *user, collateral, debt }).collect();
        Ok(Call { gas, ..strike(self.liquidator, vec![update], prey) })
    }

    /// Puts a call into the pool at this price of gas.
    pub(super) async fn offer(&self, call: &Call, gas_price: U256) -> Result<B256, LocalChainError> {
        self.controls.node.queue_at(call, gas_price).await
    }

    async fn receipt(&self, hash: B256) -> Result<Mined, LocalChainError> {
        let found: Option<Mined> = self.controls.node.request("eth_getTransactionReceipt", json!([hash])).await?;
        found.ok_or_else(|| LocalChainError::Mismatch {
            what: format!("transaction {hash}"),
            wanted: "in the block".to_owned(),
            found: "still waiting (is the block's gas limit too low?)".to_owned(),
        })
    }

    /// Its receipt, when it did what it should.
    async fn mined(&self, hash: B256, what: &str) -> Result<Mined, LocalChainError> {
        let mined = self.receipt(hash).await?;
        if !mined.status.is_zero() {
            return Ok(mined);
        }
        Err(LocalChainError::Reverted { what: what.to_owned(), why: "its receipt says so".to_owned() })
    }

    pub(super) async fn square_roots(&self) -> Result<Vec<U256>, LocalChainError> {
        let mut batch = Batch::new();
        let slots: Vec<_> =
            self.pools.iter().map(|moved| batch.add(moved.pool.address, &IUniswapV3Pool::slot0Call {})).collect();
        let answers = self.controls.node.ask_all(&batch).await?;
        let unread = |error: crate::chain::ReadError| LocalChainError::Mismatch {
            what: "price of a pool".to_owned(),
            wanted: "an answer".to_owned(),
            found: error.to_string(),
        };
        slots.into_iter().map(|slot| Ok(U256::from(answers.get(slot).map_err(unread)?.sqrtPriceX96))).collect()
    }
}

impl Moved {
    fn target(&self, ether: UsdE8) -> Result<U256, LocalChainError> {
        let price = |worth: Worth| match worth {
            Worth::Ether(ratio) => ratio_price(ether.0, ratio),
            Worth::Dollars(price) => price,
        };
        let [zero, one] = &self.sides;
        sqrt_price(price(zero.worth), zero.reserve.decimals, price(one.worth), one.reserve.decimals)
    }

    /// A swap that ends at the target, if the price is above it (or below it).
    fn push(&self, target: U256, from_above: bool) -> Call {
        let [zero, one] = &self.sides;
        let (paid, got) = if from_above { (zero, one) } else { (one, zero) };
        let trader = Role::Trader.address();
        let params = ISwapRouter02::ExactInputSingleParams {
            tokenIn: paid.reserve.token,
            tokenOut: got.reserve.token,
            fee: U24::from(self.pool.fee),
            recipient: trader,
            // Only what is needed to reach the limit is taken.
            amountIn: U256::from(u128::MAX),
            amountOutMinimum: U256::ZERO,
            sqrtPriceLimitX96: U160::from(target),
        };
        Call { gas: GAS, ..Call::new(trader, SWAP_ROUTER, &ISwapRouter02::exactInputSingleCall { params }) }
    }
}
