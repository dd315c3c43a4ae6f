//! The checks of the loop: leverage, opening health factor, stress. A borrowed margin is debt without collateral.

use rust_decimal::Decimal;

use super::{Check, LoopMarket, Policies, Rule, Verdict};
use crate::{
    config::MarginFrom,
    strategy::{
        Size,
        exact::{Exact, ONE, cut, percent, shown, x},
    },
};

/// Health factor of a loop of equity `base` at leverage `leverage` with `borrowed` drawn beside it:
/// `LT × L B / ((L − 1) B + m)`. `None` without debt, or when it does not fit.
#[must_use]
pub fn loop_health_factor(base: Decimal, leverage: Decimal, borrowed: Decimal, threshold: Decimal) -> Option<Decimal> {
    let debt = (x(leverage) - Decimal::ONE) * base + borrowed;
    (x(threshold) * leverage * base / debt).get()
}

/// Rules 1, 2 and the second part of 6; with `--cap` the size's leverage is lowered to what fits.
pub(super) fn checks(size: &mut Size, market: &LoopMarket, policies: &Policies) -> Vec<Check> {
    let borrowed = match policies.margin_from {
        MarginFrom::Wallet => Decimal::ZERO,
        MarginFrom::Borrow => size.margin,
    };
    let rules = [Rule::LoopLeverage, Rule::OpeningHealthFactor, Rule::Survival];
    if !size.has_loop() && borrowed.is_zero() {
        let text = "leverage 1 is no loop, nothing is borrowed";
        return rules.map(|rule| Check::new(rule, Verdict::Passed, text.to_owned())).into();
    }
    if size.base_capital <= Decimal::ZERO {
        let text = "there is no base capital to borrow against; set `strategy.base_capital`";
        return vec![Check::new(Rule::LoopLeverage, Verdict::Refused, text.to_owned())];
    }
    let limits = Limits::of(size, borrowed, market);
    let leverage = limits.and_then(|limits| limits.leverage(size, policies));
    let health = limits.and_then(|limits| limits.health(size, borrowed, market, policies));
    let stress = stress(size, borrowed, market);
    [leverage, health, stress]
        .into_iter()
        .zip(rules)
        .map(|(check, rule)| check.unwrap_or_else(|| Check::unfit(rule)))
        .collect()
}

/// Highest leverage by rule; the first must be stayed under.
#[derive(Debug, Clone, Copy)]
struct Limits {
    by_ltv: Decimal,
    by_health: Decimal,
}

impl Limits {
    fn of(size: &Size, borrowed: Decimal, market: &LoopMarket) -> Option<Self> {
        let floor = market.thresholds.opening_floor();
        // A borrowed margin takes its part of the borrowing power: (L − 1) B + m ≤ LTV × L B.
        let own: Exact = ONE - x(borrowed) / size.base_capital;
        let by_ltv = own / (ONE - x(market.ltv) * (ONE - market.open_cost));
        let by_health = own * floor / (x(floor) - market.liquidation_threshold);
        Some(Self { by_ltv: by_ltv.get()?, by_health: by_health.get()? }).filter(|limits| {
            // A floor at or below the threshold would make any leverage pass.
            limits.by_health.is_sign_positive() == own.get().is_some_and(|own| own.is_sign_positive())
        })
    }

    /// The highest leverage with two digits that passes both rules.
    fn highest(self) -> Decimal {
        let step = Decimal::new(1, 2);
        let below_ltv = match cut(self.by_ltv, 2) {
            at if at == self.by_ltv => (x(at) - step).get().unwrap_or_default(),
            below => below,
        };
        below_ltv.min(cut(self.by_health, 2))
    }

    fn leverage(self, size: &mut Size, policies: &Policies) -> Option<Check> {
        let asked = size.loop_leverage;
        let figures = format!("{asked} against a maximum below {}", cut(self.by_ltv, 2));
        if asked < self.by_ltv {
            return Some(Check::new(Rule::LoopLeverage, Verdict::Passed, figures));
        }
        Some(self.lower(size, policies, Rule::LoopLeverage, &figures))
    }

    fn health(self, size: &mut Size, borrowed: Decimal, market: &LoopMarket, policies: &Policies) -> Option<Check> {
        let threshold = market.liquidation_threshold;
        let floor = market.thresholds.opening_floor();
        let after = loop_health_factor(size.base_capital, size.loop_leverage, borrowed, threshold)?;
        let with = if borrowed.is_zero() { String::new() } else { format!(" with {borrowed} USDC borrowed") };
        let figures = format!(
            "health factor after opening{with} is {}, the floor {floor}; highest leverage that fits is {}",
            shown(after, 3),
            cut(self.by_health, 2).max(Decimal::ZERO),
        );
        if after >= floor {
            return Some(Check::new(Rule::OpeningHealthFactor, Verdict::Passed, figures));
        }
        Some(self.lower(size, policies, Rule::OpeningHealthFactor, &figures))
    }

    fn lower(self, size: &mut Size, policies: &Policies, rule: Rule, figures: &str) -> Check {
        let highest = self.highest();
        if !policies.cap || highest < Decimal::ONE {
            let advice = if highest < Decimal::ONE { "no leverage fits" } else { "--cap lowers it" };
            return Check::new(rule, Verdict::Refused, format!("{figures}; {advice}"));
        }
        size.loop_leverage = highest;
        Check::new(rule, Verdict::Adjusted, format!("{figures}; lowered to {highest}"))
    }
}

/// At the stress price the loop is not yet urgent, and the trim from there ends solvent and within its bound.
fn stress(size: &Size, borrowed: Decimal, market: &LoopMarket) -> Option<Check> {
    let LoopMarket { liquidation_threshold: threshold, thresholds, trim_cost, trim_bound, .. } = *market;
    let collateral = (x(size.base_capital) * size.loop_leverage * (ONE - thresholds.stress)).get()?;
    let debt = ((x(size.loop_leverage) - Decimal::ONE) * size.base_capital + borrowed).get()?;
    if debt <= Decimal::ZERO {
        let text = "leverage 1 is no loop, nothing is borrowed".to_owned();
        return Some(Check::new(Rule::Survival, Verdict::Passed, text));
    }
    let health = (x(threshold) * collateral / debt).get()?;
    let figures = format!(
        "at a fall of {} the health factor is {}, urgent is {}",
        percent(thresholds.stress),
        shown(health, 4),
        thresholds.urgent
    );
    if health < thresholds.urgent {
        return Some(Check::new(Rule::Survival, Verdict::Refused, figures));
    }
    if health >= thresholds.trigger {
        return Some(Check::new(Rule::Survival, Verdict::Passed, format!("{figures}; no trim is due there")));
    }
    // strategy.md §5: r = (HF* × D − C × LT) / (HF* − LT × g), g = (1 + f) / (1 − s).
    let gross = (ONE + market.flash_fee) / (ONE - trim_cost);
    let rest = (x(thresholds.target) - gross * threshold).get()?;
    let repaid = ((x(thresholds.target) * debt - x(threshold) * collateral) / rest).get()?;
    let sold = (gross * repaid).get()?;
    let left = (x(collateral) - sold - (x(debt) - repaid)).get()?;
    let solvent = rest > Decimal::ZERO && repaid <= debt && sold <= collateral && left > Decimal::ZERO;
    let text = format!(
        "{figures}; the trim to {} repays {} of {} USD of debt at {} (bound {}) and leaves {} USD",
        thresholds.target,
        shown(repaid, 2),
        shown(debt, 2),
        percent(trim_cost),
        percent(trim_bound),
        shown(left, 2),
    );
    Some(Check::is(Rule::Survival, solvent && trim_cost <= trim_bound, text))
}
