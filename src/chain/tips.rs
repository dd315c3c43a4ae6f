//! What recent blocks took as tips: what a bid for a place in the next block starts from.
//!
//! Tips are a luxury: an endpoint that keeps silent, refuses or tells nonsense about them costs a moment once and never an
//! action. What a bid may be at most is the configuration's business, whatever the endpoints say.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BlockRef, blocks_in};

/// Blocks whose tips are looked at.
pub(super) const BLOCKS: u64 = blocks_in(Duration::from_secs(4));

/// What endpoints said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) block: B256,
    pub(super) at: Duration,
    pub(super) suggested: U256,
    pub(super) paid: PaidTips,
}

impl Told {
    pub(super) fn counts_for(&self, head: &BlockRef, now: Duration) -> bool {
        self.block == head.hash || now.saturating_sub(self.at) < FRESH
    }
}

/// Tips per gas that recent blocks took, wei; all 0 where nobody tells, or they were empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PaidTips {
    /// Half of a block's gas paid this or less: the median of the blocks.
    pub middle: U256,
    /// Three quarters of a block's gas paid this or less: the median of the blocks.
    pub upper: U256,
    /// All but the twentieth of a block's gas that paid most paid this or less: one block in four took more.
    pub top: U256,
}

impl PaidTips {
    /// From `eth_feeHistory`'s rewards: one row a block, one tip per percentile. A row or figure that cannot be read is
    /// left out.
    pub(super) fn read(rows: &[Vec<Value>]) -> Self {
        let column = |index: usize| -> Vec<U256> {
            let rows = rows.iter().take(usize::try_from(BLOCKS).unwrap_or(usize::MAX));
            rows.filter_map(|row| U256::deserialize(row.get(index)?).ok()).collect()
        };
        let (half, three_quarters) = (2, 3);
        Self {
            middle: quarter(column(0), half),
            upper: quarter(column(1), half),
            top: quarter(column(2), three_quarters),
        }
    }
}

/// How long what was told counts for newer blocks too: a quarter of the blocks that it is about.
const FRESH: Duration = Duration::from_secs(1);

/// What is known of tips, shared by all who ask about the same block, or within a second.
#[derive(Debug, Default)]
pub(super) struct TipMemory {
    pub(super) known: Option<Told>,
    /// Monotonic time until which nobody is asked.
    pub(super) silent_until: Duration,
}

/// The figure that so many quarters of all are not above; nothing of none.
fn quarter(mut tips: Vec<U256>, quarters: usize) -> U256 {
    tips.sort_unstable();
    tips.get(tips.len().saturating_mul(quarters) / 4).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{chain::FeeMarket, config::Urgency};

    fn rows(value: &Value) -> Vec<Vec<Value>> {
        serde_json::from_value(value.clone()).expect("rows")
    }

    #[test]
    fn tips_follow_the_blocks_in_the_middle_and_one_block_in_four_for_what_is_urgent() {
        let told = rows(&json!([
            ["0x1", "0x5", "0x10"],
            ["0x2", "0x6", "0x20"],
            ["0x3", "0x7", "0x30"],
            ["0x4", "0x8", "0x40"]
        ]));
        let paid = PaidTips::read(&told);
        assert_eq!(paid, PaidTips { middle: U256::from(3), upper: U256::from(7), top: U256::from(0x40) });
        let market = FeeMarket { base_fee: U256::ZERO, suggested_tip: U256::from(4), paid };
        let classes = [Urgency::Open, Urgency::Trim, Urgency::Urgent, Urgency::LastResort];
        assert_eq!(classes.map(|class| market.tip_of(class)), [4, 7, 0x40, 0x40].map(U256::from));
        // What the node suggests is the least, whatever the blocks took.
        let dear = FeeMarket { suggested_tip: U256::from(0x50), ..market };
        assert_eq!(dear.tip_of(Urgency::Urgent), U256::from(0x50));
    }

    #[test]
    fn one_absurd_block_moves_no_median_and_nonsense_is_left_out() {
        let most = format!("{:#x}", U256::MAX);
        let told = rows(&json!([
            ["0x2", "0x2", "0x2"],
            ["0x2", "0x2", "0x2"],
            [most, most, most],
            ["-0x1", null, {}],
            [],
            ["0x2", "0x2", "0x2"],
            ["0x2", "0x2", "0x2"]
        ]));
        let paid = PaidTips::read(&told);
        assert_eq!((paid.middle, paid.upper, paid.top), (U256::from(2), U256::from(2), U256::from(2)));
        assert_eq!(PaidTips::read(&[]), PaidTips::default());
        // More rows than were asked for count for nothing.
        let many = vec![vec![json!("0x1"); 3]; 20].into_iter().chain(vec![vec![json!(most); 3]; 500]);
        assert_eq!(PaidTips::read(&many.collect::<Vec<_>>()).top, U256::from(1));
    }
}
