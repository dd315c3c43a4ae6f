//! The course of a market, block by block: what every price of a path follows.

use super::{Kind, rng::Rng};

/// Parts per million.
pub(super) const MILLION: u64 = 1_000_000;
/// Depth of a pool on a quiet day, hundredths of the debt.
pub(super) const DEEP: u64 = 20_000;
/// Where ether begins, USD with 8 decimals.
pub(super) const START: u64 = 300_000_000_000;

/// A path while it is drawn.
#[derive(Debug)]
pub(super) struct Track {
    dice: Rng,
    points: Vec<Point>,
    now: Point,
}

/// One block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) price: u64,
    /// Of the pool against the feed, parts per million of it.
    pub(super) pool: u64,
    pub(super) depth: u64,
    pub(super) growth: u64,
    pub(super) empty: bool,
}

impl Track {
    pub(super) fn new(dice: Rng) -> Self {
        let now = Point { price: START, pool: MILLION, depth: DEEP, growth: 1, empty: false };
        Self { dice, points: vec![now], now }
    }

    pub(super) fn play(&mut self, kind: Kind) {
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

    pub(super) fn quiet(&mut self, least: u64, most: u64) {
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

    /// All blocks.
    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    /// The course of what is given, as a wave or a story has it.
    pub(super) fn of(prices: impl IntoIterator<Item = u64>) -> Vec<Point> {
        let point = |price| Point { price, pool: MILLION, depth: DEEP, growth: 1, empty: false };
        prices.into_iter().map(point).collect()
    }
}
