//! What a perp wins at its target and loses at its stop, before and after costs (strategy.md §1, §3, §10).

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Levels, Size,
    exact::{ONE, shown, x},
};
use crate::perps::{ClosingFee, UsualFees};

/// Costs of one perp on one pair; shares, so 0.00045 is 0.045 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Costs {
    /// Of the ordered notional, out of the margin.
    pub opening_fee: Decimal,
    /// Of the notional that `closing_on` names.
    pub closing_fee: Decimal,
    /// What it is charged on.
    pub closing_on: ClosingFee,
    /// Of the margin after the opening fee, to the keeper that executes stop or target.
    pub keeper_fee: Decimal,
    /// By which the fill is worse than the oracle price. Stop and target keep their distance from the fill, so it
    /// counts in the round trip and not in what they win or lose.
    pub spread_open: Decimal,
    /// By which a close is worse than the oracle price.
    pub spread_close: Decimal,
    /// Rollover and funding over the time the position is expected to last, of the notional.
    pub holding: Decimal,
    /// Loss, as a share of the margin, at which the venue liquidates: nothing is paid out from there on.
    pub liquidation: Decimal,
}

impl Costs {
    /// Fees with a pair's spread; what holding costs is left to the caller.
    #[must_use]
    pub const fn of(fees: &UsualFees, spread: Decimal) -> Self {
        Self {
            opening_fee: fees.opening,
            closing_fee: fees.closing,
            closing_on: fees.closing_on,
            keeper_fee: fees.keeper,
            spread_open: spread,
            spread_close: Decimal::ZERO,
            holding: Decimal::ZERO,
            liquidation: fees.liquidation,
        }
    }

    /// A venue's fees as the worked examples of strategy.md have them.
    #[cfg(test)]
    pub(super) fn example(spread: Decimal) -> Self {
        let fees = UsualFees {
            opening: Decimal::new(45, 5),
            closing: Decimal::new(45, 5),
            closing_on: ClosingFee::OnCloseNotional,
            keeper: Decimal::new(1, 4),
            liquidation: Decimal::new(85, 2),
        };
        Self::of(&fees, spread)
    }

    /// Fees and spread both ways, as a share of the price. `None` when it does not fit.
    #[must_use]
    pub fn round_trip(&self) -> Option<Decimal> {
        (x(self.opening_fee) + self.closing_fee + self.spread_open + self.spread_close).get()
    }
}

/// One end of a perp. US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SideResult {
    /// Ordered notional × distance, no costs; a loss is at most the margin.
    pub gross: Decimal,
    /// What the wallet has more (or less) than before the trade.
    pub net: Decimal,
}

/// Both ends of a perp, and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcome {
    /// Margin × leverage.
    pub ordered_notional: Decimal,
    /// What the position's result is computed on: `m λ (1 − f λ)`.
    pub notional: Decimal,
    /// At the target; positive unless costs eat it.
    pub win: SideResult,
    /// At the stop; negative.
    pub loss: SideResult,
    /// The stop lies beyond the venue's liquidation price.
    pub liquidated_first: bool,
}

impl Outcome {
    /// Net win over net loss. `None` when nothing is lost.
    #[must_use]
    pub fn reward_risk(&self) -> Option<Decimal> {
        (x(Decimal::ZERO) - x(self.win.net) / self.loss.net).get()
    }

    /// Share of trades that must win so that nothing is lost over many: `loss / (win + loss)`, net; above 1 when even
    /// a win costs money.
    #[must_use]
    pub fn break_even(&self) -> Option<Decimal> {
        if self.win.net <= Decimal::ZERO {
            return Some(Decimal::TWO);
        }
        (x(self.loss.net) / (x(self.loss.net) - self.win.net)).get()
    }
}

/// Computes both ends of a perp of this size. `None` when leverage and fee leave no margin, or a figure does not fit.
#[must_use]
pub fn outcome(margin: Decimal, leverage: Decimal, levels: Levels, costs: &Costs) -> Option<Outcome> {
    let ordered = (x(margin) * leverage).get()?;
    let collateral = (x(margin) - x(ordered) * costs.opening_fee).get()?;
    if collateral <= Decimal::ZERO {
        return None;
    }
    let notional = (x(collateral) * leverage).get()?;
    let end = |distance: Decimal| end(margin, collateral, notional, distance, costs);
    let at_target = (x(levels.target) - costs.spread_close).get()?;
    let at_stop = (x(Decimal::ZERO) - levels.stop - costs.spread_close).get()?;
    let (win, _) = end(at_target)?;
    let (loss, liquidated_first) = end(at_stop)?;
    let gross_loss = (x(ordered) * levels.stop).min(x(margin)).get()?;
    Some(Outcome {
        ordered_notional: ordered,
        notional,
        win: SideResult { gross: (x(ordered) * levels.target).get()?, net: win },
        loss: SideResult { gross: -gross_loss, net: loss },
        liquidated_first,
    })
}

/// Net result of a close that is `distance` better than the fill, and whether the venue pays nothing.
fn end(
    margin: Decimal,
    collateral: Decimal,
    notional: Decimal,
    distance: Decimal,
    costs: &Costs,
) -> Option<(Decimal, bool)> {
    let result = (x(notional) * distance).get()?;
    let charged = match costs.closing_on {
        ClosingFee::OnCloseNotional => x(notional) + result,
        ClosingFee::OnEntryNotional => x(notional),
    };
    let paid = x(collateral) + result
        - charged * costs.closing_fee
        - x(collateral) * costs.keeper_fee
        - x(notional) * costs.holding;
    // At or below what is left at the liquidation price the venue pays nothing (avantis-v1.md §5).
    let least = (x(collateral) * (ONE - costs.liquidation)).get()?;
    let paid = paid.get()?;
    let is_nothing = paid <= least;
    let paid = if is_nothing { Decimal::ZERO } else { paid };
    Some(((x(paid) - margin).get()?, is_nothing))
}

/// What the loop adds to a signal: exposure and interest, and nothing to the perp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LoopShare {
    /// Exposure to the collateral beyond the equity, US dollars: `(L − 1) × B`.
    pub added_exposure: Decimal,
    /// Interest paid less interest earned, US dollars a day; negative when it earns.
    pub cost_per_day: Decimal,
    /// The perp's net win, with the loop and without it.
    pub perp_win: Decimal,
    /// The perp's net loss, with the loop and without it.
    pub perp_loss: Decimal,
}

impl LoopShare {
    /// From a size, the perp's outcome, and the yearly rates (shares) of debt and collateral.
    #[must_use]
    pub fn new(size: &Size, outcome: &Outcome, borrow_rate: Decimal, supply_rate: Decimal) -> Option<Self> {
        let debt = x(size.base_capital) * (x(size.loop_leverage) - Decimal::ONE);
        let collateral = x(size.base_capital) * size.loop_leverage;
        let held = if size.has_loop() { collateral * supply_rate } else { x(Decimal::ZERO) };
        Some(Self {
            added_exposure: debt.get()?,
            cost_per_day: ((debt * borrow_rate - held) / Decimal::from(365)).get()?,
            perp_win: outcome.win.net,
            perp_loss: outcome.loss.net,
        })
    }

    /// The line that a plan prints.
    #[must_use]
    pub fn line(&self, collateral: &str) -> String {
        let Self { added_exposure, cost_per_day, perp_win, perp_loss } = self;
        format!(
            "the loop adds {} USD of {collateral} exposure and costs {} USD a day; it adds nothing to the perp, which nets \
             {} or {} USD with it and without it",
            shown(*added_exposure, 2),
            shown(*cost_per_day, 4),
            shown(*perp_win, 3),
            shown(*perp_loss, 3)
        )
    }
}
