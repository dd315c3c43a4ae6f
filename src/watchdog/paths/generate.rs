//! Seeded price paths of every kind that the watchdog must live through.

use std::fmt;

use alloy::primitives::U256;
use serde::Serialize;

use super::{
    Path, Step,
    dice::Dice,
    path::{START, opened, thresholds_for},
};
use crate::units::{MathError, UsdE8};

/// What a path is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Falls of 5 to 40 % in one block.
    Gap,
    /// A slow fall.
    Bleed,
    /// A fall and a recovery.
    Spike,
    /// Interest that takes in hours what it else takes in years.
    Interest,
    /// A pool without depth while the price falls.
    Dry,
    /// A pool away from the oracle while the price falls.
    PoolOff,
    /// Several of them.
    Mixed,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Gap, Self::Bleed, Self::Spike, Self::Interest, Self::Dry, Self::PoolOff, Self::Mixed];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gap => "gap",
            Self::Bleed => "bleed",
            Self::Spike => "spike",
            Self::Interest => "interest",
            Self::Dry => "dry",
            Self::PoolOff => "pool-off",
            Self::Mixed => "mixed",
        })
    }
}

/// Parts per million.
const MILLION: u64 = 1_000_000;
/// Depth of a pool on a quiet day, hundredths of the debt.
const DEEP: u64 = 20_000;

impl Path {
    /// The path of a seed.
    pub fn generate(seed: u64) -> Result<Self, MathError> {
        let mut dice = Dice::new(seed);
        let kind = Kind::ALL[usize::try_from(seed % 7).unwrap_or_default()];
        let leverage = if dice.one_in(5) { dice.between(3_051, 4_500) } else { dice.between(1_500, 3_050) };
        // From 100 dollars to a million: each power of ten as often as the next.
        let power = 10u64.pow(u32::try_from(dice.between(2, 5)).unwrap_or(2));
        let equity = dice.between(power, power * 10);
        let position = opened(equity, leverage)?;
        // A third keeps something in the wallet, up to a fifth of the debt.
        let share = if dice.one_in(3) { dice.between(1, 20) } else { 0 };
        let wallet = position.debt.saturating_mul(U256::from(share)) / U256::from(100u64);
        // Half of the feeds answer at once, the others up to five blocks (10 s) late.
        let delay = if dice.one_in(2) { 0 } else { usize::try_from(dice.between(1, 5)).unwrap_or(1) };
        let mut track = Track::new(dice);
        track.quiet(3, 10);
        track.play(kind);
        track.quiet(8, 20);
        Ok(Self {
            seed,
            kind,
            leverage,
            position,
            thresholds: thresholds_for(leverage),
            wallet,
            steps: track.steps(delay),
        })
    }
}

/// A path while it is drawn.
struct Track {
    dice: Dice,
    points: Vec<Point>,
    now: Point,
}

#[derive(Clone, Copy)]
struct Point {
    price: u64,
    /// Of the pool against the feed, parts per million of it.
    pool: u64,
    depth: u64,
    growth: u64,
    empty: bool,
}

impl Track {
    fn new(dice: Dice) -> Self {
        let now = Point { price: START, pool: MILLION, depth: DEEP, growth: 1, empty: false };
        Self { dice, points: vec![now], now }
    }

    fn play(&mut self, kind: Kind) {
        match kind {
            Kind::Gap => self.gaps(),
            Kind::Bleed => self.bleed(),
            Kind::Spike => self.spike(),
            Kind::Interest => self.interest(),
            Kind::Dry => self.dry(),
            Kind::PoolOff => self.pool_off(),
            Kind::Mixed => {
                for _ in 0..self.dice.between(2, 4) {
                    let at = self.dice.between(0, 5);
                    self.play(Kind::ALL[usize::try_from(at).unwrap_or_default()]);
                    self.quiet(6, 15);
                }
            }
        }
    }

    /// The next block, with a price of this many millionths of the last.
    fn block(&mut self, millionths: u64) {
        let price = u128::from(self.now.price) * u128::from(millionths) / u128::from(MILLION);
        self.now.price = u64::try_from(price).unwrap_or(u64::MAX).max(1);
        self.points.push(self.now);
    }

    fn quiet(&mut self, least: u64, most: u64) {
        for _ in 0..self.dice.between(least, most) {
            let noise = self.dice.between(0, 1_000);
            self.block(MILLION - 500 + noise);
        }
    }

    fn gaps(&mut self) {
        self.now.empty = self.dice.one_in(4);
        for _ in 0..self.dice.between(1, 2) {
            let fall = self.dice.between(50_000, 400_000);
            self.block(MILLION - fall);
            self.quiet(6, 15);
        }
        self.now.empty = false;
    }

    fn bleed(&mut self) {
        let most = self.dice.between(500, 8_000);
        for _ in 0..self.dice.between(40, 120) {
            let fall = self.dice.between(0, most);
            self.block(MILLION - fall);
        }
    }

    fn spike(&mut self) {
        let before = self.now.price;
        for _ in 0..self.dice.between(1, 3) {
            let fall = self.dice.between(20_000, 60_000);
            self.block(MILLION - fall);
        }
        let blocks = self.dice.between(4, 20);
        for left in (1..=blocks).rev() {
            let missing = before.saturating_sub(self.now.price) / left;
            let rise = u128::from(missing) * u128::from(MILLION) / u128::from(self.now.price);
            self.block(MILLION + u64::try_from(rise).unwrap_or_default());
        }
    }

    /// Each block stands for hours: the debt grows by up to 0.08 % in one.
    fn interest(&mut self) {
        self.now.growth = self.dice.between(50_000, 800_000);
        for _ in 0..self.dice.between(60, 200) {
            let noise = self.dice.between(0, 2_000);
            self.block(MILLION - 1_000 + noise);
        }
        self.now.growth = 1;
    }

    /// The pool holds one to four times the debt instead of two hundred times.
    fn dry(&mut self) {
        self.now.depth = self.dice.between(100, 400);
        self.now.empty = self.dice.one_in(2);
        for _ in 0..self.dice.between(30, 80) {
            let fall = self.dice.between(0, 4_000);
            self.block(MILLION - fall);
        }
        (self.now.depth, self.now.empty) = (DEEP, false);
        self.quiet(3, 6);
    }

    /// The pool stands up to 4 % away while the price falls slowly.
    fn pool_off(&mut self) {
        let away = self.dice.between(5_000, 40_000);
        self.now.pool = if self.dice.one_in(4) { MILLION + away } else { MILLION - away };
        for _ in 0..self.dice.between(20, 60) {
            let fall = self.dice.between(0, 4_000);
            self.block(MILLION - fall);
        }
        self.now.pool = MILLION;
        self.quiet(3, 6);
    }

    /// With the oracle as many blocks behind the feed.
    fn steps(&self, delay: usize) -> Vec<Step> {
        let usd = |value: u64| UsdE8(U256::from(value));
        let step = |(at, point): (usize, &Point)| {
            let late = self.points.get(at.saturating_sub(delay)).map_or(point.price, |late| late.price);
            let pool = u128::from(point.price) * u128::from(point.pool) / u128::from(MILLION);
            Step {
                feed: usd(point.price),
                oracle: usd(late),
                pool: UsdE8(U256::from(pool)),
                depth: point.depth,
                growth: point.growth,
                best_source_empty: point.empty,
            }
        };
        self.points.iter().enumerate().map(step).collect()
    }
}
