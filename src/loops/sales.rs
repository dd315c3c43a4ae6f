//! One sale, or several one after the other.

use alloy::primitives::U256;

use super::{Combination, Protection, Sale, Settings};
use crate::{
    aave::Market,
    config::Urgency,
    units::{Bps, MathError, WAD, mul_div_up},
};

/// Gas of one more transaction, about (onedelta-composer.md §14).
const GAS: u64 = 700_000;

/// What speaks for one transaction instead of several.
#[derive(Clone, Copy)]
pub(super) struct Haste {
    /// What one more transaction costs, US dollars.
    pub(super) gas: U256,
    /// What one sale alone may lose, where the account stands so low that it should be safe with the next block already: each
    /// further part is a block later. `None` where there is time for the cheapest.
    most: Option<Bps>,
}

impl Haste {
    pub(super) fn of(settings: &Settings, combinations: &[Combination]) -> Result<Self, MathError> {
        let gas = gas_usd(combinations, settings)?;
        let urgency = settings.urgency.filter(|urgency| matches!(urgency, Urgency::Urgent | Urgency::LastResort));
        Ok(Self { gas, most: urgency.map(|urgency| settings.bounds.of(urgency).slippage_bps) })
    }

    /// Whether one sale alone is to be taken instead of parts that cost as much together.
    fn prefers(self, single: &Single, divided: U256, parts: usize) -> bool {
        let extra = self.gas.saturating_mul(U256::from(parts.saturating_sub(1)));
        let is_cheapest = single.cost <= divided.saturating_add(extra);
        let lost = single.cost.saturating_mul(U256::from(Bps::ONE.0));
        is_cheapest || self.most.is_some_and(|most| lost <= single.repaid.saturating_mul(U256::from(most.0)))
    }
}

/// A combination that reaches the target alone.
pub(super) struct Single {
    pub(super) combination: usize,
    /// Both in US dollars.
    pub(super) repaid: U256,
    pub(super) cost: U256,
}

/// A part of the division: what a combination repays, and what it costs.
pub(super) struct PartOf {
    pub(super) combination: usize,
    pub(super) repaid: U256,
    pub(super) cost: U256,
    pub(super) progress: U256,
}

/// The division as an order of sales; one sale where a second transaction costs more gas than it saves, or time that there is
/// not.
pub(super) fn conclude(
    count: usize,
    mut parts: Vec<PartOf>,
    reaches: bool,
    single: Option<Single>,
    (in_order, haste): (bool, Haste),
) -> Protection {
    let divided = parts.iter().fold(U256::ZERO, |sum, part| sum.saturating_add(part.cost));
    let alone = single.filter(|single| parts.len() != 1 && haste.prefers(single, divided, parts.len()));
    let mut sales: Vec<Sale> = match alone {
        Some(Single { combination, cost, .. }) => vec![Sale { combination, repay: None, cost }],
        None => {
            if !in_order {
                // What brings the account furthest goes first.
                parts.sort_by_key(|part| std::cmp::Reverse((part.progress, part.combination)));
            }
            parts
                .iter()
                .map(|part| Sale { combination: part.combination, repay: Some(part.repaid), cost: part.cost })
                .collect()
        }
    };
    if let Some(last) = sales.last_mut() {
        last.repay = None;
    }
    let is_chosen = |index: &usize| sales.iter().any(|sale| sale.combination == *index);
    Protection { others: (0..count).filter(|index| !is_chosen(index)).collect(), reaches, sales }
}

/// What one more transaction costs, US dollars.
fn gas_usd(combinations: &[Combination], settings: &Settings) -> Result<U256, MathError> {
    let market: Option<&Market> = combinations.first().map(|combination| &combination.snapshot.market);
    let ether = market.and_then(|market| market.reserve_by_symbol("WETH")).and_then(|reserve| reserve.price().ok());
    let wei = settings.gas_price.saturating_mul(U256::from(GAS));
    ether.map_or(Ok(U256::ZERO), |price| mul_div_up(wei, price.0, WAD))
}
