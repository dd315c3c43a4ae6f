//! Stage: liquidity in Aave, and borrowers whose use of it makes the rates.

use alloy::primitives::{Address, U256};

use super::{Deployer, addresses::POOL};
use crate::localchain::{LocalChainError, Role, abi::IPool, market::amount};

/// Aave's variable interest rate mode, the only one.
const VARIABLE: u8 = 2;

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    for (symbol, tokens) in &site.market.aave_supply {
        supply(site, Role::Whale.address(), symbol, tokens).await?;
    }
    let borrowers = [Role::DollarBorrower, Role::EtherBorrower].map(Role::address);
    for (borrower, plan) in borrowers.into_iter().zip(&site.market.aave_borrowers) {
        let (symbol, tokens) = &plan.collateral;
        supply(site, borrower, symbol, tokens).await?;
        if plan.emode != 0 {
            site.act(borrower, POOL, &IPool::setUserEModeCall { categoryId: plan.emode }).await?;
        }
        let (symbol, tokens) = &plan.debt;
        let reserve = site.market.reserve(symbol)?;
        let borrow = IPool::borrowCall {
            asset: reserve.token,
            amount: amount(tokens, reserve.decimals)?,
            interestRateMode: U256::from(VARIABLE),
            referralCode: 0,
            onBehalfOf: borrower,
        };
        site.act(borrower, POOL, &borrow).await?;
    }
    Ok(())
}

async fn supply(site: &Deployer<'_>, who: Address, symbol: &str, tokens: &str) -> Result<(), LocalChainError> {
    let amount = site.give_for(POOL, symbol, who, tokens).await?;
    let asset = site.market.reserve(symbol)?.token;
    site.act(who, POOL, &IPool::supplyCall { asset, amount, onBehalfOf: who, referralCode: 0 }).await
}
