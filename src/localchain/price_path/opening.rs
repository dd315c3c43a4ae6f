//! Accounts on the course: opened at Aave by hand.

use alloy::primitives::{Address, U256};

use super::Course;
use crate::{
    localchain::{
        LocalChainError, Role,
        abi::{IERC20, IPool},
        genesis::POOL,
        node::Call,
    },
    units::Secs,
};

/// Aave's variable interest rate mode, the only one.
const VARIABLE: u8 = 2;
/// Gas of each call.
const GAS: u64 = 2_000_000;

/// What an account begins with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Tokens supplied, smallest unit, and whether they may back debt.
    pub supplies: &'a [(Address, U256, bool)],
    /// Debts, smallest unit; what is borrowed is gone.
    pub debts: &'a [(Address, U256)],
    /// Tokens in the wallet, smallest unit.
    pub wallet: &'a [(Address, U256)],
    /// Aave's e-mode, 0 for none.
    pub emode: u8,
}

impl Course {
    /// Lets an account supply and borrow; what it borrows leaves it, and the wallet is filled afterwards.
    pub async fn open(&self, account: Address, opening: &Opening<'_>, at: Secs) -> Result<(), LocalChainError> {
        let node = &self.controls.node;
        let supplied: Vec<_> = opening.supplies.iter().map(|(token, amount, _)| (*token, *amount)).collect();
        self.controls.fund(account, U256::ZERO, &supplied).await?;
        node.impersonate(account, true).await?;
        let mut calls = Vec::new();
        for (asset, amount, _) in opening.supplies.iter().copied() {
            let supply = IPool::supplyCall { asset, amount, onBehalfOf: account, referralCode: 0 };
            calls.push(Call::new(account, asset, &IERC20::approveCall { spender: POOL, amount }));
            calls.push(Call::new(account, POOL, &supply));
        }
        for (asset, _, _) in opening.supplies.iter().copied().filter(|(_, _, backs)| !backs) {
            let switch = IPool::setUserUseReserveAsCollateralCall { asset, useAsCollateral: false };
            calls.push(Call::new(account, POOL, &switch));
        }
        if opening.emode != 0 {
            calls.push(Call::new(account, POOL, &IPool::setUserEModeCall { categoryId: opening.emode }));
        }
        for (asset, amount) in opening.debts.iter().copied() {
            let mode = U256::from(VARIABLE);
            let borrow =
                IPool::borrowCall { asset, amount, interestRateMode: mode, referralCode: 0, onBehalfOf: account };
            calls.push(Call::new(account, POOL, &borrow));
            calls.push(Call::new(account, asset, &IERC20::transferCall { to: Role::Faucet.address(), amount }));
        }
        let head = node.head().await?;
        let fee = head.base_fee.saturating_mul(U256::from(2u64));
        let mut hashes = Vec::new();
        for call in &calls {
            hashes.push(self.offer(&Call { gas: GAS, ..call.clone() }, fee).await?);
        }
        self.mine(at.max(head.timestamp)).await?;
        for (hash, call) in hashes.into_iter().zip(&calls) {
            match node.receipt(hash).await? {
                Some(receipt) if receipt.succeeded() => {}
                _ => return Err(node.why_reverted(call).await),
            }
        }
        self.controls.fund(account, U256::ZERO, opening.wallet).await
    }

    /// Gives an account exactly this much ether.
    pub async fn set_ether(&self, account: Address, wei: U256) -> Result<(), LocalChainError> {
        self.controls.node.set_balance(account, wei).await
    }
}
