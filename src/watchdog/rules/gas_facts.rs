//! What an account has for gas, and what one trim takes of it.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    chain::{FeeMarket, wei},
    config::{FeeLimits, Urgency},
    plan::Quantity,
    send::{Bid, gas_limit},
    units::{Ether, Gwei, format_units, to_decimal},
};

/// Gas that one trim uses: 650 000 to 700 000 with a flash loan and two pools (onedelta-composer.md §14).
const TRIM_GAS: u64 = 700_000;

/// For the data of one trim on L1, on a quiet day: 0.00001 ether.
const L1_DATA: U256 = U256::from_limbs([10_000_000_000_000, 0, 0, 0]);

/// What an account has for gas, and what one trim takes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct GasFacts {
    /// Ether of the account, wei.
    #[serde(with = "Ether")]
    pub ether: U256,
    /// Wei that a node wants to see before it takes one urgent trim.
    #[serde(with = "Ether")]
    pub trim: U256,
    /// The most that the next block's base fee can be, wei.
    #[serde(with = "Gwei")]
    pub next_base_fee: U256,
    /// The most that an urgent trim pays per gas, wei: above it nothing is sent.
    #[serde(with = "Gwei")]
    pub ceiling: U256,
}

impl GasFacts {
    /// One trim is what the sender would offer for an urgent one in this market: the gas limit of 700 000 gas (half as much
    /// again and 30 000) at twice the base fee and the tip of a first urgent bid, at most `fees.urgent.max_fee_gwei`; and
    /// 0.00001 ether for its data on L1. A node wants all of it to be there; what is really paid is about a third.
    #[must_use]
    pub fn at(ether: U256, market: &FeeMarket, urgent: &FeeLimits) -> Self {
        let tip = Bid::FIRST.tip(market, Urgency::Urgent, urgent, U256::ZERO).unwrap_or_default();
        // Above its ceiling nothing is sent; the ceiling is then the most that a trim can take.
        let ceiling = wei(urgent.max_fee_gwei).unwrap_or_default();
        let per_gas = market.fees(tip, urgent, "").map_or(ceiling, |fees| fees.max_fee);
        let limit = gas_limit(TRIM_GAS).unwrap_or(TRIM_GAS);
        Self {
            ether,
            trim: per_gas.saturating_mul(U256::from(limit)).saturating_add(L1_DATA),
            next_base_fee: market.next_base_fee(),
            ceiling,
        }
    }

    /// How many trims the ether pays for, rounded down to hundredths.
    #[must_use]
    pub fn trims(&self) -> Decimal {
        let hundredths = self.ether.saturating_mul(U256::from(100u64)).checked_div(self.trim).unwrap_or(U256::MAX);
        to_decimal(hundredths, 2).map_or(Decimal::MAX, |trims| trims.normalize())
    }

    /// Whether the ether is less than so many trims take.
    #[must_use]
    pub fn is_below(&self, trims: u32) -> bool {
        self.ether < self.trim.saturating_mul(U256::from(trims))
    }

    /// In words, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let ether = |raw| Quantity::new(raw, 18, "ETH");
        format!("{} pays for {} trims of up to {} each", ether(self.ether), self.trims(), ether(self.trim))
    }

    /// Whether the next block may cost more than any trim pays: ether does not help then.
    #[must_use]
    pub fn is_above_ceiling(&self) -> bool {
        self.next_base_fee > self.ceiling
    }

    /// What stands in the way of sending a trim at all, in words.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        if self.is_above_ceiling() {
            return Some(self.ceiling_words());
        }
        self.is_below(1).then(|| format!("no gas for a trim: {}", self.words()))
    }

    pub(super) fn ceiling_words(&self) -> String {
        let gwei = |wei| format_units(wei, 9);
        format!(
            "the next block's base fee may be {} gwei, above the {} gwei of fees.urgent.max_fee_gwei: no trim is sent; raise it or \
             wait",
            gwei(self.next_base_fee),
            gwei(self.ceiling)
        )
    }

    /// Whether the base fee is again so far below the ceiling that two full blocks do not bring it back.
    pub(super) fn is_well_below_ceiling(&self) -> bool {
        self.next_base_fee.saturating_add(self.next_base_fee / U256::from(4)) <= self.ceiling
    }

    /// Whether it is again a quarter above what so many trims take: prices of gas sway.
    pub(super) fn is_well_above(&self, trims: u32) -> bool {
        let wanted = self.trim.saturating_mul(U256::from(trims));
        self.ether >= wanted.saturating_add(wanted / U256::from(4))
    }
}
