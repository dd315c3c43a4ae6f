//! What goes with requests.

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    config::{StrategyConfig, Thresholds},
    journal::IntentId,
    loops::ThresholdChange,
    trade::Order,
};

/// With `submit`: an order, and what whoever hands it over chooses now. No plan file has the choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// The order.
    pub order: Order,
    /// Take the price service's word where nothing on chain says what a pair costs. Left out where it is not chosen, so that an
    /// older daemon understands the line; one that does not know it refuses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked_price: bool,
}

/// With `adopt`. The amounts are those that the chain has when the daemon looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptWith {
    /// Collateral token.
    pub collateral: Address,
    /// Debt token.
    pub debt: Address,
    /// Thresholds of the loop.
    pub thresholds: Thresholds,
}

/// With `thresholds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeWith {
    /// Collateral token.
    pub collateral: Address,
    /// Debt token.
    pub debt: Address,
    /// What differs; the rest stays as the journal has it.
    pub change: ThresholdChange,
}

/// With `pause` and `resume`; may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaperWith {
    /// Paper trading's own switch.
    pub paper: bool,
}

/// With `flatten`; may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlattenWith {
    /// Also limit orders and perps that the journal did not place.
    pub include_existing: bool,
}

/// With `signal-resume`; may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalResumeWith {
    /// Those of practice.
    pub paper: bool,
    /// Settings that the open signals go on with, instead of those they have.
    pub strategy: Option<StrategyConfig>,
}

/// With `reconcile`; may be left out. One of the two at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReconcileWith {
    /// Send the signed bytes of this intent again first.
    pub resend: Option<IntentId>,
    /// Use the nonce of this intent up first.
    pub take_back: Option<IntentId>,
}

/// With `drilled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrilledWith {
    /// What the drill has come to.
    pub figures: Value,
}
