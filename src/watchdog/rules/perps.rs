//! What the rules about perps share.

use rust_decimal::Decimal;

use crate::strategy::Side;

/// Whether a price is worse for a side than another.
pub(super) fn is_worse(side: Side, price: Decimal, than: Decimal) -> bool {
    match side {
        Side::Long => price < than,
        Side::Short => price > than,
    }
}

/// An amount of USDC as it is told.
pub(super) fn shown(amount: Decimal) -> Decimal {
    amount.round_dp(6).normalize()
}
