//! One combination under way.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use crate::{
    loops::plan::{context::Context, solve::largest},
    units::{mul_div_down, mul_div_up},
};

/// One combination under way.
pub(super) struct Candidate<'a> {
    pub(super) index: usize,
    pub(super) ctx: Context<'a>,
    /// Liquidation threshold that the collateral counts with, wad.
    pub(super) threshold: U256,
    /// Debt repaid so far, smallest unit, and what that costs, USD.
    pub(super) repaid: U256,
    pub(super) sold: U256,
    pub(super) cost: U256,
    /// Its next slice; `None` when there is none.
    pub(super) next: Option<Slice>,
}

#[derive(Clone, Copy)]
pub(super) struct Slice {
    pub(super) repaid: U256,
    pub(super) sold: U256,
    pub(super) cost: U256,
    /// In wad dollars.
    pub(super) progress: U256,
}

pub(super) fn take(left: &mut BTreeMap<Address, U256>, asset: Address, amount: U256) {
    if let Some(left) = left.get_mut(&asset) {
        *left = left.saturating_sub(amount);
    }
}

/// Cost for each bit of progress, so that slices of different sizes compare: 1e-36 dollars.
pub(super) fn rate(slice: &Slice) -> U256 {
    mul_div_up(slice.cost, U256::from(10u8).pow(U256::from(36u8)), slice.progress.max(U256::ONE)).unwrap_or(U256::MAX)
}

impl Candidate<'_> {
    /// Whether anything is repaid with it.
    pub(super) fn is_part(&self) -> bool {
        !self.repaid.is_zero()
    }

    /// The next slice: everything repaid with it, for as much progress as wanted, or as far as supply and debt reach. `None`
    /// when nothing more can be repaid, or nothing would be gained by it.
    pub(super) fn slice(&self, target: U256, wanted: U256, left_supply: U256, left_debt: U256) -> Option<Slice> {
        let per_dollar = target.checked_sub(self.threshold).filter(|rest| !rest.is_zero())?;
        let dollars = mul_div_up(wanted, U256::ONE, per_dollar).ok()?;
        let unit = self.ctx.debt.unit().ok()?;
        let price = self.ctx.debt.price().ok()?.0;
        // A little more than the first order asks for: selling costs something.
        let amount = mul_div_up(dollars, unit, price).ok()?;
        let amount = amount.saturating_add(amount / U256::from(64u8)).min(left_debt);
        let most_sold = self.sold.saturating_add(left_supply);
        let fits = |amount: U256| {
            amount.is_zero()
                || self.priced(self.repaid.saturating_add(amount)).is_some_and(|(sold, _)| sold <= most_sold)
        };
        let amount = if fits(amount) { amount } else { coarse(amount, fits) };
        if amount.is_zero() {
            return None;
        }
        let repaid = self.repaid.saturating_add(amount);
        let (sold, cost) = self.priced(repaid)?;
        let progress =
            self.progress(target, repaid, sold)?.checked_sub(self.progress(target, self.repaid, self.sold)?)?;
        (!progress.is_zero()).then_some(Slice { repaid, sold, cost, progress })
    }

    /// Collateral sold to repay an amount of debt, and what that loses against the oracle, US dollars. What the feed behind it has
    /// lost already is lost either way.
    fn priced(&self, amount: U256) -> Option<(U256, U256)> {
        if self.ctx.pair.is_same_asset() {
            return Some((amount, U256::ZERO));
        }
        let swap = self.ctx.buy_debt(amount, None).ok()?;
        let value_in = self.ctx.ahead(swap.value_in).ok()?;
        Some((swap.quote.amount_in, value_in.saturating_sub(swap.value_out)))
    }

    /// `HF* r − LT c` in wad dollars.
    fn progress(&self, target: U256, repaid: U256, sold: U256) -> Option<U256> {
        let repaid = self.ctx.debt.collateral_value(repaid).ok()?.0;
        let sold = self.ctx.collateral.collateral_value(sold).ok()?.0;
        repaid.checked_mul(target)?.checked_sub(sold.checked_mul(self.threshold)?)
    }
}

/// The largest of a thousand parts of an amount that fits.
fn coarse(amount: U256, fits: impl Fn(U256) -> bool) -> U256 {
    let parts = U256::from(1_024u64);
    let part = |share: U256| mul_div_down(amount, share, parts).unwrap_or_default();
    part(largest(U256::ZERO, parts, |share| fits(part(share))))
}
