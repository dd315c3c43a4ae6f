//! The few calls that tell an account's health factor: for screening many accounts at every block.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{
    abi::{IPool, IScaledToken},
    account::{AccountState, Holding},
    configuration::UserConfiguration,
    error::QueryError,
    market::Market,
    reserve_list::ReserveList,
};
use crate::chain::{Answers, Batch, Slot};

/// Where a batch has what screening an account needs: its configuration, e-mode, and the balances that count.
#[derive(Debug)]
pub struct ScreenQuery {
    address: Address,
    known: Option<UserConfiguration>,
    configuration: Slot<IPool::getUserConfigurationCall>,
    emode: Slot<IPool::getUserEModeCall>,
    supplies: Vec<(Address, Slot<IScaledToken::scaledBalanceOfCall>)>,
    debts: Vec<(Address, Slot<IScaledToken::scaledBalanceOfCall>)>,
}

impl ScreenQuery {
    /// Adds the calls. With the configuration that the account had last, only the balances that count by it are asked
    /// for; without it, all.
    pub fn add(
        list: &ReserveList,
        market: Option<&Market>,
        address: Address,
        known: Option<UserConfiguration>,
        batch: &mut Batch,
    ) -> Self {
        let (pool, user) = (list.deployment.pool, address);
        let known = known.filter(|_| market.is_some());
        let counts = |asset: Address, is_debt: bool| {
            let Some((configuration, market)) = known.zip(market) else { return true };
            market.reserve(asset).is_ok_and(|reserve| match is_debt {
                true => configuration.is_borrowing(reserve.id),
                false => configuration.is_collateral(reserve.id),
            })
        };
        let call = IScaledToken::scaledBalanceOfCall { user };
        let configuration = batch.add(pool, &IPool::getUserConfigurationCall { user });
        let emode = batch.add(pool, &IPool::getUserEModeCall { user });
        let mut supplies = Vec::new();
        let mut debts = Vec::new();
        for listing in &list.listings {
            if counts(listing.asset, false) {
                supplies.push((listing.asset, batch.add(listing.a_token, &call)));
            }
            if counts(listing.asset, true) {
                debts.push((listing.asset, batch.add(listing.debt_token, &call)));
            }
        }
        Self { address, known, configuration, emode, supplies, debts }
    }

    /// The account as far as its health factor needs it; `None` when its configuration is no longer the known one, so that
    /// other balances may count.
    pub fn decode(&self, answers: &Answers) -> Result<Option<AccountState>, QueryError> {
        let configuration = UserConfiguration(answers.get(self.configuration)?);
        if self.known.is_some_and(|known| known != configuration) {
            return Ok(None);
        }
        let emode: U256 = answers.get(self.emode)?;
        let mut holdings = BTreeMap::<Address, Holding>::new();
        for (asset, slot) in &self.supplies {
            holdings.entry(*asset).or_default().scaled_supply = answers.get(*slot)?;
        }
        for (asset, slot) in &self.debts {
            holdings.entry(*asset).or_default().scaled_debt = answers.get(*slot)?;
        }
        Ok(Some(AccountState {
            configuration,
            emode: u8::try_from(emode)
                .map_err(|_| QueryError::OutOfRange { what: "an account's e-mode", value: emode.to_string() })?,
            holdings,
            ..AccountState::empty(self.address)
        }))
    }
}
