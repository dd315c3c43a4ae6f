//! The worked examples of avantis-v1.md §5, to the unit.

use alloy::primitives::{I256, U256};
use rust_decimal::Decimal;

use super::*;
use crate::perps::{LeverageE10, MarginChange, PercentDelta, PercentE10, PriceE10, Side, Usdc, UsdcDelta};

fn decimal(text: &str) -> Decimal {
    text.parse().expect("decimal")
}

fn usdc(text: &str) -> Usdc {
    Usdc::from_decimal(decimal(text)).expect("six digits")
}

fn price(text: &str) -> PriceE10 {
    PriceE10::from_decimal(decimal(text)).expect("ten digits")
}

fn percent(text: &str) -> PercentE10 {
    PercentE10::from_decimal(decimal(text)).expect("ten digits")
}

fn times(text: &str) -> LeverageE10 {
    LeverageE10::from_decimal(decimal(text)).expect("ten digits")
}

/// ETH/USD of the replica, which is the reference's.
fn ether() -> SpreadParams {
    SpreadParams {
        constant: percent("0.01"),
        price_impact_multiplier: U256::from(12_000_000_000u64),
        skew_impact_multiplier: I256::unchecked_from(2_500_000_000i64),
        depth_above: Usdc(U256::from(34_683_735_600_000u64)),
        depth_below: Usdc(U256::from(37_752_962_544_000u64)),
        favour_cap: U256::from(20_000_000_000u64),
        adverse_cap: U256::from(250_000_000_000u64),
    }
}

fn close(side: Side, collateral: &str, leverage: &str, open: &str, at: &str) -> Close {
    Close {
        side,
        collateral: usdc(collateral),
        leverage: times(leverage),
        open_price: price(open),
        close_price: price(at),
        rollover: Usdc::ZERO,
        closing_fee: percent("0.045"),
        keeper_fee: PercentE10::ZERO,
        max_gain: percent("2500"),
        liquidation: percent("85"),
        loss_share: 100,
    }
}

#[test]
fn a_hundred_dollars_ten_times_pay_45_cents_to_open() {
    let row = FeeRow { slope: I256::ZERO, constant: I256::unchecked_from(450) };
    let interest = OpenInterest::default();
    let fee = FeeRows([row; 10]).percent(Side::Long, usdc("1000"), &interest).expect("fee");
    assert_eq!(fee, percent("0.045"));
    let fee = opening_fee(usdc("1000"), fee).expect("fee");
    assert_eq!((fee, collateral_after_fee(usdc("100"), fee)), (usdc("0.45"), Ok(usdc("99.55"))));
}

#[test]
fn a_hundred_thousand_move_ether_by_0_0034658_percent() {
    let impact = price_impact(Side::Long, usdc("100000"), &ether()).expect("impact");
    assert_eq!(impact, PercentDelta(I256::unchecked_from(34_658_270)));
}

#[test]
fn a_long_of_ether_opens_at_3000_30_and_is_liquidated_at_2745_27() {
    let open = execution_price(price("3000"), Side::Long, usdc("1000"), &ether(), PercentDelta::ZERO).expect("price");
    assert_eq!(open, price("3000.301037967"));
    let target = furthest_target(open, Side::Long, times("10"), percent("2500")).expect("target");
    assert_eq!(target.0 / U256::from(100_000_000), U256::from(1_050_105));
    let liquidation =
        liquidation_price(open, Side::Long, usdc("99.55"), times("10"), Usdc::ZERO, percent("85")).expect("price");
    assert_eq!(liquidation.0 / U256::from(1_000_000), U256::from(27_452_754));
}

/// Avantis-v1.md §5: 199 k longs against 10 k shorts, a short of 100 k at 3000 is quoted at 3001.92.
#[test]
fn a_short_against_many_longs_gets_a_better_price_than_the_oracles() {
    let interest = OpenInterest { long: usdc("199100"), short: usdc("10000") };
    let skew =
        skew_impact(Side::Short, usdc("100000"), &interest, ether().skew_impact_multiplier).expect("skew impact");
    assert_eq!(skew, PercentDelta(I256::unchecked_from(-771_451_049)));
    let quoted = execution_price(price("3000"), Side::Short, usdc("100000"), &ether(), skew).expect("price");
    assert_eq!(quoted, price("3001.918844685"));
}

#[test]
fn half_of_the_long_closed_at_3150_pays_74_374897() {
    let parts = payout(&close(Side::Long, "49.775", "10", "3000.301037967", "3150")).expect("payout");
    assert_eq!(parts.percent_profit.to_string().get(..7), Some("49.8946"));
    assert_eq!((parts.gross.amount(), parts.closing_fee), (usdc("24.83506"), usdc("0.235163")));
    assert_eq!((parts.paid, parts.is_liquidated), (usdc("74.374897"), false));
}

#[test]
fn a_short_of_250_seven_times_closed_at_2910_pays_300_568458() {
    let fee = opening_fee(usdc("1750"), percent("0.045")).expect("fee");
    let collateral = collateral_after_fee(usdc("250"), fee).expect("collateral");
    let parts = payout(&Close { collateral, ..close(Side::Short, "1", "7", "2999.698331211", "2910") });
    let parts = parts.expect("payout");
    assert_eq!((parts.gross.amount(), parts.closing_fee), (usdc("52.164451"), usdc("0.808493")));
    assert_eq!(parts.paid, usdc("300.568458"));
}

/// 2910e-10 per cent a block on 199 100 of notional.
#[test]
fn rollover_of_five_thousand_blocks_is_2_90() {
    let utilisation = Utilisation {
        pair: OpenInterest { long: usdc("199100"), short: Usdc::ZERO },
        pair_most: usdc("4000000"),
        group: usdc("199100"),
        group_most: usdc("4000000"),
    };
    let accruals = Accruals { per_block: U256::from(55_555), utilisation, ..Accruals::default() };
    let until = |blocks| accruals.at(Side::Long, blocks).expect("accrual");
    assert_eq!(until(100), Accrual(U256::from(2_910)));
    let due = rollover(Accrual::default(), until(5_000), usdc("199100"), times("1")).expect("rollover");
    assert_eq!(due, usdc("2.897004"));
}

#[test]
fn a_protected_loss_of_198_17_costs_138_72() {
    let parts = payout(&Close { loss_share: 70, ..close(Side::Short, "995.5", "10", "3000", "3059.72") });
    let parts = parts.expect("payout");
    assert_eq!(parts.gross, UsdcDelta(I256::unchecked_from(-198_170_866)));
    assert_eq!(parts.protected, UsdcDelta(I256::unchecked_from(-138_719_606)));
}

#[test]
fn nothing_is_paid_once_15_percent_or_less_are_left() {
    let at = |price: &str| payout(&close(Side::Long, "100", "10", "3000", price)).expect("payout");
    assert!(at("2760").paid > usdc("19"), "80 % lost");
    let gone = at("2746");
    assert_eq!((gone.paid, gone.is_liquidated), (Usdc::ZERO, true));
    assert_eq!(at("2000").closing_fee, Usdc::ZERO, "there is nothing to take a fee from");
}

#[test]
fn a_protected_position_gets_its_protection_back_when_the_rest_is_taken() {
    let parts = payout(&Close {
        collateral: usdc("527.856422"),
        rollover: usdc("0.005536"),
        loss_share: 90,
        ..close(Side::Long, "1", "16.7966028339", "0.6180513825", "0.58245877")
    })
    .expect("payout");
    assert_eq!(parts.gross, UsdcDelta(I256::unchecked_from(-510_590_284)));
    assert_eq!((parts.paid, parts.is_liquidated), (usdc("51.059029"), true));
}

#[test]
fn a_win_is_capped_at_five_times_the_collateral_on_arb() {
    let capped = Close { max_gain: percent("500"), ..close(Side::Long, "100", "20", "0.5", "1") };
    assert_eq!(payout(&capped).expect("payout").gross.amount(), usdc("500"));
}

#[test]
fn a_target_pays_the_keeper_a_hundredth_of_a_percent_of_the_collateral_and_at_most_ten_dollars() {
    assert_eq!(keeper_fee(usdc("772.80417"), percent("0.01")), Ok(usdc("0.07728")));
    assert_eq!(keeper_fee(usdc("299730"), percent("0.01")), Ok(usdc("10")));
    let parts = payout(&Close {
        keeper_fee: percent("0.01"),
        rollover: usdc("0.005116"),
        ..close(Side::Long, "772.80417", "12.0001234567", "150.0321519529", "155")
    })
    .expect("payout");
    assert_eq!((parts.closing_fee, parts.keeper_fee), (usdc("4.311367"), usdc("0.07728")));
    assert_eq!(parts.paid, usdc("1075.481642"));
}

#[test]
fn margin_paid_in_lowers_the_leverage_and_moves_the_default_target() {
    let step = MarginStep {
        side: Side::Long,
        collateral: usdc("195.499998"),
        open_interest: usdc("1954.99998"),
        open_price: price("3000.310381299"),
        target: price("10501.0863345465"),
        rollover: usdc("0.001369"),
        max_gain: percent("2500"),
    };
    let after = margin_change(&step, MarginChange::Add(usdc("50.000007"))).expect("after");
    assert_eq!((after.collateral, after.leverage), (usdc("245.498636"), times("7.9633842853")));
    assert_eq!(after.target, step.target, "below the most at the lower leverage");
    let after = margin_change(&step, MarginChange::Remove(usdc("20"))).expect("after");
    assert!(after.leverage > times("11.1") && after.target < step.target, "{after:?}");
    assert_eq!(is_withdrawal_covered(&step, &after, price("3010")), Ok(true));
    assert_eq!(is_withdrawal_covered(&step, &after, price("2780")), Ok(false));
    assert!(margin_change(&step, MarginChange::Remove(usdc("200"))).is_err());
}

#[test]
fn a_stop_deeper_than_80_percent_is_clipped_and_a_far_target_too() {
    let (open, leverage) = (price("3000"), times("10"));
    let stop = |at: &str| clip_stop(open, Side::Long, leverage, price(at), percent("80")).expect("stop");
    assert_eq!((stop("2900"), stop("2700"), stop("0")), (price("2900"), price("2760"), PriceE10::ZERO));
    let target = |at: &str| clip_target(open, Side::Short, leverage, price(at), percent("500")).expect("target");
    assert_eq!((target("2000"), target("1400"), target("0")), (price("2000"), price("1500"), price("1500")));
    let none = furthest_target(open, Side::Short, leverage, percent("2500"));
    assert_eq!(none, Ok(PriceE10::ZERO), "a short cannot win that much");
}

#[test]
fn the_slippage_limit_itself_still_fills() {
    let holds = |execution: &str, side| slippage_holds(price(execution), price("3000"), percent("1"), side);
    assert_eq!((holds("3030", Side::Long), holds("3030.0000000001", Side::Long)), (Ok(true), Ok(false)));
    assert_eq!((holds("2970", Side::Short), holds("2969.9999999999", Side::Short)), (Ok(true), Ok(false)));
}

#[test]
fn the_rare_side_is_protected_by_tiers() {
    let interest = OpenInterest { long: usdc("95000"), short: Usdc::ZERO };
    let tier = |notional: &str| protection_tier(Side::Short, usdc(notional), &interest, &[0, 60, 70, 80]);
    assert_eq!((tier("5000"), tier("23750"), tier("40000"), tier("60000")), (Ok(3), Ok(3), Ok(2), Ok(1)));
    assert_eq!(tier("95000"), Ok(0));
    assert_eq!((loss_share(3, &[100, 90, 80, 70]), loss_share(4, &[100])), (Some(70), None));
}
