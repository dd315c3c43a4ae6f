//! The Kelly share (strategy.md §9).

use rust_decimal::Decimal;

use crate::strategy::exact::{ONE, x};

/// Share of the equity to lose at the stop, `f* = p − q / b` with `b = average win / average loss`; information, and with
/// `governor.kelly_cap` a cap. Negative when the game is not worth playing; `None` without wins or losses to go by.
#[must_use]
pub fn kelly_share(win_rate: Decimal, average_win: Decimal, average_loss: Decimal) -> Option<Decimal> {
    let positive = average_win > Decimal::ZERO && average_loss > Decimal::ZERO;
    let is_rate = win_rate >= Decimal::ZERO && win_rate <= Decimal::ONE;
    if !positive || !is_rate {
        return None;
    }
    (x(win_rate) - (ONE - win_rate) * average_loss / average_win).get()
}
