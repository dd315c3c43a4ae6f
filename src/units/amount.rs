//! Token amounts between what people type and what the chain stores.

use alloy::primitives::{U256, utils::ParseUnits};
use rust_decimal::Decimal;

/// Why a typed amount is not an amount of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("`{0}` is not a plain positive decimal number such as 10 or 0.25")]
    NotANumber(String),
    /// More digits behind the point than the token stores.
    #[error("`{text}` has {given} decimals, the token stores {decimals}")]
    TooManyDecimals {
        /// What was typed.
        text: String,
        /// Digits behind the point in it.
        given: usize,
        /// Digits the token has.
        decimals: u8,
    },
    /// Larger than any token amount can be.
    #[error("`{0}` is larger than any token amount can be")]
    TooLarge(String),
}

/// Parses `1.5` as an integer of `decimals` digits: exactly, refusing signs, exponents, NaN and surplus digits.
pub fn parse_units(text: &str, decimals: u8) -> Result<U256, AmountError> {
    let plain = text.replace('_', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(AmountError::NotANumber(text.to_owned()));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(decimals) {
        return Err(AmountError::TooManyDecimals { text: text.to_owned(), given: fraction.len(), decimals });
    }
    let padded = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    let significant = padded.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(U256::ZERO);
    }
    U256::from_str_radix(significant, 10).map_err(|_| AmountError::TooLarge(text.to_owned()))
}

/// Writes an integer amount with its decimal point, without trailing zeros: `1500000`, 6 → `1.5`.
#[must_use]
pub fn format_units(amount: U256, decimals: u8) -> String {
    let Ok(unit) = alloy::primitives::utils::Unit::try_from(decimals) else {
        return amount.to_string();
    };
    let text = ParseUnits::U256(amount).format_units(unit);
    match text.split_once('.') {
        Some((whole, fraction)) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
        }
        None => text,
    }
}

/// Puts commas between groups of three digits of the whole part: `6000.5` → `6,000.5`.
#[must_use]
pub fn group_thousands(plain: &str) -> String {
    let (sign, rest) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::with_capacity(plain.len() + whole.len() / 3 + 1);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// An integer amount as a [`Decimal`], digits beyond its 28 cut off (towards zero). `None` when it is out of range.
#[must_use]
pub fn to_decimal(amount: U256, decimals: u8) -> Option<Decimal> {
    let text = format_units(amount, decimals);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if whole.len() > 28 {
        return None;
    }
    let keep = fraction.len().min(28 - whole.len());
    let kept = format!("{whole}.{}", &fraction[..keep]);
    kept.trim_end_matches('.').parse().ok()
}

/// A non-negative [`Decimal`] as an integer amount, rounded towards zero. `None` when negative or out of range.
#[must_use]
pub fn from_decimal(value: Decimal, decimals: u8) -> Option<U256> {
    if value.is_sign_negative() && !value.is_zero() {
        return None;
    }
    let mantissa = U256::from(value.mantissa().unsigned_abs());
    let scale = value.scale();
    let target = u32::from(decimals);
    let power = |exponent: u32| U256::from(10u8).checked_pow(U256::from(exponent));
    if target >= scale {
        mantissa.checked_mul(power(target - scale)?)
    } else {
        mantissa.checked_div(power(scale - target)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly_or_refused() {
        assert_eq!(parse_units("1.5", 6), Ok(U256::from(1_500_000)));
        assert_eq!(parse_units(".5", 1), Ok(U256::from(5)));
        assert_eq!(parse_units("1_000", 0), Ok(U256::from(1000)));
        assert_eq!(parse_units("1.500000", 1), Ok(U256::from(15)));
        for bad in ["", ".", "-1", "+1", "NaN", "inf", "1e400", "1,000", "0x10", " 1"] {
            assert!(matches!(parse_units(bad, 18), Err(AmountError::NotANumber(_))), "{bad}");
        }
        assert!(matches!(parse_units("0.1234567", 6), Err(AmountError::TooManyDecimals { given: 7, .. })));
        assert!(matches!(parse_units(&"9".repeat(90), 18), Err(AmountError::TooLarge(_))));
    }

    #[test]
    fn thousands_are_grouped_in_the_whole_part_only() {
        assert_eq!(group_thousands("1234567.89123"), "1,234,567.89123");
        assert_eq!(group_thousands("-123"), "-123");
        assert_eq!(group_thousands("-1234"), "-1,234");
    }

    #[test]
    fn decimals_convert_with_truncation() {
        let value: Decimal = "1.23456789".parse().expect("decimal");
        assert_eq!(from_decimal(value, 6), Some(U256::from(1_234_567)));
        assert_eq!(from_decimal(-value, 6), None);
        assert_eq!(to_decimal(U256::from(1_234_567), 6), "1.234567".parse().ok());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(limbs in any::<[u64; 3]>(), decimals in 0u8..=30) {
            let amount = U256::from_limbs([limbs[0], limbs[1], limbs[2], 0]);
            prop_assert_eq!(parse_units(&format_units(amount, decimals), decimals), Ok(amount));
        }
    }
}
