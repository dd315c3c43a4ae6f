//! The calls of an account's snapshot, and their answers.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{
    abi::{IPool, IScaledToken},
    account::{AccountData, AccountState, Holding},
    configuration::UserConfiguration,
    error::QueryError,
    reserve_list::{Listing, ReserveList},
};
use crate::abi::{ICreditDelegation, IERC20, IERC20Permit};
use crate::{
    chain::{Answers, Batch, CodeQuery, Lens, Slot, multicall3},
    units::{Bps, UsdE8, Wad},
};

/// Where a batch has the answers that make an [`AccountState`].
#[derive(Debug)]
pub struct AccountQuery {
    address: Address,
    spender: Option<Address>,
    configuration: Slot<IPool::getUserConfigurationCall>,
    emode: Slot<IPool::getUserEModeCall>,
    data: Slot<IPool::getUserAccountDataCall>,
    native: Slot<multicall3::IMulticall3::getEthBalanceCall>,
    code: CodeQuery,
    holdings: Vec<HoldingQuery>,
}

impl AccountQuery {
    /// Adds the calls for an account; with a spender (the composer), allowances and delegations to it too.
    pub fn add(list: &ReserveList, address: Address, spender: Option<Address>, batch: &mut Batch) -> Self {
        let (pool, user) = (list.deployment.pool, address);
        let lens = Lens::add(batch);
        Self {
            address,
            spender,
            code: lens.ask(address, batch),
            configuration: batch.add(pool, &IPool::getUserConfigurationCall { user }),
            emode: batch.add(pool, &IPool::getUserEModeCall { user }),
            data: batch.add(pool, &IPool::getUserAccountDataCall { user }),
            native: batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getEthBalanceCall { addr: address }),
            holdings: list.listings.iter().map(|listing| HoldingQuery::add(listing, address, spender, batch)).collect(),
        }
    }

    /// The account's state.
    pub fn decode(&self, answers: &Answers) -> Result<AccountState, QueryError> {
        let emode = answers.get(self.emode)?;
        let mut holdings = BTreeMap::new();
        for query in &self.holdings {
            holdings.insert(query.asset, query.decode(answers)?);
        }
        Ok(AccountState {
            address: self.address,
            configuration: UserConfiguration(answers.get(self.configuration)?),
            emode: u8::try_from(emode)
                .map_err(|_| QueryError::OutOfRange { what: "an account's e-mode", value: emode.to_string() })?,
            holdings,
            native: answers.get(self.native)?,
            spender: self.spender,
            code: self.code.decode(answers),
            refuses_ether: false,
        })
    }

    /// What the pool itself says the account is worth, to hold [`AccountState::at`] against.
    pub fn reported(&self, answers: &Answers) -> Result<AccountData, QueryError> {
        let data = answers.get(self.data)?;
        let bps = |what, value: U256| {
            u32::try_from(value).map(Bps).map_err(|_| QueryError::OutOfRange { what, value: value.to_string() })
        };
        Ok(AccountData {
            collateral: UsdE8(data.totalCollateralBase),
            debt: UsdE8(data.totalDebtBase),
            available_borrows: UsdE8(data.availableBorrowsBase),
            liquidation_threshold: bps("an account's liquidation threshold", data.currentLiquidationThreshold)?,
            ltv: bps("an account's ltv", data.ltv)?,
            health_factor: Wad(data.healthFactor),
        })
    }
}

#[derive(Debug)]
struct HoldingQuery {
    asset: Address,
    scaled_supply: Slot<IScaledToken::scaledBalanceOfCall>,
    scaled_debt: Slot<IScaledToken::scaledBalanceOfCall>,
    wallet: Slot<IERC20::balanceOfCall>,
    wallet_nonce: Slot<IERC20Permit::noncesCall>,
    a_token_nonce: Slot<IERC20Permit::noncesCall>,
    debt_token_nonce: Slot<IERC20Permit::noncesCall>,
    allowances: Option<AllowanceQuery>,
}

#[derive(Debug)]
struct AllowanceQuery {
    wallet: Slot<IERC20::allowanceCall>,
    a_token: Slot<IERC20::allowanceCall>,
    borrow: Slot<ICreditDelegation::borrowAllowanceCall>,
}

impl HoldingQuery {
    fn add(listing: &Listing, user: Address, spender: Option<Address>, batch: &mut Batch) -> Self {
        let (asset, a_token, debt_token, owner) = (listing.asset, listing.a_token, listing.debt_token, user);
        Self {
            asset,
            scaled_supply: batch.add(a_token, &IScaledToken::scaledBalanceOfCall { user }),
            scaled_debt: batch.add(debt_token, &IScaledToken::scaledBalanceOfCall { user }),
            wallet: batch.add(asset, &IERC20::balanceOfCall { owner: user }),
            wallet_nonce: batch.add(asset, &IERC20Permit::noncesCall { owner }),
            a_token_nonce: batch.add(a_token, &IERC20Permit::noncesCall { owner }),
            debt_token_nonce: batch.add(debt_token, &IERC20Permit::noncesCall { owner }),
            allowances: spender.map(|spender| AllowanceQuery {
                wallet: batch.add(asset, &IERC20::allowanceCall { owner, spender }),
                a_token: batch.add(a_token, &IERC20::allowanceCall { owner, spender }),
                borrow: batch
                    .add(debt_token, &ICreditDelegation::borrowAllowanceCall { fromUser: owner, toUser: spender }),
            }),
        }
    }

    fn decode(&self, answers: &Answers) -> Result<Holding, QueryError> {
        let mut holding = Holding {
            scaled_supply: answers.get(self.scaled_supply)?,
            scaled_debt: answers.get(self.scaled_debt)?,
            wallet: answers.get(self.wallet)?,
            wallet_nonce: answers.find(self.wallet_nonce),
            a_token_nonce: answers.get(self.a_token_nonce)?,
            debt_token_nonce: answers.get(self.debt_token_nonce)?,
            ..Holding::default()
        };
        if let Some(allowances) = &self.allowances {
            holding.wallet_allowance = answers.get(allowances.wallet)?;
            holding.a_token_allowance = answers.get(allowances.a_token)?;
            holding.borrow_allowance = answers.get(allowances.borrow)?;
        }
        Ok(holding)
    }
}
