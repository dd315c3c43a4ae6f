//! Bringing prices to Aave's oracle and liquidating in one transaction, as the winner of an SVR auction does on Base.

use alloy::{
    primitives::{Address, I256, U256, keccak256},
    rpc::types::Log,
    sol_types::SolEvent,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Controls, PriceMoved,
    feeds::{Quote, quote},
    one_block::mine_together,
};
use crate::units::Raw;
use crate::{
    chain::{Batch, BlockRef, ReadError},
    localchain::{
        LocalChainError, Role,
        abi::{
            IAtomicLiquidator,
            IAtomicLiquidator::{Prey, Update},
            IERC20, IPool,
        },
        genesis::{POOL, WETH},
        market::{Market, Reserve},
        node::Call,
    },
};

/// What a liquidator did in one transaction.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LiquidationReport {
    /// The block it is in.
    pub block: BlockRef,
    /// Aave's prices that were brought to what the standard feeds say.
    pub prices: Vec<PriceMoved>,
    /// What was taken; nothing from an account that is healthy at these prices.
    pub taken: Vec<Liquidation>,
}

/// One liquidation that went through.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Liquidation {
    /// Symbol of the debt.
    pub debt: String,
    /// What was repaid, smallest unit of the debt.
    #[serde(with = "Raw")]
    pub covered: U256,
    /// Symbol of the collateral.
    pub collateral: String,
    /// What was taken for it, smallest unit of the collateral.
    #[serde(with = "Raw")]
    pub seized: U256,
}

impl Controls {
    /// Brings what the standard feeds say to Aave's oracle, and liquidates an account if that allows it, in one transaction.
    /// Every collateral is tried for every debt.
    pub async fn liquidate(&self, account: Address) -> Result<LiquidationReport, LocalChainError> {
        let market = Market::get()?;
        let quotes = self.quotes(market).await?;
        let mut updates = Vec::new();
        let mut moved = Vec::new();
        for standard in &market.standard_feeds {
            let reserve = market.reserve(&standard.asset)?;
            let Quote { source, price } = quote(&quotes, reserve)?;
            self.take_over_standard(standard, price).await?;
            let says = self.answer(standard.address).await?;
            if says != price {
                self.take_over_feed(Quote { source, price }).await?;
                updates.push(Update { feed: source, answer: I256::from_raw(says) });
                moved.push(PriceMoved { asset: reserve.symbol.clone(), before: price, after: says });
            }
        }
        let at = self.place_liquidator().await?;
        let (collaterals, debts) = self.loops_of(market, account).await?;
        for (reserve, owed) in &debts {
            self.equip_liquidator(reserve, owed.saturating_mul(U256::from(2u64))).await?;
        }
        let prey = collaterals.iter().flat_map(|(collateral, _)| {
            debts.iter().map(|(debt, _)| Prey { user: account, collateral: collateral.token, debt: debt.token })
        });
        let call = strike(at, updates, prey.collect());
        self.equip_for_gas(Role::Liquidator).await?;
        let block = mine_together(&self.node, Role::Liquidator, &[call], None).await?;
        Ok(LiquidationReport { block, prices: moved, taken: self.taken(market, account, &block).await? })
    }

    /// Puts the contract that liquidates in place, if it is not there.
    pub(in crate::localchain) async fn place_liquidator(&self) -> Result<Address, LocalChainError> {
        // The hash of its name, so that nothing else is there.
        let at = Address::from_word(keccak256("trimtab replica atomic liquidator"));
        if self.node.code(at).await? != self.code.liquidator {
            self.node.set_code(at, &self.code.liquidator).await?;
        }
        Ok(at)
    }

    /// Gives the liquidator so much of a debt asset at least, and lets its contract spend it.
    pub(in crate::localchain) async fn equip_liquidator(
        &self,
        debt: &Reserve,
        amount: U256,
    ) -> Result<(), LocalChainError> {
        let (who, token) = (Role::Liquidator.address(), debt.token);
        let held = self.node.ask(token, &IERC20::balanceOfCall { owner: who }).await?;
        if held < amount {
            if token == WETH {
                let backing = self.node.balance(WETH).await?;
                self.node.set_balance(WETH, backing.saturating_add(amount)).await?;
            }
            self.node.request::<Value>("anvil_dealERC20", json!([who, token, amount])).await?;
        }
        let spender = self.place_liquidator().await?;
        self.node.request::<Value>("anvil_setERC20Allowance", json!([who, spender, token, U256::MAX])).await.map(drop)
    }

    /// Collaterals and debts of an account with their amounts.
    async fn loops_of<'a>(
        &self,
        market: &'a Market,
        account: Address,
    ) -> Result<(Vec<(&'a Reserve, U256)>, Vec<(&'a Reserve, U256)>), LocalChainError> {
        let mut batch = Batch::new();
        let balance = |token: Address, batch: &mut Batch| batch.add(token, &IERC20::balanceOfCall { owner: account });
        let slots: Vec<_> = market
            .reserves
            .iter()
            .map(|reserve| (balance(reserve.a_token, &mut batch), balance(reserve.v_token, &mut batch)))
            .collect();
        let answers = self.node.ask_all(&batch).await?;
        let unread = |error: ReadError| LocalChainError::Mismatch {
            what: format!("balances of {account} at Aave"),
            wanted: "an answer".to_owned(),
            found: error.to_string(),
        };
        let (mut collaterals, mut debts) = (Vec::new(), Vec::new());
        for (reserve, (supplied, owed)) in market.reserves.iter().zip(slots) {
            let (supplied, owed) = (answers.get(supplied).map_err(unread)?, answers.get(owed).map_err(unread)?);
            if !supplied.is_zero() {
                collaterals.push((reserve, supplied));
            }
            if !owed.is_zero() {
                debts.push((reserve, owed));
            }
        }
        Ok((collaterals, debts))
    }

    async fn taken(
        &self,
        market: &Market,
        account: Address,
        block: &BlockRef,
    ) -> Result<Vec<Liquidation>, LocalChainError> {
        let filter =
            json!([{ "blockHash": block.hash, "address": POOL, "topics": [IPool::LiquidationCall::SIGNATURE_HASH] }]);
        let logs: Vec<Log> = self.node.request("eth_getLogs", filter).await?;
        let symbol = |token: Address| {
            let known = market.reserves.iter().find(|reserve| reserve.token == token);
            known.map_or_else(|| token.to_string(), |reserve| reserve.symbol.clone())
        };
        let events = logs.iter().filter_map(|log| IPool::LiquidationCall::decode_log(&log.inner).ok());
        let own = events.filter(|event| event.user == account);
        let taken = own.map(|event| Liquidation {
            debt: symbol(event.debt),
            covered: event.covered,
            collateral: symbol(event.collateral),
            seized: event.seized,
        });
        Ok(taken.collect())
    }
}

/// The liquidator's transaction: first the feeds, then the accounts.
pub(in crate::localchain) fn strike(at: Address, updates: Vec<Update>, prey: Vec<Prey>) -> Call {
    let call = IAtomicLiquidator::updateAndLiquidateCall { pool: POOL, updates, prey };
    Call::new(Role::Liquidator.address(), at, &call)
}
