//! How much more the venue's open-interest limits take (avantis-v2.md §5, rule 4).

use alloy::primitives::U256;

use crate::{
    perps::{
        PercentE10, Side, Usdc,
        int::{add, hundred_percent},
    },
    units::{MathError, mul_div_down},
};

/// Limits and what is used of them. A liquidity that is not told is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenInterestRoom {
    /// Of the venue: limit, used.
    pub venue: (Usdc, Usdc),
    /// Of the pair's group.
    pub group: (Usdc, Usdc),
    /// Of the account on the pair.
    pub wallet: (Usdc, Usdc),
    /// Most of the pair, longs and shorts together.
    pub pair_most: Usdc,
    /// Open interest of longs and of shorts.
    pub sides: [Usdc; 2],
    /// Share of the group's limit that one pair may have, per cent.
    pub pair_of_group: PercentE10,
    /// Share of that which one side may have, per cent: longs, shorts.
    pub side_of_pair: [PercentE10; 2],
    /// What the venue's liquidity takes: buys, sells.
    pub liquidity: [Option<Usdc>; 2],
}

/// The largest notional that a side can still open; zero where a limit is exceeded.
pub fn headroom(room: &OpenInterestRoom, side: Side) -> Result<Usdc, MathError> {
    let own = usize::from(!side.is_long());
    let left = |(limit, used): (Usdc, Usdc)| limit.0.saturating_sub(used.0);
    let [long, short] = room.sides;
    let pair = room.pair_most.0.saturating_sub(add(long.0, short.0)?);
    let of_group = mul_div_down(room.group.0.0, room.pair_of_group.0, hundred_percent())?;
    let of_side = mul_div_down(of_group, room.side_of_pair[own].0, hundred_percent())?;
    let side = of_side.saturating_sub(room.sides[own].0);
    let liquidity = room.liquidity[own].map_or(U256::MAX, |liquidity| liquidity.0);
    let limits = [left(room.venue), left(room.group), left(room.wallet), pair, side, liquidity];
    Ok(Usdc(limits.into_iter().min().unwrap_or_default()))
}
