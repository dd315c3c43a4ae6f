//! Reproducible chance.

/// SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    pub(super) const fn one_in(&mut self, n: u64) -> bool {
        self.roll().is_multiple_of(n)
    }

    /// Random numbers of their own, for what may be drawn longer or shorter without changing what is drawn after it.
    pub(super) const fn split(&mut self) -> Self {
        Self(self.roll())
    }

    /// Some of these, each at most once, in a drawn order.
    pub(super) fn some_of<T: Copy>(&mut self, all: &[T], count: usize) -> Vec<T> {
        let (mut left, mut drawn) = (all.to_vec(), Vec::new());
        while drawn.len() < count && !left.is_empty() {
            let at = self.between(0, left.len().saturating_sub(1) as u64);
            drawn.push(left.swap_remove(usize::try_from(at).unwrap_or_default()));
        }
        drawn
    }

    /// As [`Self::between`], for counting.
    pub(super) fn count(&mut self, low: u64, high: u64) -> usize {
        usize::try_from(self.between(low, high)).unwrap_or_default()
    }
}
