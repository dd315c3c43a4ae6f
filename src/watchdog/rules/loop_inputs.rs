//! What a decision about a loop was made on.

use serde_json::{Value, json};

use super::{AccountFacts, LoopFacts, health};

/// What a decision about a loop was made on.
pub(super) fn inputs(facts: &AccountFacts, held: &LoopFacts) -> Value {
    let mut inputs = health::inputs(facts);
    if let Some(inputs) = inputs.as_object_mut() {
        inputs.insert("loop".to_owned(), json!(held));
    }
    inputs
}
