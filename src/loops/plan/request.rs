//! What a user asks of a loop.

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use crate::{
    loops::{Funds, Payout, Share, Target, Via},
    units::{Bps, Optional, Raw},
};

/// An action on a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Opens a loop.
    Open {
        /// Equity put in.
        funds: Funds,
        /// Where to.
        target: Target,
    },
    /// Brings a loop to another target.
    Adjust {
        /// Where to.
        target: Target,
    },
    /// Puts equity in.
    Deposit {
        /// Equity put in.
        funds: Funds,
        /// Borrows as much as keeps the leverage.
        keep_leverage: bool,
    },
    /// Puts equity in (or none), brings the loop to a target (or leaves it), and pays out an amount of the debt asset that
    /// is borrowed beside the loop: a perp's margin. The target does not count that amount, every bound does.
    Draw {
        /// Equity put in.
        funds: Funds,
        /// Where to, before the amount is drawn; it must not be below the present state.
        target: Option<Target>,
        /// Paid out, in the debt asset.
        #[serde(with = "Raw")]
        amount: U256,
    },
    /// Takes equity out.
    Withdraw {
        /// In collateral.
        #[serde(with = "Raw")]
        collateral: U256,
        /// In the debt asset.
        #[serde(with = "Raw")]
        debt: U256,
        /// Collateral as ether: the wrapped token.
        unwrap: Option<Address>,
        /// Repays as much as keeps the leverage.
        keep_leverage: bool,
    },
    /// Repays as much of what a target needs as goes now: liquidity, pools and bounds decide.
    Trim {
        /// Where to, in the end.
        target: Target,
        /// Most debt repaid by this action.
        #[serde(default, with = "Optional::<Raw>")]
        at_most: Option<U256>,
    },
    /// Repays debt from the wallet.
    Repay {
        /// In the debt asset; never more than the debt.
        #[serde(with = "Raw")]
        amount: U256,
        /// How it is paid.
        via: Via,
    },
    /// Sells collateral and repays without any loan, as far as the health factor has room; repeatable.
    Unwind {
        /// Where to, in the end.
        target: Target,
        /// How far above 1 the health factor stays in between.
        margin: Bps,
    },
    /// Uses the account's supply of an asset as collateral, or stops using it; the pair's two sides are that asset.
    UseAsCollateral {
        /// Use it, else stop using it.
        enabled: bool,
    },
    /// Closes a loop or a share of it.
    Close {
        /// How much.
        share: Share,
        /// In what it is paid out.
        payout: Payout,
    },
}
