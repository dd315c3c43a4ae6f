//! Stories of trims that cannot be done as they should be.

use alloy::primitives::{Address, U256};
use proptest::prelude::*;

use super::*;
use crate::{
    config::LoopClass,
    loops::FlashSource,
    plan::Quantity,
    units::{WAD, Wad},
    watchdog::rules::{PairKey, Pressure},
};

fn hundredths(value: u64) -> Wad {
    Wad(WAD / U256::from(100u64) * U256::from(value))
}

fn situation() -> Situation {
    Situation {
        class: LoopClass::Volatile,
        pressure: Pressure::Trim,
        health_factor: hundredths(114),
        target: hundredths(125),
        sales: vec![sale("WETH")],
        wallet: vec![WalletOption {
            pair: pair("WETH"),
            debt: Quantity::new(U256::from(7u64), 6, "USDC"),
            collateral: Quantity::new(U256::from(8u64), 18, "WETH"),
            barred: None,
        }],
    }
}

fn pair(collateral: &str) -> PairKey {
    let token = |symbol: &str| Address::repeat_byte(symbol.len() as u8);
    PairKey { collateral: token(collateral), debt: Address::repeat_byte(99), name: format!("{collateral}/USDC") }
}

fn sale(collateral: &str) -> SaleOption {
    SaleOption {
        pair: pair(collateral),
        repay: None,
        flash_sources: vec![FlashSource::MorphoBlue, FlashSource::AaveV3],
        free_collateral: Quantity::new(U256::from(10u64), 18, collateral),
    }
}

/// Climbs while every rung turns out impossible.
fn climb(situation: &Situation) -> Vec<Rung> {
    let (mut tried, mut climbed) = (Tried::nothing(), Vec::new());
    for _ in 0..50 {
        let Next::Try { rung, skipped, .. } = next(situation, &tried) else { panic!("the ladder stopped") };
        for attempt in skipped {
            tried.record(attempt.rung, attempt.outcome);
        }
        climbed.push(rung.clone());
        if rung == Rung::AskHuman {
            return climbed;
        }
        tried.record(rung, RungOutcome::Impossible("refused".to_owned()));
    }
    panic!("no end: {climbed:?}")
}

#[test]
fn the_rungs_come_in_the_order_of_the_strategy() {
    use FlashSource::{AaveV3, MorphoBlue};
    use Pressure::{Trim, Urgent};
    let pair = || pair("WETH");
    let flash = |source, bound| Rung::Flash { pair: pair(), source, bound, repay: None };
    assert_eq!(
        climb(&situation()),
        [
            flash(MorphoBlue, Trim),
            flash(AaveV3, Trim),
            flash(MorphoBlue, Urgent),
            flash(AaveV3, Urgent),
            Rung::Slice { pair: pair(), goal: hundredths(125), bound: Urgent },
            Rung::RepayFromWallet { pair: pair(), at_most: Quantity::new(U256::from(7u64), 6, "USDC") },
            Rung::WithdrawAndSwap { pair: pair(), bound: Urgent },
            Rung::AddCollateral { pair: pair(), at_most: Quantity::new(U256::from(8u64), 18, "WETH") },
            Rung::AskHuman,
        ]
    );
}

#[test]
fn when_nothing_can_leave_the_reserve_only_the_wallet_and_a_human_remain_and_it_is_said() {
    let mut dry = situation();
    dry.sales[0].free_collateral.raw = U256::ZERO;
    let Next::Try { rung, reason, skipped } = next(&dry, &Tried::nothing()) else { panic!("a rung") };
    assert_eq!(rung, Rung::RepayFromWallet { pair: pair("WETH"), at_most: Quantity::new(U256::from(7u64), 6, "USDC") });
    assert_eq!(skipped.len(), 5);
    assert!(reason.contains("0 WETH are free in the reserve"), "{reason}");
    dry.wallet[0].debt.raw = U256::ZERO;
    dry.wallet[0].collateral.raw = U256::ZERO;
    assert_eq!(climb(&dry), [Rung::AskHuman]);
}

#[test]
fn every_collateral_that_may_be_sold_is_tried_at_the_same_bounds_before_any_bounds_are_widened() {
    let two = Situation { sales: vec![sale("cbBTC"), sale("WETH")], wallet: vec![], ..situation() };
    let names: Vec<String> =
        climb(&two).iter().map(|rung| rung.pair().map_or("human", |pair| pair.name.as_str()).to_owned()).collect();
    let (btc, eth) = ("cbBTC/USDC", "WETH/USDC");
    assert_eq!(names, [btc, btc, eth, eth, btc, btc, eth, eth, btc, eth, btc, eth, "human"]);
}

#[test]
fn a_supply_of_the_debts_own_asset_repays_it_without_swap_and_the_wallet_is_left_alone_where_the_owner_says_so() {
    let mut same = sale("USDC");
    same.pair.debt = same.pair.collateral;
    let barred = WalletOption {
        barred: Some("watch.use_wallet leaves the wallet alone".to_owned()),
        ..situation().wallet[0].clone()
    };
    let at = Situation { sales: vec![same.clone()], wallet: vec![barred], ..situation() };
    assert_eq!(climb(&at), [Rung::RepayWithSupply { pair: same.pair }, Rung::AskHuman]);
}

#[test]
fn a_correlated_loop_has_no_last_resort_and_a_smaller_target_of_its_own() {
    let urgent = Situation { pressure: Pressure::Urgent, health_factor: hundredths(101), ..situation() };
    assert_eq!(urgent.bounds(), [Pressure::Urgent, Pressure::LastResort]);
    assert_eq!(urgent.smaller_target(), hundredths(110));
    let correlated = Situation { class: LoopClass::Correlated, target: hundredths(104), ..urgent };
    assert_eq!(correlated.bounds(), [Pressure::Urgent]);
    assert_eq!(correlated.smaller_target(), hundredths(102));
}

#[test]
fn an_unknown_outcome_stops_the_ladder_until_it_is_resolved() {
    let situation = situation();
    let mut tried = Tried::nothing();
    let Next::Try { rung: first, reason, .. } = next(&situation, &tried) else { panic!("a rung") };
    assert!(reason.ends_with("the first choice"), "{reason}");
    tried.record(first.clone(), RungOutcome::Unknown);
    assert_eq!(next(&situation, &tried), Next::Wait(first.clone()));
    tried.record(first.clone(), RungOutcome::Impossible("it reverted".to_owned()));
    let Next::Try { rung: second, reason, .. } = next(&situation, &tried) else { panic!("a rung") };
    assert!(second != first && reason.contains("it reverted"), "{reason}");
    tried.record(second.clone(), RungOutcome::Done);
    assert_eq!(next(&situation, &tried), Next::Done(second));
}

#[test]
fn a_ladder_under_way_survives_a_restart() {
    let mut tried = Tried::nothing();
    tried.record(Rung::WithdrawAndSwap { pair: pair("WETH"), bound: Pressure::Urgent }, RungOutcome::Unknown);
    let text = serde_json::to_string(&tried).expect("json");
    assert_eq!(serde_json::from_str::<Tried>(&text).expect("back"), tried);
}

proptest! {
    #[test]
    fn whatever_fails_no_rung_is_tried_twice_and_the_end_is_a_human(
        pressure in 0u8..3, correlated in any::<bool>(), free in 0u64..2, debt in 0u64..2, collateral in 0u64..2,
        sources in 0usize..3, health in 90u64..124,
    ) {
        let pressure = [Pressure::Trim, Pressure::Urgent, Pressure::LastResort][usize::from(pressure)];
        let mut at = Situation { pressure, health_factor: hundredths(health), ..situation() };
        if correlated {
            at.class = LoopClass::Correlated;
        }
        at.sales[0].flash_sources.truncate(sources);
        at.sales[0].free_collateral.raw = U256::from(free);
        at.wallet[0].debt.raw = U256::from(debt);
        at.wallet[0].collateral.raw = U256::from(collateral);
        let climbed = climb(&at);
        for (index, rung) in climbed.iter().enumerate() {
            prop_assert!(!climbed[..index].contains(rung));
            prop_assert!(at.rules_out(rung).is_none());
        }
        prop_assert_eq!(climbed.last(), Some(&Rung::AskHuman));
        prop_assert!(at.smaller_target() > at.health_factor || at.target <= at.health_factor);
    }
}
