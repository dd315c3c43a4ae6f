//! What goes with requests, and what comes with their answers.

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    actions::Reconciled,
    config::{StrategyConfig, Thresholds},
    journal::IntentId,
    loops::ThresholdChange,
};

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

/// The answer to `thresholds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdsAnswer {
    /// All thresholds of the loop from now on.
    pub thresholds: Thresholds,
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

/// The answer to `signal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalTaken {
    /// The signal's id.
    pub taken: String,
    /// The assessment on which it was taken, for people.
    pub words: String,
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

/// The answer to `reconcile`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReconcileAnswer {
    /// How sending again or taking back ended, in words; `None` when neither was asked for.
    pub ending: Option<String>,
    /// What was found and settled.
    pub reconciled: Reconciled,
}

/// With `drilled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrilledWith {
    /// What the drill has come to.
    pub figures: Value,
}
