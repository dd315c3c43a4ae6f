//! What is bid for a place in the block. Pure.
//!
//! A block is ordered by tip: a trim that stands behind the price it answers to reverts, and behind a liquidator it is too
//! late. The first bid follows what recent blocks took; each further attempt at the same thing bids a quarter more.

use alloy::primitives::U256;

use crate::{
    chain::{FeeError, FeeMarket, wei},
    config::{FeeLimits, Urgency},
};

/// How hard an action bids for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bid {
    /// Attempts at the same thing before this one: none for the first.
    pub attempt: u32,
}

impl Bid {
    /// Of a first attempt.
    pub const FIRST: Self = Self { attempt: 0 };

    /// Of the attempt after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { attempt: self.attempt.saturating_add(1) }
    }

    /// The tip per gas, wei. The first attempt's is what the market asks of this urgency, at least the least tip of the
    /// settings; every further attempt's is a quarter more than the one before, and than `before`, what the last attempt
    /// really offered. Never above the limits' own ceiling, whatever the endpoints tell; never 0 when urgent.
    pub fn tip(self, market: &FeeMarket, urgency: Urgency, limits: &FeeLimits, before: U256) -> Result<U256, FeeError> {
        let (least, most) = (wei(limits.min_tip_gwei)?, wei(limits.max_tip_gwei)?);
        let is_urgent = matches!(urgency, Urgency::Urgent | Urgency::LastResort);
        let first = market.tip_of(urgency).max(least).max(U256::from(u8::from(is_urgent)));
        let mut tip = first.min(most);
        for _ in 0..self.attempt {
            if tip >= most {
                return Ok(most);
            }
            tip = quarter_more(tip);
        }
        if self.attempt > 0 {
            tip = tip.max(quarter_more(before));
        }
        Ok(tip.min(most))
    }
}

/// A quarter more, rounded up, and at least one more.
fn quarter_more(tip: U256) -> U256 {
    tip.saturating_add(tip.div_ceil(U256::from(4)).max(U256::ONE))
}

/// Whether an action may take over the nonce of what is pending, and how hard it bids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Ordinary,
    Protective(Bid),
}

impl Manner {
    pub(super) const fn bid(self) -> Bid {
        match self {
            Self::Ordinary => Bid::FIRST,
            Self::Protective(bid) => bid,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::{chain::PaidTips, config::FeesConfig};

    const GWEI: u64 = 1_000_000_000;

    fn market(suggested: U256, paid: [U256; 3]) -> FeeMarket {
        let [middle, upper, top] = paid;
        let paid = PaidTips { middle, upper, top };
        FeeMarket { base_fee: U256::from(GWEI / 100), suggested_tip: suggested, paid }
    }

    fn tip(bid: Bid, market: &FeeMarket, urgency: Urgency) -> U256 {
        bid.tip(market, urgency, &FeesConfig::default().of(urgency), U256::ZERO).expect("limits are amounts")
    }

    #[test]
    fn a_chain_that_tells_of_no_tips_is_bid_the_least_of_the_settings_and_a_quarter_more_each_time() {
        let silent = market(U256::ZERO, [U256::ZERO; 3]);
        let classes = [Urgency::Open, Urgency::Trim, Urgency::Urgent, Urgency::LastResort];
        let first = classes.map(|urgency| tip(Bid::FIRST, &silent, urgency));
        assert_eq!(first, [GWEI / 1_000, GWEI / 100, GWEI / 10, GWEI / 10].map(U256::from));
        let attempts = [0, 1, 2, 3].map(|attempt| tip(Bid { attempt }, &silent, Urgency::Urgent));
        assert_eq!(attempts, [100_000_000u64, 125_000_000, 156_250_000, 195_312_500].map(U256::from));
        assert_eq!(tip(Bid { attempt: u32::MAX }, &silent, Urgency::Urgent), U256::from(5 * GWEI));
    }

    #[test]
    fn rewards_that_an_endpoint_makes_up_cost_no_more_than_the_ceiling() {
        let absurd = market(U256::MAX, [U256::MAX; 3]);
        for urgency in [Urgency::Open, Urgency::Trim, Urgency::Urgent, Urgency::LastResort] {
            let most = wei(FeesConfig::default().of(urgency).max_tip_gwei).expect("an amount");
            assert_eq!(tip(Bid::FIRST, &absurd, urgency), most);
            assert_eq!(tip(Bid { attempt: 9 }, &absurd, urgency), most);
        }
    }

    #[test]
    fn a_market_that_calms_down_between_two_attempts_does_not_lower_the_second() {
        let limits = FeesConfig::default().urgent;
        let calm = market(U256::ZERO, [U256::ZERO; 3]);
        let before = U256::from(GWEI);
        let bid = |attempt| Bid { attempt }.tip(&calm, Urgency::Urgent, &limits, before).expect("amounts");
        assert_eq!((bid(0), bid(1)), (U256::from(GWEI / 10), U256::from(GWEI + GWEI / 4)));
    }

    proptest! {
        #[test]
        fn a_later_attempt_bids_more_until_the_ceiling_and_never_above_it(
            suggested in any::<u64>(), paid in any::<[u128; 3]>(), before in any::<u64>(), attempt in 0..40u32,
            least in 0..3_000_000_000u64, room in 0..10_000_000_000u64,
            urgency in prop::sample::select(vec![Urgency::Open, Urgency::Trim, Urgency::Urgent, Urgency::LastResort]),
        ) {
            let gwei = |wei: u64| Decimal::from(wei) / Decimal::from(GWEI);
            let limits = FeeLimits { max_fee_gwei: Decimal::from(100), max_tip_gwei: gwei(least + room), min_tip_gwei: gwei(least) };
            let most = U256::from(least + room);
            let market = market(U256::from(suggested), paid.map(U256::from));
            let tip = |attempt| Bid { attempt }.tip(&market, urgency, &limits, U256::from(before)).expect("amounts");
            let (this, next) = (tip(attempt), tip(attempt + 1));
            prop_assert!(next <= most && this <= next);
            prop_assert!(next == most || next >= this + this / U256::from(4));
            prop_assert!(next == most || next >= U256::from(before) + U256::from(before / 4));
            prop_assert!(this >= U256::from(least).min(most));
            if matches!(urgency, Urgency::Urgent | Urgency::LastResort) {
                prop_assert!(this > U256::ZERO || most.is_zero());
            }
        }
    }
}
