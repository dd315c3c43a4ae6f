//! Which assets an account is drawn with, before any amounts.

use super::{
    assets::{ALL, Choice, DOLLAR, EMODE, EMODE_THRESHOLD, ETHER, Follows, Number, STAKED, STAKED_TOO},
    rng::Rng,
};

/// Which assets, before any amounts.
pub(super) struct Shape {
    pub(super) collaterals: Vec<Number>,
    pub(super) debts: Vec<Number>,
    pub(super) emode: u8,
}

impl Shape {
    pub(super) fn draw(dice: &mut Rng, of: &Choice) -> Self {
        let (emode, collaterals, debts) = match dice.between(0, 9) {
            0 => (0, vec![ETHER], vec![DOLLAR]),
            1 | 2 => {
                let (held, owed) = (dice.count(1, 2), dice.count(1, 3));
                (0, dice.some_of(of.coins, held), dice.some_of(of.shorted, owed))
            }
            3 => {
                let held = dice.count(1, 2);
                (EMODE, dice.some_of(&[STAKED, STAKED_TOO], held), vec![ETHER])
            }
            4 => {
                let (staked, others) = (dice.count(1, 2), dice.count(1, 2));
                let mut collaterals = dice.some_of(&[STAKED, STAKED_TOO], staked);
                collaterals.extend(dice.some_of(of.beside, others));
                (EMODE, collaterals, vec![ETHER])
            }
            _ => Self::mixed(dice, of),
        };
        Self { collaterals, debts, emode }
    }

    fn mixed(dice: &mut Rng, of: &Choice) -> (u8, Vec<Number>, Vec<Number>) {
        let (held, owed) = (dice.count(1, 4), dice.count(1, 3));
        let mut collaterals = dice.some_of(of.held, held);
        if dice.one_in(5) {
            collaterals.pop();
            collaterals.extend(dice.some_of(of.coins, 1));
        }
        // Now and then a debt is of an asset that is collateral too.
        let overlaps = dice.one_in(6);
        let is_free = |asset: &Number| overlaps || !collaterals.contains(asset);
        let candidates: Vec<Number> = of.owed.iter().copied().filter(is_free).collect();
        let mut debts = dice.some_of(&candidates, owed);
        // Mostly a stable debt, or little would ever happen.
        if !debts.iter().any(|debt| !ALL[*debt].is_volatile()) && !dice.one_in(4) {
            match debts.first_mut() {
                Some(first) => *first = of.stable,
                None => debts.push(of.stable),
            }
        }
        if debts.is_empty() {
            debts.push(of.stable);
        }
        (0, collaterals, debts)
    }

    pub(super) fn threshold(&self, asset: Number) -> u64 {
        match ALL[asset].follows {
            Follows::Ether | Follows::EtherByRatio if self.emode == EMODE => EMODE_THRESHOLD,
            _ => ALL[asset].threshold,
        }
    }
}

/// An own deposit that belongs to no loop, and whether it backs debt.
pub(super) fn draw_deposit(shape: &Shape, dice: &mut Rng, of: &Choice) -> Option<(Number, bool)> {
    if shape.collaterals.len() >= 4 || !dice.one_in(3) {
        return None;
    }
    let free: Vec<Number> = of.deposits.iter().copied().filter(|asset| !shape.collaterals.contains(asset)).collect();
    let asset = *dice.some_of(&free, 1).first()?;
    Some((asset, dice.one_in(2)))
}
