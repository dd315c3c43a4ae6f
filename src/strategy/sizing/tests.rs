//! The tables of strategy.md §3, to their last digit.

use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

use super::*;
use crate::{
    config::{Fraction, StrategyConfig, TableName, Tier, Volatility},
    perps::ClosingFee,
    strategy::{Costs, Kind, Levels, Outcome, Side, Signal, outcome},
    units::Millis,
};

fn signal(score: Decimal, volatility: Volatility) -> Signal {
    Signal {
        id: "s".to_owned(),
        pair: "ETH/USD".to_owned(),
        side: Side::Long,
        score,
        volatility,
        entry: dec!(2000),
        stop: dec!(1960),
        target: dec!(2080),
        drift: None,
        confidence: None,
        half_life_s: None,
        kind: Kind::Primary,
        features: None,
        at: Millis(0),
    }
}

fn settings(table: TableName, base: Decimal) -> StrategyConfig {
    StrategyConfig { table, base_capital: Some(base), ..StrategyConfig::default() }
}

fn capital() -> Capital {
    Capital { free_usdc: dec!(25), risk: dec!(100), round_trip: dec!(0), live: false, forced: false }
}

fn sized(table: TableName, base: Decimal, score: Decimal, volatility: Volatility) -> Size {
    size(&signal(score, volatility), &settings(table, base), &capital()).expect("size")
}

fn ends(size: &Size, costs: &Costs) -> Outcome {
    outcome(size.margin, size.perp_leverage, Levels { stop: dec!(0.02), target: dec!(0.04) }, costs).expect("outcome")
}

fn row(table: TableName, score: Decimal, volatility: Volatility) -> (String, Decimal, Decimal, Decimal) {
    let size = sized(table, dec!(30), score, volatility);
    (size.tier.expect("tier"), size.loop_leverage, size.margin, size.perp_leverage)
}

#[test]
fn every_tier_of_every_table_has_the_sizes_of_the_reference_at_thirty() {
    use TableName::{Matrix, OptionA, OptionB, OptionC};
    let low = Volatility::Low;
    for (table, score, name, loop_leverage, margin, leverage) in [
        (OptionC, dec!(90), "very-strong", dec!(3), dec!(15), dec!(15)),
        (OptionC, dec!(70), "strong", dec!(2), dec!(10), dec!(15)),
        (OptionC, dec!(60), "good", dec!(1.5), dec!(7.5), dec!(15)),
        (OptionC, dec!(59.99), "weak", dec!(1), dec!(6), dec!(15)),
        (OptionA, dec!(100), "very-strong", dec!(5), dec!(30), dec!(3)),
        (OptionA, dec!(89.9), "strong", dec!(3), dec!(30), dec!(5)),
        (OptionA, dec!(69.9), "good", dec!(2), dec!(30), dec!(7)),
        (OptionA, dec!(0), "weak", dec!(1), dec!(30), dec!(10)),
        (OptionB, dec!(90), "very-strong", dec!(5), dec!(50), dec!(15)),
        (OptionB, dec!(70), "strong", dec!(3), dec!(30), dec!(15)),
        (OptionB, dec!(60), "good", dec!(2), dec!(20), dec!(15)),
        (OptionB, dec!(10), "weak", dec!(1), dec!(10), dec!(15)),
        (Matrix, dec!(90), "very-strong", dec!(10), dec!(30), dec!(15)),
        (Matrix, dec!(70), "strong", dec!(5), dec!(30), dec!(15)),
        (Matrix, dec!(60), "good", dec!(3), dec!(30), dec!(15)),
        (Matrix, dec!(50), "medium", dec!(2), dec!(30), dec!(15)),
        (Matrix, dec!(49), "weak", dec!(1), dec!(30), dec!(15)),
    ] {
        assert_eq!(row(table, score, low), (name.to_owned(), loop_leverage, margin, leverage), "{table} {score}");
    }
}

#[test]
fn a_top_score_in_a_market_that_is_not_calm_is_only_strong() {
    for volatility in [Volatility::Normal, Volatility::High] {
        assert_eq!(row(TableName::OptionC, dec!(99), volatility).0, "strong");
    }
}

#[test]
fn option_c_wins_and_loses_what_the_reference_says_before_and_after_fees() {
    let v1 = Costs::example(dec!(0));
    for (score, ordered, win, loss, net_win, net_loss, on_base) in [
        (dec!(95), dec!(225), dec!(9), dec!(-4.5), dec!(8.732), dec!(-4.671), dec!(29.1)),
        (dec!(75), dec!(150), dec!(6), dec!(-3), dec!(5.821), dec!(-3.114), dec!(19.4)),
        (dec!(65), dec!(112.5), dec!(4.5), dec!(-2.25), dec!(4.366), dec!(-2.335), dec!(14.6)),
        (dec!(45), dec!(90), dec!(3.6), dec!(-1.8), dec!(3.493), dec!(-1.868), dec!(11.6)),
    ] {
        let size = sized(TableName::OptionC, dec!(30), score, Volatility::Low);
        let ends = ends(&size, &v1);
        assert_eq!(ends.ordered_notional, ordered);
        assert_eq!((ends.win.gross, ends.loss.gross), (win, loss));
        assert_eq!((ends.win.net.round_dp(3), ends.loss.net.round_dp(3)), (net_win, net_loss), "{score}");
        assert_eq!((ends.win.net / dec!(30) * dec!(100)).round_dp(1), on_base);
        assert_eq!(ends.reward_risk().expect("ratio").round_dp(2), dec!(1.87));
        assert_eq!(ends.break_even().expect("rate").round_dp(4), dec!(0.3485));
    }
}

#[test]
fn the_newer_venue_charges_its_closing_fee_on_the_entry_and_its_spread_twice() {
    let size = sized(TableName::OptionC, dec!(30), dec!(95), Volatility::Low);
    let v2 = Costs { closing_on: ClosingFee::OnEntryNotional, ..Costs::example(dec!(0)) };
    let plain = ends(&size, &v2);
    assert_eq!((plain.win.net.round_dp(3), plain.loss.net.round_dp(3)), (dec!(8.736), dec!(-4.673)));
    let wide = Costs { spread_open: dec!(0.01), spread_close: dec!(0.01), ..v2 };
    let far = ends(&size, &wide);
    let percent = |net: Decimal| (net / far.notional * dec!(100)).round_dp(0);
    assert_eq!((percent(far.win.net), percent(far.loss.net)), (dec!(3), dec!(-3)));
}

#[test]
fn the_other_tables_size_without_rows_or_by_the_users_own() {
    let kelly = size(&signal(dec!(1), Volatility::High), &settings(TableName::KellyNotional, dec!(1)), &capital())
        .expect("kelly");
    assert_eq!((kelly.margin, kelly.ordered_notional(), kelly.has_loop()), (dec!(12.5), Some(dec!(625)), false));
    // 100 / (40 + 1.8) units of 2 000: round trip 0.09 %.
    let costly = Capital { round_trip: dec!(0.0009), ..capital() };
    let risk =
        size(&signal(dec!(1), Volatility::High), &settings(TableName::FixedRisk, dec!(1)), &costly).expect("risk");
    let units = risk.ordered_notional().expect("fits") / dec!(2000);
    assert_eq!(units.round_dp(4), dec!(2.3923));
    assert!(units * dec!(41.8) <= dec!(100), "never more than the risk");
    let tier = |name: &str, score| Tier {
        name: name.to_owned(),
        score,
        volatility: None,
        loop_leverage: dec!(2),
        margin: Fraction::new(1, 10),
        perp_leverage: dec!(4),
    };
    let custom = StrategyConfig {
        custom: vec![tier("yes", Some(dec!(50))), tier("no", None)],
        ..settings(TableName::Custom, dec!(30))
    };
    let sized = size(&signal(dec!(50), Volatility::Low), &custom, &capital()).expect("custom");
    assert_eq!((sized.tier.as_deref(), sized.margin), (Some("yes"), dec!(3)));
}

#[test]
fn what_cannot_or_may_not_be_sized_says_why() {
    let signal = signal(dec!(95), Volatility::Low);
    let unset = StrategyConfig::default();
    let error = size(&signal, &unset, &capital()).expect_err("no capital");
    assert_eq!((error.clone(), error.exit_code()), (SizingError::NoBaseCapital, 3));
    let matrix = settings(TableName::Matrix, dec!(30));
    let live = Capital { live: true, ..capital() };
    assert_eq!(size(&signal, &matrix, &live), Err(SizingError::NaiveTable));
    assert!(size(&signal, &matrix, &Capital { forced: true, ..live }).is_ok());
    let broke = Capital { free_usdc: dec!(0), ..capital() };
    assert_eq!(size(&signal, &settings(TableName::KellyNotional, dec!(1)), &broke), Err(SizingError::NoBalance));
    let dust = settings(TableName::OptionC, dec!(0.000001));
    assert_eq!(size(&signal, &dust, &capital()), Err(SizingError::TooSmall));
    let endless = Capital { risk: Decimal::MAX, ..capital() };
    assert_eq!(size(&signal, &settings(TableName::FixedRisk, dec!(1)), &endless), Err(SizingError::Unfit));
}

#[test]
fn a_perp_never_loses_more_than_its_margin() {
    let costs = Costs::example(dec!(0));
    let far = outcome(dec!(10), dec!(50), Levels { stop: dec!(0.02), target: dec!(0.04) }, &costs).expect("outcome");
    assert!(far.liquidated_first);
    assert_eq!((far.loss.gross, far.loss.net), (dec!(-10), dec!(-10)));
    assert_eq!(outcome(dec!(10), dec!(3000), Levels { stop: dec!(0.02), target: dec!(0.04) }, &costs), None);
}

proptest! {
    #[test]
    fn twice_the_capital_is_twice_the_size(
        micros in 1_000u64..1_000_000_000_000, factor in 1u64..100, score in 0u64..=100, table in 0usize..4,
    ) {
        let base = Decimal::from(micros) / dec!(1000000);
        let table = [TableName::OptionA, TableName::OptionB, TableName::OptionC, TableName::Matrix][table];
        let one = sized(table, base, score.into(), Volatility::Low);
        let many = sized(table, base * Decimal::from(factor), score.into(), Volatility::Low);
        let difference = many.margin - one.margin * Decimal::from(factor);
        prop_assert!(difference >= dec!(0) && difference <= dec!(0.000001) * Decimal::from(factor));
        prop_assert_eq!((one.loop_leverage, one.perp_leverage), (many.loop_leverage, many.perp_leverage));
    }

    #[test]
    fn costs_never_help(
        margin in 1u64..1_000_000, leverage in 1u64..100, stop in 1i64..2_000, target in 1i64..5_000,
        spread in 0i64..200, holding in 0i64..100, on_entry: bool,
    ) {
        let costs = Costs {
            spread_close: Decimal::new(spread, 4),
            holding: Decimal::new(holding, 4),
            closing_on: if on_entry { ClosingFee::OnEntryNotional } else { ClosingFee::OnCloseNotional },
            ..Costs::example(Decimal::new(spread, 4))
        };
        let levels = Levels { stop: Decimal::new(stop, 4), target: Decimal::new(target, 4) };
        let margin = Decimal::from(margin);
        let ends = outcome(margin, leverage.into(), levels, &costs).expect("outcome");
        prop_assert!(ends.win.net <= ends.win.gross);
        prop_assert!(ends.loss.net <= ends.loss.gross || ends.loss.net == -margin);
        prop_assert!(ends.loss.net >= -margin && ends.win.net >= -margin);
        prop_assert!(ends.loss.net <= ends.win.net);
    }
}
