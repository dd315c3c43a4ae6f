//! What blocks cost at the moment, and how the endpoints are asked for it.

use std::time::Duration;

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{U64, U256},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{error::Elapsed, timeout};

use super::{
    BlockRef, Endpoints, PaidTips, ReadError,
    fees::{FeeError, Fees, wei},
    tips::{BLOCKS, Told},
};
use crate::config::{FeeLimits, Urgency};

/// Shares of a block's gas, per cent, below which it took these tips or less.
const PERCENTILES: [u8; 3] = [50, 75, 95];

/// How long an answer about tips is waited for.
const WAIT: Duration = Duration::from_millis(500);

/// How long nobody is asked about tips after an answer that did not come.
const PAUSE: Duration = Duration::from_secs(10);

/// What blocks cost at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeMarket {
    /// Base fee per gas of the pinned block, wei.
    pub base_fee: U256,
    /// Tip per gas that the node suggests, wei.
    pub suggested_tip: U256,
    /// Tips that recent blocks took.
    #[serde(default)]
    pub paid: PaidTips,
}

impl FeeMarket {
    /// Fees for the next blocks with this tip, within the limits: twice the base fee plus the tip, so that six full blocks
    /// in a row do not strand the transaction; less where the ceiling is lower, as long as the very next block is
    /// affordable. `key` names the ceiling in the error.
    pub fn fees(&self, tip: U256, limits: &FeeLimits, key: &'static str) -> Result<Fees, FeeError> {
        let (most, most_tip) = (wei(limits.max_fee_gwei)?, wei(limits.max_tip_gwei)?);
        let next_base_fee = self.next_base_fee();
        if next_base_fee > most {
            return Err(FeeError::AboveCeiling { next_base_fee, ceiling: most, key });
        }
        let max_tip = tip.min(most_tip).min(most - next_base_fee);
        let roomy = self.base_fee.saturating_mul(U256::from(2)).max(next_base_fee).saturating_add(max_tip);
        Ok(Fees { max_fee: roomy.min(most), max_tip })
    }

    /// Per gas that an action in this market pays at first: the base fee, and the tip as far as the limits allow it. What
    /// an endpoint suggests beyond them is not paid, and so makes nothing look dear.
    #[must_use]
    pub fn price(&self, limits: &FeeLimits) -> U256 {
        let most_tip = wei(limits.max_tip_gwei).unwrap_or_default();
        self.base_fee.saturating_add(self.suggested_tip.min(most_tip))
    }

    /// The most that the base fee of the next block can be: an eighth more (EIP-1559), rounded up.
    #[must_use]
    pub fn next_base_fee(&self) -> U256 {
        let eighth = self.base_fee.div_ceil(U256::from(8));
        self.base_fee.saturating_add(eighth)
    }

    /// The tip that a first bid of this urgency follows, before any limit: what the node suggests for what can wait, the
    /// upper quarter of recent blocks for a trim, their top for what is urgent; never less than the node suggests.
    #[must_use]
    pub fn tip_of(&self, urgency: Urgency) -> U256 {
        let paid = match urgency {
            Urgency::Open => U256::ZERO,
            Urgency::Trim => self.paid.upper,
            Urgency::Urgent | Urgency::LastResort => self.paid.top,
        };
        paid.max(self.suggested_tip)
    }
}

#[derive(Deserialize)]
struct WireFeeHistory {
    #[serde(default)]
    reward: Option<Vec<Vec<Value>>>,
}

impl Endpoints {
    /// What blocks cost at the moment: the base fee of `head`, the node's suggestion for the tip (what half of the recent
    /// gas paid, where it makes none), and what recent blocks took as tips. Asked once a block, both questions at once;
    /// without an answer in half a second the tips are 0, and the least tips of the configuration are what is bid.
    pub async fn fee_market(&self, head: &BlockRef) -> Result<FeeMarket, ReadError> {
        let now = self.clock().monotonic();
        let (known, is_silent) = {
            let memory = self.tips();
            (memory.known.filter(|told| told.counts_for(head, now)), now < memory.silent_until)
        };
        let (suggested_tip, paid) = match known {
            Some(Told { suggested, paid, .. }) => (suggested, paid),
            None if is_silent => (U256::ZERO, PaidTips::default()),
            None => self.ask_for_tips(head).await,
        };
        Ok(FeeMarket { base_fee: head.base_fee, suggested_tip, paid })
    }

    /// The same from what was told last, at whatever block; asks nobody.
    #[must_use]
    pub fn known_market(&self, head: &BlockRef) -> FeeMarket {
        let (suggested_tip, paid) = self.tips().known.map(|told| (told.suggested, told.paid)).unwrap_or_default();
        FeeMarket { base_fee: head.base_fee, suggested_tip, paid }
    }

    async fn ask_for_tips(&self, head: &BlockRef) -> (U256, PaidTips) {
        let history = (U64::from(BLOCKS), BlockNumberOrTag::Latest, PERCENTILES);
        let (suggested, history) = tokio::join!(
            timeout(WAIT, self.request::<_, U256>("eth_maxPriorityFeePerGas", ())),
            timeout(WAIT, self.request::<_, WireFeeHistory>("eth_feeHistory", history)),
        );
        if suggested.is_err() || history.is_err() {
            tracing::warn!("an answer about tips did not come in {WAIT:?}; nobody is asked for {PAUSE:?}");
            self.tips().silent_until = self.clock().monotonic().saturating_add(PAUSE);
        }
        let rows = told(history, "recent tips").and_then(|history| history.reward).unwrap_or_default();
        let paid = PaidTips::read(&rows);
        let suggested = told(suggested, "a tip").unwrap_or(paid.middle);
        let at = self.clock().monotonic();
        self.tips().known = Some(Told { block: head.hash, at, suggested, paid });
        (suggested, paid)
    }
}

/// An answer that came and made sense.
fn told<T>(answer: Result<Result<T, ReadError>, Elapsed>, what: &str) -> Option<T> {
    match answer {
        Ok(Ok(told)) => Some(told),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no endpoint tells {what}");
            None
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn limits(fee: i64, tip: i64) -> FeeLimits {
        FeeLimits { max_fee_gwei: Decimal::from(fee), max_tip_gwei: Decimal::from(tip), min_tip_gwei: Decimal::ZERO }
    }

    fn market(base_fee: u64, tip: u64) -> FeeMarket {
        FeeMarket { base_fee: U256::from(base_fee), suggested_tip: U256::from(tip), paid: PaidTips::default() }
    }

    const GWEI: u64 = 1_000_000_000;

    #[test]
    fn a_base_fee_above_the_ceiling_is_refused_with_both_figures() {
        let error = market(2 * GWEI, 0).fees(U256::ZERO, &limits(2, 1), "fees.open.max_fee_gwei");
        let error = error.expect_err("2.25 is above 2");
        assert_eq!(error.exit_code(), 4);
        let said = error.to_string();
        assert!(
            said.contains("2.25 gwei") && said.contains("2 gwei") && said.contains("fees.open.max_fee_gwei"),
            "{said}"
        );
    }

    #[test]
    fn on_a_quiet_chain_the_fee_leaves_room_for_full_blocks() {
        let fees = market(GWEI, 0).fees(U256::from(GWEI / 10), &limits(10, 1), "").expect("fees");
        assert_eq!(fees, Fees { max_fee: U256::from(2 * GWEI + GWEI / 10), max_tip: U256::from(GWEI / 10) });
    }

    #[test]
    fn a_tip_that_an_endpoint_makes_up_costs_no_more_than_the_limit_allows() {
        let absurd = FeeMarket { suggested_tip: U256::MAX, ..market(GWEI, 0) };
        assert_eq!(absurd.price(&limits(10, 1)), U256::from(2 * GWEI));
        assert_eq!(market(GWEI, 5).price(&limits(10, 1)), U256::from(GWEI + 5));
    }

    proptest! {
        #[test]
        fn fees_stay_within_the_ceiling_and_pay_for_the_next_block(base in 0..50 * GWEI, tip in 0..50 * GWEI, fee in 1i64..40, most_tip in 0i64..5) {
            let (market, limit) = (market(base, 0), limits(fee, most_tip.min(fee)));
            if let Ok(fees) = market.fees(U256::from(tip), &limit, "") {
                prop_assert!(fees.max_fee <= U256::from(fee) * U256::from(GWEI));
                prop_assert!(fees.max_tip <= fees.max_fee && fees.max_tip <= U256::from(most_tip) * U256::from(GWEI));
                prop_assert!(fees.max_fee >= market.next_base_fee() + fees.max_tip);
            } else {
                prop_assert!(market.next_base_fee() > U256::from(fee) * U256::from(GWEI));
            }
        }
    }
}
