//! Decimal arithmetic that remembers that it failed: formulas read as they are written, and one question at the end says
//! whether the result fits. Operators of `Decimal` itself panic instead.

use std::ops::{Add, Div, Mul, Sub};

use rust_decimal::Decimal;

use crate::units::rounded;

/// A decimal, or nothing once a step did not fit or divided by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exact(Option<Decimal>);

impl Exact {
    /// The result, when every step fitted.
    pub(super) const fn get(self) -> Option<Decimal> {
        self.0
    }

    pub(super) fn min(self, other: Self) -> Self {
        self.both(other, |a, b| Some(a.min(b)))
    }

    fn both(self, other: Self, step: impl FnOnce(Decimal, Decimal) -> Option<Decimal>) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(step(a, b)),
            _ => Self(None),
        }
    }
}

/// Starts a formula.
pub(super) const fn x(value: Decimal) -> Exact {
    Exact(Some(value))
}

/// One.
pub(super) const ONE: Exact = x(Decimal::ONE);

impl From<Decimal> for Exact {
    fn from(value: Decimal) -> Self {
        x(value)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $checked:ident) => {
        impl<T: Into<Exact>> $trait<T> for Exact {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                self.both(other.into(), |a, b| a.$checked(b))
            }
        }
    };
}

operator!(Add, add, checked_add);
operator!(Sub, sub, checked_sub);
operator!(Mul, mul, checked_mul);
operator!(Div, div, checked_div);

/// An amount of USDC as the token stores it, cut off (towards zero).
pub(super) fn usdc_down(amount: Decimal) -> Decimal {
    amount.trunc_with_scale(6).normalize()
}

/// An amount of USDC as the token stores it, rounded up.
pub(super) fn usdc_up(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(6, rust_decimal::RoundingStrategy::AwayFromZero).normalize()
}

/// A maximum with at most so many digits behind the point: cut off, because above it is too much.
pub(super) fn cut(value: Decimal, digits: u32) -> Decimal {
    value.trunc_with_scale(digits).normalize()
}

/// A figure for people: at most `digits` behind the point, rounded, without trailing zeros.
pub(super) fn shown(value: Decimal, digits: u32) -> Decimal {
    rounded(value, digits)
}

/// A share for people: 0.0125 → `1.25 %`.
pub(super) fn percent(share: Decimal) -> String {
    let hundred = share.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(share);
    format!("{} %", shown(hundred, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_does_not_fit_spoils_the_result_instead_of_the_process() {
        assert_eq!((x(Decimal::MAX) * Decimal::TWO - Decimal::MAX).get(), None);
        assert_eq!((ONE / Decimal::ZERO + Decimal::ONE).get(), None);
        assert_eq!((ONE / Decimal::TWO).get(), Some(Decimal::new(5, 1)));
    }

    #[test]
    fn amounts_are_cut_or_raised_to_what_the_token_stores() {
        let amount: Decimal = "1.23456789".parse().expect("decimal");
        assert_eq!(usdc_down(amount).to_string(), "1.234567");
        assert_eq!(usdc_up(amount).to_string(), "1.234568");
        assert_eq!(percent("0.0125".parse().expect("decimal")), "1.25 %");
    }
}
