//! What the venue's reverts mean (avantis-v1.md §6).

use crate::chain::{ErrorEntry, StringEntry};

/// Custom errors that a call of ours can meet.
pub const ERRORS: &[ErrorEntry] = &[(
    [0x19, 0xab, 0xf4, 0x0e],
    "StalePrice()",
    "the oracle's price is too old: 10 s for executions, 30 s for margin and stop; plan again with a fresh one",
)];

/// Revert string → words.
pub const STRINGS: &[StringEntry] = &[
    ("BELOW_MIN_POS", "margin times leverage is below the pair's minimum"),
    ("LEVERAGE_INCORRECT", "the leverage is outside the pair's range, or there is no such pair"),
    ("WRONG_TP", "the target is on the wrong side of the price"),
    ("WRONG_SL", "the stop is on the wrong side of the price"),
    ("INCORRECT_TP", "the target is on the wrong side of the price"),
    ("INCORRECT_SL", "the stop is on the wrong side of the price"),
    ("SL_TOO_BIG", "the stop is deeper than the venue allows"),
    ("INVALID_SLIPPAGE", "the slippage is 80 % or more"),
    ("MAX_TRADES_PER_PAIR", "as many positions and orders of the pair as the venue takes"),
    ("MAX_TRADES_REACHED", "as many positions as the venue takes"),
    ("MAX_LIMITS_REACHED", "as many limit orders as the venue takes"),
    ("MAX_PENDING_ORDERS", "as many waiting market orders as the venue takes"),
    ("EXECUTION_FEE_NOT_SENT", "the receiver of execution fees did not take the ether"),
    ("Pausable: paused", "the venue is paused"),
    ("INV_AMOUNT", "more than there is, or there is no such position"),
    ("ALREADY_BEING_CLOSED", "a close of the position waits for the keeper already"),
    ("EARLY_CLOSE", "the position is too young for a close of this size"),
    ("ONLY_OPERATOR", "only the venue's keeper may do this"),
    ("LIMIT_TIMELOCK", "too few blocks since the last change of the position or order"),
    ("NO_TRADE", "there is no such position"),
    ("NO_LIMIT", "there is no such limit order"),
    ("NO_SL", "the position has no stop"),
    ("HAS_SL", "the position's stop is nearer than its liquidation"),
    ("W_T_B", "the position would be worth 20 % of its margin or less"),
    ("DELEGATE_NOT_APPROVED", "the sender is not the trader's delegate"),
    ("PRICE_DEVIATION_TOO_HIGH", "the oracle is too unsure of its price"),
    ("BACKUP_DEVIATION_TOO_HIGH", "oracle and backup oracle disagree"),
    ("ZERO_PRICE", "the oracle gave no price"),
    ("PNL_ORDER_NOT_ALLOWED", "the pair takes no positions without opening fee"),
    ("NOT_ALLOWED", "the sender may not do this"),
    ("BLOCK_OI_LIMIT_BREACHED", "more would be opened in one block than the venue takes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_revert_string_is_explained_once() {
        let mut strings: Vec<_> = STRINGS.iter().map(|(string, _)| *string).collect();
        strings.sort_unstable();
        strings.dedup();
        assert_eq!(strings.len(), STRINGS.len());
        assert!(STRINGS.iter().all(|(_, words)| !words.is_empty()));
    }
}
