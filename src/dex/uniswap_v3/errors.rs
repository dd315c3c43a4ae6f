//! What the revert strings of pools and router mean.

use crate::chain::StringEntry;

/// Revert string → words, for the strings that a swap or a flash of ours can meet.
///
/// Sources: v3-core's pool, its libraries and `TransferHelper`; SwapRouter02 and v3-periphery.
pub const ERRORS: &[StringEntry] = &[
    ("Too little received", "the swap gives less than the minimum that was asked for: the price moved"),
    ("Too much requested", "the swap costs more than the maximum that was allowed: the price moved"),
    ("STF", "the router could not take the tokens from the payer: balance or allowance is too small"),
    ("ST", "the router could not send the tokens on"),
    ("STE", "the router could not send ether on"),
    ("SA", "the token refused the approval"),
    ("TF", "the pool could not send the tokens out: its balance is too small or the token refused"),
    ("SPL", "the price limit is on the wrong side of the pool's price or out of range"),
    ("LOK", "the pool is locked: it is not initialised, or it is in use by a swap or flash further up"),
    ("AS", "the amount to swap is zero"),
    ("IIA", "the pool did not receive enough of the input token"),
    ("L", "the pool has no liquidity to flash from"),
    ("F0", "the flash of token0 was not paid back with its fee"),
    ("F1", "the flash of token1 was not paid back with its fee"),
    ("LS", "liquidity would fall below zero"),
    ("LA", "liquidity would overflow"),
    ("T", "the tick is out of range"),
    ("R", "the square root price is out of range"),
    ("AI", "the pool is already initialised"),
    ("Transaction too old", "the router's deadline has passed"),
    ("Insufficient WETH9", "the router holds less WETH than was to be unwrapped"),
    ("Insufficient token", "the router holds less of the token than was to be swept"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_revert_string_is_explained_once() {
        let mut strings: Vec<_> = ERRORS.iter().map(|(string, _)| *string).collect();
        strings.sort_unstable();
        strings.dedup();
        assert_eq!(strings.len(), ERRORS.len());
        assert!(ERRORS.iter().all(|(_, words)| !words.is_empty()));
    }
}
