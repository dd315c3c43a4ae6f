//! The plain numbers that the checks of strategy.md §4 read.

use std::collections::BTreeSet;

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::state::{LoopState, VenueState, decimal};
use crate::{
    config::{Thresholds, Urgency},
    loops::{FlashNeed, LoopSnapshot, Meanwhile, SwapCost, rank, stressed},
    perps::{Availability, PercentE10, Side, Usdc},
    strategy::{self, Costs, Funds, LoopMarket, Market, PairMarket, Size},
    trade::{TradeError, TradeSettings},
    units::{MathError, to_decimal},
};

/// Gas that getting into a trade and out of it again takes, with room to spare: two loop actions of at most 700 k each
/// (onedelta-composer.md §14), approval, order and close at the venue.
const GAS: u64 = 4_000_000;
/// L1 fees and quiet base fees: 0.0002 ether.
const LEAST_GAS: u64 = 200_000_000_000_000;

/// Both sides and the wallet, for a size.
pub(super) fn market(
    loop_: &LoopState,
    venue: &VenueState,
    settings: &TradeSettings,
    side: Side,
    size: &Size,
    borrowed: Decimal,
) -> Result<Market, TradeError> {
    let base = loop_.now.map_or(size.base_capital, |now| now.equity);
    Ok(Market {
        lending: lending(loop_, settings, base, size.loop_leverage, borrowed)?,
        pair: pair(venue, side)?,
        funds: funds(loop_, venue)?,
    })
}

fn lending(
    loop_: &LoopState,
    settings: &TradeSettings,
    base: Decimal,
    leverage: Decimal,
    borrowed: Decimal,
) -> Result<LoopMarket, TradeError> {
    let costs = Costing { loop_, base, leverage, borrowed };
    let trim = costs.trim()?;
    Ok(LoopMarket {
        ltv: loop_.ltv,
        liquidation_threshold: loop_.liquidation_threshold,
        open_cost: costs.open()?,
        flash_fee: trim.flash_fee,
        trim_cost: trim.swap,
        trim_bound: settings.bounds.of(trim.urgency).slippage_bps.to_decimal(),
        thresholds: loop_.thresholds,
    })
}

struct Costing<'a> {
    loop_: &'a LoopState,
    base: Decimal,
    leverage: Decimal,
    borrowed: Decimal,
}

struct TrimCost {
    flash_fee: Decimal,
    swap: Decimal,
    urgency: Urgency,
}

impl Costing<'_> {
    /// Of turning the debt that is missing into collateral: flash fee and swap, quoted on the snapshot's pools.
    fn open(&self) -> Result<Decimal, TradeError> {
        let owed = self.loop_.now.map_or(Decimal::ZERO, |now| times(now.equity, now.leverage - Decimal::ONE));
        let added = times(self.base, self.leverage - Decimal::ONE).saturating_sub(owed);
        let amount = LoopState::amount_of(self.loop_.debt()?, added.max(Decimal::ZERO))?;
        if amount.is_zero() {
            return Ok(Decimal::ZERO);
        }
        // A loan that no pool can turn around costs everything: then rule 1 says which leverage would fit.
        let swap = self.swaps(&self.loop_.snapshot).into_collateral(amount).unwrap_or(Decimal::ONE);
        Ok(self.flash_fee(amount, Meanwhile::Borrows)?.saturating_add(swap).min(Decimal::ONE))
    }

    /// Of the trim that is due at the stress price: its swap is replayed on the pools as they stand there.
    fn trim(&self) -> Result<TrimCost, TradeError> {
        let Thresholds { stress, target, trigger, urgent, .. } = self.loop_.thresholds;
        let threshold = self.loop_.liquidation_threshold;
        let kept = Decimal::ONE - stress;
        let debt = times(self.base, self.leverage - Decimal::ONE).saturating_add(self.borrowed);
        let collateral = times(times(self.base, self.leverage), kept);
        let at = times(threshold, collateral).checked_div(debt);
        let urgency = if at.is_some_and(|health| health < urgent) { Urgency::Urgent } else { Urgency::Trim };
        if debt <= Decimal::ZERO || at.is_none_or(|health| health >= trigger) {
            return Ok(TrimCost { flash_fee: Decimal::ZERO, swap: Decimal::ZERO, urgency });
        }
        let after = stressed(&self.loop_.snapshot, &self.loop_.pair, stress)?;
        let swaps = self.swaps(&after);
        let mut cost = TrimCost { flash_fee: Decimal::ZERO, swap: Decimal::ZERO, urgency };
        // What is repaid depends on what the swap costs, which depends on what is repaid: the second round is exact to
        // far below a basis point.
        for _ in 0..3 {
            let gross = (Decimal::ONE + cost.flash_fee).checked_div(Decimal::ONE - cost.swap);
            let rest = gross.map(|gross| target - times(gross, threshold)).filter(|rest| *rest > Decimal::ZERO);
            let repaid = rest.and_then(|rest| (times(target, debt) - times(threshold, collateral)).checked_div(rest));
            let Some(repaid) = repaid else { return Ok(TrimCost { swap: Decimal::ONE, ..cost }) };
            let amount = LoopState::amount_of(self.loop_.debt()?, repaid.min(debt).max(Decimal::ZERO))?;
            if amount.is_zero() {
                break;
            }
            cost.flash_fee = self.flash_fee(amount, Meanwhile::Repays)?;
            cost.swap = match swaps.into_debt(amount) {
                Ok(share) => share,
                Err(_) => return Ok(TrimCost { swap: Decimal::ONE, ..cost }),
            };
        }
        Ok(cost)
    }

    fn swaps<'a>(&'a self, snapshot: &'a LoopSnapshot) -> SwapCost<'a> {
        let LoopState { pair, hubs, gas_price, .. } = self.loop_;
        SwapCost { snapshot, pair, hubs, gas_price: *gas_price }
    }

    fn flash_fee(&self, amount: U256, meanwhile: Meanwhile) -> Result<Decimal, TradeError> {
        let swapped_in = BTreeSet::new();
        let need = FlashNeed { amount, meanwhile, choice: None, swapped_in: &swapped_in };
        let sources = rank(&self.loop_.snapshot, &self.loop_.pair, need)?;
        let usable = sources.iter().find(|source| source.rejected.is_none());
        Ok(usable.map_or(Decimal::ZERO, |source| Decimal::new(i64::from(source.fee_pips), 6)))
    }
}

fn pair(venue: &VenueState, side: Side) -> Result<PairMarket, TradeError> {
    let terms = &venue.terms;
    let room = terms.room[usize::from(!side.is_long())];
    Ok(PairMarket {
        name: terms.name.clone(),
        availability: match terms.availability {
            Availability::Open => strategy::Availability::Open,
            Availability::CloseOnly => strategy::Availability::CloseOnly,
            Availability::Closed => strategy::Availability::Closed,
            Availability::Paused => strategy::Availability::Paused,
        },
        minimum_notional: decimal(terms.minimum_notional.0, Usdc::DECIMALS)?,
        least_leverage: decimal(terms.least_leverage.0, 10)?,
        most_leverage: decimal(terms.most_leverage.0, 10)?,
        costs: costs(venue)?,
        // Room without limit does not fit a decimal.
        open_interest_room: to_decimal(room.0, Usdc::DECIMALS).unwrap_or(Decimal::MAX),
        stops: None,
    })
}

/// What the pair costs, with the constant spread; the venue's own plan knows the impact of the size.
pub(super) fn costs(venue: &VenueState) -> Result<Costs, TradeError> {
    let terms = &venue.terms;
    Ok(Costs {
        opening_fee: share(terms.opening_fee)?,
        closing_fee: share(terms.closing_fee)?,
        closing_on: terms.closing_on,
        keeper_fee: share(terms.keeper_fee)?,
        spread_open: share(terms.spread)?,
        spread_close: Decimal::ZERO,
        holding: Decimal::ZERO,
        liquidation: share(terms.liquidation)?,
    })
}

fn funds(loop_: &LoopState, venue: &VenueState) -> Result<Funds, TradeError> {
    let needed = loop_.gas_price.saturating_mul(U256::from(GAS)).max(U256::from(LEAST_GAS));
    Ok(Funds {
        usdc: venue.usdc()?,
        // The plan brings an exact approval.
        allowance: None,
        order_fee: Decimal::ZERO,
        gas: loop_.ether(),
        gas_needed: decimal(needed, 18)?,
    })
}

/// Per cent of the venue as a share.
pub(super) fn share(percent: PercentE10) -> Result<Decimal, TradeError> {
    let percent = decimal(percent.0, PercentE10::DECIMALS)?;
    Ok(percent.checked_div(Decimal::ONE_HUNDRED).ok_or(MathError::Overflow)?)
}

fn times(a: Decimal, b: Decimal) -> Decimal {
    a.saturating_mul(b)
}
