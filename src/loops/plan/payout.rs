//! How much of a loop is closed, and in what it is paid out.

use alloy::primitives::Address;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a closing's plan.
pub(in crate::loops) const CLOSE: &str = "loop close";

/// In what a closed loop is paid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Payout {
    /// All collateral is sold.
    Debt,
    /// Only what repays the debt is sold.
    Collateral {
        /// As ether: the wrapped token.
        unwrap: Option<Address>,
    },
}

/// How much of a loop is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// Everything, whatever interest accrues until then.
    All,
    /// This share of collateral and debt, above 0 and below 1.
    Part(Decimal),
}
