//! The tx-builder: metadata, intents to sign, calldata, and reads of the chain (avantis-v2.md §3.1).

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::{Address, Bytes as Hex, I256, U256, keccak256},
    sol_types::{SolCall, SolValue},
};
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    abi::IV2Router::{self, Trade, UpdatePositionSize},
    context::Context,
    http::{Answer, Parameters, Refused, enveloped},
    link::text,
    pairs::{Listing, Listings},
    typed::{Typed, Word, digest, domain},
};
use crate::localchain::{
    abi::IERC20,
    anvil::CHAIN_ID,
    genesis::{AVANTIS_REFERRAL, AVANTIS_STORAGE, AVANTIS_TRADING},
    market::Market,
};

/// How long an intent lives, milliseconds.
const INTENT_LIVES: u64 = 120_000;
/// What a delegation says that is signed on a local chain's word: the newer of the two texts.
const TERMS: &str = include_str!("terms.txt");

/// `GET /v2/meta`.
pub(super) async fn meta() -> Answer {
    let usdc = usdc()?;
    let shown = |address: Address| address.to_checksum(None);
    enveloped(json!({
        "chainId": CHAIN_ID,
        "addresses": {
            "tradingRouter": shown(AVANTIS_TRADING), "tradingStorage": shown(AVANTIS_STORAGE),
            "usdc": shown(usdc), "referral": shown(AVANTIS_REFERRAL),
        },
        "eip712": { "trading": domain(AVANTIS_TRADING), "signatureFormat": "rsv-65-bytes" },
        "enums": { "openOrderType": { "market": 0, "stop_limit": 1, "limit": 2, "market_pnl": 3 } },
        "units": { "price": "1e10", "leverage": "1e10", "usdc": "1e6" },
        "defaults": { "executionFeeWei": "0", "intentDeadlineMs": INTENT_LIVES, "slippagePercent": "1" },
    }))
}

/// `GET` and `POST /v2/intents/{kind}`.
pub(super) async fn intent(
    State(context): State<Context>,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Answer {
    let asked = Parameters::read(query.as_deref(), &body)?;
    let clock = [("_deadline", Word::Uint(deadline(&context, &asked).await?)), ("_nonce", Word::Uint(nonce(&asked)?))];
    let typed = match kind.as_str() {
        "open" => {
            let trade = trade(&context, &asked).await?;
            let order_type = Word::Small(U256::from(open_type(&asked)?));
            let own = [("_type", order_type), ("_slippageP", Word::Uint(slippage(&asked)?))];
            typed("OpenTradeReq", Some(inner_trade(&trade)), own.into_iter().chain(clock))
        }
        "open-coin" => {
            let trade = trade(&context, &asked).await?;
            let order_type = Word::Small(U256::from(open_type(&asked)?));
            let own = [("_type", order_type)].into_iter().chain(coin_sized(&asked)?);
            typed("OpenTradeCoinExposureReq", Some(inner_trade(&trade)), own.chain(clock))
        }
        "close" | "close-coin" => {
            let by_coins = kind == "close-coin";
            let (name, size) =
                if by_coins { ("CloseTradeCoinExposureReq", "_coinExposure") } else { ("CloseTradeReq", "_amount") };
            let (trader, pair, index) = key(&asked)?;
            let opened = match asked.find("openTimestamp") {
                Some(_) => asked.whole("openTimestamp")?,
                None => context.link.position(trader, U256::from(pair.index), index).await?.timestamp,
            };
            let own = [
                ("_trader", Word::Address(trader)),
                ("_pairIndex", Word::Uint(U256::from(pair.index))),
                ("_index", Word::Uint(index)),
                ("_openTimestamp", Word::Uint(opened)),
                (size, Word::Uint(closed(&asked, by_coins)?)),
                ("_wantedPrice", Word::Uint(price(&context, &asked, "expectedPrice").await?)),
            ];
            typed(name, None, own.into_iter().chain(clock))
        }
        "increase" => {
            let update = addition(&context, &asked).await?;
            let own = [("_slippageP", Word::Uint(slippage(&asked)?))];
            typed("IncreasePositionSizeReq", Some(inner_update(&update)), own.into_iter().chain(clock))
        }
        "increase-coin" => {
            let update = addition(&context, &asked).await?;
            let own = coin_sized(&asked)?.into_iter().chain(clock);
            typed("IncreasePositionSizeWithCoinExposureReq", Some(inner_update(&update)), own)
        }
        "tpsl-update" => {
            let (trader, pair, index) = key(&asked)?;
            let own = [
                ("trader", Word::Address(trader)),
                ("_pairIndex", Word::Uint(U256::from(pair.index))),
                ("_index", Word::Uint(index)),
                ("_newTp", Word::Uint(asked.scaled("takeProfit", 10)?.unwrap_or_default())),
                ("_newSl", Word::Uint(asked.scaled("stopLoss", 10)?.unwrap_or_default())),
            ];
            typed("UpdateTpSlReq", None, own.into_iter().chain(clock))
        }
        "tpsl-partial" => partial_trigger(&context, &asked).await?,
        "delegate-set" => return delegation(&context, &asked).await,
        other => return Err(Refused::not_here(format!("the local venue builds no intent `{other}`"))),
    };
    enveloped(typed.answer(AVANTIS_TRADING))
}

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

/// `GET /v2/{allowance, delegation, positions, nonce}`.
pub(super) async fn read(
    State(context): State<Context>,
    Path(what): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Answer {
    let asked = Parameters::read(query.as_deref(), &body)?;
    let trader = asked.address("trader")?;
    let node = &context.link.node;
    match what.as_str() {
        "allowance" => {
            let spender = asked.find("spender").map_or(Ok(AVANTIS_STORAGE), |_| asked.address("spender"))?;
            let usdc = usdc()?;
            let balance = node.ask(usdc, &IERC20::balanceOfCall { owner: trader }).await?;
            let allowance = node.ask(usdc, &IERC20::allowanceCall { owner: trader, spender }).await?;
            enveloped(json!({ "balance": text(balance), "allowance": text(allowance) }))
        }
        "delegation" => {
            let call = IV2Router::multipleDelegationsCall { trader, delegate: asked.address("delegate")? };
            let rights = node.ask(AVANTIS_TRADING, &call).await?;
            let now = U256::from(context.link.now().await?.0);
            enveloped(json!({
                "isEnabled": rights.enabled, "expiry": text(rights.expiry),
                "canSignIntents": rights.enabled && rights.expiry >= now,
                "canDelegatedAction": rights.enabled && rights.expiry > now,
            }))
        }
        "nonce" => {
            let wanted = if asked.find("check").is_some() { asked.whole("check")? } else { nonce(&asked)? };
            let call = IV2Router::nonceBitmapCall { signer: trader, word: wanted >> 8 };
            let used = node.ask(AVANTIS_TRADING, &call).await?.bit(wanted.as_limbs()[0] as usize & 255);
            enveloped(json!({ "nonce": text(wanted), "used": used }))
        }
        "positions" => {
            let positions = context.link.positions().await?;
            let trades: Vec<Value> = positions
                .iter()
                .filter(|position| position.trader == trader)
                .map(|position| {
                    json!({
                        "trader": trader.to_checksum(None), "pairIndex": text(position.pairIndex),
                        "index": text(position.index), "initialPosToken": text(position.collateral),
                        "openPrice": text(position.openPrice), "buy": position.buy,
                        "leverage": text(position.leverage), "tp": text(position.tp), "sl": text(position.sl),
                        "timestamp": text(position.timestamp), "coinExposure": text(position.coinExposure),
                        "liquidationPrice": text(position.liquidationPrice), "isPnl": position.isPnl,
                    })
                })
                .collect();
            enveloped(json!({ "trades": trades, "orders": [] }))
        }
        other => Err(Refused::missing(format!("no read `{other}`"))),
    }
}

fn typed(
    name: &'static str,
    inner: Option<(&'static str, &'static str, Vec<(&'static str, Word)>)>,
    fields: impl Iterator<Item = (&'static str, Word)>,
) -> Typed {
    Typed { name, inner, fields: fields.collect() }
}

async fn trade(context: &Context, asked: &Parameters) -> Result<Trade, Refused> {
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

fn inner_trade(t: &Trade) -> (&'static str, &'static str, Vec<(&'static str, Word)>) {
    let fields = vec![
        ("trader", Word::Address(t.trader)),
        ("pairIndex", Word::Uint(t.pairIndex)),
        ("index", Word::Uint(t.index)),
        ("initialPosToken", Word::Uint(t.initialPosToken)),
        ("positionSizeUSDC", Word::Uint(t.positionSizeUSDC)),
        ("openPrice", Word::Uint(t.openPrice)),
        ("buy", Word::Bool(t.buy)),
        ("leverage", Word::Uint(t.leverage)),
        ("tp", Word::Uint(t.tp)),
        ("sl", Word::Uint(t.sl)),
        ("timestamp", Word::Uint(t.timestamp)),
    ];
    ("_t", "Trade", fields)
}

async fn addition(context: &Context, asked: &Parameters) -> Result<UpdatePositionSize, Refused> {
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

fn inner_update(update: &UpdatePositionSize) -> (&'static str, &'static str, Vec<(&'static str, Word)>) {
    let fields = vec![
        ("trader", Word::Address(update.trader)),
        ("pairIndex", Word::Uint(update.pairIndex)),
        ("index", Word::Uint(update.index)),
        ("openPrice", Word::Uint(update.openPrice)),
        ("initialPosToken", Word::Uint(update.initialPosToken)),
        ("leverage", Word::Uint(update.leverage)),
    ];
    ("_updateInfo", "UpdatePositionSize", fields)
}

fn coin_figures(asked: &Parameters) -> Result<(U256, U256, U256), Refused> {
    let leverage = asked.amount("leverage", 10)?;
    let least = asked.scaled("minLeverage", 10)?.unwrap_or(leverage);
    Ok((asked.amount("coinExposure", 10)?, least, asked.scaled("maxLeverage", 10)?.unwrap_or(leverage)))
}

fn coin_sized(asked: &Parameters) -> Result<[(&'static str, Word); 4], Refused> {
    let (coins, least, most) = coin_figures(asked)?;
    Ok([
        ("_coinExposure", Word::Uint(coins)),
        ("_minLeverage", Word::Uint(least)),
        ("_maxLeverage", Word::Uint(most)),
        ("_slippageP", Word::Uint(slippage(asked)?)),
    ])
}

async fn partial_trigger(context: &Context, asked: &Parameters) -> Result<Typed, Refused> {
    let (trader, pair, index) = key(asked)?;
    let pair_index = U256::from(pair.index);
    let opened = match asked.find("openTimestamp") {
        Some(_) => asked.whole("openTimestamp")?,
        None => context.link.position(trader, pair_index, index).await?.timestamp,
    };
    let percentage = match asked.find("triggerType").as_deref() {
        Some("percentage") => signed_percentage(&asked.get("percentage")?)?,
        _ => I256::ZERO,
    };
    let trigger_type = u8::from(asked.find("triggerType").as_deref() == Some("percentage"));
    let order_type = if asked.get("kind")? == "take_profit" { 4_u8 } else { 5 };
    let fields = [
        ("trader", Word::Address(trader)),
        ("pairIndex", Word::Uint(pair_index)),
        ("index", Word::Uint(index)),
        ("triggerType", Word::Small(U256::from(trigger_type))),
        ("coinSize", Word::Uint(asked.amount("coinExposure", 10)?)),
        ("buy", Word::Bool(side(asked)?)),
        ("price", Word::Uint(asked.scaled("price", 10)?.unwrap_or_default())),
        ("percentage", Word::Int(percentage)),
        ("timestamp", Word::Uint(opened)),
        ("signTimestamp", Word::Uint(U256::from(context.link.now().await?.0) * U256::from(1_000))),
        ("orderType", Word::Small(U256::from(order_type))),
        ("nonce", Word::Uint(nonce(asked)?)),
    ];
    Ok(typed("TpSlReq", None, fields.into_iter()))
}

fn signed_percentage(text: &str) -> Result<I256, Refused> {
    let wrong = || Refused::bad(format!("`percentage` is no decimal number: {text}"));
    let magnitude = super::http::scaled(text.trim_start_matches('-'), 10).ok_or_else(wrong)?;
    let magnitude = I256::try_from(magnitude).map_err(|_| wrong())?;
    Ok(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// The one intent that is encoded in another order than it is hashed.
async fn delegation(context: &Context, asked: &Parameters) -> Answer {
    let (trader, delegate) = (asked.address("trader")?, asked.address("delegate")?);
    let (expiry, nonce) = (asked.whole("expirySeconds")?, nonce(asked)?);
    let deadline = deadline(context, asked).await?;
    let kind = "DelegateReq(address trader,address delegate,uint256 expiry,uint256 deadline,string tnc,uint256 nonce)";
    let words = (keccak256(kind), trader, delegate, expiry, deadline, keccak256(TERMS), nonce);
    let encoded = (trader, delegate, expiry, TERMS.to_owned(), deadline, nonce).abi_encode();
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    enveloped(json!({
        "intent": "DelegateReq", "signerRule": "trader-only", "domain": domain(AVANTIS_TRADING),
        "primaryType": "DelegateReq",
        "types": { "DelegateReq": [
            field("trader", "address"), field("delegate", "address"), field("expiry", "uint256"),
            field("deadline", "uint256"), field("tnc", "string"), field("nonce", "uint256"),
        ] },
        "message": {
            "trader": trader.to_checksum(None), "delegate": delegate.to_checksum(None), "expiry": text(expiry),
            "deadline": text(deadline), "tnc": TERMS, "nonce": text(nonce),
        },
        "digest": digest(keccak256(words.abi_encode()), AVANTIS_TRADING),
        "encodedIntent": Hex::from(encoded),
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

fn closed(asked: &Parameters, by_coins: bool) -> Result<U256, Refused> {
    if by_coins { asked.amount("coinExposure", 10) } else { asked.amount("collateralToCloseUsdc", 6) }
}

fn pair_of(asked: &Parameters) -> Result<&'static Listing, Refused> {
    let index = asked.get("pairIndex").or_else(|_| asked.get("pair"))?;
    let index: u64 = index.parse().map_err(|_| Refused::bad("`pairIndex` is no whole number"))?;
    Listings::get()?.pair(index).ok_or_else(|| Refused::bad(format!("no pair {index}")))
}

fn key(asked: &Parameters) -> Result<(Address, &'static Listing, U256), Refused> {
    let name = if asked.find("orderIndex").is_some() { "orderIndex" } else { "tradeIndex" };
    Ok((asked.address("trader")?, pair_of(asked)?, asked.whole(name)?))
}

fn side(asked: &Parameters) -> Result<bool, Refused> {
    match asked.get("side")?.as_str() {
        "long" => Ok(true),
        "short" => Ok(false),
        other => Err(Refused::bad(format!("`side` must be long or short, not {other}"))),
    }
}

fn open_type(asked: &Parameters) -> Result<u8, Refused> {
    match asked.find("orderType").as_deref() {
        None | Some("market") => Ok(0),
        Some("stop_limit") => Ok(1),
        Some("limit") => Ok(2),
        Some("market_pnl") => Ok(3),
        Some(other) => Err(Refused::bad(format!("`orderType` is not known: {other}"))),
    }
}

fn slippage(asked: &Parameters) -> Result<U256, Refused> {
    Ok(asked.scaled("slippagePercent", 10)?.unwrap_or_else(|| U256::from(10_000_000_000_u64)))
}

/// The price that is asked for, else the current one.
async fn price(context: &Context, asked: &Parameters, name: &str) -> Result<U256, Refused> {
    match asked.scaled(name, 10)? {
        Some(price) => Ok(price),
        None => Ok(context.link.price(pair_of(asked)?).await?),
    }
}

/// A local chain's clock may be behind its users' or before it; an intent is to live by both.
async fn deadline(context: &Context, asked: &Parameters) -> Result<U256, Refused> {
    let lives = asked.find("deadlineMs").and_then(|text| text.parse().ok()).unwrap_or(INTENT_LIVES);
    let chain = context.link.now().await?.0.saturating_mul(1_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or(u64::MAX).max(chain);
    Ok(U256::from(now.saturating_add(lives)))
}

/// A nonce that nobody has used: of this process's clock and a counter.
fn nonce(asked: &Parameters) -> Result<U256, Refused> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if asked.find("nonce").is_some() {
        return asked.whole("nonce");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Ok(keccak256(format!("{now} {count} {}", std::process::id())).into())
}

fn usdc() -> Result<Address, Refused> {
    Ok(Market::get()?.reserve("USDC")?.token)
}
