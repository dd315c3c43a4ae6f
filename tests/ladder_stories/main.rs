//! Every rung of the ladder on the real contracts of a replica: what goes when the usual way does not, what is refused
//! and why, and that no protective action ever lowers the health factor.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/trader.rs"]
mod trader;

mod bounds;
mod liquidity;
mod property;
mod wallet;

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use trimtab::{
    config::{LoopClass, Urgency},
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Pair, Request, Settings, Target},
    plan::Plan,
    units::{WAD, from_decimal},
};

use trader::{Trader, ether};

/// A trader with 10 ether in a WETH/USDC loop of leverage 3, health factor 1.245.
pub(crate) async fn looped() -> (Trader, Pair) {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(3)) }).await;
    (trader, pair)
}

pub(crate) fn urgent(trader: &Trader, urgency: Urgency) -> Settings {
    Settings { urgency: Some(urgency), ..trader.settings(LoopClass::Volatile) }
}

pub(crate) async fn set_price(trader: &Trader, price: &str, scope: PriceScope) {
    let change = PriceChange::parse("ETH", price).expect("price");
    trader.replica.controls.price(&change, scope).await.expect("moved");
}

pub(crate) fn wad(value: Decimal) -> U256 {
    from_decimal(value, 18).expect("a number")
}

/// Within a thousandth.
pub(crate) fn is_close(actual: U256, wanted: Decimal) -> bool {
    actual.abs_diff(wad(wanted)) * U256::from(1_000) <= wad(wanted)
}

#[track_caller]
pub(crate) fn raises_health(plan: &Plan) {
    let figure = plan.figure("health_factor").expect("figure");
    assert!(figure.after.raw >= figure.before.raw && figure.after.raw >= WAD, "{}: {figure:?}", plan.headline);
}
