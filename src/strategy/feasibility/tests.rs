//! Stories of sizes that fit the chain and of those that do not.

use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

use super::*;
use crate::{
    config::{BelowMinimum, MarginFrom, StrategyConfig, TableName, ThresholdsConfig},
    strategy::{Costs, Levels, Size},
};

const LEVELS: Levels = Levels { stop: dec!(0.02), target: dec!(0.04) };

/// WETH against USDC on Base, and ETH/USD.
fn market() -> Market {
    Market {
        lending: LoopMarket {
            ltv: dec!(0.8),
            liquidation_threshold: dec!(0.83),
            open_cost: dec!(0.001),
            flash_fee: dec!(0),
            trim_cost: dec!(0.003),
            trim_bound: dec!(0.01),
            thresholds: ThresholdsConfig::default().volatile,
        },
        pair: PairMarket {
            name: "ETH/USD".to_owned(),
            availability: Availability::Open,
            minimum_notional: dec!(100),
            least_leverage: dec!(1),
            most_leverage: dec!(50),
            costs: Costs::example(dec!(0.0001)),
            open_interest_room: dec!(100000),
            stops: Some(StopLimits { beyond_spread: dec!(0.0001), most_of_margin: dec!(0.8) }),
        },
        funds: Funds {
            usdc: dec!(100),
            allowance: Some(dec!(100)),
            order_fee: dec!(0),
            gas: dec!(0.01),
            gas_needed: dec!(0.001),
        },
    }
}

fn policies() -> Policies {
    Policies::from(&StrategyConfig::default())
}

fn size(loop_leverage: Decimal, margin: Decimal, perp_leverage: Decimal) -> Size {
    Size { table: TableName::OptionC, tier: None, base_capital: dec!(30), loop_leverage, margin, perp_leverage }
}

fn verdict(feasibility: &Feasibility, rule: Rule) -> (Verdict, String) {
    let of_rule: Vec<_> = feasibility.checks.iter().filter(|check| check.rule == rule).collect();
    let worst = of_rule.iter().find(|check| check.verdict != Verdict::Passed).or(of_rule.first()).expect("a check");
    (worst.verdict, worst.text.clone())
}

#[test]
fn the_best_tier_passes_every_check_with_both_figures() {
    let answer = examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &market(), &policies());
    assert!(answer.is_feasible(), "{:#?}", answer.checks);
    let rules: Vec<_> = answer.checks.iter().map(|check| check.rule).collect();
    assert!(
        rules.is_sorted()
            && [
                Rule::LoopLeverage,
                Rule::OpeningHealthFactor,
                Rule::PerpMinimum,
                Rule::Venue,
                Rule::Edge,
                Rule::Survival
            ]
            .iter()
            .all(|rule| rules.contains(rule))
    );
    let (_, health) = verdict(&answer, Rule::OpeningHealthFactor);
    assert_eq!(health, "health factor after opening is 1.245, the floor 1.23; highest leverage that fits is 3.07");
    let stressed = answer.checks.iter().rfind(|check| check.rule == Rule::Survival).expect("stress");
    assert!(
        stressed.text.starts_with("at a fall of 10 % the health factor is 1.1205, urgent is 1.08; the trim to 1.25"),
        "{stressed}"
    );
    let (_, edge) = verdict(&answer, Rule::Edge);
    assert_eq!(
        edge,
        "the target is 4 % away, at least 0.15 % = 1.5 x the round-trip cost 0.1 %; break-even win rate 34.85 %"
    );
}

#[test]
fn the_health_factors_are_those_of_the_reference() {
    for (leverage, health) in [(dec!(3), dec!(1.245)), (dec!(2), dec!(1.66)), (dec!(1.5), dec!(2.49))] {
        assert_eq!(loop_health_factor(dec!(30), leverage, dec!(0), dec!(0.83)), Some(health));
    }
    assert_eq!(loop_health_factor(dec!(30), dec!(3), dec!(15), dec!(0.83)), Some(dec!(0.996)));
    assert_eq!(loop_health_factor(dec!(30), dec!(2), dec!(10), dec!(0.83)), Some(dec!(1.245)));
}

#[test]
fn a_loop_beyond_the_loan_to_value_is_refused_naming_the_maximum_or_capped() {
    let free = Market { lending: LoopMarket { open_cost: dec!(0), ..market().lending }, ..market() };
    for (leverage, market) in [(dec!(10), market()), (dec!(5), market()), (dec!(5), free)] {
        let answer = examine(&size(leverage, dec!(15), dec!(15)), LEVELS, &market, &policies());
        let (verdict_of, text) = verdict(&answer, Rule::LoopLeverage);
        assert_eq!(verdict_of, Verdict::Refused);
        assert!(text.contains("below 4.98") || text.contains("below 5"), "{text}");
        let capped =
            examine(&size(leverage, dec!(15), dec!(15)), LEVELS, &market, &Policies { cap: true, ..policies() });
        assert_eq!(verdict(&capped, Rule::LoopLeverage).0, Verdict::Adjusted);
        assert!(capped.is_feasible() && capped.size.loop_leverage == dec!(3.07), "{capped:#?}");
    }
}

#[test]
fn a_margin_that_is_borrowed_counts_in_the_health_factor() {
    let borrow = Policies { margin_from: MarginFrom::Borrow, ..policies() };
    let best = examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &market(), &borrow);
    let (refused, text) = verdict(&best, Rule::OpeningHealthFactor);
    assert_eq!(refused, Verdict::Refused);
    assert!(text.starts_with("health factor after opening with 15 USDC borrowed is 0.996, the floor 1.23"), "{text}");
    let strong = examine(&size(dec!(2), dec!(10), dec!(15)), LEVELS, &market(), &borrow);
    assert!(strong.is_feasible(), "{:#?}", strong.checks);
    let capped = examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &market(), &Policies { cap: true, ..borrow });
    assert_eq!(capped.size.loop_leverage, dec!(1.53));
    let hopeless = examine(&size(dec!(3), dec!(40), dec!(15)), LEVELS, &market(), &Policies { cap: true, ..borrow });
    assert!(!hopeless.is_feasible());
    assert_eq!(hopeless.size.loop_leverage, dec!(3));
}

#[test]
fn a_perp_below_the_minimum_is_skipped_out_loud_or_raised() {
    let weak = size(dec!(1), dec!(6), dec!(15));
    let (refused, text) = verdict(&examine(&weak, LEVELS, &market(), &policies()), Rule::PerpMinimum);
    assert_eq!(refused, Verdict::Refused);
    assert!(
        text.starts_with("margin x leverage is 90 USDC, ETH/USD takes at least 100; the perp is skipped"),
        "{text}"
    );
    let raise = Policies { below_minimum: BelowMinimum::RaiseMargin, ..policies() };
    let raised = examine(&weak, LEVELS, &market(), &raise);
    assert!(raised.is_feasible());
    assert_eq!(raised.size.margin, dec!(6.666667));
    assert!(verdict(&raised, Rule::PerpMinimum).1.ends_with("raised from 6 to 6.666667 USDC"));
}

#[test]
fn leverage_the_pair_does_not_take_is_refused_or_lowered_at_the_same_notional() {
    let mut op = market();
    op.pair.most_leverage = dec!(5);
    let asked = size(dec!(1), dec!(10), dec!(15));
    assert_eq!(verdict(&examine(&asked, LEVELS, &op, &policies()), Rule::Venue).0, Verdict::Refused);
    let cap = Policies { cap: true, ..policies() };
    let capped = examine(&asked, LEVELS, &op, &cap);
    assert!(capped.is_feasible());
    assert_eq!((capped.size.margin, capped.size.perp_leverage), (dec!(30), dec!(5)));
    op.funds.usdc = dec!(29.999999);
    let short = examine(&asked, LEVELS, &op, &cap);
    assert_eq!(verdict(&short, Rule::Survival).1, "29.999999 USDC are free, margin and fees are 30 USDC");
    assert!(!short.is_feasible());
    op.pair.least_leverage = dec!(20);
    op.pair.most_leverage = dec!(50);
    assert!(!examine(&asked, LEVELS, &op, &cap).is_feasible(), "leverage is never raised");
}

#[test]
fn the_venue_refuses_for_its_own_reasons() {
    type Change = fn(&mut Market);
    let changes: [(Change, &str); 8] = [
        (|m| m.pair.availability = Availability::NotListed, "not listed"),
        (|m| m.pair.availability = Availability::CloseOnly, "close-only"),
        (|m| m.pair.availability = Availability::Closed, "market hours"),
        (|m| m.pair.availability = Availability::Paused, "paused"),
        (|m| m.pair.open_interest_room = dec!(224.99), "against 224.99 of open interest"),
        (|m| m.pair.costs.spread_open = dec!(0.02), "at least 2.01 %"),
        (|m| m.funds.allowance = Some(dec!(14.99)), "may take 14.99 USDC, the margin is 15"),
        (|m| m.funds.gas = dec!(0.0009), "0.0009 ETH for gas"),
    ];
    for (change, reason) in changes {
        let mut market = market();
        change(&mut market);
        let answer = examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &market, &policies());
        let (refused, text) = verdict(&answer, Rule::Venue);
        assert!(refused == Verdict::Refused && text.contains(reason), "{reason}: {text}");
    }
    let wide = examine(&size(dec!(3), dec!(15), dec!(41)), LEVELS, &market(), &policies());
    let (refused, text) = verdict(&wide, Rule::Venue);
    assert!(refused == Verdict::Refused && text.contains("loses 82 % of the margin (at most 80 %"), "{text}");
}

#[test]
fn a_target_that_costs_eat_is_refused_with_the_break_even_rate() {
    // The worked example of strategy.md §7: 0.12 % away at 0.09 % of fees.
    let mut narrow = market();
    narrow.pair.costs.spread_open = dec!(0);
    let levels = Levels { stop: dec!(0.001), target: dec!(0.0012) };
    let answer = examine(&size(dec!(1), dec!(12.5), dec!(50)), levels, &narrow, &policies());
    let (refused, text) = verdict(&answer, Rule::Edge);
    assert_eq!(refused, Verdict::Refused);
    assert!(
        text.starts_with("the target is 0.12 % away, at least 0.135 % = 1.5 x the round-trip cost 0.09 %"),
        "{text}"
    );
    let eaten =
        examine(&size(dec!(1), dec!(12.5), dec!(50)), Levels { target: dec!(0.0005), ..levels }, &narrow, &policies());
    assert!(verdict(&eaten, Rule::Edge).1.ends_with("no win rate breaks even"));
}

#[test]
fn a_loop_that_would_not_survive_its_stress_is_refused() {
    let mut harsh = market();
    harsh.lending.thresholds.stress = dec!(0.2);
    let (refused, text) =
        verdict(&examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &harsh, &policies()), Rule::Survival);
    assert!(refused == Verdict::Refused && text.contains("health factor is 0.996, urgent is 1.08"), "{text}");
    let mut dear = market();
    dear.lending.trim_cost = dec!(0.011);
    let (refused, text) =
        verdict(&examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &dear, &policies()), Rule::Survival);
    assert!(refused == Verdict::Refused && text.contains("at 1.1 % (bound 1 %)"), "{text}");
}

#[test]
fn figures_that_cannot_be_computed_refuse() {
    let mut absurd = market();
    absurd.lending.ltv = dec!(1);
    absurd.lending.open_cost = dec!(0);
    assert!(!examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &absurd, &policies()).is_feasible());
    assert!(!examine(&size(dec!(3), Decimal::MAX, dec!(15)), LEVELS, &market(), &policies()).is_feasible());
    let mut loose = market();
    loose.lending.liquidation_threshold = dec!(1.3);
    assert!(!examine(&size(dec!(3), dec!(15), dec!(15)), LEVELS, &loose, &policies()).is_feasible());
}

proptest! {
    #[test]
    fn whatever_is_feasible_opens_above_the_floor_and_within_the_pair(
        leverage in 100i64..1_200, margin in 1i64..60_000, perp in 1i64..60, cap: bool, borrow: bool, raise: bool,
    ) {
        let policies = Policies {
            cap,
            margin_from: if borrow { MarginFrom::Borrow } else { MarginFrom::Wallet },
            below_minimum: if raise { BelowMinimum::RaiseMargin } else { BelowMinimum::Skip },
            ..policies()
        };
        let asked = size(Decimal::new(leverage, 2), Decimal::new(margin, 3), perp.into());
        let answer = examine(&asked, LEVELS, &market(), &policies);
        let Size { loop_leverage, margin, perp_leverage, .. } = answer.size;
        prop_assert!(loop_leverage <= asked.loop_leverage && perp_leverage <= asked.perp_leverage);
        if answer.is_feasible() {
            let borrowed = if borrow { margin } else { dec!(0) };
            let health = loop_health_factor(dec!(30), loop_leverage, borrowed, dec!(0.83));
            prop_assert!(health.is_none_or(|health| health >= dec!(1.23)));
            prop_assert!(margin * perp_leverage >= dec!(100) && perp_leverage <= dec!(50));
            prop_assert!(borrow || margin <= dec!(100));
            prop_assert!(cap || raise || answer.size == asked);
        }
    }
}
