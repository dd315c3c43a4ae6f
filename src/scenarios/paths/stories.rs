//! Single paths that were faults once, told by hand.

use alloy::primitives::{Address, U256, address};

use super::*;
use crate::{
    config::{BoundsConfig, SellConfig, ThresholdsConfig, WalletUse, WatchConfig},
    dex::{USDC, WETH},
    units::WAD,
};

const BITCOIN: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");
const STAKED: Address = address!("c1CBa3fCea344f92D9239c08C0568f6F2F0ee452");

fn outcome(path: &Path) -> (Outcome, String) {
    let (outcome, story) = tell(path, &WatchConfig::default(), &BoundsConfig::default()).expect("run");
    (outcome, story.join("\n"))
}

/// Ether for 30,000 dollars, bitcoin for 22,500 and staked ether for 18,300 at health factor 1.23 against dollars, all of it
/// in loops, in pools that are some debts deep.
fn three_collaterals(delay: usize, debts_deep: u64, track: &[u64]) -> Path {
    let dollars = U256::from(45_800_000_000u64);
    let third = dollars / U256::from(3u8);
    let supplies =
        [(WETH, U256::from(10u8) * WAD), (BITCOIN, U256::from(25_000_000u64)), (STAKED, U256::from(5u8) * WAD)];
    let known = (0u64..).zip(supplies).map(|(number, collateral)| {
        super::account::DrawnLoop { collateral, debt: (USDC, third) }.known(number, 0, None)
    });
    let account = DrawnAccount {
        loops: known.collect(),
        supplies: supplies.map(|(token, amount)| DrawnSupply { token, amount, is_collateral: true }).to_vec(),
        debts: vec![(USDC, dollars)],
        wallet: Vec::new(),
        emode: 0,
        thresholds: ThresholdsConfig::default(),
        sell: SellConfig::Loops,
        use_wallet: WalletUse::Nothing,
    };
    let mut path = Path::along(account, delay, track.iter().map(|part| part * 1_000)).expect("path");
    for step in &mut path.steps {
        step.depth = debts_deep * 100;
    }
    path
}

/// Within a hundredth above the target.
fn is_at_target(health: crate::units::Wad) -> bool {
    let hundredths = |value: u64| WAD / U256::from(100u8) * U256::from(value);
    health.0 + WAD / U256::from(1_000u64) >= hundredths(125) && health.0 < hundredths(126)
}

#[test]
fn a_trim_that_is_divided_among_three_collaterals_takes_three_transactions_and_not_smaller_and_smaller_ones() {
    let mut track = vec![1_000, 1_000, 917];
    track.extend([917; 12]);
    let (outcome, story) = outcome(&three_collaterals(0, 5, &track));
    assert!(!outcome.is_broken() && outcome.trims > 0 && outcome.trims <= 3, "{story}");
    assert!(is_at_target(outcome.ended), "{}\n{story}", outcome.ended);
}

#[test]
fn in_haste_one_transaction_brings_an_account_with_several_collaterals_to_its_target() {
    let mut track = vec![1_000, 1_000, 850];
    track.extend([850; 6]);
    let (outcome, story) = outcome(&three_collaterals(0, 60, &track));
    assert!(!outcome.is_broken() && outcome.trims == 1 && is_at_target(outcome.ended), "{story}");
}

#[test]
fn a_target_that_was_set_ahead_of_the_oracle_is_not_kept_when_the_oracle_has_answered() {
    let mut track = vec![1_000, 1_000, 840];
    track.extend([840; 12]);
    // Pools so shallow that no sale alone is within any bound.
    let (outcome, story) = outcome(&three_collaterals(1, 3, &track));
    assert!(!outcome.is_broken() && outcome.trims > 1, "{story}");
    let most = WAD / U256::from(100u8) * U256::from(127u8);
    assert!(outcome.ended.0 < most, "{}\n{story}", outcome.ended);
}

#[test]
fn a_liquidation_in_the_block_of_our_own_trim_is_told() {
    // 1.010 at the head, and 0.990 before our trim in the next block.
    let mut path = Path::along(
        Path::wave(3_000, 0, 1, 1).expect("path").account,
        0,
        [1_000, 811, 795, 795, 795].map(|part| part * 1_000),
    )
    .expect("path");
    path.steps[2].is_price_first = true;
    let (outcome, story) = outcome(&path);
    assert_eq!((outcome.first_fall, outcome.liquidations, outcome.trims), (Some(Notice::Overtaken), 1, 1), "{story}");
    assert!(!outcome.silent, "{story}");
}

#[test]
fn what_strangers_supply_during_a_crash_stops_no_trim() {
    let mut path = Path::along(
        Path::wave(3_000, 0, 1, 1).expect("path").account,
        0,
        [1_000, 1_000, 900, 785, 785].map(|part| part * 1_000),
    )
    .expect("path");
    path.account.sell = SellConfig::Loops;
    // Two millionths of a dollar of what is owed, and of what is held, before the fall and in its block.
    for (at, token, amount) in
        [(1usize, USDC, 2u64), (1, WETH, 1_000_000_000), (2, USDC, 1_000), (3, WETH, 700_000_000)]
    {
        path.steps[at].arrivals.push((token, U256::from(amount)));
    }
    let (outcome, story) = outcome(&path);
    assert!(!outcome.is_broken() && outcome.trims > 0 && outcome.liquidations_if_idle > 0, "{story}");
    assert_eq!(outcome.first_fall, None, "{story}");
}

#[test]
fn a_trim_behind_the_new_price_reverts_and_goes_out_again_with_the_next_bound() {
    // Each block 2 % lower, before our trim: the first bound of 1 % does not allow it, the next does.
    let mut path = Path::along(
        Path::wave(3_000, 0, 1, 1).expect("path").account,
        0,
        [1_000, 920, 901, 883, 883].map(|part| part * 1_000),
    )
    .expect("path");
    for step in &mut path.steps {
        step.is_price_first = true;
    }
    let (outcome, story) = outcome(&path);
    assert_eq!((outcome.reverted, outcome.first_fall), (1, None), "{story}");
    assert!(!outcome.is_broken() && outcome.trims == 1, "{story}");
}
