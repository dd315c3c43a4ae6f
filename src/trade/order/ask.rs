//! What an order asks, and what none may ask.

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::OrderError;
use crate::{
    config::{BoundsConfig, Urgency},
    loops::{FlashChoice, Funds, Payout, Request, ThresholdChange, WETH},
    perps::{PercentE10, PerpRequest},
    units::Bps,
};

/// Whose slippage counts.
const MORE_SLIPPAGE: &str = "raise that setting of whoever signs it: the daemon's where one watches the account";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant)]
pub enum Ask {
    /// Of a loop.
    Loop(LoopAsk),
    /// Of the perp venue.
    Perp(PerpRequest),
    /// Approvals to be taken back.
    Revoke(Which),
}

/// What is asked of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopAsk {
    /// Collateral: a reserve of Aave's.
    pub collateral: Address,
    /// Debt: a reserve of Aave's.
    pub debt: Address,
    /// Act on what the journal did not open, too.
    pub existing: bool,
    /// What is to be done.
    pub request: Request,
    /// Most that a swap may lose; never more than the settings' own bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slippage_bps: Option<Bps>,
    /// Flash loan source instead of the cheapest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flash: Option<FlashChoice>,
    /// Thresholds that are to differ.
    #[serde(default, skip_serializing_if = "ThresholdChange::is_empty")]
    pub thresholds: ThresholdChange,
}

/// Which approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// All that are in force.
    All,
    /// Those of these assets, by symbol.
    Of(Vec<String>),
}

impl Which {
    /// Whether an asset's approvals are meant.
    #[must_use]
    pub fn includes(&self, symbol: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(symbols) => symbols.iter().any(|wanted| wanted.eq_ignore_ascii_case(symbol)),
        }
    }
}

pub(super) fn asks<T>(what: impl Into<String>, instead: &'static str) -> Result<T, OrderError> {
    Err(OrderError::Asks { what: what.into(), instead })
}

impl Ask {
    /// Refuses what an order from elsewhere may not ask: wider limits than the settings', another token than the pair's to
    /// be paid out in, something that no command orders.
    pub fn check(&self, perp_slippage: PercentE10) -> Result<(), OrderError> {
        match self {
            Self::Loop(ask) => ask.check(),
            Self::Perp(PerpRequest::Open(open)) => {
                if open.signal.is_some() || open.outlook.is_some() {
                    return asks("a perp that serves a signal", "trade signals with `trimtab signal run`");
                }
                if open.slippage > perp_slippage {
                    let what =
                        format!("slippage {} % where perps.slippage_bps allows {} %", open.slippage, perp_slippage);
                    return asks(what, MORE_SLIPPAGE);
                }
                Ok(())
            }
            Self::Perp(_) | Self::Revoke(_) => Ok(()),
        }
    }
}

impl LoopAsk {
    fn check(&self) -> Result<(), OrderError> {
        if !self.thresholds.is_empty() && !matches!(self.request, Request::Open { .. } | Request::Adjust { .. }) {
            return asks("thresholds with an action that sets none", "plan again with the command itself");
        }
        let is_ether = |unwrap: Option<Address>| unwrap.is_none_or(|token| token == WETH && self.collateral == WETH);
        let pays_out = match &self.request {
            Request::Open { funds: Funds::Native(_), .. } | Request::Deposit { funds: Funds::Native(_), .. }
                if self.collateral != WETH =>
            {
                return asks("ether as collateral of another asset", "give the amount in the collateral");
            }
            Request::Open { .. } | Request::Deposit { .. } => None,
            Request::Withdraw { unwrap, .. } | Request::Close { payout: Payout::Collateral { unwrap }, .. } => *unwrap,
            Request::Adjust { .. } | Request::Close { .. } | Request::Trim { .. } | Request::UseAsCollateral { .. } => {
                None
            }
            Request::Draw { .. } | Request::Repay { .. } | Request::Unwind { .. } => {
                return asks("an action that no command writes a plan for", "plan again with the command itself");
            }
        };
        if !is_ether(pays_out) {
            return asks("a payout in another token than the pair's", "plan again with the command itself");
        }
        Ok(())
    }

    /// Refuses a wish for more slippage than the settings allow an action of a class.
    pub(super) fn is_within(&self, bounds: &BoundsConfig, class: Urgency) -> Result<(), OrderError> {
        let most = bounds.of(class).slippage_bps;
        match self.slippage_bps.filter(|wish| *wish > most) {
            Some(wish) => {
                asks(format!("slippage {wish} where bounds.{}.slippage_bps allows {most}", class.name()), MORE_SLIPPAGE)
            }
            None => Ok(()),
        }
    }
}
