//! The swap of a loop action: its route, and the worst fill that its bounds permit.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};

use crate::{
    aave::Reserve,
    dex::{GasPrice, Quote, Ranking, Search},
    loops::{LoopSnapshot, PlanError},
    plan::Quantity,
    units::{Bps, MathError, mul_div_down, mul_div_up},
};

/// Which side of a swap is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::loops) enum Exact {
    In,
    Out,
}

/// A swap with its quote and its limit.
#[derive(Debug, Clone)]
pub(in crate::loops) struct Swap {
    /// The quote, replayed on the snapshot.
    pub(in crate::loops) quote: Quote,
    pub(in crate::loops) exact: Exact,
    /// Least that must come out, or most that may go in.
    pub(in crate::loops) limit: U256,
    /// Loss of the quote against the oracle, basis points, rounded up; zero for a gain.
    pub(in crate::loops) cost_bps: u64,
    /// Value that goes in and comes out at oracle prices, USD with 8 decimals.
    pub(in crate::loops) value_in: U256,
    /// See `value_in`.
    pub(in crate::loops) value_out: U256,
}

impl Swap {
    /// How far the limit is from the quote, basis points rounded up.
    pub(in crate::loops) fn limit_bps(&self) -> Result<u64, MathError> {
        match self.exact {
            Exact::In => loss_bps(self.quote.amount_out, self.limit),
            Exact::Out => loss_bps(self.limit, self.quote.amount_in),
        }
    }
}

/// Where swaps are looked for.
#[derive(Debug, Clone, Copy)]
pub(in crate::loops) struct Venue<'a> {
    pub(in crate::loops) snapshot: &'a LoopSnapshot,
    pub(in crate::loops) hubs: &'a [Address],
    pub(in crate::loops) exclude: &'a BTreeSet<Address>,
    /// Wei per gas, to compare routes.
    pub(in crate::loops) gas_price: U256,
    pub(in crate::loops) slippage: Bps,
    /// How much worse than the quote a fill may be in any case.
    pub(in crate::loops) room: Bps,
    /// What a fill may lose at most and still help, where that is what the swap is for.
    pub(in crate::loops) helps: Option<Bps>,
    /// How much lower collateral that is sold stands at the feed behind Aave's oracle: what is fair is measured there, or
    /// no fill but the quote itself would be let through.
    pub(in crate::loops) fallen: Bps,
}

impl Venue<'_> {
    /// Sells exactly `amount` of `from`.
    pub(in crate::loops) fn sell(&self, from: &Reserve, to: &Reserve, amount: U256) -> Result<Swap, PlanError> {
        let ranking = self.search(to)?.best_exact_in(from.asset, to.asset, amount);
        let quote = best(ranking, from, to, amount, from)?;
        let fair = mul_div_down(convert_down(amount, from, to)?, self.left(), U256::from(Bps::ONE.0))?;
        let kept = U256::from(Bps::ONE.0.saturating_sub(self.slippage.0));
        let floor = mul_div_up(quote.amount_out.max(fair), kept, U256::from(Bps::ONE.0))?;
        let room = U256::from(Bps::ONE.0.saturating_sub(self.room.0));
        let least = mul_div_up(quote.amount_out, room, U256::from(Bps::ONE.0))?;
        let helping = mul_div_up(fair, self.helping(), U256::from(Bps::ONE.0))?;
        // A floor above the quote would always revert: then the bound on the oracle price refuses the plan instead.
        let limit = floor.min(least).max(helping.min(quote.amount_out));
        self.priced(Exact::In, (from, to), quote, limit)
    }

    /// Buys exactly `amount` of `to`.
    pub(in crate::loops) fn buy(&self, from: &Reserve, to: &Reserve, amount: U256) -> Result<Swap, PlanError> {
        let ranking = self.search(from)?.best_exact_out(from.asset, to.asset, amount);
        let quote = best(ranking, from, to, amount, to)?;
        let fair = mul_div_up(convert_up(amount, to, from)?, U256::from(Bps::ONE.0), self.left())?;
        let kept = U256::from(Bps::ONE.0.saturating_sub(self.slippage.0));
        let ceiling = mul_div_down(quote.amount_in.min(fair), U256::from(Bps::ONE.0), kept)?;
        let room = U256::from(Bps::ONE.0.saturating_sub(self.room.0));
        let most = mul_div_down(quote.amount_in, U256::from(Bps::ONE.0), room)?;
        let helping = match self.helping() {
            U256::ZERO => U256::MAX,
            kept => mul_div_down(fair, U256::from(Bps::ONE.0), kept)?,
        };
        let limit = ceiling.max(most).min(helping.max(quote.amount_in));
        self.priced(Exact::Out, (from, to), quote, limit)
    }

    /// Basis points of a fair fill below which a swap does not help; none where that is not asked.
    fn helping(&self) -> U256 {
        self.helps.map_or(U256::ZERO, |helps| U256::from(Bps::ONE.0.saturating_sub(helps.0)))
    }

    /// Basis points that are left of the oracle's price of what is sold; never none, so that it can be divided by.
    fn left(&self) -> U256 {
        U256::from(Bps::ONE.0.saturating_sub(self.fallen.0).max(1))
    }

    fn search(&self, priced_in: &Reserve) -> Result<Search<'_>, PlanError> {
        let snapshot = self.snapshot;
        let weth = snapshot.market.reserve_by_symbol("WETH").and_then(|reserve| reserve.price().ok());
        let gas = match weth {
            Some(ether) => {
                GasPrice::in_token(self.gas_price, ether, priced_in.price()?, priced_in.configuration.decimals())?
            }
            None => GasPrice::FREE,
        };
        Ok(Search { pools: &snapshot.pools, hubs: self.hubs, gas, exclude: self.exclude })
    }

    fn priced(
        &self,
        exact: Exact,
        (from, to): (&Reserve, &Reserve),
        quote: Quote,
        limit: U256,
    ) -> Result<Swap, PlanError> {
        let value_in = from.collateral_value(quote.amount_in)?.0;
        let value_out = to.collateral_value(quote.amount_out)?.0;
        Ok(Swap { exact, limit, cost_bps: loss_bps(value_in, value_out)?, value_in, value_out, quote })
    }
}

fn best(ranking: Ranking, from: &Reserve, to: &Reserve, amount: U256, unit: &Reserve) -> Result<Quote, PlanError> {
    ranking.best().cloned().ok_or_else(|| PlanError::NoRoute {
        from: from.symbol.clone(),
        to: to.symbol.clone(),
        amount: Box::new(Quantity::new(amount, unit.configuration.decimals(), unit.symbol.clone())),
        cause: ranking.why_none(),
        reasons: ranking.rejected.iter().map(|rejected| rejected.reason.to_string()).collect(),
    })
}

/// What of `value_in` is missing in `value_out`, basis points rounded up.
pub(in crate::loops) fn loss_bps(value_in: U256, value_out: U256) -> Result<u64, MathError> {
    let lost = value_in.saturating_sub(value_out);
    if lost.is_zero() {
        return Ok(0);
    }
    Ok(mul_div_up(lost, U256::from(Bps::ONE.0), value_in)?.saturating_to())
}

/// An amount in another token at oracle prices, rounded down.
pub(in crate::loops) fn convert_down(amount: U256, from: &Reserve, to: &Reserve) -> Result<U256, PlanError> {
    let (numerator, denominator) = rate(from, to)?;
    Ok(mul_div_down(amount, numerator, denominator)?)
}

/// An amount in another token at oracle prices, rounded up.
pub(in crate::loops) fn convert_up(amount: U256, from: &Reserve, to: &Reserve) -> Result<U256, PlanError> {
    let (numerator, denominator) = rate(from, to)?;
    Ok(mul_div_up(amount, numerator, denominator)?)
}

fn rate(from: &Reserve, to: &Reserve) -> Result<(U256, U256), PlanError> {
    let numerator = from.price()?.0.checked_mul(to.unit()?).ok_or(MathError::Overflow)?;
    let denominator = to.price()?.0.checked_mul(from.unit()?).ok_or(MathError::Overflow)?;
    Ok((numerator, denominator))
}
