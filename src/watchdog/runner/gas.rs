//! What an account has for gas, for the rules and the figures.

use alloy::primitives::U256;

use super::{HeadOutcome, HeadSnapshot, SignerAccess, WatchSettings, WatchedAccount};
use crate::{
    chain::BlockRef,
    units::to_decimal,
    watchdog::rules::{AccountFacts, GasFacts},
};

impl WatchedAccount {
    /// What this ether is worth at the prices of a block; asks nobody. `None` for an account that is only watched.
    pub(super) fn gas_facts(&self, ether: U256, block: &BlockRef) -> Option<GasFacts> {
        self.sender()?;
        let market = self.office.endpoints.known_market(block);
        Some(GasFacts::at(ether, &market, &self.office.rulebook().fees.urgent))
    }

    /// Keeps the gauges.
    pub(super) fn meter_gas(&self, facts: &AccountFacts) {
        let Some(gas) = facts.gas else { return };
        let ether = to_decimal(gas.ether, 18);
        self.office.meters.gas(&self.account.to_string(), gas.trims(), ether);
    }

    /// What there is for gas at a head; `None` for an account that is only watched.
    #[must_use]
    pub fn gas(&self, seen: &HeadSnapshot) -> Option<GasFacts> {
        let account = seen.observation.near.get(&self.account)?;
        self.gas_facts(account.native, &seen.observation.block)
    }

    /// Why the account could not be protected at this head: it acts, has something to lose, and cannot pay for one trim, or
    /// may not, as gas costs.
    pub(super) fn unprotected(&self, turn: &HeadOutcome) -> Option<String> {
        let facts = turn.facts.as_ref()?;
        let is_owed = facts.health_factor.0 != U256::MAX;
        facts.gas.filter(|_| is_owed || !facts.perps.is_empty())?.obstacle()
    }

    /// Takes the fee limits of the settings, which may have been read again.
    pub(super) fn keep_fees(&mut self, rulebook: &WatchSettings) {
        if let SignerAccess::Sender(sender) = &mut self.hands {
            sender.set_fees(rulebook.fees);
        }
    }
}
