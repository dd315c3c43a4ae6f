//! What an order asks for, out of a request to the tx-builder.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::primitives::{Address, U256, keccak256};

use super::{
    abi::IV2Router::{Trade, UpdatePositionSize},
    context::Context,
    http::{Parameters, Refused},
    pairs::{Listing, Listings},
};
use crate::localchain::market::Market;

/// How long an intent lives, milliseconds.
pub(super) const INTENT_LIVES: u64 = 120_000;

pub(super) async fn trade(context: &Context, asked: &Parameters) -> Result<Trade, Refused> {
    let pair = pair_of(asked)?;
    Ok(Trade {
        trader: asked.address("trader")?,
        pairIndex: U256::from(pair.index),
        index: U256::ZERO,
        initialPosToken: U256::ZERO,
        positionSizeUSDC: asked.amount("collateralUsdc", 6)?,
        openPrice: price(context, asked, "openPrice").await?,
        buy: side(asked)?,
        leverage: asked.amount("leverage", 10)?,
        tp: asked.scaled("takeProfit", 10)?.unwrap_or_default(),
        sl: asked.scaled("stopLoss", 10)?.unwrap_or_default(),
        timestamp: U256::ZERO,
    })
}

pub(super) async fn addition(context: &Context, asked: &Parameters) -> Result<UpdatePositionSize, Refused> {
    let (trader, pair, index) = key(asked)?;
    Ok(UpdatePositionSize {
        trader,
        pairIndex: U256::from(pair.index),
        index,
        openPrice: price(context, asked, "openPrice").await?,
        initialPosToken: asked.amount("additionalCollateralUsdc", 6)?,
        leverage: asked.amount("leverage", 10)?,
    })
}

pub(super) fn coin_figures(asked: &Parameters) -> Result<(U256, U256, U256), Refused> {
    let leverage = asked.amount("leverage", 10)?;
    let least = asked.scaled("minLeverage", 10)?.unwrap_or(leverage);
    Ok((asked.amount("coinExposure", 10)?, least, asked.scaled("maxLeverage", 10)?.unwrap_or(leverage)))
}

pub(super) fn closed(asked: &Parameters, by_coins: bool) -> Result<U256, Refused> {
    if by_coins { asked.amount("coinExposure", 10) } else { asked.amount("collateralToCloseUsdc", 6) }
}

pub(super) fn pair_of(asked: &Parameters) -> Result<&'static Listing, Refused> {
    let index = asked.get("pairIndex").or_else(|_| asked.get("pair"))?;
    let index: u64 = index.parse().map_err(|_| Refused::bad("`pairIndex` is no whole number"))?;
    Listings::get()?.pair(index).ok_or_else(|| Refused::bad(format!("no pair {index}")))
}

pub(super) fn key(asked: &Parameters) -> Result<(Address, &'static Listing, U256), Refused> {
    let name = if asked.find("orderIndex").is_some() { "orderIndex" } else { "tradeIndex" };
    Ok((asked.address("trader")?, pair_of(asked)?, asked.whole(name)?))
}

pub(super) fn side(asked: &Parameters) -> Result<bool, Refused> {
    match asked.get("side")?.as_str() {
        "long" => Ok(true),
        "short" => Ok(false),
        other => Err(Refused::bad(format!("`side` must be long or short, not {other}"))),
    }
}

pub(super) fn open_type(asked: &Parameters) -> Result<u8, Refused> {
    match asked.find("orderType").as_deref() {
        None | Some("market") => Ok(0),
        Some("stop_limit") => Ok(1),
        Some("limit") => Ok(2),
        Some("market_pnl") => Ok(3),
        Some(other) => Err(Refused::bad(format!("`orderType` is not known: {other}"))),
    }
}

pub(super) fn slippage(asked: &Parameters) -> Result<U256, Refused> {
    Ok(asked.scaled("slippagePercent", 10)?.unwrap_or_else(|| U256::from(10_000_000_000_u64)))
}

/// The price that is asked for, else the current one.
pub(super) async fn price(context: &Context, asked: &Parameters, name: &str) -> Result<U256, Refused> {
    match asked.scaled(name, 10)? {
        Some(price) => Ok(price),
        None => Ok(context.link.price(pair_of(asked)?).await?),
    }
}

/// A local chain's clock may be behind its users' or before it; an intent is to live by both.
pub(super) async fn deadline(context: &Context, asked: &Parameters) -> Result<U256, Refused> {
    let lives = asked.find("deadlineMs").and_then(|text| text.parse().ok()).unwrap_or(INTENT_LIVES);
    let chain = context.link.now().await?.0.saturating_mul(1_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or(u64::MAX).max(chain);
    Ok(U256::from(now.saturating_add(lives)))
}

/// A nonce that nobody has used: of this process's clock and a counter.
pub(super) fn nonce(asked: &Parameters) -> Result<U256, Refused> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if asked.find("nonce").is_some() {
        return asked.whole("nonce");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Ok(keccak256(format!("{now} {count} {}", std::process::id())).into())
}

pub(super) fn usdc() -> Result<Address, Refused> {
    Ok(Market::get()?.reserve("USDC")?.token)
}
