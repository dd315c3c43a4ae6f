//! Whether a fall below one was announced, and by what.

use alloy::primitives::U256;

use super::path::THRESHOLD;
use crate::{
    units::{Bps, WAD, Wad},
    watchdog::rules::Levels,
};

/// Health factors that a head shows of a loop, after what was done about that head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// By Aave's oracle.
    pub now: Wad,
    /// By the feed behind it, where that is readable.
    pub at_feed: Option<Wad>,
    /// By the price in the pool.
    pub at_pool: Option<Wad>,
}

/// What the head before a fall below one had shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A crossing by Aave's oracle or the feed behind it that a trim could have answered, and that stood.
    Announced,
    /// The same by the pool alone, which is no reason to sell (strategy.md §5).
    PoolAlone,
    /// A crossing at a price at which the collateral is worth no more than the debt and what selling it may cost at the widest
    /// bounds. Where a sale was cheap enough, there was no fall.
    BeyondHelp,
    /// None: one block took the loop from at or above the trigger to below one.
    Nothing,
}

/// Above this health factor a sale helps however dear: the liquidation threshold and the widest bound of any class, just above
/// 5 %, on top. Below it that depends on the pool.
fn sure_help() -> Wad {
    let counts = U256::from(THRESHOLD.0).saturating_mul(WAD) / U256::from(Bps::ONE.0);
    Wad(counts.saturating_mul(U256::from(105u8)) / U256::from(100u8))
}

impl Shown {
    /// What a fall in the next block would have been announced by.
    #[must_use]
    pub fn notice(&self, levels: &Levels) -> Notice {
        let worst = self.at_feed.map_or(self.now, |feed| feed.min(self.now));
        let (seen, notice) = match self.at_pool {
            Some(pool) if worst >= levels.trigger => (pool, Notice::PoolAlone),
            _ => (worst, Notice::Announced),
        };
        if seen >= levels.trigger {
            Notice::Nothing
        } else if seen <= sure_help() {
            Notice::BeyondHelp
        } else {
            notice
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Path, seen::Seen},
        *,
    };
    use crate::config::BoundsConfig;

    /// Thousandths.
    fn hf(thousandths: u64) -> Wad {
        Wad(WAD / U256::from(1_000u64) * U256::from(thousandths))
    }

    #[test]
    fn a_fall_is_announced_by_oracle_or_feed_and_the_pool_alone_is_told_apart() {
        let path = Path::wave(3_000, 0, 1, 1).expect("path");
        let levels = Seen::new(&path, &BoundsConfig::default()).levels();
        let notice = |now, feed: Option<u64>, pool: Option<u64>| {
            Shown { now: hf(now), at_feed: feed.map(hf), at_pool: pool.map(hf) }.notice(&levels)
        };
        assert_eq!(notice(1_149, None, None), Notice::Announced);
        assert_eq!(notice(1_200, Some(1_149), Some(1_200)), Notice::Announced);
        assert_eq!(notice(1_200, Some(1_150), Some(1_149)), Notice::PoolAlone);
        assert_eq!(notice(1_200, None, Some(900)), Notice::PoolAlone);
        // 0.83 × 1.05 = 0.8715.
        assert_eq!(notice(1_200, Some(871), Some(1_000)), Notice::BeyondHelp);
        assert_eq!(notice(1_200, None, Some(871)), Notice::BeyondHelp);
        assert_eq!(notice(1_150, Some(1_150), Some(1_150)), Notice::Nothing);
    }
}
