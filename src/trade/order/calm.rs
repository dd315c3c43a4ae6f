//! Thresholds in a plan file: whoever edits one must neither take a loop's protection away nor have the watch sell at once.

use rust_decimal::Decimal;

use super::{LoopAsk, OrderError, ask::asks};
use crate::{config::Thresholds, loops::ThresholdChange, plan::Plan, units::to_decimal};

/// Who may do it all the same.
const ITSELF: &str = "set it with `trimtab loop adjust` itself";

impl LoopAsk {
    /// Refuses thresholds below those in force, an urgent one that would have every trim at the widest bounds, and others so
    /// near or above the health factor that the action leaves that the loop would be warned about, or trimmed, from then on.
    /// The room is the headroom that a loop opens with.
    pub fn keeps(&self, base: &Thresholds, plan: &Plan) -> Result<(), OrderError> {
        let ThresholdChange { warn, trigger, target, urgent } = self.thresholds;
        let all = [
            ("warn", warn, base.warn),
            ("trigger", trigger, base.trigger),
            ("target", target, base.target),
            ("urgent", urgent, base.urgent),
        ];
        for (name, wanted, present) in all {
            if let Some(wanted) = wanted.filter(|wanted| *wanted < present) {
                return asks(format!("{name} {wanted}, below the {present} in force"), ITSELF);
            }
        }
        if let Some(wanted) = urgent.filter(|wanted| *wanted > base.urgent) {
            let what = format!("urgent {wanted} instead of {}, and so for trims at wider bounds", base.urgent);
            return asks(what, ITSELF);
        }
        let health =
            plan.figure("health_factor").and_then(|figure| to_decimal(figure.after.raw, figure.after.decimals));
        let health = health.unwrap_or(Decimal::MAX);
        let most = [
            ("warn", warn, base.warn, health),
            ("trigger", trigger, base.trigger, health.saturating_sub(base.headroom)),
            ("target", target, base.target, health.saturating_add(base.headroom)),
        ];
        for (name, wanted, present, most) in most {
            if let Some(wanted) = wanted.filter(|wanted| *wanted > present && *wanted > most) {
                let (most, health) = (most.round_dp(4), health.round_dp(4));
                let what = format!("{name} {wanted}, above {most}, at a health factor of {health} after the action");
                return asks(what, ITSELF);
            }
        }
        Ok(())
    }
}
