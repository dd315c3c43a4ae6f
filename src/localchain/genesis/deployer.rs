//! The chain under construction, and the few moves all stages are made of.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};

use super::addresses::{CONFIGURATOR, EXECUTOR, WETH};
use crate::localchain::{
    Kit, LocalChainError, Role,
    abi::{IERC20, IReplicaToken, IWETH9},
    market::{Market, amount},
    node::{Call, Node},
};

/// An anvil that impersonates everybody, the contracts to place and the market to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployer<'a> {
    /// The node.
    pub(crate) node: &'a Node,
    /// The contracts.
    pub(crate) kit: &'a Kit,
    /// The market.
    pub(crate) market: &'a Market,
}

impl Deployer<'_> {
    /// Runs a contract's constructor at its address.
    pub(crate) async fn place(&self, name: &str, at: Address, arguments: &[u8]) -> Result<(), LocalChainError> {
        let code = self.kit.creation_code(name, &super::addresses::LIBRARIES, arguments)?;
        self.node.place(Role::Deployer.address(), at, &code).await
    }

    /// Calls a contract as somebody.
    pub(crate) async fn act<C: SolCall>(&self, from: Address, to: Address, call: &C) -> Result<(), LocalChainError> {
        self.node.send(&Call::new(from, to, call)).await.map(drop)
    }

    /// Calls a contract as governance's executor.
    pub(crate) async fn govern<C: SolCall>(&self, to: Address, call: &C) -> Result<(), LocalChainError> {
        self.act(EXECUTOR, to, call).await
    }

    /// Gives tokens, out of nothing but backed: wrapped ether is deposited, all others are minted.
    pub(crate) async fn give(&self, symbol: &str, to: Address, units: U256) -> Result<(), LocalChainError> {
        let token = self.market.reserve(symbol)?.token;
        if token != WETH {
            return self.act(to, token, &IReplicaToken::mintCall { to, amount: units }).await;
        }
        let balance = self.node.balance(to).await?;
        self.node.set_balance(to, balance.saturating_add(units)).await?;
        let mut deposit = Call::new(to, token, &IWETH9::depositCall {});
        deposit.value = units;
        self.node.send(&deposit).await.map(drop)
    }

    /// Gives tokens and lets a contract spend them without end. The amount is in whole tokens, as text.
    pub(crate) async fn give_for(
        &self,
        spender: Address,
        symbol: &str,
        to: Address,
        tokens: &str,
    ) -> Result<U256, LocalChainError> {
        let reserve = self.market.reserve(symbol)?;
        let units = amount(tokens, reserve.decimals)?;
        self.give(symbol, to, units).await?;
        self.act(to, reserve.token, &IERC20::approveCall { spender, amount: U256::MAX }).await?;
        Ok(units)
    }

    /// Ether for the gas of everybody who acts.
    pub(super) async fn endow(&self) -> Result<(), LocalChainError> {
        let wei = U256::from(10).pow(U256::from(24));
        for role in Role::ALL {
            self.node.set_balance(role.address(), wei).await?;
        }
        for contract in [EXECUTOR, CONFIGURATOR] {
            self.node.set_balance(contract, wei).await?;
        }
        Ok(())
    }
}
