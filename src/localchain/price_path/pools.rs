//! Pools that follow a path's prices, and the swaps that bring them there.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U160, U256, aliases::U24};

use super::Prices;
use crate::{
    localchain::{
        Controls, LocalChainError, Role,
        abi::{IAaveOracle, IReplicaRatioFeed, ISwapRouter02},
        genesis::{AAVE_ORACLE, SWAP_ROUTER},
        market::{FeedPrice, Market, Pool, Reserve, ratio_price, sqrt_price},
        node::Call,
    },
    units::UsdE8,
};

/// Gas of a push.
pub(super) const GAS: u64 = 1_500_000;

/// Prices of a token in one block.
#[derive(Debug, Clone, Copy)]
pub struct CoursePrice {
    /// What the standard feed answers, where it has one.
    pub feed: UsdE8,
    /// What Aave's oracle answers.
    pub oracle: UsdE8,
    /// In the pools.
    pub pool: UsdE8,
}

/// A pool whose price moves on a path.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) pool: &'static Pool,
    sides: [Side; 2],
}

/// One token of a pool.
#[derive(Debug)]
struct Side {
    reserve: &'static Reserve,
    worth: Worth,
}

/// What a token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// What the step says.
    Named,
    /// So much of a named token, 18 decimals.
    Ratio(Address, U256),
    /// So many dollars, 8 decimals, whatever the path does.
    Dollars(U256),
}

/// Pools in which the path moves one side against the other.
pub(super) async fn moving(
    controls: &Controls,
    market: &'static Market,
    tokens: &BTreeSet<Address>,
) -> Result<Vec<Moved>, LocalChainError> {
    let mut pools = Vec::new();
    for pool in &market.pools {
        let sides =
            [side(controls, market, tokens, &pool.token0).await?, side(controls, market, tokens, &pool.token1).await?];
        // What one follows by an unchanging ratio, and what stands still, does not move against itself.
        let moves_with = |one: &Side, other: &Side| match (one.worth, other.worth) {
            (Worth::Dollars(_), Worth::Dollars(_)) => true,
            (Worth::Ratio(base, _), Worth::Named) => base == other.reserve.token,
            (Worth::Ratio(one, _), Worth::Ratio(other, _)) => one == other,
            _ => false,
        };
        if moves_with(&sides[0], &sides[1]) || moves_with(&sides[1], &sides[0]) {
            continue;
        }
        for side in &sides {
            controls.equip_trader(side.reserve).await?;
        }
        pools.push(Moved { pool, sides });
    }
    Ok(pools)
}

async fn side(
    controls: &Controls,
    market: &'static Market,
    tokens: &BTreeSet<Address>,
    symbol: &str,
) -> Result<Side, LocalChainError> {
    let reserve = market.reserve(symbol)?;
    if tokens.contains(&reserve.token) {
        return Ok(Side { reserve, worth: Worth::Named });
    }
    let base = match &market.feed_of(reserve)?.price {
        FeedPrice::Ratio { base, .. } => Some(market.reserve(base)?.token).filter(|base| tokens.contains(base)),
        FeedPrice::Usd { .. } => None,
    };
    let worth = match base {
        Some(base) => Worth::Ratio(base, controls.node.ask(reserve.feed, &IReplicaRatioFeed::ratioCall {}).await?),
        None => {
            let asked = IAaveOracle::getAssetPriceCall { asset: reserve.token };
            Worth::Dollars(controls.node.ask(AAVE_ORACLE, &asked).await?)
        }
    };
    Ok(Side { reserve, worth })
}

impl Side {
    fn price(&self, prices: &Prices) -> Result<U256, LocalChainError> {
        let named = |token: Address| {
            prices.get(&token).map(|price| price.pool.0).ok_or_else(|| {
                LocalChainError::BadAmount(format!(
                    "the step names no price of {token}, which the course was begun with"
                ))
            })
        };
        match self.worth {
            Worth::Named => named(self.reserve.token),
            Worth::Ratio(base, ratio) => Ok(ratio_price(named(base)?, ratio)),
            Worth::Dollars(price) => Ok(price),
        }
    }
}

impl Moved {
    pub(super) fn has(&self, one: Address, other: Address) -> bool {
        let [zero, first] = self.sides.each_ref().map(|side| side.reserve.token);
        (zero, first) == (one, other) || (zero, first) == (other, one)
    }

    pub(super) fn target(&self, prices: &Prices) -> Result<U256, LocalChainError> {
        let [zero, one] = &self.sides;
        sqrt_price(zero.price(prices)?, zero.reserve.decimals, one.price(prices)?, one.reserve.decimals)
    }

    /// A swap that ends at the target, if the price is above it (or below it).
    pub(super) fn push(&self, target: U256, from_above: bool) -> Call {
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
