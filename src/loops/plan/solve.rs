//! Searching the amount that meets a target, by bisection over whole units.

use alloy::primitives::U256;

/// The largest number from `low` up to `high` that fits, given that `low` fits and that what no longer fits never fits
/// again further up.
pub(in crate::loops) fn largest(low: U256, high: U256, mut fits: impl FnMut(U256) -> bool) -> U256 {
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

/// What a candidate number comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::loops) enum Judgement {
    /// Too little.
    Short,
    /// Enough.
    Met,
    /// More than is possible.
    Beyond,
}

/// The smallest number up to `high` that is enough, given that numbers are too little, then enough, then too much; `None`
/// when none is enough. Something too much at `high` does not hide what is enough below it.
pub(in crate::loops) fn first_met(high: U256, mut judge: impl FnMut(U256) -> Judgement) -> Option<U256> {
    if judge(U256::ZERO) == Judgement::Met {
        return Some(U256::ZERO);
    }
    let (mut low, mut probe) = (U256::ZERO, (high >> 6usize).max(U256::ONE).min(high));
    let mut met = loop {
        match judge(probe) {
            Judgement::Met => break probe,
            Judgement::Short if probe == high => return None,
            Judgement::Short => (low, probe) = (probe, probe.saturating_mul(U256::from(2u8)).min(high)),
            Judgement::Beyond => break met_below(low, probe, &mut judge)?,
        }
    };
    while met - low > U256::ONE {
        let middle = low + ((met - low) >> 1);
        if judge(middle) == Judgement::Met {
            met = middle;
        } else {
            low = middle;
        }
    }
    Some(met)
}

/// Any number between one that is too little and one that is too much.
fn met_below(low: U256, beyond: U256, judge: &mut impl FnMut(U256) -> Judgement) -> Option<U256> {
    let (mut low, mut beyond) = (low, beyond);
    while beyond.saturating_sub(low) > U256::ONE {
        let middle = low + ((beyond - low) >> 1);
        match judge(middle) {
            Judgement::Met => return Some(middle),
            Judgement::Short => low = middle,
            Judgement::Beyond => beyond = middle,
        }
    }
    None
}

/// The smallest number from `low` up to `high` that fits, given that once something fits everything above does; `None`
/// when not even `high` fits.
pub(in crate::loops) fn smallest(low: U256, high: U256, mut fits: impl FnMut(U256) -> bool) -> Option<U256> {
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
        fn what_is_enough_is_found_below_what_is_too_much(high in 1u64..1_000_000, from in 0u64..1_000_000, width in 1u64..500_000) {
            let (from, beyond) = (U256::from(from), U256::from(from + width));
            let judge = |x: U256| if x < from { Judgement::Short } else if x < beyond { Judgement::Met } else { Judgement::Beyond };
            let found = first_met(U256::from(high), judge);
            prop_assert_eq!(found, (U256::from(high) >= from).then_some(from));
        }

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
