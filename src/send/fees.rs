//! Fees of what replaces an earlier offer, and of what takes it back. Pure; the first offer is
//! [`FeeMarket::fees`](crate::chain::FeeMarket::fees).

use alloy::primitives::U256;
use rust_decimal::Decimal;

use crate::{
    chain::{FeeError, FeeMarket, Fees, wei},
    config::{FeeCeiling, Urgency},
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
pub fn cancellation_ceiling(action: FeeCeiling) -> FeeCeiling {
    let twice = |gwei: Decimal| gwei.saturating_add(gwei);
    FeeCeiling { max_fee_gwei: twice(action.max_fee_gwei), max_tip_gwei: twice(action.max_tip_gwei) }
}

/// An offer that replaces `old`: both fees higher by at least an eighth (12.5 %), which every node accepts, and no lower
/// than a first offer in this market. `None` when the ceiling leaves no room; the tip's ceiling holds for what the
/// market suggests, not for the eighth.
pub fn replacement_fees(old: Fees, market: &FeeMarket, ceiling: &FeeCeiling) -> Result<Option<Fees>, FeeError> {
    let (fresh_fee, fresh_tip) = match market.fees(ceiling, "") {
        Ok(fresh) => (fresh.max_fee, fresh.max_tip),
        Err(FeeError::AboveCeiling { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let max_fee = raised(old.max_fee).max(fresh_fee);
    let max_tip = raised(old.max_tip).max(fresh_tip);
    let most = wei(ceiling.max_fee_gwei)?;
    Ok((max_fee <= most && max_tip <= max_fee).then_some(Fees { max_fee, max_tip }))
}

/// Nine eighths, rounded up, and at least one more: nodes want a replacement to be strictly higher.
fn raised(fee: U256) -> U256 {
    fee.saturating_add(fee.div_ceil(U256::from(8)).max(U256::ONE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::FeesConfig;

    const GWEI: u64 = 1_000_000_000;

    fn market(base_fee: u64, tip: u64) -> FeeMarket {
        FeeMarket { base_fee: U256::from(base_fee), suggested_tip: U256::from(tip) }
    }

    fn fees(max_fee: u64, max_tip: u64) -> Fees {
        Fees { max_fee: U256::from(max_fee), max_tip: U256::from(max_tip) }
    }

    #[test]
    fn a_replacement_is_an_eighth_higher_or_follows_the_market_or_stays_below_the_ceiling() {
        let old = fees(800_000_000, 80_000_000);
        let ceiling = |gwei| FeeCeiling { max_fee_gwei: gwei, max_tip_gwei: Decimal::new(3, 1) };
        let two = Decimal::TWO;
        let table = [
            // market unchanged: an eighth more of both
            (market(GWEI / 10, 80_000_000), ceiling(two), Some(fees(900_000_000, 90_000_000))),
            // market above: a fresh offer, its tip cut at the tip's ceiling
            (market(GWEI / 5 * 4, 400_000_000), ceiling(two), Some(fees(1_900_000_000, 300_000_000))),
            // no room below the ceiling: none
            (market(GWEI / 10, 80_000_000), ceiling(Decimal::new(899, 3)), None),
        ];
        for (market, ceiling, expected) in table {
            assert_eq!(replacement_fees(old, &market, &ceiling).expect("ceiling is an amount"), expected);
        }
    }

    #[test]
    fn an_action_at_its_ceiling_can_still_be_taken_back() {
        let ceiling = FeesConfig::default().of(Urgency::Open);
        let stuck = fees(2 * GWEI, GWEI / 20);
        let market = market(GWEI, 0);
        assert_eq!(replacement_fees(stuck, &market, &ceiling).expect("amount"), None);
        let higher = replacement_fees(stuck, &market, &cancellation_ceiling(ceiling)).expect("amount");
        assert_eq!(higher, Some(fees(2_250_000_000, 56_250_000)));
    }

    proptest! {
        #[test]
        fn every_replacement_is_accepted_by_a_node_that_wants_an_eighth_more(
            max_fee in 1..100 * GWEI, tip_share in 0..=100u64, base_fee in 0..100 * GWEI, tip in 0..100 * GWEI,
        ) {
            let old = fees(max_fee, max_fee / 100 * tip_share);
            let ceiling = FeeCeiling { max_fee_gwei: Decimal::from(90), max_tip_gwei: Decimal::from(5) };
            if let Some(new) = replacement_fees(old, &market(base_fee, tip), &ceiling).expect("amount") {
                let eight = |fee: U256| fee * U256::from(8);
                let nine = |fee: U256| fee * U256::from(9);
                prop_assert!(eight(new.max_fee) >= nine(old.max_fee) && new.max_fee > old.max_fee);
                prop_assert!(eight(new.max_tip) >= nine(old.max_tip) && new.max_tip > old.max_tip);
                prop_assert!(new.max_tip <= new.max_fee && new.max_fee <= U256::from(90 * GWEI));
            }
        }
    }
}
