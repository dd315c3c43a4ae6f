//! A health factor as a bar from 1, where liquidation begins, to half as far again as the target.

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::row::Marks;
use crate::config::PairPrice;

/// Cells of the bar.
pub(super) const CELLS: usize = 30;
/// Where the trim begins.
pub(super) const TRIGGER: char = '!';
/// Where the trim ends.
pub(super) const TARGET: char = '+';
const FULL: char = '█';
const EMPTY: char = '·';

/// Filled up to the health factor (`None`, no debt, is full), with the marks in it.
pub(super) fn bar(health_factor: Option<Decimal>, marks: Marks) -> String {
    // Far beyond anything the bar shows; keeps the arithmetic from overflowing.
    let bounded = |value: Decimal| value.clamp(Decimal::ONE, Decimal::ONE_THOUSAND);
    let shown = (bounded(marks.target) - Decimal::ONE) * Decimal::new(15, 1);
    let cells = Decimal::from(CELLS);
    let cell = |value: Decimal| -> usize {
        let share = (bounded(value) - Decimal::ONE).checked_div(shown).unwrap_or(Decimal::ONE);
        (share.min(Decimal::ONE) * cells).floor().to_usize().unwrap_or(CELLS)
    };
    let filled = health_factor.map_or(CELLS, cell);
    let (trigger, target) = (cell(marks.trigger), cell(marks.target));
    (0..CELLS)
        .map(|at| match at {
            at if at == trigger => TRIGGER,
            at if at == target => TARGET,
            at if at < filled => FULL,
            _ => EMPTY,
        })
        .collect()
}

/// For people: never rounded up to a threshold it has not reached.
pub(super) fn health_factor(value: Option<Decimal>) -> String {
    value.map_or_else(|| "∞".to_owned(), |value| format!("{:.3}", value.trunc_with_scale(3)))
}

/// A price or amount with six digits that matter.
pub(super) fn price(value: Option<Decimal>) -> String {
    let six = |value: Decimal| value.round_sf(6).unwrap_or(value).normalize();
    value.map_or_else(|| "-".to_owned(), |value| six(value).to_string())
}

/// The price of a loop now, with its asset and unit where it is not simply the collateral's in dollars. The prices beside
/// it are of the same asset.
pub(super) fn loop_price(value: Option<Decimal>, of: &PairPrice) -> String {
    match value {
        Some(_) if !of.is_of_collateral_in_dollars() => format!("{} {} {}", of.symbol, price(value), of.unit),
        _ => price(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: Marks =
        Marks { trigger: Decimal::from_parts(115, 0, 0, false, 2), target: Decimal::from_parts(125, 0, 0, false, 2) };

    fn filled(health_factor: &str) -> usize {
        let value = health_factor.parse().expect("number");
        bar(Some(value), MARKS).chars().filter(|cell| *cell == FULL).count()
    }

    #[test]
    fn the_bar_grows_with_health_and_passes_the_trigger_exactly_at_the_trigger() {
        let reaches = |value: &str| {
            let bar = bar(Some(value.parse().expect("number")), MARKS);
            bar.chars().skip_while(|cell| *cell != TRIGGER).nth(1) == Some(FULL)
        };
        assert!(!reaches("1.149") && reaches("1.18"));
        let counts: Vec<usize> = ["0.9", "1", "1.08", "1.15", "1.25", "1.37", "40"].map(filled).to_vec();
        assert!(counts.is_sorted(), "{counts:?}");
        assert_eq!((counts[0], counts[1]), (0, 0));
        assert_eq!(*counts.last().expect("some"), CELLS - 2);
        assert_eq!(bar(None, MARKS), bar(Some(Decimal::from(40)), MARKS));
        for value in [Decimal::MAX, Decimal::MIN] {
            assert_eq!(bar(Some(value), MARKS).chars().count(), CELLS);
        }
    }

    #[test]
    fn a_health_factor_just_below_a_threshold_is_not_shown_as_having_reached_it() {
        assert_eq!(health_factor(Some("1.14999".parse().expect("number"))), "1.149");
        assert_eq!(health_factor(Some(Decimal::ONE)), "1.000");
        assert_eq!(price(Some("2309.6216".parse().expect("number"))), "2309.62");
        assert_eq!(price(Some("0.09581234".parse().expect("number"))), "0.0958123");
    }
}
