//! What the account can pay for. Pure.

use alloy::primitives::{Address, U256};

use crate::{
    chain::{FeeMarket, Fees},
    units::format_units,
};

/// Ether that is left for a transaction's data on L1 where there is room for it: 0.00001. Nodes of OP chains want it beside
/// gas and value.
const L1_DATA: U256 = U256::from_limbs([10_000_000_000_000, 0, 0, 0]);

/// The account's ether does not pay for a transaction: nothing of it is on the network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct GasShort {
    /// The account.
    pub account: Address,
    /// What it has, wei; `None` when nobody tells.
    pub ether: Option<U256>,
    /// What the transaction sends along, wei.
    pub value: U256,
    /// Its gas limit.
    pub gas_limit: u64,
    /// What it offers per gas, wei.
    pub max_fee: U256,
    /// The endpoint's words, when it was an endpoint that refused.
    pub said: Option<String>,
}

impl GasShort {
    /// What the transaction takes at most, wei: gas limit times offer, and what it sends along.
    #[must_use]
    pub fn needed(&self) -> U256 {
        U256::from(self.gas_limit).saturating_mul(self.max_fee).saturating_add(self.value)
    }

    fn words(&self) -> String {
        let ether = |wei| format_units(wei, 18);
        let Self { account, gas_limit, .. } = self;
        let has = self.ether.map_or_else(|| "too little".to_owned(), ether);
        let value =
            if self.value.is_zero() { String::new() } else { format!(" and {} ETH sent along", ether(self.value)) };
        let said = self.said.as_ref().map_or_else(String::new, |said| format!(" (the endpoint said: {said})"));
        format!(
            "not enough ether for gas: {account} has {has} ETH, the transaction takes up to {} ETH ({gas_limit} gas at up to {} \
             gwei{value}){said}; send ether to {account}",
            ether(self.needed()),
            format_units(self.max_fee, 9),
        )
    }
}

/// What a transaction offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) fees: Fees,
    pub(super) gas_limit: u64,
}

impl Offer {
    /// The most that a node takes it to cost in gas, wei.
    fn cost(&self) -> U256 {
        self.fees.max_fee.saturating_mul(U256::from(self.gas_limit))
    }

    /// The offer, or the widest one that this budget pays for: first the room for full blocks goes, then the tip, then the
    /// room in the gas limit, down to `least` gas at what the next block may cost. `None` when not even that is there. Fees
    /// that take the place of another offer (`is_firm`) cannot be lowered.
    pub(super) fn within(self, budget: U256, least: u64, market: &FeeMarket, is_firm: bool) -> Option<Self> {
        if self.cost().saturating_add(L1_DATA) <= budget || self.cost() <= budget && is_firm {
            return Some(self);
        }
        let limits = [self.gas_limit, least.min(self.gas_limit)];
        if is_firm {
            return limits.map(|gas_limit| Self { gas_limit, ..self }).into_iter().find(|offer| offer.cost() <= budget);
        }
        let next = market.next_base_fee();
        // With room for the data on L1 where that can be had.
        let budgets = [budget.saturating_sub(L1_DATA), budget];
        let tries = limits.into_iter().flat_map(|limit| budgets.map(|budget| (limit, budget)));
        tries.into_iter().find_map(|(gas_limit, budget)| {
            let affordable = budget.checked_div(U256::from(gas_limit))?;
            let max_fee = self.fees.max_fee.min(affordable);
            let max_tip = self.fees.max_tip.min(max_fee.checked_sub(next)?);
            Some(Self { fees: Fees { max_fee, max_tip }, gas_limit })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chain::PaidTips;

    const GWEI: u64 = 1_000_000_000;
    const ETHER: u64 = 1_000_000_000 * GWEI;

    fn market(base_fee: u64) -> FeeMarket {
        FeeMarket { base_fee: U256::from(base_fee), suggested_tip: U256::ZERO, paid: PaidTips::default() }
    }

    fn offer(max_fee: u64, max_tip: u64, gas_limit: u64) -> Offer {
        Offer { fees: Fees { max_fee: U256::from(max_fee), max_tip: U256::from(max_tip) }, gas_limit }
    }

    #[test]
    fn an_account_that_is_nearly_empty_still_sends_what_it_can_pay_for() {
        // 700 000 gas at 1 gwei: at most 3 gwei, of it 1 as tip.
        let (wanted, market) = (offer(3 * GWEI, GWEI, 1_080_000), market(GWEI));
        let within = |wei: u64| wanted.within(U256::from(wei), 875_000, &market, false);
        assert_eq!(within(ETHER), Some(wanted));
        // 0.0017 ether: no room for full blocks, and half the tip.
        let less = within(1_700_000 * GWEI).expect("can be sent");
        assert_eq!((less.gas_limit, less.fees.max_tip), (1_080_000, less.fees.max_fee - U256::from(GWEI + GWEI / 8)));
        assert!(less.fees.max_tip > U256::ZERO && less.cost() <= U256::from(1_700_000 * GWEI));
        // 0.001 ether: the narrow gas limit at what the next block may cost.
        let least = within(1_000_000 * GWEI).expect("can be sent");
        assert_eq!(least.gas_limit, 875_000);
        assert_eq!(within(900_000 * GWEI), None, "875 000 gas at 1.125 gwei are 0.00098 ether");
        assert_eq!(within(0), None);
    }

    #[test]
    fn what_takes_the_place_of_another_offer_keeps_its_fees() {
        let wanted = offer(3 * GWEI, GWEI, 1_080_000);
        let within = |wei: u64| wanted.within(U256::from(wei), 875_000, &market(GWEI), true);
        assert_eq!(within(3_000_000 * GWEI), Some(offer(3 * GWEI, GWEI, 875_000)));
        assert_eq!(within(2_000_000 * GWEI), None);
    }

    #[test]
    fn a_shortage_is_told_with_account_what_is_there_and_what_is_needed() {
        let account = Address::repeat_byte(7);
        let short = GasShort {
            account,
            ether: Some(U256::from(20_000 * GWEI)),
            value: U256::ZERO,
            gas_limit: 1_080_000,
            max_fee: U256::from(GWEI / 5),
            said: None,
        };
        let said = short.to_string();
        assert!(said.contains(&format!("{account} has 0.00002 ETH")) && said.contains("up to 0.000216 ETH"), "{said}");
        assert!(
            said.contains("1080000 gas at up to 0.2 gwei") && said.ends_with(&format!("send ether to {account}")),
            "{said}"
        );
        let refused = GasShort { ether: None, value: U256::from(ETHER), said: Some("no".to_owned()), ..short };
        let said = refused.to_string();
        assert!(
            said.contains("has too little ETH") && said.contains("1 ETH sent along") && said.contains("said: no"),
            "{said}"
        );
    }

    proptest! {
        #[test]
        fn whatever_the_budget_the_offer_is_within_it_and_pays_for_the_next_block(
            base in 0..20 * GWEI, fee in 0..100 * GWEI, tip in 0..5 * GWEI, used in 21_000..12_000_000u64, budget in any::<u64>(), is_firm in any::<bool>(),
        ) {
            let market = market(base);
            let max_fee = fee.max(base + base / 8 + 1).max(tip);
            let wanted = offer(max_fee, tip, used * 2);
            let least = used + used / 4;
            let budget = U256::from(budget);
            match wanted.within(budget, least, &market, is_firm) {
                Some(offer) => {
                    prop_assert!(offer.cost() <= budget && offer.gas_limit >= least.min(wanted.gas_limit));
                    prop_assert!(offer.fees.max_fee <= wanted.fees.max_fee && offer.fees.max_tip <= wanted.fees.max_tip);
                    prop_assert!(offer.fees.max_tip <= offer.fees.max_fee && offer.fees.max_fee >= market.next_base_fee());
                    prop_assert!(!is_firm || offer.fees == wanted.fees);
                }
                None if is_firm => prop_assert!(U256::from(least) * wanted.fees.max_fee > budget),
                None => prop_assert!(U256::from(least) * (market.next_base_fee() + U256::ONE) > budget),
            }
        }
    }
}
