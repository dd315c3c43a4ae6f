//! What an account is protected with on one head, as the watch reads it.

use super::{HeadSnapshot, WatchError, WatchedAccount};
use crate::{
    loops::LoopSnapshot,
    units::Millis,
    watchdog::{
        protection::{Basis, Means},
        rules::{AccountTrim, PairKey},
    },
};

impl WatchedAccount {
    /// What the account's plans on this head are made from.
    pub(super) fn basis<'s>(&self, seen: &'s HeadSnapshot) -> Result<Basis<'s>, WatchError> {
        let rulebook = self.office.rulebook();
        Ok(Basis {
            account: self.account,
            observation: &seen.observation,
            hubs: LoopSnapshot::hubs(&seen.list),
            known: self.known_loops()?,
            watch: rulebook.watch.clone(),
            bounds: rulebook.bounds,
            fees: rulebook.fees,
            thresholds: rulebook.thresholds,
            permit_ttl: rulebook.permit_ttl,
            network: self.office.network.clone(),
            gas_price: self.gas_price(&seen.observation),
            wall: Millis(self.office.clock.wall_millis()),
        })
    }

    /// What the account's trim is made from on this head, after parts of it that were mined.
    pub(super) fn means<'s>(
        &self,
        trim: &AccountTrim,
        sold: &[PairKey],
        seen: &'s HeadSnapshot,
    ) -> Result<Option<Means<'s>>, WatchError> {
        Ok(Means::choose(self.basis(seen)?, trim, sold)?)
    }
}
