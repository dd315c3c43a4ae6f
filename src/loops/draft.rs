//! What an action would do, before it is written as a plan.

use alloy::primitives::{Address, U256};

use super::{FlashCandidate, Target, loan::Loan, swap::Swap};
use crate::{
    aave::{Projection, Refusal},
    onedelta::Op,
    plan::Step,
};

/// An allowance that the stream needs, and whether it can leave a rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    pub(super) value: U256,
    /// The amount used is known only on chain: what is left is set to zero at the stream's end.
    pub(super) leaves_rest: bool,
}

/// A change of the account that only its owner can make, before the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prepare {
    /// Enter an e-mode; 0 leaves the present one.
    EMode(u8),
    /// Use a supply as collateral, or stop using it.
    Collateral { asset: Address, enabled: bool },
}

impl Prepare {
    /// Does it in a projection.
    pub(super) fn apply(self, projection: &mut Projection) -> Result<(), Refusal> {
        match self {
            Self::EMode(category) => projection.set_emode(category),
            Self::Collateral { asset, enabled } => projection.use_as_collateral(asset, enabled),
        }
    }
}

/// What the wallet pays and receives, predicted and at the worst permitted fill.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) pays: U256,
    pub(super) receives: U256,
    pub(super) receives_at_worst: U256,
}

/// Flows of ether, the collateral token and the debt token.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flows {
    pub(super) native: Flow,
    pub(super) collateral: Flow,
    pub(super) debt: Flow,
}

/// A solved action.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The command's words.
    pub(super) kind: &'static str,
    /// One line for people.
    pub(super) headline: String,
    /// The account at inclusion, without the action.
    pub(super) before: Projection,
    /// After the action at the quoted fill.
    pub(super) after: Projection,
    /// After the action at the worst fill that the limits permit.
    pub(super) worst: Projection,
    /// What the account does first, in transactions of its own.
    pub(super) prepare: Vec<Prepare>,
    /// Transactions that do it without the composer; then there are no ops.
    pub(super) direct: Option<Vec<Step>>,
    /// The composer's ops, without permits.
    pub(super) ops: Vec<Op>,
    /// Tokens pulled from the wallet.
    pub(super) pull: Option<(Address, U256)>,
    /// Debt that the composer may take on for the account.
    pub(super) delegation: Option<Grant>,
    /// aTokens that the composer may move.
    pub(super) a_token: Option<Grant>,
    pub(super) loan: Option<Loan>,
    pub(super) sources: Vec<FlashCandidate>,
    pub(super) swap: Option<Swap>,
    pub(super) flows: Flows,
    pub(super) target: Option<Target>,
    /// Whether it adds debt or takes equity out: then the opening floor binds.
    pub(super) adds_risk: bool,
    /// Nothing of what it is about remains afterwards.
    pub(super) ends: bool,
    pub(super) notes: Vec<String>,
    /// What to try when the floor refuses it.
    pub(super) floor_hint: String,
}
