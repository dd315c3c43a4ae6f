//! Call data of the venue in words.

use alloy::{
    primitives::U256,
    sol_types::{SolCall, SolInterface},
};

use super::{
    abi::{DEPOSIT, ITrading, MARKET},
    slot::Slot,
};
use crate::perps::{LeverageE10, PercentE10, PositionKey, PriceE10, Side, Usdc};

/// What a call of the venue's Trading contract does, one line each; `None` for anything else.
#[must_use]
pub fn explain(data: &[u8]) -> Option<Vec<String>> {
    use ITrading::ITradingCalls as Calls;
    let call = Calls::abi_decode(data).ok()?;
    let lines = match call {
        Calls::openTrade(call) => open(&call),
        Calls::closeTradeMarket(call) => vec![format!(
            "Avantis v1 closeTradeMarket: close {} of margin of position {} at the market, without a slippage bound",
            usdc(call.amount),
            key(call.pairIndex, call.index),
        )],
        Calls::updateTpAndSl(call) => vec![
            format!("Avantis v1 updateTpAndSl: position {}", key(call.pairIndex, call.index)),
            format!("target {}", level(call.newTp, "at the most profit the venue pays")),
            match call.priceUpdateData.len() {
                0 => "stop left as it is: no price comes along".to_owned(),
                _ => format!("stop {}", level(call.newSl, "removed")),
            },
        ],
        Calls::updateMargin(call) => {
            let what = if call.updateType == DEPOSIT { "put in" } else { "take out" };
            let (amount, key) = (usdc(call.amount), key(call.pairIndex, call.index));
            vec![format!("Avantis v1 updateMargin: {what} {amount}, position {key}")]
        }
        Calls::cancelOpenLimitOrder(call) => {
            let key = key(call.pairIndex, call.index);
            vec![format!("Avantis v1 cancelOpenLimitOrder: take back the limit order {key}")]
        }
        Calls::updateOpenLimitOrder(call) => vec![format!(
            "Avantis v1 updateOpenLimitOrder: limit order {} to price {}, slippage {} %, target {}, stop {}",
            key(call.pairIndex, call.index),
            PriceE10(call.price),
            PercentE10(call.slippageP),
            level(call.tp, "none"),
            level(call.sl, "none"),
        )],
        Calls::executeMarketOrders(call) => {
            let ids: Vec<String> = call.orderIds.iter().map(ToString::to_string).collect();
            vec![format!("Avantis v1 executeMarketOrders (keeper): orders {}", ids.join(", "))]
        }
        Calls::executeLimitOrder(call) => {
            let what = ["target", "stop", "liquidation", "limit order"];
            let what = what.get(usize::from(call.orderType)).copied().unwrap_or("unknown type");
            let key = key(call.pairIndex, call.index);
            vec![format!("Avantis v1 executeLimitOrder (keeper): {what} of {} {key}", call.trader)]
        }
        Calls::cancelPendingMarketOrder(call) => {
            vec![format!("Avantis v1 cancelPendingMarketOrder (keeper): order {}", call.id)]
        }
        Calls::delegatedAction(call) => {
            let mut lines = vec![format!("Avantis v1 delegatedAction for {}:", call.trader)];
            let inner = if call.data.starts_with(&ITrading::delegatedActionCall::SELECTOR) {
                None
            } else {
                explain(&call.data)
            };
            lines.extend(inner.unwrap_or_else(|| vec![format!("a call this program does not know: {}", call.data)]));
            lines
        }
        Calls::setDelegate(call) => vec![format!("Avantis v1 setDelegate: {} may trade for the sender", call.delegate)],
        Calls::removeDelegate(_) => vec!["Avantis v1 removeDelegate: nobody trades for the sender any more".to_owned()],
        _ => return None,
    };
    Some(lines)
}

fn open(call: &ITrading::openTradeCall) -> Vec<String> {
    let trade = &call.t;
    let side = if trade.buy { Side::Long } else { Side::Short };
    let how = match call.orderType {
        MARKET => "at the market, wanted".to_owned(),
        1 => "limit order (type 1 on the code this program knows) at".to_owned(),
        2 => "stop order (type 2 on the code this program knows) at".to_owned(),
        3 => "at the market without opening fee (type 3), wanted".to_owned(),
        other => format!("unknown type {other} at"),
    };
    vec![
        format!(
            "Avantis v1 openTrade: {side} pair {} with {} at {}x, {how} {}, slippage {} %",
            trade.pairIndex,
            usdc(trade.positionSizeUSDC),
            LeverageE10(trade.leverage),
            PriceE10(trade.openPrice),
            PercentE10(call.slippageP),
        ),
        format!("target {}", level(trade.tp, "at the most profit the venue pays")),
        format!("stop {}", level(trade.sl, "none")),
    ]
}

fn usdc(amount: U256) -> String {
    format!("{} USDC", Usdc(amount))
}

fn key(pair: U256, index: U256) -> PositionKey {
    Slot::new(pair, index).key()
}

fn level(level: U256, none: &str) -> String {
    if level.is_zero() { none.to_owned() } else { PriceE10(level).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_explained_with_what_an_empty_update_means() {
        let call = ITrading::updateTpAndSlCall {
            pairIndex: U256::ZERO,
            index: U256::from(1),
            newSl: U256::from(28_000_000_000_000u64),
            newTp: U256::ZERO,
            priceUpdateData: Vec::new(),
        };
        let said = explain(&call.abi_encode()).expect("explained").join("\n");
        assert!(said.contains("position 0:1") && said.contains("stop left as it is"), "{said}");
        let with_price = ITrading::updateTpAndSlCall { priceUpdateData: vec![vec![1].into()], ..call };
        assert!(explain(&with_price.abi_encode()).expect("explained").join("\n").contains("stop 2800"));
        assert_eq!(explain(&[1, 2, 3, 4]), None);
    }
}
