//! The rule about gas: an account that cannot pay for a transaction cannot be protected, however good the plan.

use alloy::primitives::U256;
use serde_json::json;

use super::{Rule, gas_facts::GasFacts, round::Round};
use crate::{journal::Severity, units::format_units};

impl Round<'_> {
    /// Told when the ether falls below `watch.gas_trims` trims, again when it pays for none, and when it is back.
    pub(super) fn gas(&mut self) {
        let facts = self.facts;
        let is_owed = facts.health_factor.0 != U256::MAX;
        let Some(gas) = facts.gas.filter(|_| is_owed || !facts.perps.is_empty()) else { return };
        self.ceiling(gas);
        let wanted = self.config.gas_trims;
        let words = format!("{}; watch.gas_trims is {wanted}", gas.words());
        let inputs = json!({ "ether": gas.ether.to_string(), "trim": gas.trim.to_string(), "gas_trims": wanted });
        let is_out = self.memory.crosses(Rule::NoGas, "", gas.is_below(1), gas.is_well_above(1));
        let was_low = self.memory.has_crossed(Rule::Gas, "");
        let is_low = self.memory.crosses(Rule::Gas, "", gas.is_below(wanted), gas.is_well_above(wanted));
        let account = facts.account;
        if is_out {
            let reason =
                format!("no gas for a trim: {words}. One goes out for less or not at all: send ether to {account} now");
            self.fire(Rule::NoGas, Severity::Alert, "", reason, inputs);
        } else if is_low {
            let reason = format!("gas is running out: {words}. Send ether to {account}");
            self.fire(Rule::Gas, Severity::Alert, "", reason, inputs);
        } else if was_low && !self.memory.has_crossed(Rule::Gas, "") {
            self.fire(Rule::Gas, Severity::Info, "", format!("gas is there again: {words}"), inputs);
        }
    }

    /// Told when gas costs more than any trim may pay, and when it no longer does.
    fn ceiling(&mut self, gas: GasFacts) {
        let inputs = json!({ "next_base_fee": gas.next_base_fee.to_string(), "ceiling": gas.ceiling.to_string() });
        let was_above = self.memory.has_crossed(Rule::FeeCeiling, "");
        let is_over = gas.is_well_below_ceiling();
        if self.memory.crosses(Rule::FeeCeiling, "", gas.is_above_ceiling(), is_over) {
            self.fire(Rule::FeeCeiling, Severity::Alert, "", gas.ceiling_words(), inputs);
        } else if was_above && is_over {
            let gwei = format_units(gas.next_base_fee, 9);
            let reason = format!("the base fee is {gwei} gwei or less again: trims are sent");
            self.fire(Rule::FeeCeiling, Severity::Info, "", reason, inputs);
        }
    }
}
