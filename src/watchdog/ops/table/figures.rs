//! Figures of the table: short, rounded, the same everywhere.

use rust_decimal::Decimal;

use super::row::PerpRow;
use crate::{
    config::PairPrice,
    units::{percent, rounded},
};

/// A price or amount with six digits that matter.
pub(super) fn price(value: Option<Decimal>) -> String {
    significant(value, 6)
}

/// The same with as many digits as there is room for.
pub(super) fn significant(value: Option<Decimal>, digits: u32) -> String {
    let shown = |value: Decimal| value.round_sf(digits).unwrap_or(value).normalize();
    value.map_or_else(|| "-".to_owned(), |value| shown(value).to_string())
}

/// The price of a loop now, with its asset and unit where it is not simply the collateral's in dollars. The prices beside
/// it are of the same asset.
pub(super) fn loop_price(value: Option<Decimal>, of: &PairPrice) -> String {
    match value {
        Some(_) if !of.is_of_collateral_in_dollars() => format!("{} {} {}", of.symbol, price(value), of.unit),
        _ => price(value),
    }
}

/// Dollars in at most seven characters: `59.9k`, `1.23M`.
pub(super) fn dollars(value: Option<Decimal>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    let scales = [(1_000_000_000i64, "B"), (1_000_000, "M"), (1_000, "k")];
    // What would be rounded up to the next scale is shown in it.
    let is_of = |scale: i64| value.abs().round_sf(4).unwrap_or(value).abs() >= Decimal::from(scale);
    let scale = scales.iter().find(|(scale, _)| is_of(*scale));
    let (divisor, suffix) = scale.copied().unwrap_or((1, ""));
    let share = value.checked_div(Decimal::from(divisor)).unwrap_or(value);
    format!("{}{suffix}", share.round_sf(4).unwrap_or(share).normalize())
}

/// The way to a trigger in per cent of the price, with its sign.
pub(super) fn distance(share: Option<Decimal>, is_passed: bool) -> String {
    match share {
        _ if is_passed => "passed".to_owned(),
        None => "-".to_owned(),
        Some(share) => {
            let percent = percent(share, 1);
            let sign = if percent > Decimal::ZERO { "+" } else { "" };
            let digits = usize::from(percent.abs() < Decimal::ONE_HUNDRED);
            format!("{sign}{:.digits$} %", rounded(percent, u32::from(digits == 1)))
        }
    }
}

/// A line about a perp.
pub(super) fn perp(row: &PerpRow) -> String {
    let PerpRow { pair, is_long, leverage, margin, pnl, liquidation_price } = row;
    let side = if *is_long { "long" } else { "short" };
    let sign = if pnl.is_sign_negative() { "" } else { "+" };
    let (leverage, liquidation) = (leverage.normalize(), price(*liquidation_price));
    let (margin, pnl) = (rounded(*margin, 2), rounded(*pnl, 2));
    format!("perp {side} {pair} {leverage}x  margin {margin:.2}  PnL {sign}{pnl:.2} USDC  liquidation at {liquidation}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<Decimal> {
        Some(text.parse().expect("number"))
    }

    #[test]
    fn dollars_fit_seven_characters_from_cents_to_billions() {
        let shown = ["0", "12.345", "999.96", "59861.56", "999960", "1234567", "-1234567", "98765432100"]
            .map(|text| dollars(number(text)));
        assert_eq!(shown, ["0", "12.34", "1k", "59.86k", "1M", "1.235M", "-1.235M", "98.77B"]);
        assert!(shown.iter().all(|text| text.len() <= 7));
    }

    #[test]
    fn prices_and_ways_are_rounded() {
        assert_eq!(price(number("2309.6216")), "2309.62");
        assert_eq!(price(number("0.09581234")), "0.0958123");
        assert_eq!(distance(number("-0.07636"), false), "-7.6 %");
        assert_eq!(distance(number("0.6279"), false), "+62.8 %");
        assert_eq!(distance(number("0.01"), true), "passed");
    }
}
