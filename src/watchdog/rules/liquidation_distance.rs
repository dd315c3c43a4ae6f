//! The rule about a perp's distance to its liquidation, and the margin that keeps it.

use rust_decimal::Decimal;
use serde_json::json;

use super::{Action, MarketStatus, PerpFacts, Rule, perps::shown, round::Round};
use crate::{config::TopUpConfig, journal::Severity, strategy::Side};

/// Less margin than this is not worth a transaction, USDC.
const LEAST_TOP_UP: Decimal = Decimal::ONE;

impl Round<'_> {
    pub(super) fn liquidation_distance(&mut self, perp: &PerpFacts) {
        if self.distance(perp).is_none() {
            self.unfit(&perp.id, "the distance to liquidation");
        }
    }

    /// Tells that a perp is near its liquidation, and adds margin if that is wanted; `None` when a figure does not fit.
    fn distance(&mut self, perp: &PerpFacts) -> Option<()> {
        let config = self.config.top_up;
        if perp.entry_distance <= Decimal::ZERO {
            return None;
        }
        let left = match perp.side {
            Side::Long => perp.mark.checked_sub(perp.liquidation)?,
            Side::Short => perp.liquidation.checked_sub(perp.mark)?,
        };
        let left = left.checked_div(perp.entry_distance)?;
        let holds = left <= config.alert_at;
        // Told again only after it was twice as far.
        let recovered = left > config.alert_at.checked_mul(Decimal::TWO)?;
        let news = self.memory.crosses(Rule::LiquidationDistance, &perp.id, holds, recovered);
        let given = self.memory.perp(&perp.id).topped_up.max(perp.topped_up);
        let amount = if holds { top_up(perp, &config, left, given, self.facts.free_usdc)? } else { Decimal::ZERO };
        if news {
            let then = match () {
                () if !config.enabled => "add margin or close (watch.top_up is off)".to_owned(),
                () if amount > Decimal::ZERO => format!("adding {amount} USDC of margin"),
                () => format!(
                    "no margin can be added: {} of {} USDC are used up, {} are free",
                    shown(given),
                    config.cap,
                    shown(self.facts.free_usdc)
                ),
            };
            let share = |value: Decimal| value.saturating_mul(Decimal::ONE_HUNDRED).round_dp(2).normalize();
            let reason = format!(
                "{}: mark {} is {} % of the entry's distance from its liquidation at {}, the limit is {} %; {then}",
                perp.id,
                perp.mark,
                share(left),
                perp.liquidation,
                share(config.alert_at),
            );
            self.fire(Rule::LiquidationDistance, Severity::Alert, perp.id.clone(), reason, json!(perp));
        }
        if amount > Decimal::ZERO {
            self.actions.push(Action::TopUpMargin { perp: perp.id.clone(), amount });
        }
        Some(())
    }
}

/// Margin that brings the distance back to `restore`: the distance grows with the margin, `entry_distance` for
/// `entry_margin`. Cut off to the token's six digits.
fn top_up(perp: &PerpFacts, config: &TopUpConfig, left: Decimal, given: Decimal, free: Decimal) -> Option<Decimal> {
    if !config.enabled || perp.status != MarketStatus::Open {
        return Some(Decimal::ZERO);
    }
    let missing = config.restore.checked_sub(left)?;
    let wanted = perp.entry_margin.checked_mul(missing)?;
    let room = config.cap.checked_sub(given)?;
    let amount = wanted.min(room).min(free).trunc_with_scale(6).normalize();
    Some(if amount < LEAST_TOP_UP { Decimal::ZERO } else { amount })
}
