//! What a transaction will pay: gas on L2, and its data on L1.

use alloy::primitives::{Address, Bytes, U256, address};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Answers, Batch, PaidTips, ReadError, Slot};
use crate::abi::IGasPriceOracle;
use crate::{
    config::FeeLimits,
    units::{format_units, from_decimal},
};

/// Where GasPriceOracle lives on every OP chain (base-replica.md §1.1).
pub const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");

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

/// The two fee fields of an EIP-1559 transaction, wei per gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// Most in all.
    pub max_fee: U256,
    /// Most of it as tip.
    pub max_tip: U256,
}

/// Why no fee within the ceiling gets a transaction mined. Exit code 4.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// The next block may already cost more than we pay.
    #[error("the next block's base fee may be {} gwei, above the ceiling of {} gwei; raise {key} or wait", gwei(.next_base_fee), gwei(.ceiling))]
    AboveCeiling {
        /// The highest that the next base fee can be, wei.
        next_base_fee: U256,
        /// What the configuration allows, wei.
        ceiling: U256,
        /// Key of the ceiling.
        key: &'static str,
    },
    /// A ceiling that is no amount of gwei.
    #[error("fee ceiling {0} gwei is not an amount")]
    NotAnAmount(String),
}

impl FeeError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::AboveCeiling { .. } => 4,
            Self::NotAnAmount(_) => 3,
        }
    }
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
}

/// What a transaction costs, wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GasCost {
    /// Gas on L2.
    pub l2: U256,
    /// Data on L1.
    pub l1: U256,
}

impl GasCost {
    /// Cost of this much gas at this price per gas, and of the data.
    #[must_use]
    pub fn new(gas: u64, price: U256, l1: U256) -> Self {
        Self { l2: U256::from(gas).saturating_mul(price), l1 }
    }

    /// Both together.
    #[must_use]
    pub fn total(&self) -> U256 {
        self.l2.saturating_add(self.l1)
    }
}

/// The question for the L1 data fee of one transaction, as part of a batch.
#[derive(Debug, Clone, Copy)]
pub struct L1FeeQuery(Slot<IGasPriceOracle::getL1FeeCall>);

impl L1FeeQuery {
    /// Asks for the fee of an unsigned transaction in its EIP-2718 encoding.
    pub fn add(batch: &mut Batch, unsigned: &Bytes) -> Self {
        Self(batch.add(GAS_PRICE_ORACLE, &IGasPriceOracle::getL1FeeCall { data: unsigned.clone() }))
    }

    /// The fee, wei.
    pub fn read(&self, answers: &Answers) -> Result<U256, ReadError> {
        answers.get(self.0)
    }
}

/// A ceiling of the configuration in wei.
pub(crate) fn wei(gwei: Decimal) -> Result<U256, FeeError> {
    from_decimal(gwei, 9).ok_or_else(|| FeeError::NotAnAmount(gwei.to_string()))
}

fn gwei(wei: &U256) -> String {
    format_units(*wei, 9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
