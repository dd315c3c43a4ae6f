//! One block: what waits in the pool, prices, and the liquidator that brings them to Aave.

use alloy::{
    primitives::{Address, B256, I256, U256},
    sol_types::SolEvent,
};
use serde_json::{Value, json};

use super::{Course, Named, Prices, pools::GAS};
use crate::{
    chain::BlockRef,
    localchain::{
        BlockOrder, LocalChainError, Role,
        abi::{
            IAtomicLiquidator::{Prey, Update},
            IPool, IReplicaFeed, IReplicaRatioFeed,
        },
        controls::strike,
        genesis::POOL,
        node::Call,
    },
    units::{Secs, UsdE8, WAD, mul_div_up},
};

/// Most gas of the liquidator's transaction, below what a transaction may have.
const MOST_GAS: u64 = 16_000_000;

/// Where the market is to be after a block.
#[derive(Debug, Clone)]
pub struct CourseStep {
    /// Prices of all tokens that the course was begun with.
    pub prices: Prices,
    /// The block's time.
    pub at: Secs,
    /// What strangers supply, and on whose behalf.
    pub arrivals: Vec<(Address, U256, Address)>,
}

/// An account for the liquidator, and which collateral it takes for which debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarry {
    /// Whose account.
    pub account: Address,
    /// What is taken.
    pub collateral: Address,
    /// What is repaid.
    pub debt: Address,
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
    /// Whose account, and of what.
    pub of: Quarry,
    /// Repaid, smallest unit of the debt.
    pub covered: U256,
    /// Taken for it, smallest unit of the collateral.
    pub seized: U256,
}

/// A block whose prices wait in the pool.
#[derive(Debug)]
pub struct Offered {
    step: CourseStep,
    order: BlockOrder,
    /// The first transaction that moves a price.
    first: B256,
    /// Price of gas for what comes last.
    last: U256,
}

impl Course {
    /// Puts the prices of standard feeds and pools into the pool, before or behind what waits there. [`Self::ahead`] tells
    /// then how accounts will stand when the liquidator comes; [`Self::strike`] makes the block.
    pub async fn offer_prices(&self, step: CourseStep, order: BlockOrder) -> Result<Offered, LocalChainError> {
        let head = self.controls.node.head().await?;
        let (prices, last) = order.gas_prices(head.base_fee);
        let trader = Role::Trader.address();
        let mut first = None;
        // One account and one price of gas: they stay in this order, so a standard feed's is the first.
        for (standard, named) in self.named.iter().filter_map(|named| Some((named.standard?, named))) {
            let answer = I256::from_raw(self.price(&step, named)?.feed.0);
            let call = Call::new(trader, standard, &IReplicaFeed::setCall { answer });
            first.get_or_insert(self.offer(&Call { gas: GAS, ..call }, prices).await?);
        }
        for moved in &self.pools {
            let target = moved.target(&step.prices)?;
            // What waits in the pool moves prices too, so it is known only in the block on which side of the target they are:
            // each pool is pushed from both sides, and one of the two pushes has nothing to do.
            for from_above in [true, false] {
                first.get_or_insert(self.offer(&moved.push(target, from_above), prices).await?);
            }
        }
        // Whoever looks ahead makes the node's clock go on: to this time and no further.
        self.controls.node.request::<Value>("evm_setNextBlockTimestamp", json!([step.at.0])).await?;
        let first = first.ok_or_else(|| LocalChainError::BadAmount("the path moves no price".to_owned()))?;
        Ok(Offered { step, order, first, last })
    }

    /// Makes the block that was offered: last in it come what strangers supply and the oracle's update together with
    /// `liquidationCall` for each of `prey`, which may revert. What comes behind the prices may leave the pools elsewhere than
    /// the step says, until the next block.
    pub async fn strike(&mut self, offered: Offered, prey: &[Quarry]) -> Result<CourseBlock, LocalChainError> {
        let Offered { step, order, first, last } = offered;
        for arrival in &step.arrivals {
            self.arrive(*arrival, last).await?;
        }
        // From one account: nothing is between the ratios and the rest of the oracle's answers.
        for call in self.ratios(&step)? {
            self.offer(&call, last).await?;
        }
        let struck = self.offer(&self.update_and_liquidate(&step, prey)?, last).await?;
        let node = &self.controls.node;
        node.request::<Value>("evm_setNextBlockTimestamp", json!([step.at.0])).await?;
        node.request::<Value>("evm_mine", json!([])).await?;
        let block = node.head().await?;
        let before_prices = self.mined(first, "moving the first price").await?.transaction_index.to();
        let struck = self.mined(struck, "updating the oracle").await?;
        for (moved, found) in self.pools.iter().zip(self.square_roots().await?) {
            if order == BlockOrder::PricesFirst {
                break;
            }
            let wanted = moved.target(&step.prices)?;
            if wanted != found {
                return Err(LocalChainError::Mismatch {
                    what: format!("price of pool {}", moved.pool.name()),
                    wanted: wanted.to_string(),
                    found: found.to_string(),
                });
            }
        }
        let events = struck.logs.iter().filter_map(|log| IPool::LiquidationCall::decode_log(&log.inner).ok());
        let liquidated = events.map(|event| Liquidated {
            of: Quarry { account: event.user, collateral: event.collateral, debt: event.debt },
            covered: event.covered,
            seized: event.seized,
        });
        Ok(CourseBlock { block, before_prices, liquidated: liquidated.collect() })
    }

    fn price(&self, step: &CourseStep, named: &Named) -> Result<super::CoursePrice, LocalChainError> {
        step.prices
            .get(&named.reserve.token)
            .copied()
            .ok_or_else(|| LocalChainError::BadAmount(format!("the step names no price of {}", named.reserve.symbol)))
    }

    /// New ratios of what is priced by ratio, where what its base answers does not bring it to its price already.
    fn ratios(&mut self, step: &CourseStep) -> Result<Vec<Call>, LocalChainError> {
        let mut calls = Vec::new();
        for named in &mut self.named {
            let Some((base, ratio)) = &mut named.ratio else { continue };
            let price = |token: &Address| step.prices.get(token).map_or(U256::ZERO, |price| price.oracle.0);
            let (wanted, base) = (price(&named.reserve.token), price(base));
            if base.is_zero() || crate::localchain::market::ratio_price(base, *ratio) == wanted {
                continue;
            }
            // Rounded up, because the feed rounds its product down.
            *ratio = mul_div_up(wanted, WAD, base)
                .map_err(|error| LocalChainError::BadAmount(format!("ratio of {}: {error}", named.reserve.symbol)))?;
            let call = Call::new(
                Role::Liquidator.address(),
                named.asked,
                &IReplicaRatioFeed::setRatioCall { newRatio: *ratio },
            );
            calls.push(Call { gas: GAS, ..call });
        }
        Ok(calls)
    }

    /// The liquidator's transaction: the oracle's new answers, and whoever can be liquidated at them.
    fn update_and_liquidate(&self, step: &CourseStep, prey: &[Quarry]) -> Result<Call, LocalChainError> {
        let mut updates = Vec::new();
        for named in self.named.iter().filter(|named| named.ratio.is_none()) {
            let UsdE8(answer) = self.price(step, named)?.oracle;
            updates.push(Update { feed: named.asked, answer: I256::from_raw(answer) });
        }
        let gas = GAS.saturating_mul(u64::try_from(prey.len()).unwrap_or(u64::MAX).saturating_add(1)).min(MOST_GAS);
        let prey =
            prey.iter().map(|one| Prey { user: one.account, collateral: one.collateral, debt: one.debt }).collect();
        Ok(Call { gas, ..strike(self.liquidator, updates, prey) })
    }

    /// Puts a stranger's supply on somebody's behalf into the pool; what Aave does not take does not arrive.
    async fn arrive(
        &self,
        (asset, amount, owner): (Address, U256, Address),
        price: U256,
    ) -> Result<(), LocalChainError> {
        let (node, stranger) = (&self.controls.node, Role::Faucet.address());
        // Whoever gives money away lets go of the role.
        node.impersonate(stranger, true).await?;
        let money = amount.saturating_mul(U256::from(4u64));
        node.request::<Value>("anvil_dealERC20", json!([stranger, asset, money])).await?;
        node.request::<Value>("anvil_setERC20Allowance", json!([stranger, POOL, asset, U256::MAX])).await?;
        let supply = IPool::supplyCall { asset, amount, onBehalfOf: owner, referralCode: 0 };
        self.offer(&Call { gas: GAS, ..Call::new(stranger, POOL, &supply) }, price).await.map(drop)
    }
}
