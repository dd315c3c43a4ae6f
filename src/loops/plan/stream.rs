//! The composer streams of loop actions (onedelta-composer.md §9), as typed ops.

use alloy::primitives::{Address, U256};

use super::{loan::Loan, swap::Swap};
use crate::{
    aave,
    dex::{Exchanges, Route},
    loops::{Contracts, Pair},
    onedelta::{
        Amount, CALL_FORWARDER, COMPOSER, EncodeError, Exact, FlashLoan, ForwarderOp, Lending, MORPHO_BLUE, Op,
        SwapVenue, SweepAmount, Transfer, approve_then_deposit, approve_then_repay,
    },
};

const POOL: Address = aave::Deployment::BASE.pool;

/// Writes the streams of one loop for one account.
#[derive(Debug, Clone, Copy)]
pub(in crate::loops) struct Streams<'a> {
    pub(in crate::loops) pair: &'a Pair,
    pub(in crate::loops) exchanges: &'a Exchanges,
    pub(in crate::loops) account: Address,
}

impl Streams<'_> {
    /// Takes native currency, sent along with the call, as the wrapped token.
    pub(in crate::loops) fn wrap(&self, weth: Address, amount: U256) -> Result<Op, EncodeError> {
        // The portable form: plain ether sent to the wrapped token wraps it.
        Ok(Transfer::Sweep { asset: Address::ZERO, receiver: weth, amount: SweepAmount::exact(amount)? }.into())
    }

    /// Pulls tokens from the account.
    pub(in crate::loops) fn pull(&self, asset: Address, amount: U256) -> Result<Op, EncodeError> {
        Ok(Transfer::TransferFrom { asset, receiver: COMPOSER, amount: Amount::exact(amount)? }.into())
    }

    fn venue(&self, route: &Route) -> Result<SwapVenue<'_>, EncodeError> {
        let exchange = route.hops().first().and_then(|hop| self.exchanges.of_pool(&hop.pool));
        let exchange = exchange.ok_or_else(|| EncodeError::UnknownExchange(route.exchange()))?;
        Ok(SwapVenue::new(COMPOSER, CALL_FORWARDER, exchange.as_ref()))
    }

    /// Sells exactly the quoted input.
    pub(in crate::loops) fn sell(&self, swap: &Swap) -> Result<Vec<Op>, EncodeError> {
        self.venue(&swap.quote.route)?.exact_in(
            &swap.quote.route,
            Exact::new(swap.quote.amount_in)?,
            Exact::new(swap.limit)?,
        )
    }

    /// Sells all that the composer holds.
    pub(in crate::loops) fn sell_everything(&self, swap: &Swap, at_least: U256) -> Result<Vec<Op>, EncodeError> {
        self.venue(&swap.quote.route)?.whole_balance(&swap.quote.route, Exact::new(at_least)?, Exact::new(swap.limit)?)
    }

    /// Buys exactly the quoted output for no more than the limit.
    pub(in crate::loops) fn buy(&self, swap: &Swap) -> Result<Vec<Op>, EncodeError> {
        self.venue(&swap.quote.route)?.exact_out(
            &swap.quote.route,
            Exact::new(swap.quote.amount_out)?,
            Exact::new(swap.limit)?,
        )
    }

    /// Supplies all collateral that the composer holds.
    pub(in crate::loops) fn deposit_all(&self) -> [Op; 2] {
        approve_then_deposit(self.pair.collateral.token, Amount::All, self.account, POOL)
    }

    /// Repays debt.
    pub(in crate::loops) fn repay(&self, amount: Amount) -> [Op; 2] {
        approve_then_repay(self.pair.debt.token, amount, self.account, self.pair.debt.debt_token, POOL)
    }

    /// Withdraws collateral to the composer.
    pub(in crate::loops) fn withdraw(&self, amount: Amount) -> Op {
        let collateral = &self.pair.collateral;
        Lending::Withdraw {
            asset: collateral.token,
            amount,
            receiver: COMPOSER,
            a_token: collateral.a_token,
            pool: POOL,
        }
        .into()
    }

    /// Borrows what pays the loan back: straight to the lender where the lender does not pull.
    pub(in crate::loops) fn borrow_for(&self, loan: &Loan) -> Result<Op, EncodeError> {
        let receiver = loan.candidate.source.locked_pool().unwrap_or(COMPOSER);
        let amount = Exact::new(loan.amount.saturating_add(loan.fee))?;
        Ok(Lending::Borrow { asset: self.pair.debt.token, amount, receiver, pool: POOL }.into())
    }

    /// Borrows and pays the account.
    pub(in crate::loops) fn draw(&self, amount: U256) -> Result<Op, EncodeError> {
        let amount = Exact::new(amount)?;
        Ok(Lending::Borrow { asset: self.pair.debt.token, amount, receiver: self.account, pool: POOL }.into())
    }

    /// Sends a loan with its fee back from the composer's balance, where the lender does not pull.
    pub(in crate::loops) fn return_loan(&self, loan: &Loan) -> Result<Option<Op>, EncodeError> {
        let Some(receiver) = loan.candidate.source.locked_pool() else { return Ok(None) };
        let amount = SweepAmount::exact(loan.amount.saturating_add(loan.fee))?;
        Ok(Some(Transfer::Sweep { asset: self.pair.debt.token, receiver, amount }.into()))
    }

    /// Takes a loan of the debt asset and runs `ops` while it is out.
    pub(in crate::loops) fn flash(&self, loan: &Loan, ops: Vec<Op>) -> Result<Vec<Op>, EncodeError> {
        let amount = Exact::new(loan.amount)?;
        let token = self.pair.debt.token;
        loan.candidate.source.take(token, amount, ops)
    }

    /// Sends the account everything of a token that the composer holds.
    pub(in crate::loops) fn sweep(&self, asset: Address, at_least: U256) -> Result<Op, EncodeError> {
        Ok(Transfer::Sweep { asset, receiver: self.account, amount: SweepAmount::at_least(at_least)? }.into())
    }

    /// Unwraps within the composer.
    pub(in crate::loops) fn unwrap(&self, weth: Address, amount: U256) -> Result<Op, EncodeError> {
        Ok(Transfer::Unwrap { weth, receiver: COMPOSER, amount: SweepAmount::exact(amount)? }.into())
    }

    /// Sends the account an amount of collateral: as ether where `unwrap` names the wrapped token.
    pub(in crate::loops) fn pay_collateral(&self, amount: SweepAmount, unwrap: Option<Address>) -> Op {
        let receiver = self.account;
        match unwrap {
            Some(weth) => Transfer::Unwrap { weth, receiver, amount }.into(),
            None => Transfer::Sweep { asset: self.pair.collateral.token, receiver, amount }.into(),
        }
    }
}

/// Leaves out approvals that composer and forwarder have given before: they last for ever.
pub(in crate::loops) fn without_standing_approvals(ops: Vec<Op>, pair: &Pair, standing: &Contracts) -> Vec<Op> {
    let tokens = [pair.collateral.token, pair.debt.token];
    let index = |token| tokens.iter().position(|candidate| *candidate == token);
    let is_given = |token, spender: Address| {
        index(token).is_some_and(|index| {
            (spender == POOL && standing.pool_approved[index])
                || (spender == MORPHO_BLUE && index == 1 && standing.morpho_approved)
        })
    };
    let router_has =
        |token, router: &Address| index(token).is_some_and(|index| standing.routers_approved[index].contains(router));
    ops.into_iter()
        .filter_map(|op| match op {
            Op::Transfer(Transfer::Approve { token, spender }) if is_given(token, spender) => None,
            Op::Flash(loan) => {
                Some(Op::Flash(with_inner(loan, |inner| without_standing_approvals(inner, pair, standing))))
            }
            Op::ForwarderCall { forwarder, value, ops } => {
                let needed = |op: &ForwarderOp| {
                    !matches!(op, ForwarderOp::Transfer(Transfer::Approve { token, spender })
                        if router_has(*token, spender))
                };
                let ops = ops.into_iter().filter(needed).collect();
                Some(Op::ForwarderCall { forwarder, value, ops })
            }
            other => Some(other),
        })
        .collect()
}

fn with_inner(loan: FlashLoan, change: impl Fn(Vec<Op>) -> Vec<Op>) -> FlashLoan {
    match loan {
        FlashLoan::Pulled { provider, asset, pool, amount, ops } => {
            FlashLoan::Pulled { provider, asset, pool, amount, ops: change(ops) }
        }
        FlashLoan::UniswapV3 { fork_id, pool, token_a, token_b, fee, amount0, amount1, ops } => {
            FlashLoan::UniswapV3 { fork_id, pool, token_a, token_b, fee, amount0, amount1, ops: change(ops) }
        }
        FlashLoan::Midnight { pool, legs, ops } => FlashLoan::Midnight { pool, legs, ops: change(ops) },
    }
}
