//! The state of one pool at one block.

use std::{collections::BTreeMap, fmt};

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{
    key::PoolKey,
    tick::{MAX_TICK, MIN_TICK},
};

/// Which way a swap goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Token0 in, token1 out; the price falls.
    ZeroForOne,
    /// Token1 in, token0 out; the price rises.
    OneForZero,
}

/// The words of the tick bitmap that were read, both ends included. A word holds 256 usable ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRange {
    /// First word.
    pub low_word: i16,
    /// Last word.
    pub high_word: i16,
}

impl KnownRange {
    /// Every word there is: nothing is unknown.
    pub const ALL: Self = Self { low_word: i16::MIN, high_word: i16::MAX };

    /// The lowest tick inside.
    #[must_use]
    pub fn low_tick(&self, tick_spacing: i32) -> i32 {
        i32::from(self.low_word).saturating_mul(256).saturating_mul(tick_spacing).max(MIN_TICK)
    }

    /// The highest tick inside that can be initialised: a swap beyond it looks at the next word.
    #[must_use]
    pub fn high_tick(&self, tick_spacing: i32) -> i32 {
        (i32::from(self.high_word) * 256 + 255).saturating_mul(tick_spacing).min(MAX_TICK)
    }

    /// Whether the word was read.
    #[must_use]
    pub fn contains(&self, word: i32) -> bool {
        (i32::from(self.low_word)..=i32::from(self.high_word)).contains(&word)
    }
}

/// A pool's state, enough to replay swaps within the [`KnownRange`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolState {
    /// Tokens and fee.
    pub key: PoolKey,
    /// Where it is.
    pub address: Address,
    /// Ticks that can be used are multiples of this.
    pub tick_spacing: i32,
    /// Square root of the price (token1 per token0, smallest units) as Q64.96.
    pub sqrt_price_x96: U256,
    /// The tick the price is in.
    pub tick: i32,
    /// Liquidity in use at the price.
    #[serde(with = "super::text")]
    pub liquidity: u128,
    /// Initialised ticks of the known range → net liquidity that comes in when it is crossed upwards.
    #[serde(with = "super::text::ticks")]
    pub ticks: BTreeMap<i32, i128>,
    /// Which words of the bitmap `ticks` covers.
    pub known_range: KnownRange,
    /// Token0 that the pool holds: the most that it can lend as a flash loan.
    pub balance0: U256,
    /// Token1 that the pool holds.
    pub balance1: U256,
}

impl PoolState {
    /// The direction of a swap that takes `token_in`; `None` if the pool does not have the token.
    #[must_use]
    pub fn direction_from(&self, token_in: Address) -> Option<Direction> {
        if token_in == self.key.token0() {
            Some(Direction::ZeroForOne)
        } else if token_in == self.key.token1() {
            Some(Direction::OneForZero)
        } else {
            None
        }
    }

    /// What the pool holds of a token; `None` if it is not one of its two.
    #[must_use]
    pub fn balance_of(&self, token: Address) -> Option<U256> {
        self.direction_from(token).map(|direction| match direction {
            Direction::ZeroForOne => self.balance0,
            Direction::OneForZero => self.balance1,
        })
    }

    /// Lowest and highest tick of the known range.
    #[must_use]
    pub fn known_ticks(&self) -> (i32, i32) {
        (self.known_range.low_tick(self.tick_spacing), self.known_range.high_tick(self.tick_spacing))
    }

    /// Where the pool's loop stops next: the nearest initialised tick, or the end of the bitmap word, as `TickBitmap` has
    /// it. Words without a tick end a step too, and each step rounds. `None` when that word was not read.
    pub(in crate::dex) fn next_stop(&self, tick: i32, direction: Direction) -> Option<Stop> {
        let spacing = self.tick_spacing;
        let place = tick.div_euclid(spacing);
        let (stop, found) = match direction {
            Direction::ZeroForOne => {
                let end = self.known_word(place)?.0;
                let found = self.ticks.range(end * spacing..=place * spacing).next_back();
                (end, found)
            }
            Direction::OneForZero => {
                let end = self.known_word(place + 1)?.1;
                let found = self.ticks.range((place + 1) * spacing..=end * spacing).next();
                (end, found)
            }
        };
        let (tick, net) = found.map_or((stop * spacing, None), |(tick, net)| (*tick, Some(*net)));
        Some(Stop { tick: tick.clamp(MIN_TICK, MAX_TICK), net })
    }

    /// First and last place of the word that holds a place, if the word was read.
    fn known_word(&self, place: i32) -> Option<(i32, i32)> {
        let word = place >> 8;
        self.known_range.contains(word).then_some((word << 8, (word << 8) + 255))
    }
}

/// A place where the pool's loop stops.
#[derive(Debug, Clone, Copy)]
pub(in crate::dex) struct Stop {
    pub(in crate::dex) tick: i32,
    /// Net liquidity, if the tick is initialised.
    pub(in crate::dex) net: Option<i128>,
}

impl fmt::Display for PoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at tick {}", self.key, self.tick)
    }
}
