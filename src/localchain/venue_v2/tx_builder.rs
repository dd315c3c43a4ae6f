//! The tx-builder: metadata, intents to sign, and reads of the chain (avantis-v2.md).

use alloy::{
    primitives::{Address, Bytes as Hex, I256, U256, keccak256},
    sol_types::SolValue,
};
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    abi::IV2Router::{self, Trade, UpdatePositionSize},
    asked::{
        INTENT_LIVES, addition, closed, coin_figures, deadline, key, nonce, open_type, price, side, slippage, trade,
        usdc,
    },
    context::Context,
    http::{Answer, Parameters, Refused, enveloped},
    link::text,
    typed::{Inner, Typed, Word, digest, domain},
};
use crate::localchain::{
    abi::IERC20,
    anvil::CHAIN_ID,
    genesis::{AVANTIS_REFERRAL, AVANTIS_STORAGE, AVANTIS_TRADING},
};

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

fn typed(name: &'static str, inner: Option<Inner>, fields: impl Iterator<Item = (&'static str, Word)>) -> Typed {
    Typed { name, inner, fields: fields.collect() }
}

fn inner_trade(t: &Trade) -> Inner {
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

fn inner_update(update: &UpdatePositionSize) -> Inner {
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
