//! What a feed says.

use alloy::primitives::{I256, U256};

use crate::units::{Secs, UsdE8};

/// Decimals of Aave's prices.
const DECIMALS: u8 = 8;
/// More decimals than any feed has.
const MOST_DECIMALS: u8 = 36;
/// Characters of a description that are kept.
const MOST_CHARACTERS: usize = 48;

/// What a feed says at a block: `decimals`, `description` and `latestRoundData` of Chainlink's aggregators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAnswer {
    /// Digits behind the point of its answer.
    pub decimals: u8,
    /// What it says it is, such as `ETH / USD`, without control characters and cut; empty where it says nothing.
    pub description: String,
    /// The answer.
    pub answer: I256,
    /// The round of the answer.
    pub round: U256,
    /// The round in which it was made; older than `round` while that one is incomplete.
    pub answered_in: U256,
    /// When it was made; 0 for an incomplete round.
    pub updated_at: Secs,
}

impl FeedAnswer {
    /// The answer as US dollars, rounded down; `None` for what is no price: zero or less, or too large for one.
    #[must_use]
    pub fn price(&self) -> Option<UsdE8> {
        let answer = U256::try_from(self.answer).ok().filter(|answer| !answer.is_zero())?;
        if self.decimals > MOST_DECIMALS {
            return None;
        }
        let scale = U256::from(10u8).checked_pow(U256::from(self.decimals.abs_diff(DECIMALS)))?;
        let scaled = if self.decimals > DECIMALS { answer / scale } else { answer.checked_mul(scale)? };
        // Above this no product of a price and an amount fits.
        (scaled < U256::from(1u8) << 128).then_some(UsdE8(scaled))
    }

    /// The assets and the currency of its description: `Capped cbETH / ETH / USD` is of CBETH in USD. `None` where the
    /// description is not of that form.
    #[must_use]
    pub fn subject(&self) -> Option<(String, String)> {
        subject(&self.description)
    }
}

/// See [`FeedAnswer::subject`].
pub(super) fn subject(description: &str) -> Option<(String, String)> {
    let upper = description.to_uppercase();
    let (first, _) = upper.split_once('/')?;
    let (_, last) = upper.rsplit_once('/')?;
    let base = first.split_whitespace().next_back()?;
    let quote = last.split_whitespace().next()?;
    Some((base.to_owned(), quote.to_owned()))
}

/// A contract's own words, fit for a terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MOST_CHARACTERS).collect::<String>().trim().to_owned()
}
