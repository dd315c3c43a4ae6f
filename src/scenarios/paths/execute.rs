//! Our transactions in the simulated market: the very call data of a plan, carried out by Aave's arithmetic and the pools'.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, U256},
    sol_types::{SolCall, SolInterface},
};

use crate::{
    aave::{AccountState, Amount as AaveAmount, Deployment as Aave, Market, Projection, abi::IPool::IPoolCalls},
    abi::IERC20::approveCall,
    dex::{PoolKey, Pools},
    loops::FlashSource,
    onedelta::{self, Amount, CALL_FORWARDER, COMPOSER, FlashLoan, FlashProvider, Lending, Op, SweepAmount, Transfer},
    plan::{Plan, SignedPermits, Step},
    units::Secs,
};

/// Where a transaction is carried out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Aave at the block before, or at the block's own prices.
    pub(super) market: &'a Market,
    pub(super) pools: &'a Pools,
    /// Morpho Blue has nothing to lend.
    pub(super) morpho_is_empty: bool,
    pub(super) at: Secs,
}

/// Why it reverts.
pub(super) type Revert = String;

/// The account after a plan's transactions.
pub(super) fn execute(plan: &Plan, account: &AccountState, place: Place<'_>) -> Result<AccountState, Revert> {
    let wallet = account.holdings.iter().map(|(token, holding)| (*token, holding.wallet)).collect();
    let projection = Projection::new(place.market.clone(), account.clone(), place.at);
    let mut run = Run { place, owner: account.address, projection, wallet, held: BTreeMap::new() };
    for step in &plan.steps {
        run.step(step)?;
    }
    if let Some(((holder, token), _)) =
        run.held.iter().find(|((holder, _), amount)| [COMPOSER, CALL_FORWARDER].contains(holder) && !amount.is_zero())
    {
        return Err(format!("{token} is left in {holder}"));
    }
    let mut after = run.projection.account().clone();
    for (token, amount) in run.wallet {
        after.holdings.entry(token).or_default().wallet = amount;
    }
    Ok(after)
}

/// A transaction under way.
pub(super) struct Run<'a> {
    pub(super) place: Place<'a>,
    owner: Address,
    projection: Projection,
    wallet: BTreeMap<Address, U256>,
    /// What contracts hold, by holder and token.
    held: BTreeMap<(Address, Address), U256>,
}

pub(super) fn because(error: impl std::fmt::Display) -> Revert {
    error.to_string()
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<(), Revert> {
        if !step.value.is_zero() {
            return Err("the simulated account sends no ether".to_owned());
        }
        let data = step.data.fill(&SignedPermits::new(), |_| true).map_err(because)?;
        if step.to == COMPOSER {
            return self.ops(&onedelta::decode_calldata(&data).map_err(because)?);
        }
        if step.to == Aave::BASE.pool {
            return self.pool(&data);
        }
        // Of a token without permit.
        approveCall::abi_decode(&data).map(|_| ()).map_err(|error| format!("not an approval: {error}"))
    }

    fn pool(&mut self, data: &[u8]) -> Result<(), Revert> {
        match IPoolCalls::abi_decode(data).map_err(because)? {
            IPoolCalls::repayWithATokens(call) => {
                let amount = if call.amount == U256::MAX { AaveAmount::All } else { AaveAmount::Exact(call.amount) };
                self.projection.repay_with_supply(call.asset, amount).map(|_| ()).map_err(because)
            }
            IPoolCalls::setUserUseReserveAsCollateral(call) => {
                self.projection.use_as_collateral(call.asset, call.useAsCollateral).map_err(because)
            }
            IPoolCalls::setUserEMode(call) => self.projection.set_emode(call.categoryId).map_err(because),
            other => Err(because(format!("a call of the pool that no plan makes: {other:?}"))),
        }
    }

    fn ops(&mut self, ops: &[Op]) -> Result<(), Revert> {
        ops.iter().try_for_each(|op| match op {
            Op::Transfer(transfer) => self.transfer(COMPOSER, transfer),
            Op::Lending(lending) => self.lending(lending),
            Op::Flash(loan) => self.flash(loan),
            Op::ForwarderCall { ops, .. } => ops.iter().try_for_each(|op| self.forward(op)),
            other => Err(format!("{} is not simulated", other.name())),
        })
    }

    pub(super) fn balance(&self, holder: Address, token: Address) -> U256 {
        match holder == self.owner {
            true => self.wallet.get(&token).copied().unwrap_or_default(),
            false => self.held.get(&(holder, token)).copied().unwrap_or_default(),
        }
    }

    fn entry(&mut self, holder: Address, token: Address) -> &mut U256 {
        match holder == self.owner {
            true => self.wallet.entry(token).or_default(),
            false => self.held.entry((holder, token)).or_default(),
        }
    }

    pub(super) fn take(&mut self, holder: Address, token: Address, amount: U256) -> Result<(), Revert> {
        let balance = self.balance(holder, token);
        let left = balance.checked_sub(amount).ok_or_else(|| format!("{holder} has {balance} of {amount} {token}"))?;
        *self.entry(holder, token) = left;
        Ok(())
    }

    pub(super) fn give(&mut self, holder: Address, token: Address, amount: U256) {
        let balance = self.entry(holder, token);
        *balance = balance.saturating_add(amount);
    }

    pub(super) fn transfer(&mut self, holder: Address, transfer: &Transfer) -> Result<(), Revert> {
        match *transfer {
            Transfer::Approve { .. } => Ok(()),
            Transfer::TransferFrom { asset, receiver, amount: Amount::Exact(amount) } => {
                self.take(self.owner, asset, amount.to_u256())?;
                self.give(receiver, asset, amount.to_u256());
                Ok(())
            }
            Transfer::Sweep { asset, receiver, amount } => {
                let balance = self.balance(holder, asset);
                let sent = match amount {
                    SweepAmount::AtLeast(least) if balance < U256::from(least) => {
                        return Err(format!("Slippage(): {balance} of at least {least} {asset}"));
                    }
                    SweepAmount::AtLeast(_) => balance,
                    SweepAmount::Exact(exact) => exact.to_u256(),
                };
                self.take(holder, asset, sent)?;
                self.give(receiver, asset, sent);
                Ok(())
            }
            ref other => Err(format!("{} is not simulated", other.name())),
        }
    }

    fn lending(&mut self, lending: &Lending) -> Result<(), Revert> {
        match *lending {
            Lending::Deposit { asset, amount, .. } => {
                let amount = self.stated(asset, amount);
                self.take(COMPOSER, asset, amount)?;
                self.projection.supply(asset, amount).map_err(because)
            }
            Lending::Borrow { asset, amount, receiver, .. } => {
                self.projection.borrow_delegated(asset, amount.to_u256()).map_err(because)?;
                self.give(receiver, asset, amount.to_u256());
                Ok(())
            }
            Lending::Repay { asset, amount, .. } => {
                let owed = self.projection.owed(asset).map_err(because)?;
                let amount = self.stated(asset, amount);
                let amount = if amount >= owed { AaveAmount::All } else { AaveAmount::Exact(amount) };
                let paid = self.projection.repay(asset, amount).map_err(because)?;
                self.take(COMPOSER, asset, paid)
            }
            Lending::Withdraw { asset, amount, receiver, .. } => {
                let amount = match amount {
                    Amount::Exact(exact) => AaveAmount::Exact(exact.to_u256()),
                    Amount::All | Amount::Max => AaveAmount::All,
                };
                let moved = self.projection.transfer_a_token(asset, amount).map_err(because)?;
                let out = self.projection.withdraw_transferred(moved).map_err(because)?;
                self.give(receiver, asset, out);
                Ok(())
            }
        }
    }

    /// An amount of the composer's: exactly, or all that it has.
    fn stated(&self, asset: Address, amount: Amount) -> U256 {
        match amount {
            Amount::Exact(exact) => exact.to_u256(),
            Amount::All | Amount::Max => self.balance(COMPOSER, asset),
        }
    }

    fn flash(&mut self, loan: &FlashLoan) -> Result<(), Revert> {
        match loan {
            FlashLoan::Pulled { provider: FlashProvider::MorphoBlue, asset, amount, ops, .. } => {
                if self.place.morpho_is_empty {
                    return Err("Morpho Blue has nothing to lend".to_owned());
                }
                self.give(COMPOSER, *asset, amount.to_u256());
                self.ops(ops)?;
                self.take(COMPOSER, *asset, amount.to_u256())
            }
            FlashLoan::Pulled { provider: FlashProvider::AaveV3, asset, amount, ops, .. } => {
                let taken = self.projection.flash_loan(*asset, amount.to_u256()).map_err(because)?;
                self.give(COMPOSER, *asset, taken.amount);
                self.ops(ops)?;
                self.take(COMPOSER, *asset, taken.amount.saturating_add(taken.premium))?;
                self.projection.repay_flash_loan(taken).map_err(because)
            }
            FlashLoan::UniswapV3 { pool, token_a, token_b, fee, amount0, amount1, ops, .. } => {
                let (token, amount) =
                    if *amount0 > 0 { (*token_a, U256::from(*amount0)) } else { (*token_b, U256::from(*amount1)) };
                let lender = self.place.pools.at(*pool).ok_or("there is no such pool")?;
                if lender.balance_of(token).unwrap_or_default() < amount {
                    return Err("the pool does not hold the loan".to_owned());
                }
                let key = PoolKey::of(&lender.id()).ok_or("the pool lends nothing")?;
                let owed = FlashSource::UniswapV3(key).fee((*fee).into(), amount).map_err(because)?;
                self.give(COMPOSER, token, amount);
                self.ops(ops)?;
                self.take(*pool, token, amount.saturating_add(owed))
            }
            FlashLoan::Midnight { .. } => Err("Morpho Midnight is not simulated".to_owned()),
        }
    }
}
