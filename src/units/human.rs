//! Figures for people: rounded half up, never cut, the same on every screen.

use rust_decimal::{Decimal, RoundingStrategy};

/// Digits of a health factor where there is little room.
const HEALTH_DIGITS: u32 = 3;
/// Digits it is shown with at most, to tell it from a threshold.
const HEALTH_DIGITS_AT_MOST: u32 = 6;

/// At most `digits` behind the point, half up, without trailing zeros.
#[must_use]
pub fn rounded(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// A share in per cent without its sign: 0.0125 is `1.25`.
#[must_use]
pub fn percent(share: Decimal, digits: u32) -> Decimal {
    rounded(share.saturating_mul(Decimal::ONE_HUNDRED), digits)
}

/// A health factor with three digits, and more where it would else look like one of the thresholds that it is not.
#[must_use]
pub fn health_factor(value: Option<Decimal>, thresholds: &[Decimal]) -> String {
    let Some(value) = value else { return "∞".to_owned() };
    let at = |digits: u32| value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    let misleads = |digits: &u32| thresholds.iter().any(|mark| at(*digits) == *mark && value != *mark);
    let digits = (HEALTH_DIGITS..HEALTH_DIGITS_AT_MOST).find(|digits| !misleads(digits));
    let digits = digits.unwrap_or(HEALTH_DIGITS_AT_MOST);
    format!("{:.*}", usize::try_from(digits).unwrap_or(3), at(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().expect("number")
    }

    #[test]
    fn reward_over_risk_of_1_999_reads_2_and_not_1_99() {
        assert_eq!(rounded(number("1.999"), 2).to_string(), "2");
        assert_eq!(rounded(number("-0.005"), 2).to_string(), "-0.01");
        assert_eq!(percent(number("0.012345"), 2).to_string(), "1.23");
    }

    #[test]
    fn a_health_factor_just_below_a_threshold_is_not_shown_as_having_reached_it() {
        let marks = [number("1.15"), number("1.25")];
        let shown = |text: &str| health_factor(Some(number(text)), &marks);
        assert_eq!(shown("1.14999"), "1.14999");
        assert_eq!(shown("1.1499"), "1.1499");
        assert_eq!(shown("1.15"), "1.150");
        assert_eq!(shown("1.2446"), "1.245");
        assert_eq!(shown("1"), "1.000");
        assert_eq!(health_factor(None, &marks), "∞");
    }
}
