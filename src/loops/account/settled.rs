//! What an action about the account leaves of the journal's loops.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{
    super::KnownLoop,
    claims::{Claim, claims_on, reduced},
};
use crate::{
    journal::{LoopTerms, PositionId},
    units::{MathError, Ray},
};

/// One side of the account that an action has changed: the pair's collateral, or its debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideChange {
    /// Token.
    pub asset: Address,
    /// Which of the two.
    pub is_debt: bool,
    /// Aave's index afterwards.
    pub index: Ray,
    /// The account's amount without the action, smallest unit.
    pub before: U256,
    /// As it turned out.
    pub after: U256,
}

/// The terms of the loops that an action about the account has changed: what was sold and repaid is taken from the pair's own
/// loop first, then from the others that have the same assets. Nothing is opened by it; a loop without collateral has ended.
pub fn terms_after(
    known: &[KnownLoop],
    (collateral, debt): (Address, Address),
    sides: [SideChange; 2],
) -> Result<BTreeMap<PositionId, LoopTerms>, MathError> {
    let is_own = |known: &&KnownLoop| known.position.collateral == collateral && known.position.debt == debt;
    let own = known.iter().find(is_own).map(|known| known.position.id);
    let mut changed: BTreeMap<PositionId, LoopTerms> = BTreeMap::new();
    for side in sides {
        for claim in claims_after(known, &side, own)? {
            let Some(known) = known.iter().find(|known| known.position.id == claim.id) else { continue };
            let terms = changed.entry(claim.id).or_insert_with(|| known.position.terms.clone());
            if side.is_debt {
                (terms.debt_principal, terms.debt_index) = (claim.amount, Some(side.index.0));
            } else {
                (terms.collateral_principal, terms.collateral_index) = (claim.amount, Some(side.index.0));
            }
        }
    }
    Ok(changed)
}

fn claims_after(known: &[KnownLoop], side: &SideChange, own: Option<PositionId>) -> Result<Vec<Claim>, MathError> {
    let claims = claims_on(known, side.asset, side.is_debt, side.index)?;
    if side.after <= side.before {
        return reduced(&claims, own, side.before.saturating_sub(side.after));
    }
    // Collateral from the wallet belongs to the pair's own loop, if there is one.
    let added = side.after.saturating_sub(side.before);
    let added_to = |claim: Claim| {
        let amount = if Some(claim.id) == own { claim.amount.saturating_add(added) } else { claim.amount };
        Claim { amount, ..claim }
    };
    Ok(claims.into_iter().map(added_to).collect())
}
