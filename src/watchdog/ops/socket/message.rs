//! How answers travel: `{"schema":1,"ok":…}` or `{"schema":1,"error":{…}}`, each on a line of its own.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{refused::Refused, reply::Reply};

/// Version of requests and answers; other versions are refused.
pub const SOCKET_SCHEMA: u32 = 1;

/// What the daemon answers.
pub type Answer = Result<Reply, Refused>;

#[derive(Serialize)]
struct Written {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Reply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Line {
    schema: u32,
    #[serde(default)]
    ok: Value,
    #[serde(default)]
    error: Option<Refused>,
}

pub(super) fn answer_line(answer: Answer) -> Vec<u8> {
    let (ok, error) = match answer {
        Ok(reply) => (Some(reply), None),
        Err(refused) => (None, Some(refused)),
    };
    // All of it has a text; an empty line would be the honest remainder.
    serde_json::to_vec(&Written { schema: SOCKET_SCHEMA, ok, error }).unwrap_or_default()
}

/// What a line says, as JSON.
pub(super) fn read_answer(line: &[u8]) -> Result<Result<Value, Refused>, String> {
    let Line { schema, ok, error } = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if schema != SOCKET_SCHEMA {
        return Err(format!("it speaks schema {schema}, this command {SOCKET_SCHEMA}"));
    }
    Ok(error.map_or(Ok(ok), Err))
}

/// An answer's value in the type of its request.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, B256};
    use rust_decimal::dec;
    use serde_json::json;

    use super::*;
    use crate::{
        actions::{Done, Left, Reconciled},
        config::{LoopClass, ThresholdsConfig},
        journal::{IntentId, LoopTerms, PositionId},
        loops::Adopted,
        perps::{LikelyReason, OrderHandle, OrderKind, OrderState, PositionKey, Usdc},
        plan::{Plan, Quantity},
        send::{Ending, Finding, Outcome, Settlement, Verdict},
        strategy::GovernorState,
        trade::{Ask as OrderAsk, FlattenReport, Flattened, Order, Which, saga::SignalOrder},
        units::{Millis, Secs},
        watchdog::ops::socket::*,
    };

    /// What a command reads of what the daemon writes, written once more.
    fn heard<A: Ask>(_: &A, reply: Reply) -> Value
    where
        A::Answer: Serialize,
    {
        let written = serde_json::to_value(&reply).expect("written");
        let line = answer_line(Ok(reply));
        let read: A::Answer = typed(read_answer(&line).expect("a line").expect("not refused")).expect("readable");
        let again = serde_json::to_value(&read).expect("written");
        assert_eq!(again, written);
        again
    }

    fn settlement() -> Settlement {
        let (gas_cost, hash) = (Quantity::new(alloy::primitives::U256::from(7), 18, "ETH"), B256::repeat_byte(3));
        Settlement { block: 5, transactions: vec![hash], gas_used: 21_000, gas_cost, figures: Vec::new() }
    }

    fn order(kind: OrderKind) -> OrderHandle {
        let key = PositionKey::of_pair_and_slot(0, 1);
        OrderHandle { id: "7".to_owned(), kind, key, transaction: B256::repeat_byte(4), block: 5, placed: Secs(6) }
    }

    #[test]
    fn every_answer_is_read_by_the_command_as_the_daemon_wrote_it() {
        let thresholds = ThresholdsConfig::default().of(LoopClass::Volatile);
        let (intent, account) = (IntentId::derive(Millis(7), b"one"), Address::repeat_byte(1));
        heard(&Ping, Reply::Pong(Pong { pid: 7, version: "1".to_owned() }));
        let watched = WatchedStatus { account, can_act: true, paused: true, turn: json!({ "acted": null }) };
        heard(&Status, Reply::Status(DaemonStatus { head: Some(7), shadow: false, accounts: vec![watched] }));
        let refund =
            OrderState::Cancelled { refund: Some(Usdc::ZERO), reason: LikelyReason::Operator, transaction: None };
        let done = Done::of(Outcome { done: Vec::new(), ending: Ending::Mined }, Some(settlement()));
        let delivered = Delivered::of(done, |_| "all steps went through".to_owned());
        let orders = vec![(order(OrderKind::Open), OrderState::Initiated), (order(OrderKind::Close), refund)];
        let delivered = Delivered { orders: orders.clone(), ..delivered };
        let plan = Plan {
            id: intent.to_string(),
            ..crate::actions::test_plan("approvals revoke", crate::plan::PlanSubject::Approvals)
        };
        let order = Order::of(&plan, OrderAsk::Revoke(Which::All)).expect("an order");
        heard(&Submit { order, unchecked_price: true }, Reply::Delivered(Box::new(delivered)));
        let pair = AdoptWith { collateral: account, debt: account, thresholds };
        let terms: LoopTerms = serde_json::from_value(json!({
            "e_mode": 0, "thresholds": {}, "collateral_principal": "0x7", "debt_principal": "0x8",
        }))
        .expect("terms");
        let id = PositionId::derive(Millis(7), b"one");
        heard(&pair, Reply::Adopted(Adopted { pair: "WETH/USDC".to_owned(), id, terms }));
        let change = ChangeWith { collateral: account, debt: account, change: Default::default() };
        heard(&change, Reply::Thresholds(ThresholdsAnswer { thresholds }));
        let governed = Governed { governor: GovernorState::new(dec!(7), Secs(8)), was_paused: true };
        heard(&Pause(PaperWith::default()), Reply::Governed(governed.clone()));
        heard(&Resume(PaperWith::default()), Reply::Governed(governed));
        let closed = vec![
            Flattened { what: "perp".to_owned(), result: Err("late".to_owned()), exit: 7 },
            Flattened { what: "loop".to_owned(), result: Ok("closed".to_owned()), exit: 0 },
        ];
        let report = FlattenReport { closed, stays: vec!["limit order".to_owned()] };
        heard(&FlattenWith::default(), Reply::Flattened(report));
        let taken = SignalTaken { taken: "s-1".to_owned(), words: "so".to_owned() };
        let signal: SignalOrder = SignalOrder {
            signal: "{}".to_owned(),
            strategy: crate::config::StrategyConfig::default(),
            include_existing: false,
            forced: false,
            paper: false,
        };
        heard(&signal, Reply::SignalTaken(taken));
        heard(&SignalResumeWith::default(), Reply::SignalsResumed(SignalsResumed { resumed: true }));
        let verdict = Verdict::NotSeen { hash: B256::repeat_byte(5), nonce: 6 };
        let finding = Finding {
            intent,
            kind: "perp open".to_owned(),
            step: 0,
            verdict,
            reorganised: false,
            never_included: false,
        };
        let reconciled = Reconciled {
            findings: vec![finding],
            settled: vec![(intent, settlement())],
            orders,
            ended: vec!["perp".to_owned()],
            left: vec![Left { intent, kind: "?".to_owned(), reason: "nobody knows it".to_owned() }],
        };
        let failed = Some(Refused::new(6, "later"));
        let answer = ReconcileAnswer { ending: Some("sent again".to_owned()), reconciled, failed };
        heard(&ReconcileWith::default(), Reply::Reconciled(Box::new(answer)));
        heard(&DrilledWith { figures: Value::Null }, Reply::Recorded(Recorded { recorded: true }));
        heard(&Reload, Reply::Reloaded(Reloaded { reloaded: true }));
        heard(&Stop, Reply::Stopping(Stopping { stopping: true }));
    }

    #[test]
    fn a_refusal_is_told_apart_from_an_answer_and_another_version_is_refused() {
        let refused = Refused::new(4, "health factor");
        assert_eq!(read_answer(&answer_line(Err(refused.clone()))), Ok(Err(refused)));
        assert!(read_answer(b"{\"schema\":7}").expect_err("other version").contains("schema 7"));
    }
}
