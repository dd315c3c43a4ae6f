//! How far around the price ticks are read.

use std::ops::RangeInclusive;

use alloy::primitives::{U256, U512};
use serde::{Deserialize, Serialize};

use super::{
    pool::KnownRange,
    tick::{MAX_TICK, MIN_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio},
};
use crate::units::{Bps, isqrt};

/// The prices around the current one for which ticks are read, and the most bitmap words per pool that this may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Rise of the price that can be replayed.
    pub up: Bps,
    /// Fall of the price that can be replayed; 100 % and more means down to zero.
    pub down: Bps,
    /// Most words of the bitmap to read per pool; the range is shortened at both ends when it needs more.
    pub max_words: u16,
}

impl Default for Reach {
    /// 35 % both ways: more than a liquidation's worth of movement. A pool with a tick spacing of 1 needs 30 words for it.
    fn default() -> Self {
        Self { up: Bps(3_500), down: Bps(3_500), max_words: 48 }
    }
}

impl Reach {
    /// The words to read around a tick.
    #[must_use]
    pub fn range(&self, tick: i32, tick_spacing: i32) -> KnownRange {
        let spacing = tick_spacing.max(1);
        let word = |tick: i32| tick.clamp(MIN_TICK, MAX_TICK).div_euclid(spacing) >> 8;
        let (low, middle, high) = (word(self.lowest(tick)), word(tick), word(self.highest(tick)));
        let words = fit(low..=high, middle, i32::from(self.max_words.max(1)));
        // The widest bitmap, that of spacing 1, has words -3466 to 3465.
        let narrow = |word: i32| i16::try_from(word).unwrap_or(if word < 0 { i16::MIN } else { i16::MAX });
        KnownRange { low_word: narrow(*words.start()), high_word: narrow(*words.end()) }
    }

    fn lowest(&self, tick: i32) -> i32 {
        let kept = Bps::ONE.0.saturating_sub(self.down.0);
        if kept == 0 { MIN_TICK } else { at_price(tick, kept).unwrap_or(MIN_TICK) }
    }

    fn highest(&self, tick: i32) -> i32 {
        at_price(tick, Bps::ONE.0.saturating_add(self.up.0)).unwrap_or(MAX_TICK)
    }
}

/// The tick at a price that is `share` ten-thousandths of a tick's price.
fn at_price(tick: i32, share: u32) -> Option<i32> {
    let price = U512::from(sqrt_ratio_at_tick(tick));
    let moved = isqrt(price * price * U512::from(share) / U512::from(Bps::ONE.0));
    tick_at_sqrt_ratio(U256::checked_from_limbs_slice(moved.as_limbs())?)
}

/// Shortens a range to `most` words around `middle`, the longer side first.
fn fit(words: RangeInclusive<i32>, middle: i32, most: i32) -> RangeInclusive<i32> {
    let (below, above) = (middle - words.start(), words.end() - middle);
    let spare = most - 1;
    if below + above <= spare {
        return words;
    }
    let below_kept = below.min((spare / 2).max(spare - above));
    let above_kept = above.min(spare - below_kept);
    middle - below_kept..=middle + above_kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thirty_five_per_cent_take_few_words_at_wide_spacings() {
        // WETH/USDC at 3000: 29.6 % a word at spacing 10; ticks -4308 and +3001 from the price.
        let range = Reach::default().range(-196_256, 10);
        assert_eq!((range.low_word, range.high_word), (-79, -76));
        assert!(range.low_tick(10) <= -196_256 - 4_308 && range.high_tick(10) >= -196_256 + 3_001);
        let narrow = Reach::default().range(0, 1);
        assert_eq!(narrow.high_word - narrow.low_word + 1, 29);
    }

    #[test]
    fn the_word_of_the_price_is_read_however_few_words_are_allowed() {
        let reach = Reach { max_words: 1, ..Reach::default() };
        let range = reach.range(-196_256, 10);
        assert_eq!((range.low_word, range.high_word), (-77, -77));
    }

    proptest! {
        #[test]
        fn a_range_holds_its_tick_and_not_more_words_than_allowed(
            tick in MIN_TICK..=MAX_TICK, spacing in 1i32..=200, up in any::<u32>(), down in any::<u32>(), max_words in 1u16..100,
        ) {
            let range = Reach { up: Bps(up), down: Bps(down), max_words }.range(tick, spacing);
            prop_assert!(range.contains(tick.div_euclid(spacing) >> 8));
            prop_assert!(i32::from(range.high_word) - i32::from(range.low_word) < i32::from(max_words));
        }
    }
}
