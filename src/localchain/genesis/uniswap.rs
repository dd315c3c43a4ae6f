//! Stage: Uniswap v3, its pools at the oracle's prices with their liquidity, and the trader who moves them later.

use std::collections::BTreeSet;

use alloy::{
    primitives::{
        Address, U256,
        aliases::{I24, U24},
    },
    sol_types::SolValue,
};

use super::{
    Deployer,
    addresses::{POSITION_MANAGER, QUOTER, SWAP_ROUTER, TICK_LENS, UNISWAP_FACTORY, UNISWAP_V2_FACTORY, WETH},
};
use crate::localchain::{
    LocalChainError, Role,
    abi::{INonfungiblePositionManager, IUniswapV3Factory, IUniswapV3Pool},
    market::{Pool, Position, sqrt_price},
};

/// Observations a pool keeps, enough for a short average.
const OBSERVATIONS: u16 = 16;
/// A deadline that never comes.
const NO_DEADLINE: u64 = 1 << 40;
/// What the trader has of each token of a pool; enough to push any pool through its whole range of sane prices.
const TRADER_TOKENS: &str = "1000000000";

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.place("UniswapV3Factory", UNISWAP_FACTORY, &[]).await?;
    let fee = IUniswapV3Factory::enableFeeAmountCall { fee: u24(100)?, tickSpacing: i24(1)? };
    site.act(Role::Deployer.address(), UNISWAP_FACTORY, &fee).await?;
    let arguments = (UNISWAP_FACTORY, WETH, Address::ZERO).abi_encode_params();
    site.place("NonfungiblePositionManager", POSITION_MANAGER, &arguments).await?;
    let arguments = (UNISWAP_V2_FACTORY, UNISWAP_FACTORY, POSITION_MANAGER, WETH).abi_encode_params();
    site.place("SwapRouter02", SWAP_ROUTER, &arguments).await?;
    site.place("QuoterV2", QUOTER, &(UNISWAP_FACTORY, WETH).abi_encode_params()).await?;
    site.place("TickLens", TICK_LENS, &[]).await?;
    for pool in &site.market.pools {
        create(site, pool).await?;
        for position in &pool.positions {
            mint(site, pool, position).await?;
        }
    }
    let traded: BTreeSet<&String> = site.market.pools.iter().flat_map(|pool| [&pool.token0, &pool.token1]).collect();
    for symbol in traded {
        site.give_for(SWAP_ROUTER, symbol, Role::Trader.address(), TRADER_TOKENS).await?;
    }
    Ok(())
}

async fn create(site: &Deployer<'_>, pool: &Pool) -> Result<(), LocalChainError> {
    let provider = Role::LiquidityProvider.address();
    let (reserve0, reserve1) = (site.market.reserve(&pool.token0)?, site.market.reserve(&pool.token1)?);
    let (token0, token1, fee) = (reserve0.token, reserve1.token, u24(pool.fee)?);
    let price0 = site.market.initial_price(site.market.feed_of(reserve0)?)?;
    let price1 = site.market.initial_price(site.market.feed_of(reserve1)?)?;
    let sqrt = sqrt_price(price0, reserve0.decimals, price1, reserve1.decimals)?;
    let create = INonfungiblePositionManager::createAndInitializePoolIfNecessaryCall {
        token0,
        token1,
        fee,
        sqrtPriceX96: sqrt.to(),
    };
    site.act(provider, POSITION_MANAGER, &create).await?;
    let found = site.node.ask(UNISWAP_FACTORY, &IUniswapV3Factory::getPoolCall { token0, token1, fee }).await?;
    if found != pool.address {
        return Err(LocalChainError::Mismatch {
            what: format!("address of pool {}", pool.name()),
            wanted: pool.address.to_string(),
            found: found.to_string(),
        });
    }
    let observe = IUniswapV3Pool::increaseObservationCardinalityNextCall { observations: OBSERVATIONS };
    site.act(provider, pool.address, &observe).await
}

async fn mint(site: &Deployer<'_>, pool: &Pool, position: &Position) -> Result<(), LocalChainError> {
    let provider = Role::LiquidityProvider.address();
    let mut offered = [U256::ZERO; 2];
    let sides = [(&pool.token0, &position.amount0), (&pool.token1, &position.amount1)];
    for (units, (symbol, tokens)) in offered.iter_mut().zip(sides) {
        *units = site.give_for(POSITION_MANAGER, symbol, provider, tokens).await?;
    }
    let params = INonfungiblePositionManager::MintParams {
        token0: site.market.reserve(&pool.token0)?.token,
        token1: site.market.reserve(&pool.token1)?.token,
        fee: u24(pool.fee)?,
        tickLower: i24(position.tick_lower)?,
        tickUpper: i24(position.tick_upper)?,
        amount0Desired: offered[0],
        amount1Desired: offered[1],
        amount0Min: U256::ZERO,
        amount1Min: U256::ZERO,
        recipient: provider,
        deadline: U256::from(NO_DEADLINE),
    };
    site.act(provider, POSITION_MANAGER, &INonfungiblePositionManager::mintCall { params }).await
}

fn u24(value: u32) -> Result<U24, LocalChainError> {
    U24::try_from(value).map_err(|_| LocalChainError::BadAmount(format!("pool fee {value} is above 24 bits")))
}

fn i24(value: i32) -> Result<I24, LocalChainError> {
    I24::try_from(value).map_err(|_| LocalChainError::BadAmount(format!("tick {value} is above 24 bits")))
}
