//! Which accounts nothing is due on: their heads are read in full only when one has changed something.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy::primitives::Address;

/// Accounts that are calm, as their seats last said. Who has not said so is not.
#[derive(Debug, Default)]
pub(super) struct Calm(Mutex<BTreeSet<Address>>);

impl Calm {
    /// What a seat says of its account.
    pub(super) fn set(&self, account: Address, is_calm: bool) {
        let mut calm = self.lock();
        if is_calm {
            calm.insert(account);
        } else {
            calm.remove(&account);
        }
    }

    /// Nobody is, as far as is known: other settings are in force.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    /// Whether all of them are.
    pub(super) fn all(&self, accounts: &[Address]) -> bool {
        let calm = self.lock();
        accounts.iter().all(|account| calm.contains(account))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Address>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
