//! Signed orders that were taken in, and the events of each: what the stream tells and what the status replays.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use alloy::primitives::{B256, keccak256};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::link::Intent;

/// All orders since the start.
#[derive(Debug, Default)]
pub(super) struct Tracking {
    orders: Mutex<BTreeMap<String, Arc<TrackedOrder>>>,
}

/// One order and what happened to it.
#[derive(Debug)]
pub(super) struct TrackedOrder {
    pub(super) id: String,
    events: watch::Sender<Vec<Event>>,
}

/// One event; its number is its place.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) payload: Value,
}

impl Event {
    /// Whether nothing follows.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.kind, "MarketOrderExecuted" | "PositionSizeIncreased" | "MarketOrderCanceled" | "Error")
    }
}

impl Tracking {
    /// The order of these signed bytes; the same bytes are the same order. Tells whether it is new.
    pub(super) fn take_in(&self, intent: &Intent) -> (Arc<TrackedOrder>, bool) {
        let bytes = [intent.encoded.as_ref(), intent.signature.as_ref()].concat();
        let id = name_of(keccak256(bytes));
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = orders.get(&id) {
            return (order.clone(), false);
        }
        let order = Arc::new(TrackedOrder { id: id.clone(), events: watch::channel(Vec::new()).0 });
        order.tell("MarketOrderAccepted", json!({ "trackingId": id }));
        orders.insert(id, order.clone());
        (order, true)
    }

    /// The order with this id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<TrackedOrder>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

impl TrackedOrder {
    /// Adds an event.
    pub(super) fn tell(&self, kind: &'static str, payload: Value) {
        self.events.send_modify(|events| events.push(Event { kind, payload }));
    }

    /// The events so far, and those to come.
    pub(super) fn watch(&self) -> watch::Receiver<Vec<Event>> {
        self.events.subscribe()
    }

    /// As the status shows them, those after a number only.
    pub(super) fn replay(&self, after: Option<usize>) -> Value {
        let events = self.events.borrow();
        let shown = events.iter().enumerate().filter(|(number, _)| after.is_none_or(|after| *number > after));
        let shown: Vec<Value> = shown
            .map(|(number, event)| json!({ "seq": number, "type": event.kind, "payload": event.payload }))
            .collect();
        json!({ "events": shown })
    }
}

fn name_of(hash: B256) -> String {
    let digits = alloy::primitives::hex::encode(hash);
    format!("local-{}", digits.get(..24).unwrap_or(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_the_same_order() {
        let tracking = Tracking::default();
        let intent = |byte: u8| Intent { order_type: 0, encoded: vec![byte; 4].into(), signature: vec![1; 65].into() };
        let (first, new) = tracking.take_in(&intent(1));
        assert!(new);
        let (again, new) = tracking.take_in(&intent(1));
        assert!(!new);
        assert_eq!(first.id, again.id);
        assert!(tracking.take_in(&intent(2)).1);
    }

    #[test]
    fn the_status_replays_what_came_after_a_number() {
        let tracking = Tracking::default();
        let intent = Intent { order_type: 0, encoded: vec![7].into(), signature: vec![].into() };
        let (order, _) = tracking.take_in(&intent);
        order.tell("AttemptFailed", json!({}));
        assert_eq!(order.replay(None)["events"].as_array().map(Vec::len), Some(2));
        assert_eq!(order.replay(Some(0))["events"][0]["type"], "AttemptFailed");
        assert_eq!(order.replay(Some(1))["events"], json!([]));
    }
}
