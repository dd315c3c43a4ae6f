//! What composer and forwarder hold while a stream runs, as far as it can be known beforehand.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

/// A balance as far as it is known; dust from before the stream is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    Known(U256),
    Unknown,
}

/// How much moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Exactly(U256),
    /// The whole balance.
    Everything,
    /// Any amount up to the balance.
    Part,
}

/// Where and when something came in last, for the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) op: &'static str,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    held: BTreeMap<(Address, Address), (Held, Place)>,
}

impl Ledger {
    pub(super) fn held(&self, holder: Address, asset: Address) -> Held {
        self.held.get(&(holder, asset)).map_or(Held::Nothing, |(held, _)| *held)
    }

    pub(super) fn receive(&mut self, holder: Address, asset: Address, amount: Held, place: Place) {
        let after = match (self.held(holder, asset), amount) {
            (before, Held::Nothing) => before,
            (Held::Nothing, amount) => amount,
            (Held::Known(before), Held::Known(amount)) => before.checked_add(amount).map_or(Held::Unknown, Held::Known),
            _ => Held::Unknown,
        };
        if amount != Held::Nothing {
            self.held.insert((holder, asset), (after, place));
        }
    }

    /// Takes out and says what went. A known balance that does not cover an exact amount counts as emptied: the
    /// transaction reverts.
    pub(super) fn spend(&mut self, holder: Address, asset: Address, quantity: Quantity) -> Held {
        let before = self.held(holder, asset);
        let (after, spent) = match (before, quantity) {
            (before, Quantity::Everything) => (Held::Nothing, before),
            (Held::Known(before), Quantity::Exactly(amount)) => {
                let rest = before.saturating_sub(amount);
                (if rest.is_zero() { Held::Nothing } else { Held::Known(rest) }, Held::Known(amount))
            }
            (before, Quantity::Exactly(amount)) => (before, Held::Known(amount)),
            (Held::Nothing, Quantity::Part) => (Held::Nothing, Held::Unknown),
            (_, Quantity::Part) => (Held::Unknown, Held::Unknown),
        };
        if after == Held::Nothing {
            self.held.remove(&(holder, asset));
        } else if let Some((held, _)) = self.held.get_mut(&(holder, asset)) {
            *held = after;
        }
        spent
    }

    /// Whatever the holder has may be spent by a call nobody can read; says what it has.
    pub(super) fn blur(&mut self, holder: Address) -> Vec<Address> {
        let mut assets = Vec::new();
        for ((who, asset), (held, _)) in &mut self.held {
            if *who == holder {
                *held = Held::Unknown;
                assets.push(*asset);
            }
        }
        assets
    }

    /// Either this or the other way may have happened.
    pub(super) fn join(&mut self, other: Self) {
        for (key, (held, place)) in other.held {
            let same = self.held.get(&key).is_some_and(|(mine, _)| *mine == held);
            if !same {
                self.held.insert(key, (Held::Unknown, place));
            }
        }
    }

    /// The first (holder, asset) with something left, and where it came in.
    pub(super) fn left(&self) -> Option<(Address, Address, Place)> {
        let ((holder, asset), (_, place)) = self.held.first_key_value()?;
        Some((*holder, *asset, *place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { offset: 0, op: "SWEEP" };
    const A: Address = Address::repeat_byte(1);
    const T: Address = Address::repeat_byte(2);

    fn known(amount: u64) -> Held {
        Held::Known(U256::from(amount))
    }

    #[test]
    fn what_came_in_and_went_out_exactly_is_gone() {
        let mut ledger = Ledger::default();
        ledger.receive(A, T, known(5), PLACE);
        ledger.receive(A, T, known(7), PLACE);
        assert_eq!(ledger.spend(A, T, Quantity::Exactly(U256::from(5))), known(5));
        assert_eq!(ledger.held(A, T), known(7));
        ledger.spend(A, T, Quantity::Exactly(U256::from(7)));
        assert_eq!(ledger.left(), None);
    }

    #[test]
    fn a_part_spent_leaves_an_unknown_rest_until_everything_goes() {
        let mut ledger = Ledger::default();
        ledger.receive(A, T, known(5), PLACE);
        ledger.spend(A, T, Quantity::Part);
        assert_eq!(ledger.left(), Some((A, T, PLACE)));
        ledger.spend(A, T, Quantity::Everything);
        assert_eq!(ledger.left(), None);
    }

    #[test]
    fn two_ways_that_differ_leave_an_unknown_rest() {
        let mut spent = Ledger::default();
        let mut kept = Ledger::default();
        kept.receive(A, T, known(5), PLACE);
        spent.join(kept.clone());
        assert_eq!(spent.held(A, T), Held::Unknown);
        kept.join(Ledger::default());
        assert_eq!(kept.held(A, T), known(5), "the more pessimistic side stays");
    }
}
