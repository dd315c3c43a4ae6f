//! Whether a fall below one was announced, and by what.

use alloy::primitives::U256;

use crate::{
    units::{Wad, mul_div_up},
    watchdog::rules::Levels,
};

/// Health factors that a head shows of an account, after what was done about that head.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// A crossing by Aave's oracle or the feed behind it that a trim could have answered, and that stood.
    Announced,
    /// The same, and a trim was sent on that very head, and on each head before it that showed the crossing: the block had the
    /// new prices first.
    Overtaken,
    /// The same, and a part of the trim was mined for that head: pools, reserves or single collaterals gave no more at once.
    InPart,
    /// The same, and nothing that the owner allows was left to be sold or used; something else was.
    NotAllowed,
    /// The same by the pool alone, which is no reason to sell (strategy.md §5).
    PoolAlone,
    /// A crossing at a price at which the collateral is worth no more than the debt and what selling it may cost at the widest
    /// bounds. Where a sale was cheap enough, there was no fall.
    BeyondHelp,
    /// None: one block took the account from at or above the trigger to below one.
    Nothing,
}

/// Above this health factor a sale helps however dear: where the collateral is worth the debt and the widest bound of any class,
/// just above 5 %, on top. Below it that depends on the pool.
fn sure_help(levels: &Levels) -> Wad {
    let by = |part: u8| U256::from(part);
    Wad(mul_div_up(levels.insolvent.0, by(105), by(100)).unwrap_or(U256::MAX))
}

impl Shown {
    /// The worse of what oracle and feed show.
    #[must_use]
    pub fn worst(&self) -> Wad {
        self.at_feed.map_or(self.now, |feed| feed.min(self.now))
    }

    /// What a fall in the next block would have been announced by.
    #[must_use]
    pub fn notice(&self, levels: &Levels) -> Notice {
        let worst = self.worst();
        let (seen, notice) = match self.at_pool {
            Some(pool) if worst >= levels.trigger => (pool, Notice::PoolAlone),
            _ => (worst, Notice::Announced),
        };
        if seen >= levels.trigger {
            Notice::Nothing
        } else if seen <= sure_help(levels) {
            Notice::BeyondHelp
        } else {
            notice
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::WAD;

    /// Thousandths.
    fn hf(thousandths: u64) -> Wad {
        Wad(WAD / U256::from(1_000u64) * U256::from(thousandths))
    }

    #[test]
    fn a_fall_is_announced_by_oracle_or_feed_and_the_pool_alone_is_told_apart() {
        let levels = Levels {
            warn: hf(1_180),
            trigger: hf(1_150),
            target: hf(1_250),
            urgent: hf(1_080),
            last_resort: Some(hf(1_020)),
            floor: hf(1_230),
            insolvent: hf(830),
        };
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
