//! A fill beside what was forecast. Pure.

use alloy::primitives::U256;

use super::{Fill, Forecast, PerpRequest, PriceE10, Usdc};
use crate::{
    plan::{Deviation, Figure, Quantity},
    units::mul_div_down,
};

const HUNDRED_PERCENT: u64 = 1_000_000_000_000;

/// Prediction beside outcome of an order that was filled. The entry is within bounds up to the order's slippage; a close
/// at the market has none, so that its price and what it pays are only told.
#[must_use]
pub fn compare(forecast: &Forecast, fill: &Fill, request: &PerpRequest) -> Vec<Deviation> {
    match forecast {
        Forecast::Open(open) => {
            let slippage = match request {
                PerpRequest::Open(request) => request.slippage.0,
                _ => U256::ZERO,
            };
            let room = mul_div_down(open.mark.0, slippage, U256::from(HUNDRED_PERCENT)).unwrap_or_default();
            vec![
                price("entry", "entry price", open.entry, fill.price, room),
                usdc("collateral", "margin after the fee", open.collateral, fill.collateral, U256::ZERO),
                price("target", "target", open.target, fill.target, room.saturating_mul(U256::from(100))),
                price("stop", "stop", open.stop, fill.stop, U256::ZERO),
            ]
        }
        Forecast::Close(close) => vec![
            price("close_price", "price", close.price, fill.price, U256::MAX),
            usdc("closed", "margin closed", close.collateral, fill.collateral, U256::ZERO),
            usdc("paid", "paid out", close.paid, fill.paid, U256::MAX),
        ],
    }
}

fn price(name: &str, label: &str, predicted: PriceE10, actual: PriceE10, tolerance: U256) -> Deviation {
    figure(name, label, Quantity::new(predicted.0, PriceE10::DECIMALS, ""), tolerance).compare(actual.0)
}

fn usdc(name: &str, label: &str, predicted: Usdc, actual: Usdc, tolerance: U256) -> Deviation {
    figure(name, label, Quantity::new(predicted.0, Usdc::DECIMALS, "USDC"), tolerance).compare(actual.0)
}

fn figure(name: &str, label: &str, after: Quantity, tolerance: U256) -> Figure {
    let before = Quantity { raw: U256::ZERO, ..after.clone() };
    Figure {
        name: name.to_owned(),
        label: label.to_owned(),
        before,
        after,
        read: None,
        tolerance,
        at_least: false,
        detail: false,
    }
}
