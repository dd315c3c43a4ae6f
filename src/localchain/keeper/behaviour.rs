//! How the keeper treats orders; anything but the default is for tests.

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use crate::units::Millis;

/// How the keeper treats orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// What it does with them.
    pub conduct: Conduct,
    /// How long an order lies before the keeper looks at it.
    pub delay: Millis,
    /// Market orders are filled at these dollars (8 decimals) instead of the feed's.
    pub price: Option<U256>,
}

/// What the keeper does with orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conduct {
    /// Executes them.
    #[default]
    Execute,
    /// Cancels market orders with a refund, and leaves all others.
    Refuse,
    /// Does nothing at all, like a keeper that is down.
    Stop,
}

impl Behaviour {
    /// As a real keeper: at once, at the current price.
    #[must_use]
    pub fn faithful() -> Self {
        Self::default()
    }

    /// Does nothing until told otherwise.
    #[must_use]
    pub fn stopped() -> Self {
        Self { conduct: Conduct::Stop, ..Self::default() }
    }

    /// Cancels every market order.
    #[must_use]
    pub fn refusing() -> Self {
        Self { conduct: Conduct::Refuse, ..Self::default() }
    }

    /// Lets every order lie for a while.
    #[must_use]
    pub fn delayed(delay: Millis) -> Self {
        Self { delay, ..Self::default() }
    }

    /// Fills market orders at this price, dollars with 8 decimals.
    #[must_use]
    pub fn filling_at(price: U256) -> Self {
        Self { price: Some(price), ..Self::default() }
    }
}
