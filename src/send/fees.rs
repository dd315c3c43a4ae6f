//! Fees of what replaces an earlier offer, and of what takes it back. Pure; the first offer is
//! [`FeeMarket::fees`](crate::chain::FeeMarket::fees), its tip a [`Bid`](super::Bid).

use alloy::primitives::U256;
use rust_decimal::Decimal;

use crate::{
    chain::{FeeError, FeeMarket, Fees, wei},
    config::{FeeLimits, Urgency},
};

/// The settings' key of a ceiling, for errors.
pub(super) const fn ceiling_key(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Open => "fees.open.max_fee_gwei",
        Urgency::Trim => "fees.trim.max_fee_gwei",
        Urgency::Urgent | Urgency::LastResort => "fees.urgent.max_fee_gwei",
    }
}

/// The ceiling of taking an action back: twice the action's, or an action at its ceiling could not be taken back. It
/// costs some 21 000 gas where the action costs hundreds of thousands.
#[must_use]
pub fn cancellation_ceiling(action: FeeLimits) -> FeeLimits {
    let twice = |gwei: Decimal| gwei.saturating_add(gwei);
    FeeLimits { max_fee_gwei: twice(action.max_fee_gwei), max_tip_gwei: twice(action.max_tip_gwei), ..action }
}

/// Whose offer is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// One of the same action.
    Own,
    /// One of another action, whose nonce is taken over.
    Other,
}

/// An offer with this tip that replaces `old`: both fees higher by at least an eighth (12.5 %), which every node accepts,
/// and no lower than a first offer in this market. `None` when the limits leave no room.
///
/// The fee's ceiling always holds. The tip's holds for every bid; the eighth alone may go beyond it, where an action of
/// ours must make way for this one, or the base fee has risen above the old offer: nodes take no replacement without it.
pub fn replacement_fees(
    old: Fees,
    market: &FeeMarket,
    tip: U256,
    limits: &FeeLimits,
    replaced: Replaced,
) -> Result<Option<Fees>, FeeError> {
    let fresh = match market.fees(tip, limits, "") {
        Ok(fresh) => fresh,
        Err(FeeError::AboveCeiling { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let max_fee = raised(old.max_fee).max(fresh.max_fee);
    let max_tip = raised(old.max_tip).max(fresh.max_tip);
    let (most, most_tip) = (wei(limits.max_fee_gwei)?, wei(limits.max_tip_gwei)?);
    let is_stranded = old.max_fee < market.next_base_fee();
    let may_pass = replaced == Replaced::Other || is_stranded;
    let is_within = max_fee <= most && max_tip <= max_fee && (may_pass || max_tip <= most_tip);
    Ok(is_within.then_some(Fees { max_fee, max_tip }))
}

/// Nine eighths, rounded up, and at least one more: nodes want a replacement to be strictly higher.
fn raised(fee: U256) -> U256 {
    fee.saturating_add(fee.div_ceil(U256::from(8)).max(U256::ONE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{chain::PaidTips, config::FeesConfig};

    const GWEI: u64 = 1_000_000_000;

    fn market(base_fee: u64) -> FeeMarket {
        FeeMarket { base_fee: U256::from(base_fee), suggested_tip: U256::ZERO, paid: PaidTips::default() }
    }

    fn limits(fee: Decimal, tip: Decimal) -> FeeLimits {
        FeeLimits { max_fee_gwei: fee, max_tip_gwei: tip, min_tip_gwei: Decimal::ZERO }
    }

    fn replaced(old: Fees, base_fee: u64, tip: u64, limits: &FeeLimits, whose: Replaced) -> Option<Fees> {
        replacement_fees(old, &market(base_fee), U256::from(tip), limits, whose).expect("limits are amounts")
    }

    fn fees(max_fee: u64, max_tip: u64) -> Fees {
        Fees { max_fee: U256::from(max_fee), max_tip: U256::from(max_tip) }
    }

    #[test]
    fn a_replacement_is_an_eighth_higher_or_follows_the_market_or_stays_below_the_ceiling() {
        let old = fees(800_000_000, 80_000_000);
        let below = |gwei| limits(gwei, Decimal::new(3, 1));
        let two = Decimal::TWO;
        let table = [
            // the same bid: an eighth more of both
            (GWEI / 10, 80_000_000, below(two), Some(fees(900_000_000, 90_000_000))),
            // a higher bid in a dearer market: a fresh offer, its tip cut at the tip's ceiling
            (GWEI / 5 * 4, 400_000_000, below(two), Some(fees(1_900_000_000, 300_000_000))),
            // no room below the fee's ceiling: none
            (GWEI / 10, 80_000_000, below(Decimal::new(899, 3)), None),
        ];
        for (base_fee, tip, limits, expected) in table {
            for whose in [Replaced::Own, Replaced::Other] {
                assert_eq!(replaced(old, base_fee, tip, &limits, whose), expected);
            }
        }
    }

    #[test]
    fn a_tip_at_its_ceiling_is_raised_only_where_something_must_make_way_or_the_base_fee_has_passed_it() {
        let urgent = FeesConfig::default().urgent;
        let old = fees(6 * GWEI, 5 * GWEI);
        assert_eq!(replaced(old, GWEI / 2, GWEI, &urgent, Replaced::Own), None);
        let eighth = fees(6_750_000_000, 5_625_000_000);
        assert_eq!(replaced(old, GWEI / 2, GWEI, &urgent, Replaced::Other), Some(eighth));
        // At 6 gwei of base fee nobody includes an offer of 6 in all.
        let afloat = fees(13 * GWEI, 5_625_000_000);
        assert_eq!(replaced(old, 6 * GWEI, GWEI, &urgent, Replaced::Own), Some(afloat));
    }

    #[test]
    fn an_action_at_its_ceiling_can_still_be_taken_back() {
        let ceiling = FeesConfig::default().of(Urgency::Open);
        let stuck = fees(2 * GWEI, GWEI / 20);
        assert_eq!(replaced(stuck, GWEI, 0, &ceiling, Replaced::Own), None);
        let higher = replaced(stuck, GWEI, 0, &cancellation_ceiling(ceiling), Replaced::Own);
        assert_eq!(higher, Some(fees(2_250_000_000, 56_250_000)));
    }

    proptest! {
        #[test]
        fn every_replacement_is_accepted_by_a_node_that_wants_an_eighth_more(
            max_fee in 1..100 * GWEI, tip_share in 0..=100u64, base_fee in 0..100 * GWEI, tip in 0..100 * GWEI,
        ) {
            let old = fees(max_fee, max_fee / 100 * tip_share);
            let ceiling = limits(Decimal::from(90), Decimal::from(5));
            for whose in [Replaced::Own, Replaced::Other] {
                let Some(new) = replaced(old, base_fee, tip, &ceiling, whose) else { continue };
                let eight = |fee: U256| fee * U256::from(8);
                let nine = |fee: U256| fee * U256::from(9);
                prop_assert!(eight(new.max_fee) >= nine(old.max_fee) && new.max_fee > old.max_fee);
                prop_assert!(eight(new.max_tip) >= nine(old.max_tip) && new.max_tip > old.max_tip);
                prop_assert!(new.max_tip <= new.max_fee && new.max_fee <= U256::from(90 * GWEI));
                let is_stranded = old.max_fee < market(base_fee).next_base_fee();
                prop_assert!(whose == Replaced::Other || is_stranded || new.max_tip <= U256::from(5 * GWEI));
            }
        }
    }
}
