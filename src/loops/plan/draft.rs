//! What an action would do, before it is written as a plan.

use alloy::primitives::{Address, U256};

use super::{loan::Loan, swap::Swap};
use crate::{
    aave::{Projection, Refusal},
    loops::{FlashCandidate, Target},
    onedelta::Op,
    plan::Step,
};

/// An allowance that the stream needs, and whether it can leave a rest.
#[derive(Debug, Clone, Copy)]
pub(in crate::loops) struct Grant {
    pub(in crate::loops) value: U256,
    /// The amount used is known only on chain: what is left is set to zero at the stream's end.
    pub(in crate::loops) leaves_rest: bool,
}

/// A change of the account that only its owner can make, before the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::loops) enum Prepare {
    /// Enter an e-mode; 0 leaves the present one.
    EMode(u8),
    /// Use a supply as collateral, or stop using it.
    Collateral { asset: Address, enabled: bool },
}

impl Prepare {
    /// Does it in a projection.
    pub(in crate::loops) fn apply(self, projection: &mut Projection) -> Result<(), Refusal> {
        match self {
            Self::EMode(category) => projection.set_emode(category),
            Self::Collateral { asset, enabled } => projection.use_as_collateral(asset, enabled),
        }
    }
}

/// What the wallet pays and receives, predicted and at the worst permitted fill.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::loops) struct Flow {
    pub(in crate::loops) pays: U256,
    pub(in crate::loops) receives: U256,
    pub(in crate::loops) receives_at_worst: U256,
}

/// Flows of ether, the collateral token and the debt token.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::loops) struct Flows {
    pub(in crate::loops) native: Flow,
    pub(in crate::loops) collateral: Flow,
    pub(in crate::loops) debt: Flow,
}

/// A solved action.
#[derive(Debug, Clone)]
pub(in crate::loops) struct Draft {
    /// The command's words.
    pub(in crate::loops) kind: &'static str,
    /// One line for people.
    pub(in crate::loops) headline: String,
    /// The account at inclusion, without the action.
    pub(in crate::loops) before: Projection,
    /// After the action at the quoted fill.
    pub(in crate::loops) after: Projection,
    /// After the action at the worst fill that the limits permit.
    pub(in crate::loops) worst: Projection,
    /// What the account does first, in transactions of its own.
    pub(in crate::loops) prepare: Vec<Prepare>,
    /// Transactions that do it without the composer; then there are no ops.
    pub(in crate::loops) direct: Option<Vec<Step>>,
    /// The composer's ops, without permits.
    pub(in crate::loops) ops: Vec<Op>,
    /// Tokens pulled from the wallet.
    pub(in crate::loops) pull: Option<(Address, U256)>,
    /// Debt that the composer may take on for the account.
    pub(in crate::loops) delegation: Option<Grant>,
    /// aTokens that the composer may move.
    pub(in crate::loops) a_token: Option<Grant>,
    pub(in crate::loops) loan: Option<Loan>,
    pub(in crate::loops) sources: Vec<FlashCandidate>,
    pub(in crate::loops) swap: Option<Swap>,
    pub(in crate::loops) flows: Flows,
    pub(in crate::loops) target: Option<Target>,
    /// Whether it adds debt or takes equity out: then the opening floor binds.
    pub(in crate::loops) adds_risk: bool,
    /// Nothing of what it is about remains afterwards.
    pub(in crate::loops) ends: bool,
    pub(in crate::loops) notes: Vec<String>,
    /// What to try when the floor refuses it.
    pub(in crate::loops) floor_hint: String,
}
