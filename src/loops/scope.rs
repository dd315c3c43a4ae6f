//! Which part of an account an action counts and touches.

use alloy::primitives::{Address, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Raw;

use super::account::AccountModel;

/// Which part of the account's collateral and debt in a pair's assets an action is about. What it is not about stays apart:
/// it counts in the account's health factor, and is neither sold nor repaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The journal's loop of the pair. Refused where the pair's assets have parts that no loop has, and there is no such loop.
    #[default]
    Loop,
    /// The journal's loop of the pair, and all of the pair's assets that no loop has.
    WithExisting,
    /// The account: any of its debt in the pair's debt asset, for at most this much of the pair's collateral.
    Account {
        /// In the collateral's smallest unit.
        #[serde(with = "Raw")]
        sell_at_most: U256,
    },
}

impl Scope {
    /// Collateral and debt of a pair that are within the scope, smallest units.
    #[must_use]
    pub fn share(self, model: &AccountModel, (collateral, debt): (Address, Address)) -> (U256, U256) {
        let apart = Apart::of(self, model, (collateral, debt));
        let supplied = model.supply(collateral).map_or(U256::ZERO, |supply| supply.amount);
        let owed = model.debt(debt).map_or(U256::ZERO, |debt| debt.amount);
        (supplied.saturating_sub(apart.collateral), owed.saturating_sub(apart.debt))
    }
}

/// What of the pair's two assets an action is not about, smallest units, at the moment the action is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Apart {
    pub(super) collateral: U256,
    pub(super) debt: U256,
}

impl Apart {
    /// For a pair's two tokens in an account.
    pub(super) fn of(scope: Scope, model: &AccountModel, (collateral, debt): (Address, Address)) -> Self {
        let supplied = model.supply(collateral).map_or(U256::ZERO, |supply| supply.amount);
        let owed = model.debt(debt).map_or(U256::ZERO, |debt| debt.amount);
        let part = model.loop_of(collateral, debt);
        let own = part.map_or((U256::ZERO, U256::ZERO), |part| (part.collateral, part.debt));
        let unclaimed = (
            model.supply(collateral).map_or(U256::ZERO, |supply| supply.unclaimed),
            model.debt(debt).map_or(U256::ZERO, |debt| debt.unclaimed),
        );
        match scope {
            Scope::Loop => Self { collateral: supplied.saturating_sub(own.0), debt: owed.saturating_sub(own.1) },
            Scope::WithExisting => Self {
                collateral: supplied.saturating_sub(own.0).saturating_sub(unclaimed.0),
                debt: owed.saturating_sub(own.1).saturating_sub(unclaimed.1),
            },
            Scope::Account { sell_at_most } => {
                Self { collateral: supplied.saturating_sub(sell_at_most), debt: U256::ZERO }
            }
        }
    }
}
