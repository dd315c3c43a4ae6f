//! Accounts whose ether runs out.

use super::*;
use crate::{
    chain::{FeeMarket, PaidTips},
    config::FeesConfig,
    journal::Severity,
};

const GWEI: u64 = 1_000_000_000;

fn market(base_fee: u64, top: u64) -> FeeMarket {
    let paid = PaidTips { top: U256::from(top), ..PaidTips::default() };
    FeeMarket { base_fee: U256::from(base_fee), suggested_tip: U256::ZERO, paid }
}

/// The account with ether for so many hundredths of a trim.
fn with_trims(block: u64, hundredths: u64) -> AccountFacts {
    let trim = U256::from(1_000_000u64);
    let ether = trim * U256::from(hundredths) / U256::from(100u64);
    AccountFacts { gas: Some(GasFacts { ether, trim, ..GasFacts::default() }), ..at(block, hf(1_300)) }
}

fn told(watch: &mut Watch, facts: &AccountFacts) -> Vec<(Rule, Severity, String)> {
    let done = evaluate(facts, &WatchConfig::default(), &watch.memory);
    watch.memory = done.memory;
    assert_eq!(done.actions, [], "gas is nothing that the watch can do something about");
    done.firings.into_iter().map(|firing| (firing.rule, firing.severity, firing.reason)).collect()
}

#[test]
fn ether_that_runs_out_is_told_once_when_low_once_when_gone_and_once_when_back() {
    let mut watch = Watch::new();
    assert_eq!(told(&mut watch, &with_trims(1, 300)), []);
    let low = told(&mut watch, &with_trims(2, 299));
    assert!(matches!(low.as_slice(), [(Rule::Gas, Severity::Alert, _)]), "{low:?}");
    let words = &low[0].2;
    let account = Address::repeat_byte(7).to_string();
    assert!(
        words.contains("pays for 2.99 trims") && words.contains("gas_trims is 3") && words.contains(&account),
        "{words}"
    );
    for block in 3..9 {
        // The price of gas sways around the limit.
        assert_eq!(told(&mut watch, &with_trims(block, 280 + 10 * block)), []);
    }
    let gone = told(&mut watch, &with_trims(9, 99));
    assert!(matches!(gone.as_slice(), [(Rule::NoGas, Severity::Alert, _)]), "{gone:?}");
    assert!(gone[0].2.contains("for less or not at all"), "{gone:?}");
    assert_eq!(told(&mut watch, &with_trims(10, 0)), []);
    let back = told(&mut watch, &with_trims(11, 375));
    assert!(matches!(back.as_slice(), [(Rule::Gas, Severity::Info, _)]), "{back:?}");
    // From plenty to nothing in one block is one alert, the worse one.
    let gone = told(&mut watch, &with_trims(12, 0));
    assert!(matches!(gone.as_slice(), [(Rule::NoGas, Severity::Alert, _)]), "{gone:?}");
    assert!(matches!(told(&mut watch, &with_trims(13, 1_000)).as_slice(), [(Rule::Gas, Severity::Info, _)]));
}

#[test]
fn an_account_without_debt_or_without_a_key_needs_no_gas() {
    let mut watch = Watch::new();
    let empty = with_trims(1, 0);
    assert_eq!(told(&mut watch, &AccountFacts { gas: None, ..empty.clone() }), []);
    let mut watch = Watch::new();
    let idle = AccountFacts { health_factor: Wad(U256::MAX), loops: Vec::new(), at_stress: None, ..empty };
    assert_eq!(told(&mut watch, &idle), []);
}

#[test]
fn one_trim_takes_what_the_sender_would_offer_for_an_urgent_one_and_never_more_than_its_ceiling() {
    let urgent = FeesConfig::default().urgent;
    let trim = |base, top| GasFacts::at(U256::ZERO, &market(base, top), &urgent).trim;
    let l1 = U256::from(10_000 * GWEI);
    // A quiet day: twice 0.005 gwei and the least tip of 0.1, for 1 080 000 gas.
    assert_eq!(trim(GWEI / 200, 0), U256::from(1_080_000 * (GWEI / 100 + GWEI / 10)) + l1);
    // A crash: the tip that others pay, the base fee that has risen.
    assert_eq!(trim(10 * GWEI, 2 * GWEI), U256::from(1_080_000u64) * U256::from(22 * GWEI) + l1);
    // Above the ceiling nothing is sent.
    assert_eq!(trim(500 * GWEI, 0), U256::from(1_080_000u64) * U256::from(100 * GWEI) + l1);
    // The more ether, the more trims; rounded down.
    let gas = GasFacts { ether: U256::from(1_999u64), trim: U256::from(1_000u64), ..GasFacts::default() };
    assert_eq!((gas.trims(), gas.is_below(2), gas.is_below(1)), (dec!(1.99), true, false));
}

#[test]
fn a_base_fee_above_what_any_trim_may_pay_is_told_once_and_again_when_it_is_over() {
    let mut watch = Watch::new();
    let urgent = FeesConfig::default().urgent;
    let at_gwei = |block: u64, gwei: u64| {
        let gas = GasFacts::at(U256::MAX, &market(gwei * GWEI, 0), &urgent);
        AccountFacts { gas: Some(gas), ..at(block, hf(1_300)) }
    };
    // The next block costs up to an eighth more: 99 gwei.
    assert_eq!(told(&mut watch, &at_gwei(1, 88)), []);
    let above = at_gwei(2, 89);
    let words = above.gas.and_then(|gas| gas.obstacle()).expect("in the way");
    assert!(words.contains("100.125 gwei") && words.contains("100 gwei of fees.urgent.max_fee_gwei"), "{words}");
    assert_eq!(told(&mut watch, &above), [(Rule::FeeCeiling, Severity::Alert, words)]);
    // It sways around the ceiling.
    assert_eq!(told(&mut watch, &at_gwei(3, 85)), []);
    assert_eq!(told(&mut watch, &at_gwei(4, 300)), []);
    let over = told(&mut watch, &at_gwei(5, 70));
    assert!(matches!(over.as_slice(), [(Rule::FeeCeiling, Severity::Info, _)]), "{over:?}");
    assert_eq!(told(&mut watch, &at_gwei(6, 70)), []);
    // Nothing to lose, or only looked at.
    let idle = AccountFacts { health_factor: Wad(U256::MAX), loops: Vec::new(), at_stress: None, ..at_gwei(7, 300) };
    assert_eq!(told(&mut watch, &idle), []);
    assert_eq!(told(&mut watch, &AccountFacts { gas: None, ..at_gwei(8, 300) }), []);
}
