//! Searching the amount that meets a target, by bisection over whole units.

use alloy::primitives::U256;

/// The largest number from `low` up to `high` that fits, given that `low` fits and that what no longer fits never fits
/// again further up.
pub(super) fn largest(low: U256, high: U256, mut fits: impl FnMut(U256) -> bool) -> U256 {
    let (mut low, mut high) = (low, high);
    if low >= high || fits(high) {
        return high.max(low);
    }
    while high - low > U256::ONE {
        let middle = low + ((high - low) >> 1);
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The smallest number from `low` up to `high` that fits, given that once something fits everything above does; `None`
/// when not even `high` fits.
pub(super) fn smallest(low: U256, high: U256, mut fits: impl FnMut(U256) -> bool) -> Option<U256> {
    if fits(low) {
        return Some(low);
    }
    if low >= high || !fits(high) {
        return None;
    }
    let (mut low, mut high) = (low, high);
    while high - low > U256::ONE {
        let middle = low + ((high - low) >> 1);
        if fits(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bisection_finds_the_edge(low in 0u64..1_000, span in 0u64..100_000, edge in 0u64..200_000) {
            let (low, high, edge) = (U256::from(low), U256::from(low + span), U256::from(edge));
            if low <= edge {
                prop_assert_eq!(largest(low, high, |x| x <= edge), edge.min(high));
            }
            let expected = (high >= edge).then(|| edge.max(low));
            prop_assert_eq!(smallest(low, high, |x| x >= edge), expected);
        }
    }
}
