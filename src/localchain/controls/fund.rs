//! Money out of nothing, on a local chain only.

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};

use super::Controls;
use crate::localchain::{
    LocalChainError, Role,
    abi::{IERC20, IReplicaToken, IWETH9},
    genesis::{SWAP_ROUTER, WETH},
    market::{Market, Reserve},
    node::Call,
};

/// What the trader holds of a token at least, in whole tokens.
const TRADER_FLOOR: u64 = 500_000_000;
/// What it is given when it has less.
const TRADER_REFILL: u64 = 1_000_000_000;

impl Controls {
    /// Adds ether (wei) and tokens (units) to what an account has, without touching its nonce.
    ///
    /// Wrapped ether is deposited and the replica's tokens are minted, so supplies stay true; a genuine token on a
    /// fork gets its balance written, and the result is verified by asking the token.
    pub async fn fund(&self, who: Address, wei: U256, tokens: &[(Address, U256)]) -> Result<(), LocalChainError> {
        let market = Market::get()?;
        for (token, _) in tokens {
            if market.reserves.iter().any(|reserve| reserve.a_token == *token || reserve.v_token == *token) {
                return Err(LocalChainError::AaveToken { token: *token });
            }
        }
        for (token, units) in tokens.iter().filter(|(_, units)| !units.is_zero()) {
            self.give(who, *token, *units).await?;
        }
        if wei.is_zero() {
            return Ok(());
        }
        let balance = self.node.balance(who).await?;
        self.node.set_balance(who, add(balance, wei)?).await
    }

    async fn give(&self, who: Address, token: Address, units: U256) -> Result<(), LocalChainError> {
        let held = self.held(token, who).await?;
        let wanted = add(held, units)?;
        let faucet = Role::Faucet.address();
        self.equip_for_gas(Role::Faucet).await?;
        if token == WETH {
            let mut deposit = Call::new(faucet, WETH, &IWETH9::depositCall {});
            deposit.value = units;
            let transfer = Call::new(faucet, WETH, &IERC20::transferCall { to: who, amount: units });
            let gas = self.node.balance(faucet).await?;
            self.node.set_balance(faucet, add(units, gas)?).await?;
            self.as_role(Role::Faucet, &[deposit, transfer]).await?;
        } else if self.code.tokens.contains(&self.node.code(token).await?) {
            let mint = Call::new(faucet, token, &IReplicaToken::mintCall { to: who, amount: units });
            self.as_role(Role::Faucet, &[mint]).await?;
        } else {
            self.node.request::<Value>("anvil_dealERC20", json!([who, token, wanted])).await?;
        }
        let found = self.held(token, who).await?;
        if found == wanted {
            return Ok(());
        }
        Err(LocalChainError::Mismatch {
            what: format!("balance of {token} after funding {who}"),
            wanted: wanted.to_string(),
            found: found.to_string(),
        })
    }

    /// Sees to it that the trader can pay for any push with this token; tells how much it has. Makes no block.
    pub(in crate::localchain) async fn equip_trader(&self, paid: &Reserve) -> Result<U256, LocalChainError> {
        let trader = Role::Trader.address();
        let unit = U256::from(10).pow(U256::from(paid.decimals));
        let mut held = self.held(paid.token, trader).await?;
        if held < U256::from(TRADER_FLOOR) * unit {
            let refill = U256::from(TRADER_REFILL) * unit;
            if paid.token == WETH {
                let backing = self.node.balance(WETH).await?;
                self.node.set_balance(WETH, add(backing, refill)?).await?;
            }
            self.node.request::<Value>("anvil_dealERC20", json!([trader, paid.token, refill])).await?;
            held = self.held(paid.token, trader).await?;
        }
        let allowance = IERC20::allowanceCall { owner: trader, spender: SWAP_ROUTER };
        if self.node.ask(paid.token, &allowance).await? < held {
            let params = json!([trader, SWAP_ROUTER, paid.token, U256::MAX]);
            self.node.request::<Value>("anvil_setERC20Allowance", params).await?;
        }
        Ok(held)
    }

    /// Gives a role ether for its gas, where it has none.
    pub(in crate::localchain) async fn equip_for_gas(&self, role: Role) -> Result<(), LocalChainError> {
        let ether = U256::from(10).pow(U256::from(18));
        if self.node.balance(role.address()).await? < ether {
            self.node.set_balance(role.address(), ether.saturating_mul(U256::from(1_000_000))).await?;
        }
        Ok(())
    }

    async fn held(&self, token: Address, owner: Address) -> Result<U256, LocalChainError> {
        self.node.ask(token, &IERC20::balanceOfCall { owner }).await
    }

    /// Calls of a role, together in one block.
    async fn as_role(&self, role: Role, calls: &[Call]) -> Result<(), LocalChainError> {
        super::one_block::mine_together(&self.node, role, calls, None).await.map(drop)
    }
}

fn add(a: U256, b: U256) -> Result<U256, LocalChainError> {
    a.checked_add(b).ok_or_else(|| LocalChainError::BadAmount(format!("{a} + {b} is more than any balance can be")))
}
