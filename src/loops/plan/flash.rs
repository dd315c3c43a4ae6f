//! Flash loan sources, ranked: cost, then liquidity, then gas.

use std::{collections::BTreeSet, fmt};

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::flash_source::{FlashChoice, FlashSource};
use crate::{
    aave::Reserve,
    dex::PoolKey,
    loops::{LoopSnapshot, Pair},
    plan::Quantity,
    units::MathError,
};

/// Of sources beside the one that the user insists on.
const NOT_ASKED: &str = "another source was asked for";

/// Whether the loan's asset is borrowed or repaid while the loan is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// The loan is paid back from a new borrow of as much.
    Borrows,
    /// The loan repays debt.
    Repays,
}

/// A source with what it offers, and why it is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashCandidate {
    /// Who.
    pub source: FlashSource,
    /// Fee in hundredths of a basis point.
    pub fee_pips: u32,
    /// What it could lend.
    pub liquidity: Quantity,
    /// Gas on top of the cheapest source, about.
    pub extra_gas: u64,
    /// Why it is out; `None` for usable ones.
    pub rejected: Option<String>,
}

impl fmt::Display for FlashCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fee = rust_decimal::Decimal::new(i64::from(self.fee_pips), 4).normalize();
        write!(f, "{}: fee {fee} %, can lend {}", self.source, self.liquidity)?;
        match &self.rejected {
            Some(reason) => write!(f, " (not used: {reason})"),
            None => Ok(()),
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct FlashNeed<'a> {
    /// How much of the pair's debt asset.
    pub amount: U256,
    /// What happens meanwhile.
    pub meanwhile: Meanwhile,
    /// The user's choice.
    pub choice: Option<FlashChoice>,
    /// Pools that the swap goes through.
    pub swapped_in: &'a BTreeSet<Address>,
}

/// All sources for a loan, usable ones first: by fee, then gas.
pub fn rank(snapshot: &LoopSnapshot, pair: &Pair, need: FlashNeed<'_>) -> Result<Vec<FlashCandidate>, MathError> {
    let quantity = |raw| Quantity::new(raw, pair.debt.decimals, pair.debt.symbol.clone());
    let mut candidates = vec![FlashCandidate {
        source: FlashSource::MorphoBlue,
        fee_pips: 0,
        liquidity: quantity(snapshot.morpho_liquidity),
        extra_gas: 0,
        rejected: None,
    }];
    if let Ok(reserve) = snapshot.market.reserve(pair.debt.token) {
        let closed = closed_on_aave(reserve);
        let disabled = (!reserve.configuration.is_flash_loan_enabled()).then(|| "flash loans are disabled".to_owned());
        candidates.push(FlashCandidate {
            source: FlashSource::AaveV3,
            fee_pips: snapshot.market.flash_loan_premium.0.saturating_mul(100),
            liquidity: quantity(reserve.virtual_balance),
            // onedelta-composer.md §6: the Morpho variant is about 25-30 k cheaper.
            extra_gas: 28_000,
            rejected: closed.or(disabled),
        });
    }
    for pool in snapshot.pools.found() {
        let (Some(key), Some(balance)) = (PoolKey::of(&pool.id()), pool.balance_of(pair.debt.token)) else { continue };
        let in_route = pool.address().is_some_and(|address| need.swapped_in.contains(&address));
        candidates.push(FlashCandidate {
            source: FlashSource::UniswapV3(key),
            fee_pips: key.fee(),
            liquidity: quantity(balance),
            extra_gas: 10_000,
            rejected: in_route.then(|| "the swap goes through it, and a lending pool is locked".to_owned()),
        });
    }
    for candidate in &mut candidates {
        reject(candidate, need)?;
    }
    candidates.sort_by_key(|candidate| (candidate.rejected.is_some(), candidate.fee_pips, candidate.extra_gas));
    Ok(candidates)
}

/// Why Aave lends nothing of a reserve at all.
fn closed_on_aave(reserve: &Reserve) -> Option<String> {
    let configuration = reserve.configuration;
    let state = match (configuration.is_active(), configuration.is_paused()) {
        (false, _) => "inactive",
        (true, true) => "paused",
        (true, false) => return None,
    };
    Some(format!("aave reserve {} is {state}", reserve.symbol))
}

/// Which source comes closest and why it is out, in one clause.
pub(in crate::loops) fn closest(candidates: &[FlashCandidate]) -> String {
    let is_asked = |candidate: &&FlashCandidate| candidate.rejected.as_deref() != Some(NOT_ASKED);
    let asked: Vec<_> = candidates.iter().filter(is_asked).collect();
    let Some(best) = asked.iter().max_by_key(|candidate| candidate.liquidity.raw) else {
        return "no source lends the asset".to_owned();
    };
    let reason = best.rejected.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
    let (source, liquidity) = (best.source, &best.liquidity);
    let words = match asked.len() {
        1 => format!("{source} can lend {liquidity}{reason}"),
        several => format!("of {several} sources {source} comes closest: it can lend {liquidity}{reason}"),
    };
    match candidates.len() - asked.len() {
        0 => words,
        others => format!("{words}; {others} other sources are left out by --flash"),
    }
}

fn reject(candidate: &mut FlashCandidate, need: FlashNeed<'_>) -> Result<(), MathError> {
    if need.choice.is_some_and(|choice| !candidate.source.is(choice)) {
        candidate.rejected = Some(NOT_ASKED.to_owned());
        return Ok(());
    }
    if candidate.rejected.is_some() {
        return Ok(());
    }
    let fee = candidate.source.fee(candidate.fee_pips, need.amount)?;
    // Aave's flash loan leaves the reserve that the new borrow comes from.
    let twice = candidate.source == FlashSource::AaveV3 && need.meanwhile == Meanwhile::Borrows;
    let borrowed = if twice { need.amount.saturating_add(fee) } else { U256::ZERO };
    let needed = need.amount.saturating_add(borrowed);
    if candidate.liquidity.raw < needed {
        let needed = Quantity { raw: needed, ..candidate.liquidity.clone() };
        let why = if twice { ", because loan and borrow come from the same reserve" } else { "" };
        candidate.rejected = Some(format!("{needed} needed{why}"));
    }
    Ok(())
}
