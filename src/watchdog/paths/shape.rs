//! Which assets an account is drawn with, before any amounts.

use super::{
    assets::{
        ALL, BITCOIN, DOLLAR, DOLLAR_TOO, EMODE, EMODE_THRESHOLD, ETHER, EURO, Follows, Number, STAKED, STAKED_TOO,
        TOKEN,
    },
    dice::Dice,
};

/// Which assets, before any amounts.
pub(super) struct Shape {
    pub(super) collaterals: Vec<Number>,
    pub(super) debts: Vec<Number>,
    pub(super) emode: u8,
}

impl Shape {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let (emode, collaterals, debts) = match dice.between(0, 9) {
            0 => (0, vec![ETHER], vec![DOLLAR]),
            1 | 2 => {
                let (held, owed) = (dice.count(1, 2), dice.count(1, 3));
                (0, dice.some_of(&[DOLLAR, EURO], held), dice.some_of(&[ETHER, BITCOIN, TOKEN], owed))
            }
            3 => {
                let held = dice.count(1, 2);
                (EMODE, dice.some_of(&[STAKED, STAKED_TOO], held), vec![ETHER])
            }
            4 => {
                let (staked, others) = (dice.count(1, 2), dice.count(1, 2));
                let mut collaterals = dice.some_of(&[STAKED, STAKED_TOO], staked);
                collaterals.extend(dice.some_of(&[BITCOIN, TOKEN, DOLLAR], others));
                (EMODE, collaterals, vec![ETHER])
            }
            _ => Self::mixed(dice),
        };
        Self { collaterals, debts, emode }
    }

    fn mixed(dice: &mut Dice) -> (u8, Vec<Number>, Vec<Number>) {
        let (held, owed) = (dice.count(1, 4), dice.count(1, 3));
        let mut collaterals = dice.some_of(&[ETHER, BITCOIN, STAKED, STAKED_TOO, TOKEN], held);
        if dice.one_in(5) {
            collaterals.pop();
            collaterals.extend(dice.some_of(&[DOLLAR, EURO], 1));
        }
        // Now and then a debt is of an asset that is collateral too.
        let overlaps = dice.one_in(6);
        let candidates: Vec<Number> = [DOLLAR, DOLLAR_TOO, EURO, ETHER, BITCOIN]
            .into_iter()
            .filter(|asset| overlaps || !collaterals.contains(asset))
            .collect();
        let mut debts = dice.some_of(&candidates, owed);
        // Mostly a stable debt, or little would ever happen.
        if !debts.iter().any(|debt| !ALL[*debt].is_volatile()) && !dice.one_in(4) {
            debts[0] = DOLLAR_TOO;
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
pub(super) fn draw_deposit(shape: &Shape, dice: &mut Dice) -> Option<(Number, bool)> {
    if shape.collaterals.len() >= 4 || !dice.one_in(3) {
        return None;
    }
    let free: Vec<Number> = [ETHER, DOLLAR, BITCOIN, STAKED, TOKEN, EURO]
        .into_iter()
        .filter(|asset| !shape.collaterals.contains(asset))
        .collect();
    let asset = *dice.some_of(&free, 1).first()?;
    Some((asset, dice.one_in(2)))
}
