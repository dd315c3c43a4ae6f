//! Parts of a repayment that are not worth a transaction of their own.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::candidate::{Candidate, Slice};

/// What is left of supplies and debts while parts move from one combination to another.
pub(super) struct Left<'l> {
    pub(super) supply: &'l mut BTreeMap<Address, U256>,
    pub(super) debt: &'l mut BTreeMap<Address, U256>,
    /// What each combination brings, wad dollars.
    pub(super) progress: &'l mut BTreeMap<usize, U256>,
}

/// Gives a part to another one that does the same for no more than `gas` on top: two transactions cost more than they save.
/// `in_order`: only within a collateral, whose order is the owner's. The smallest part goes first.
pub(super) fn merge(open: &mut [Candidate<'_>], target: U256, gas: U256, in_order: bool, left: &mut Left<'_>) {
    loop {
        let mut parts: Vec<usize> =
            (0..open.len()).filter(|at| open.get(*at).is_some_and(Candidate::is_part)).collect();
        parts.sort_by_key(|at| open.get(*at).map(|part| left.brings(part)));
        let pairs = parts.iter().flat_map(|from| parts.iter().map(move |to| (*from, *to)));
        let found = pairs.filter(|(from, to)| from != to).find_map(|(from, to)| {
            let (part, other) = (open.get(from)?, open.get(to)?);
            let is_open = !in_order || part.ctx.pair.collateral.token == other.ctx.pair.collateral.token;
            let slice = left.instead(part, other, target).filter(|_| is_open)?;
            let extra = slice.cost.saturating_sub(other.cost).saturating_sub(part.cost);
            (extra <= gas).then_some((from, to, slice))
        });
        let Some((from, to, slice)) = found else { return };
        left.moves(open, from, to, slice);
    }
}

impl Left<'_> {
    fn brings(&self, part: &Candidate<'_>) -> U256 {
        self.progress.get(&part.index).copied().unwrap_or_default()
    }

    /// What another combination would come to with the whole of a part.
    fn instead(&self, part: &Candidate<'_>, other: &Candidate<'_>, target: U256) -> Option<Slice> {
        let wanted = self.brings(part);
        let (own, theirs) = (part.ctx.pair, other.ctx.pair);
        let supply = self.supply.get(&theirs.collateral.token).copied().unwrap_or_default();
        let debt = self.debt.get(&theirs.debt.token).copied().unwrap_or_default();
        let is_shared = (own.collateral.token == theirs.collateral.token, own.debt.token == theirs.debt.token);
        let supply = if is_shared.0 { supply.saturating_add(part.sold) } else { supply };
        let debt = if is_shared.1 { debt.saturating_add(part.repaid) } else { debt };
        let slice = other.slice(target, wanted, supply, debt)?;
        // A thousandth is what the rounding of a slice may leave.
        let enough = slice.progress.saturating_add(wanted / U256::from(1_000u64)) >= wanted;
        enough.then_some(slice)
    }

    fn moves(&mut self, open: &mut [Candidate<'_>], from: usize, to: usize, slice: Slice) {
        if let Some(part) = open.get_mut(from) {
            give(self.supply, part.ctx.pair.collateral.token, part.sold);
            give(self.debt, part.ctx.pair.debt.token, part.repaid);
            (part.repaid, part.sold, part.cost) = (U256::ZERO, U256::ZERO, U256::ZERO);
            self.progress.remove(&part.index);
        }
        if let Some(other) = open.get_mut(to) {
            super::candidate::take(self.supply, other.ctx.pair.collateral.token, slice.sold.saturating_sub(other.sold));
            super::candidate::take(self.debt, other.ctx.pair.debt.token, slice.repaid.saturating_sub(other.repaid));
            (other.repaid, other.sold, other.cost) = (slice.repaid, slice.sold, slice.cost);
            let sum = self.progress.entry(other.index).or_insert(U256::ZERO);
            *sum = sum.saturating_add(slice.progress);
        }
    }
}

fn give(left: &mut BTreeMap<Address, U256>, asset: Address, amount: U256) {
    if let Some(left) = left.get_mut(&asset) {
        *left = left.saturating_add(amount);
    }
}
