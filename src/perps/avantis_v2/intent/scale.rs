//! From decimals to the venue's integers (avantis-v2.md §2.1): surplus digits are cut off, as the venue's own client cuts them.

use alloy::primitives::{I256, U256};
use rust_decimal::Decimal;

use crate::{perps::PercentE10, units::from_decimal};

/// A value that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct TermsError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Digits of prices, leverages, percentages and coins.
const TEN: u8 = PercentE10::DECIMALS;
/// Digits of amounts of USDC.
const SIX: u8 = crate::perps::Usdc::DECIMALS;

fn scaled(field: &'static str, value: Decimal, decimals: u8) -> Result<U256, TermsError> {
    from_decimal(value, decimals)
        .ok_or_else(|| TermsError { field, reason: format!("{value} is negative or too large to be sent") })
}

/// An amount of USDC.
pub(super) fn usdc(field: &'static str, value: Decimal) -> Result<U256, TermsError> {
    scaled(field, value, SIX)
}

/// A price, leverage, percentage or number of coins.
pub(super) fn e10(field: &'static str, value: Decimal) -> Result<U256, TermsError> {
    scaled(field, value, TEN)
}

/// A percentage with its sign; cut off towards zero.
pub(super) fn signed_e10(field: &'static str, value: Decimal) -> Result<I256, TermsError> {
    let amount = scaled(field, value.abs(), TEN)?;
    let amount =
        I256::try_from(amount).map_err(|_| TermsError { field, reason: format!("{value} is too large to be sent") })?;
    Ok(if value.is_sign_negative() { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn surplus_digits_are_cut_off_and_never_rounded() {
        assert_eq!(e10("price", dec!(1.629277592467)), Ok(U256::from(16_292_775_924u64)));
        assert_eq!(usdc("collateral", dec!(0.9999999)), Ok(U256::from(999_999u64)));
        assert_eq!(e10("leverage", dec!(0.99999999999)), Ok(U256::from(9_999_999_999u64)));
        assert_eq!(signed_e10("percentage", dec!(-12.25)), Ok(-I256::unchecked_from(122_500_000_000u64)));
        assert_eq!(signed_e10("percentage", dec!(-0.00000000019)), Ok(-I256::ONE));
    }

    #[test]
    fn what_cannot_be_sent_names_its_field() {
        let refused = usdc("collateral", dec!(-1)).expect_err("negative").to_string();
        assert!(refused.starts_with("collateral: -1"), "{refused}");
    }
}
