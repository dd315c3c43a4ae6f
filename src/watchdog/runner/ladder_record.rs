//! Whether a ladder takes the way that it took at the head before: what cannot be done is written down in full once, and then
//! in a line a head until something changes.

use std::mem::{Discriminant, discriminant, take};

use crate::{
    loops::FlashSource,
    watchdog::{
        ladder::Rung,
        rules::{PairKey, Pressure},
    },
};

/// A rung without its figures, which are others at every head.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    kind: Discriminant<Rung>,
    pair: Option<PairKey>,
    source: Option<FlashSource>,
    bound: Option<Pressure>,
}

impl Way {
    fn of(rung: &Rung) -> Self {
        let (source, bound) = match rung {
            Rung::Flash { source, bound, .. } => (Some(*source), Some(*bound)),
            Rung::Slice { bound, .. } | Rung::WithdrawAndSwap { bound, .. } => (None, Some(*bound)),
            _ => (None, None),
        };
        Self { kind: discriminant(rung), pair: rung.pair().cloned(), source, bound }
    }
}

/// The rungs of this head and of the one before.
#[derive(Debug, Default)]
pub(super) struct Course {
    before: Vec<Way>,
    now: Vec<Way>,
    repeats: bool,
}

impl Course {
    /// Another rung is tried at this head; whether it is another one than the head before tried in its place.
    pub(super) fn takes(&mut self, rung: &Rung) -> bool {
        let way = Way::of(rung);
        let is_new = self.before.get(self.now.len()) != Some(&way);
        self.now.push(way);
        is_new
    }

    /// This head's ladder is over.
    pub(super) fn ends(&mut self, is_mined: bool) {
        let now = take(&mut self.now);
        self.repeats = !is_mined && !now.is_empty() && now == self.before;
        self.before = if is_mined { Vec::new() } else { now };
    }

    /// Whether the last ladder came to nothing by the very way of the one before it; how many rungs it had.
    pub(super) fn repeats(&self) -> Option<usize> {
        self.repeats.then_some(self.before.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Wad;

    #[test]
    fn a_ladder_that_comes_to_nothing_is_told_in_full_when_its_way_changes() {
        let token = alloy::primitives::Address::repeat_byte;
        let pair = PairKey { collateral: token(1), debt: token(2), name: "WETH/USDC".to_owned() };
        let slice = |goal: u64, bound| Rung::Slice { pair: pair.clone(), goal: Wad(goal_of(goal)), bound };
        let mut course = Course::default();
        let head = |course: &mut Course, rungs: &[Rung], is_mined: bool| {
            let new: Vec<bool> = rungs.iter().map(|rung| course.takes(rung)).collect();
            course.ends(is_mined);
            (new, course.repeats())
        };
        let trim = [slice(1, Pressure::Trim), Rung::AskHuman];
        assert_eq!(head(&mut course, &trim, false), (vec![true, true], None));
        // Other figures are the same way.
        let again = [slice(2, Pressure::Trim), Rung::AskHuman];
        assert_eq!(head(&mut course, &again, false), (vec![false, false], Some(2)));
        let urgent = [slice(2, Pressure::Urgent), Rung::AskHuman];
        assert_eq!(head(&mut course, &urgent, false), (vec![true, false], None));
        assert_eq!(head(&mut course, &urgent, true), (vec![false, false], None));
        assert_eq!(head(&mut course, &urgent, false), (vec![true, true], None));
    }

    fn goal_of(tenths: u64) -> alloy::primitives::U256 {
        alloy::primitives::U256::from(tenths)
    }
}
