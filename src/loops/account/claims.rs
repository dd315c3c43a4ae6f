//! What the journal's loops claim of an asset, and how an asset is divided among them.

use alloy::primitives::{Address, U256};

use super::super::KnownLoop;
use crate::{
    journal::PositionId,
    units::{MathError, Ray, mul_div_down},
};

/// Two readings of an index and two roundings, smallest units for each claim.
const ROUNDING: u64 = 10;
/// The same for amounts so large that an index's last digit shows: a billionth.
const ROUNDING_SHARE: u64 = 1_000_000_000;

/// What a loop claims of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// Whose it is.
    pub(super) id: PositionId,
    /// With interest to the moment, smallest unit.
    pub(super) amount: U256,
    /// The journal knows the index that the principal is of. Where it does not, the claim is as large as it was.
    pub(super) is_exact: bool,
}

/// The claims of all loops on the supply of an asset, or on its debt, grown to an index of Aave's.
pub(super) fn claims_on(
    known: &[KnownLoop],
    asset: Address,
    is_debt: bool,
    index: Ray,
) -> Result<Vec<Claim>, MathError> {
    let of = |asset: Address| {
        move |known: &&KnownLoop| asset == if is_debt { known.position.debt } else { known.position.collateral }
    };
    let claims = known.iter().filter(of(asset)).map(|known| {
        let terms = &known.position.terms;
        let (principal, then) = match is_debt {
            true => (terms.debt_principal, terms.debt_index),
            false => (terms.collateral_principal, terms.collateral_index),
        };
        let amount = match then.filter(|then| !then.is_zero()) {
            Some(then) => mul_div_down(principal, index.0, then)?,
            None => principal,
        };
        Ok::<_, MathError>(Claim { id: known.position.id, amount, is_exact: then.is_some() })
    });
    claims.collect()
}

/// The claims after the account's amount fell by some: `own` gives first, then the others in proportion to what they have.
pub(super) fn reduced(claims: &[Claim], own: Option<PositionId>, by: U256) -> Result<Vec<Claim>, MathError> {
    let mut left = by;
    let mut after: Vec<Claim> = claims.to_vec();
    for claim in after.iter_mut().filter(|claim| Some(claim.id) == own) {
        let given = claim.amount.min(left);
        claim.amount = claim.amount.saturating_sub(given);
        left = left.saturating_sub(given);
    }
    let others = after.iter().filter(|claim| Some(claim.id) != own);
    let sum = others.fold(U256::ZERO, |sum, claim| sum.saturating_add(claim.amount));
    let given = left.min(sum);
    for claim in after.iter_mut().filter(|claim| Some(claim.id) != own && !given.is_zero()) {
        claim.amount = claim.amount.saturating_sub(mul_div_down(claim.amount, given, sum)?);
    }
    Ok(after)
}

/// Divides what there is among the claims, in their order. Claims of more than there is are cut in proportion. Of what is
/// left over nothing is anybody's, except the rounding of the claims, and an amount up to `spare` where one loop alone
/// claims the asset.
pub(super) fn divide(total: U256, claims: &[Claim], spare: U256) -> Result<Vec<U256>, MathError> {
    let sum = claims.iter().fold(U256::ZERO, |sum, claim| sum.saturating_add(claim.amount));
    let (mut claiming, count) = (claims.iter().filter(|claim| !claim.amount.is_zero()), claims.len());
    let sole = match (claiming.next(), claiming.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let left = total.saturating_sub(sum);
    let rounding =
        U256::from(ROUNDING).saturating_mul(U256::from(count)).saturating_add(sum / U256::from(ROUNDING_SHARE));
    let takes_all = sum >= total || left <= rounding || sole.is_some_and(|claim| left <= spare || !claim.is_exact);
    let share = |claim: &Claim| match (takes_all, sum.is_zero()) {
        (_, true) => Ok(U256::ZERO),
        (true, false) => mul_div_down(total, claim.amount, sum),
        (false, false) => Ok(claim.amount),
    };
    claims.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Millis;

    fn claim(amount: u64) -> Claim {
        let id = PositionId::derive(Millis(amount), &amount.to_be_bytes());
        Claim { id, amount: U256::from(amount), is_exact: true }
    }

    fn divided(total: u64, claims: &[Claim], spare: u64) -> Vec<u64> {
        let shares = divide(U256::from(total), claims, U256::from(spare)).expect("divides");
        shares.into_iter().map(|share| share.saturating_to()).collect()
    }

    #[test]
    fn an_own_deposit_beside_a_loop_is_not_the_loops() {
        assert_eq!(divided(15_000, &[claim(10_000)], 100), [10_000]);
        // What a stranger supplied is worth less than the effort of keeping it apart.
        assert_eq!(divided(10_090, &[claim(10_000)], 100), [10_090]);
        assert_eq!(divided(10_090, &[claim(6_000), claim(4_000)], 100), [6_000, 4_000]);
    }

    #[test]
    fn claims_on_more_than_there_is_are_cut_in_proportion_and_not_by_their_order() {
        assert_eq!(divided(9_000, &[claim(6_000), claim(12_000)], 0), [3_000, 6_000]);
        assert_eq!(divided(9_000, &[claim(12_000), claim(6_000)], 0), [6_000, 3_000]);
        assert_eq!(divided(0, &[claim(5), claim(7)], 0), [0, 0]);
        assert_eq!(divided(7, &[claim(0)], 100), [0]);
    }

    #[test]
    fn a_loop_of_an_older_journal_keeps_the_whole_asset_while_it_is_alone() {
        let old = Claim { is_exact: false, ..claim(10_000) };
        assert_eq!(divided(12_000, &[old], 0), [12_000]);
        assert_eq!(divided(12_000, &[old, claim(1_000)], 0), [10_000, 1_000]);
    }

    #[test]
    fn what_a_trim_took_is_taken_from_its_own_loop_first_and_then_from_the_others_in_proportion() {
        let claims = [claim(1_000), claim(2_000), claim(4_000)];
        let amounts = |own: Option<usize>, by: u64| {
            let own = own.map(|index: usize| claims[index].id);
            let after = reduced(&claims, own, U256::from(by)).expect("reduced");
            after.into_iter().map(|claim| claim.amount.saturating_to()).collect::<Vec<u64>>()
        };
        assert_eq!(amounts(Some(1), 1_500), [1_000, 500, 4_000]);
        assert_eq!(amounts(Some(1), 4_500), [500, 0, 2_000]);
        assert_eq!(amounts(None, 700), [900, 1_800, 3_600]);
        assert_eq!(amounts(None, 9_000), [0, 0, 0]);
    }

    proptest! {
        #[test]
        fn no_unit_belongs_to_two_loops(total in 0u64..1_000_000, claims in proptest::collection::vec(0u64..1_000_000, 0..5), spare in 0u64..1_000) {
            let all: Vec<Claim> = claims.iter().map(|amount| claim(*amount)).collect();
            let shares = divided(total, &all, spare);
            prop_assert_eq!(shares.len(), all.len());
            prop_assert!(shares.iter().sum::<u64>() <= total);
        }
    }
}
