//! The tx-builder's calldata (avantis-v2.md).

use alloy::{
    primitives::{Bytes as Hex, U256},
    sol_types::SolCall,
};
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    abi::IV2Router,
    asked::{addition, closed, coin_figures, key, open_type, price, slippage, trade, usdc},
    context::Context,
    http::{Answer, Parameters, Refused, enveloped},
    link::text,
};
use crate::localchain::{
    abi::IERC20,
    anvil::CHAIN_ID,
    genesis::{AVANTIS_STORAGE, AVANTIS_TRADING},
};

/// `GET` and `POST` of everything that gives calldata.
pub(super) async fn calldata(
    State(context): State<Context>,
    Path((group, kind)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Answer {
    let asked = Parameters::read(query.as_deref(), &body)?;
    let trader = asked.address("trader")?;
    let mut value = U256::ZERO;
    let mut to = AVANTIS_TRADING;
    let mut delegable = true;
    let data = match (group.as_str(), kind.as_str()) {
        ("trade", "open") => {
            let trade = trade(&context, &asked).await?;
            IV2Router::openTradeCall { t: trade, orderType: open_type(&asked)?, slippageP: slippage(&asked)? }
                .abi_encode()
        }
        ("trade", "open-coin") => {
            let (coins, least, most) = coin_figures(&asked)?;
            IV2Router::openTradeWithCoinExposureCall {
                t: trade(&context, &asked).await?,
                orderType: open_type(&asked)?,
                coinExposure: coins,
                minLeverage: least,
                maxLeverage: most,
                slippageP: slippage(&asked)?,
            }
            .abi_encode()
        }
        ("trade", "close") => {
            let (_, pair, index) = key(&asked)?;
            IV2Router::closeTradeMarketCall {
                pairIndex: U256::from(pair.index),
                index,
                amount: closed(&asked, false)?,
                wantedPrice: price(&context, &asked, "expectedPrice").await?,
            }
            .abi_encode()
        }
        ("trade", "close-coin") => {
            let (_, pair, index) = key(&asked)?;
            IV2Router::closeTradeMarketWithCoinExposureCall {
                pairIndex: U256::from(pair.index),
                index,
                coinExposure: closed(&asked, true)?,
                wantedPrice: price(&context, &asked, "expectedPrice").await?,
            }
            .abi_encode()
        }
        ("position", "increase") => {
            let update = addition(&context, &asked).await?;
            IV2Router::increasePositionSizeCall { update, slippageP: slippage(&asked)? }.abi_encode()
        }
        ("position", "increase-coin") => {
            let (coins, least, most) = coin_figures(&asked)?;
            IV2Router::increasePositionSizeWithCoinExposureCall {
                update: addition(&context, &asked).await?,
                coinExposure: coins,
                minLeverage: least,
                maxLeverage: most,
                slippageP: slippage(&asked)?,
            }
            .abi_encode()
        }
        ("margin", "update") => {
            value = U256::from(1);
            margin(&context, &asked).await?
        }
        ("limit", "update") => {
            let (_, pair, index) = key(&asked)?;
            IV2Router::updateOpenLimitOrderCall {
                pairIndex: U256::from(pair.index),
                index,
                price: asked.amount("price", 10)?,
                slippageP: slippage(&asked)?,
                tp: asked.scaled("takeProfit", 10)?.unwrap_or_default(),
                sl: asked.scaled("stopLoss", 10)?.unwrap_or_default(),
            }
            .abi_encode()
        }
        ("limit", "cancel") => {
            let (_, pair, index) = key(&asked)?;
            IV2Router::cancelOpenLimitOrderCall { pairIndex: U256::from(pair.index), index }.abi_encode()
        }
        ("delegate", "set") => {
            delegable = false;
            let (delegate, expiry) = (asked.address("delegate")?, asked.whole("expirySeconds")?);
            IV2Router::setDelegateCall { delegate, expiry }.abi_encode()
        }
        ("delegate", "remove") => {
            delegable = false;
            IV2Router::removeDelegateCall { delegate: asked.address("delegate")? }.abi_encode()
        }
        ("token", "approve") => {
            delegable = false;
            to = usdc()?;
            let spender = asked.find("spender").map_or(Ok(AVANTIS_STORAGE), |_| asked.address("spender"))?;
            let amount = asked.scaled("amountUsdc", 6)?.unwrap_or(U256::MAX);
            IERC20::approveCall { spender, amount }.abi_encode()
        }
        _ => return Err(Refused::not_here(format!("the local venue builds no calldata for `{group}/{kind}`"))),
    };
    let (from, data) = match asked.find("delegate") {
        Some(_) if delegable => {
            let call = IV2Router::delegatedActionCall { trader, call: data.into() };
            (asked.address("delegate")?, call.abi_encode())
        }
        _ => (trader, data),
    };
    enveloped(json!({
        "to": to.to_checksum(None), "from": from.to_checksum(None), "data": Hex::from(data),
        "value": text(value), "chainId": CHAIN_ID, "description": format!("{group}/{kind}"), "meta": {},
    }))
}

async fn margin(context: &Context, asked: &Parameters) -> Result<Vec<u8>, Refused> {
    let (_, pair, index) = key(asked)?;
    let update_type = match asked.get("action")?.as_str() {
        "deposit" => 0,
        "withdraw" => 1,
        other => return Err(Refused::bad(format!("`action` must be deposit or withdraw, not {other}"))),
    };
    let given = asked.raw("priceUpdateData").and_then(|value| match value {
        Value::Array(list) => list.first().and_then(Value::as_str).map(str::to_owned),
        other => other.as_str().map(str::to_owned),
    });
    let update = match given {
        Some(hex) => hex.parse().map_err(|_| Refused::bad("`priceUpdateData` must be hex"))?,
        None => context.link.update(pair, context.link.price(pair).await?).await?,
    };
    let call = IV2Router::updateMarginCall {
        pairIndex: U256::from(pair.index),
        index,
        updateType: update_type,
        amount: asked.amount("collateralUsdc", 6)?,
        priceUpdateData: vec![update],
        priceSourcing: 1,
    };
    Ok(call.abi_encode())
}
