//! Positions and triggers: user data, changes of take profit and stop loss, partial triggers (avantis-v2.md).

use alloy::primitives::{Address, B256, Bytes as Hex, Signature, U256, keccak256};
use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    abi::{IV2Router, IV2StandIn::Position},
    context::Context,
    http::{Answer, Parameters, Refused, plain},
    link::{Intent, Refusal, Signed, text},
    partial_trigger::PartialTrigger,
    typed,
};
use crate::localchain::genesis::AVANTIS_TRADING;

/// Order type of a partial trigger at the stand-in.
const PARTIAL: u8 = 11;
/// Order type of a change of take profit and stop loss.
const UPDATE: u8 = 5;

/// `GET /core/user-data`.
pub(super) async fn user_data(State(context): State<Context>, RawQuery(query): RawQuery) -> Answer {
    let trader = Parameters::read(query.as_deref(), &Bytes::new())?.address("trader")?;
    let triggers = context.triggers.lock().await.clone();
    let positions = context.link.positions().await?;
    let positions: Vec<Value> = positions
        .iter()
        .filter(|position| position.trader == trader)
        .map(|position| shown(position, &triggers))
        .collect();
    let orders = context.link.limit_orders().await?;
    let orders: Vec<Value> = orders
        .iter()
        .filter(|order| order.trader == trader)
        .map(|order| {
            json!({
                "trader": order.trader.to_checksum(None), "pairIndex": number(order.pairIndex),
                "index": number(order.index), "buy": order.buy, "collateral": text(order.collateral),
                "leverage": text(order.leverage), "price": text(order.price), "tp": text(order.tp),
                "sl": text(order.sl), "slippageP": text(order.slippageP), "block": number(order.blockNumber),
            })
        })
        .collect();
    plain(json!({ "positions": positions, "limitOrders": orders }))
}

fn shown(position: &Position, triggers: &[PartialTrigger]) -> Value {
    let trader = position.trader.to_checksum(None);
    let (pair, index) = (number(position.pairIndex), number(position.index));
    let global = |kind: &str, order_type: u8, price: U256| {
        json!({
            "entityId": format!("global-{kind}-{trader}-{pair}-{index}"), "isGlobal": true, "orderType": order_type,
            "price": text(price), "coinSize": text(position.coinExposure),
        })
    };
    let mut waiting = vec![global("tp", 0, position.tp)];
    if !position.sl.is_zero() {
        waiting.push(global("sl", 1, position.sl));
    }
    let own = |trigger: &&PartialTrigger| {
        trigger.trader == position.trader
            && trigger.intent.word(1) == position.pairIndex
            && trigger.intent.word(2) == position.index
    };
    waiting.extend(triggers.iter().filter(own).map(stored));
    json!({
        "trader": trader, "pairIndex": pair, "index": index, "buy": position.buy, "isPnl": position.isPnl,
        "collateral": text(position.collateral), "leverage": text(position.leverage),
        "openPrice": text(position.openPrice), "tp": text(position.tp), "sl": text(position.sl),
        "liquidationPrice": text(position.liquidationPrice), "rolloverFee": text(position.rolloverFee),
        "unrealisedFundingFee": text(position.fundingFee), "lossProtection": "0",
        "openedAt": number(position.timestamp), "priceTriggers": waiting,
    })
}

/// `PUT /core/price-triggers/{id}`: a change of take profit and stop loss, or another partial trigger for one.
pub(super) async fn update(State(context): State<Context>, Path(id): Path<String>, body: Bytes) -> Answer {
    let parameters = Parameters::read(None, &body)?;
    if !id.starts_with("global-") {
        if !context.triggers.lock().await.iter().any(|trigger| trigger.id == id) {
            return Err(Refused::missing(format!("no trigger {id}")));
        }
        let trigger = checked(&context, partial(&parameters)?).await?;
        let new_id = trigger.id.clone();
        let mut triggers = context.triggers.lock().await;
        triggers.retain(|known| known.id != id);
        triggers.push(trigger);
        return plain(json!({ "success": true, "result": { "oldEntityId": id, "newEntityId": new_id } }));
    }
    let hex = |name: &str| -> Result<Hex, Refused> {
        parameters.get(name)?.parse().map_err(|_| Refused::bad(format!("{name} must be hex")))
    };
    let intent = Intent { order_type: UPDATE, encoded: hex("userIntent")?, signature: hex("signedMessage")? };
    match context.link.bring(Signed::Update, &intent, None).await {
        Ok(mined) => plain(json!({ "success": true, "transactionHash": mined.transaction_hash })),
        Err(Refusal::Contract(name)) => Err(Refused::bad(name)),
        Err(Refusal::Failed(error)) => Err(error.into()),
    }
}

/// `POST /core/price-triggers`.
pub(super) async fn create(State(context): State<Context>, body: Bytes) -> Answer {
    let trigger = checked(&context, partial(&Parameters::read(None, &body)?)?).await?;
    let answer = stored(&trigger);
    let mut triggers = context.triggers.lock().await;
    triggers.retain(|known| known.id != trigger.id);
    triggers.push(trigger);
    plain(answer)
}

/// `DELETE /core/price-triggers`, signed by the trader or its delegate.
pub(super) async fn cancel(State(context): State<Context>, body: Bytes) -> Answer {
    let parameters = Parameters::read(None, &body)?;
    let id = parameters.get("entityId")?;
    let signature: Hex =
        parameters.get("signedMessage")?.parse().map_err(|_| Refused::bad("signedMessage must be hex"))?;
    let mut triggers = context.triggers.lock().await;
    let Some(trigger) = triggers.iter().find(|trigger| trigger.id == id) else {
        return Err(Refused::missing(format!("no trigger {id}")));
    };
    let kind = keccak256("CancelOffchainOrder(string entityId)");
    let signed = keccak256([kind.as_slice(), keccak256(&id).as_slice()].concat());
    if !may_act(&context, trigger.trader, signer_of(signed, &signature)?).await? {
        return Err(Refused::bad("InvalidSignature: neither the trader's nor a delegate's"));
    }
    triggers.retain(|trigger| trigger.id != id);
    plain(json!({ "success": true }))
}

fn signer_of(struct_hash: B256, signature: &Hex) -> Result<Address, Refused> {
    let signature = Signature::try_from(signature.as_ref()).map_err(|_| Refused::bad("InvalidSignature"))?;
    signature
        .recover_address_from_prehash(&typed::digest(struct_hash, AVANTIS_TRADING))
        .map_err(|_| Refused::bad("InvalidSignature"))
}

async fn may_act(context: &Context, trader: Address, signer: Address) -> Result<bool, Refused> {
    if signer == trader {
        return Ok(true);
    }
    let call = IV2Router::multipleDelegationsCall { trader, delegate: signer };
    let rights = context.link.node.ask(AVANTIS_TRADING, &call).await?;
    Ok(rights.enabled && rights.expiry >= U256::from(context.link.now().await?.0))
}

/// A partial trigger out of what the client sent.
fn partial(parameters: &Parameters) -> Result<PartialTrigger, Refused> {
    let trader = parameters.address("trader")?;
    let percentage: alloy::primitives::I256 = parameters
        .find("percentage")
        .unwrap_or_else(|| "0".to_owned())
        .parse()
        .map_err(|_| Refused::bad("percentage must be a whole number"))?;
    let buy = parameters.get("buy")? == "true";
    let signature: Hex =
        parameters.get("signedMessage")?.parse().map_err(|_| Refused::bad("signedMessage must be hex"))?;
    let words = [
        U256::from_be_bytes(trader.into_word().0),
        parameters.whole("pairIndex")?,
        parameters.whole("index")?,
        parameters.whole("triggerType")?,
        parameters.whole("coinSize")?,
        U256::from(u8::from(buy)),
        parameters.whole("price")?,
        percentage.into_raw(),
        parameters.whole("timestamp")?,
        parameters.whole("signTimestamp")?,
        parameters.whole("orderType")?,
        parameters.whole("nonce")?,
    ];
    let encoded: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
    let digits = alloy::primitives::hex::encode(keccak256([encoded.as_slice(), &signature].concat()));
    let id = format!("local-{}", digits.get(..24).unwrap_or(&digits));
    let names = ["triggerType", "coinSize", "price", "percentage", "timestamp", "signTimestamp", "orderType"];
    let order =
        names.iter().filter_map(|name| parameters.raw(name).map(|value| ((*name).to_owned(), value.clone()))).collect();
    let intent = Intent { order_type: PARTIAL, encoded: encoded.into(), signature };
    Ok(PartialTrigger { id, trader, intent, order: Value::Object(order) })
}

/// Takes a partial trigger only if nothing but its price is against it.
async fn checked(context: &Context, trigger: PartialTrigger) -> Result<PartialTrigger, Refused> {
    match context.link.bring(Signed::Update, &trigger.intent, None).await {
        Err(Refusal::Contract(name)) if name == "NotDue" => Ok(trigger),
        Err(Refusal::Contract(name)) => Err(Refused::bad(name)),
        Err(Refusal::Failed(error)) => Err(error.into()),
        // It was due at once, and is done.
        Ok(_) => Ok(trigger),
    }
}

fn stored(trigger: &PartialTrigger) -> Value {
    let mut order = trigger.order.clone();
    order["entityId"] = json!(trigger.id);
    order["isGlobal"] = json!(false);
    order["trader"] = json!(trigger.trader.to_checksum(None));
    order["pairIndex"] = json!(number(trigger.intent.word(1)));
    order["index"] = json!(number(trigger.intent.word(2)));
    order["buy"] = json!(!trigger.intent.word(5).is_zero());
    order
}

fn number(value: U256) -> u64 {
    value.saturating_to()
}
