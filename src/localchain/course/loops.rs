//! Loops on the course: opened at Aave by hand, looked at, and who may take them.

use alloy::primitives::{Address, U256};

use super::Course;
use crate::{
    chain::{Batch, ReadError},
    localchain::{
        LocalChainError, Role,
        abi::{IAavePool, IERC20},
        build::POOL,
        node::Call,
    },
    units::{Secs, UsdE8, Wad},
};

/// Aave's variable interest rate mode, the only one.
const VARIABLE: u8 = 2;
/// Dollars of the liquidator, 6 decimals: a billion.
const MONEY: u64 = 1_000_000_000_000_000;

/// How an account stands at Aave, and what its wallet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Value of all collateral.
    pub collateral: UsdE8,
    /// Value of all debt.
    pub debt: UsdE8,
    /// Health factor.
    pub health_factor: Wad,
    /// USDC in the wallet, 6 decimals.
    pub wallet: U256,
}

impl Course {
    /// Lets an account supply ether and borrow dollars; the dollars leave it but for `keeps`.
    pub async fn lever(
        &self,
        account: Address,
        collateral: U256,
        debt: U256,
        keeps: U256,
    ) -> Result<(), LocalChainError> {
        let node = &self.controls.node;
        let (weth, usdc) = (self.market.reserve("WETH")?.token, self.market.reserve("USDC")?.token);
        self.controls.fund(account, U256::ZERO, &[(weth, collateral)]).await?;
        node.impersonate(account, true).await?;
        let head = node.head().await?;
        let fee = head.base_fee.saturating_mul(U256::from(2u64));
        let supply = IAavePool::supplyCall { asset: weth, amount: collateral, onBehalfOf: account, referral: 0 };
        let borrow = IAavePool::borrowCall {
            asset: usdc,
            amount: debt,
            mode: U256::from(VARIABLE),
            referral: 0,
            onBehalfOf: account,
        };
        let spent = IERC20::transferCall { to: Role::Faucet.address(), amount: debt.saturating_sub(keeps) };
        let calls = [
            Call::new(account, weth, &IERC20::approveCall { spender: POOL, amount: collateral }),
            Call::new(account, POOL, &supply),
            Call::new(account, POOL, &borrow),
            Call::new(account, usdc, &spent),
        ];
        let mut hashes = Vec::new();
        for call in &calls {
            hashes.push(self.offer(&Call { gas: 2_000_000, ..call.clone() }, fee).await?);
        }
        self.mine(head.timestamp.plus(Secs(2))).await?;
        for (hash, call) in hashes.into_iter().zip(&calls) {
            match node.receipt(hash).await? {
                Some(receipt) if receipt.succeeded() => {}
                _ => return Err(node.why_reverted(call).await),
            }
        }
        Ok(())
    }

    /// Gives an account exactly this much ether.
    pub async fn set_ether(&self, account: Address, wei: U256) -> Result<(), LocalChainError> {
        self.controls.node.set_balance(account, wei).await
    }

    /// How accounts stand on the newest block.
    pub async fn standings(&self, accounts: &[Address]) -> Result<Vec<Standing>, LocalChainError> {
        let usdc = self.market.reserve("USDC")?.token;
        let mut batch = Batch::new();
        let slots: Vec<_> = accounts
            .iter()
            .map(|account| {
                let data = batch.add(POOL, &IAavePool::getUserAccountDataCall { user: *account });
                (data, batch.add(usdc, &IERC20::balanceOfCall { owner: *account }))
            })
            .collect();
        let answers = self.controls.node.ask_all(&batch).await?;
        let unread = |error: ReadError| LocalChainError::Mismatch {
            what: "account data".to_owned(),
            wanted: "an answer".to_owned(),
            found: error.to_string(),
        };
        let mut found = Vec::with_capacity(accounts.len());
        for (data, wallet) in slots {
            let data = answers.get(data).map_err(unread)?;
            found.push(Standing {
                collateral: UsdE8(data.collateral),
                debt: UsdE8(data.debt),
                health_factor: Wad(data.healthFactor),
                wallet: answers.get(wallet).map_err(unread)?,
            });
        }
        Ok(found)
    }

    pub(super) async fn equip_liquidator(&self) -> Result<(), LocalChainError> {
        self.controls.equip_liquidator(self.market.reserve("USDC")?, U256::from(MONEY)).await
    }
}
