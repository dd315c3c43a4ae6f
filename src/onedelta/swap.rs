//! The blocks the planner composes: a swap through the call forwarder, and approve-then-act pairs.

use alloy::primitives::{Address, Bytes};

use super::{
    Amount, EncodeError, Exact, FlashLoan, FlashProvider, ForwarderOp, Lending, NativeValue, Op, Replace, SweepAmount,
    Transfer,
};
use crate::dex::{Exchange, Route, RouterCall};

/// Through which contracts a swap goes. Tokens are pushed into the forwarder, never approved to it, and everything is
/// swept out in the same stream (onedelta-composer.md §8).
#[derive(Debug, Clone, Copy)]
pub struct SwapVenue<'e> {
    /// Who holds the tokens before and after.
    pub composer: Address,
    /// Who calls the router.
    pub forwarder: Address,
    /// Whose pools are swapped in.
    pub exchange: &'e dyn Exchange,
    /// The exchange's router, or an aggregator's contract for [`SwapVenue::foreign`].
    pub router: Address,
    /// Who pulls the sold token from the forwarder; an exchange's router itself.
    pub spender: Address,
}

impl<'e> SwapVenue<'e> {
    /// Swaps on an exchange.
    #[must_use]
    pub fn new(composer: Address, forwarder: Address, exchange: &'e dyn Exchange) -> Self {
        let router = exchange.router();
        Self { composer, forwarder, exchange, router, spender: router }
    }

    /// The same through another contract.
    #[must_use]
    pub const fn through(self, router: Address) -> Self {
        Self { router, spender: router, ..self }
    }

    /// Sells exactly `amount_in` for at least `min_out`, checked by the router and again by the final sweep.
    pub fn exact_in(&self, route: &Route, amount_in: Exact, min_out: Exact) -> Result<Vec<Op>, EncodeError> {
        let data = self.exchange.write(&self.sell(route, amount_in, min_out))?;
        let call = ForwarderOp::Call { target: self.router, value: NativeValue::NONE, data };
        let back = vec![self.back(route.token_out(), SweepAmount::AtLeast(min_out.get()))];
        Ok(self.block(route.token_in(), SweepAmount::Exact(amount_in), call, back))
    }

    /// Buys exactly `amount_out` for at most `max_in`; what is not spent comes back to the composer.
    pub fn exact_out(&self, route: &Route, amount_out: Exact, max_in: Exact) -> Result<Vec<Op>, EncodeError> {
        let data = self.exchange.write(&RouterCall::ExactOut {
            route: route.clone(),
            recipient: self.forwarder,
            amount_out: amount_out.to_u256(),
            max_in: max_in.to_u256(),
            limit: None,
        })?;
        let call = ForwarderOp::Call { target: self.router, value: NativeValue::NONE, data };
        let back = vec![
            self.back(route.token_out(), SweepAmount::AtLeast(amount_out.get())),
            self.back(route.token_in(), SweepAmount::ALL),
        ];
        Ok(self.block(route.token_in(), SweepAmount::Exact(max_in), call, back))
    }

    /// Sells all of `token_in` the composer holds (at least `min_in`) for at least `min_out`: the forwarder writes
    /// its balance into the router's calldata.
    pub fn whole_balance(&self, route: &Route, min_in: Exact, min_out: Exact) -> Result<Vec<Op>, EncodeError> {
        let (data, offset) = self.exchange.write_for_replace(&self.sell(route, min_in, min_out))?;
        let call = ForwarderOp::CallWithReplace {
            target: self.router,
            value: NativeValue::NONE,
            replace: Replace { token: route.token_in(), offset },
            data,
        };
        let back = vec![self.back(route.token_out(), SweepAmount::AtLeast(min_out.get()))];
        Ok(self.block(route.token_in(), SweepAmount::AtLeast(min_in.get()), call, back))
    }

    /// Runs calldata this codec does not read (an aggregator's), with the forwarder as its recipient. Both tokens are
    /// swept back, the bought one with its minimum.
    #[must_use]
    pub fn foreign(
        &self,
        token_in: Address,
        amount_in: Exact,
        token_out: Address,
        min_out: Exact,
        data: Bytes,
    ) -> Vec<Op> {
        let call = ForwarderOp::Call { target: self.router, value: NativeValue::NONE, data };
        let back =
            vec![self.back(token_out, SweepAmount::AtLeast(min_out.get())), self.back(token_in, SweepAmount::ALL)];
        self.block(token_in, SweepAmount::Exact(amount_in), call, back)
    }

    fn sell(&self, route: &Route, amount_in: Exact, min_out: Exact) -> RouterCall {
        RouterCall::ExactIn {
            route: route.clone(),
            recipient: self.forwarder,
            amount_in: amount_in.to_u256(),
            min_out: min_out.to_u256(),
            limit: None,
        }
    }

    fn back(&self, asset: Address, amount: SweepAmount) -> ForwarderOp {
        Transfer::Sweep { asset, receiver: self.composer, amount }.into()
    }

    fn block(&self, token_in: Address, pushed: SweepAmount, call: ForwarderOp, back: Vec<ForwarderOp>) -> Vec<Op> {
        let mut ops = vec![Transfer::Approve { token: token_in, spender: self.spender }.into(), call];
        ops.extend(back);
        vec![
            Transfer::Sweep { asset: token_in, receiver: self.forwarder, amount: pushed }.into(),
            Op::ForwarderCall { forwarder: self.forwarder, value: NativeValue::NONE, ops },
        ]
    }
}

/// APPROVE of (asset, pool), then DEPOSIT: the pool pulls from the composer.
#[must_use]
pub fn approve_then_deposit(asset: Address, amount: Amount, on_behalf_of: Address, pool: Address) -> [Op; 2] {
    [
        Transfer::Approve { token: asset, spender: pool }.into(),
        Lending::Deposit { asset, amount, on_behalf_of, pool }.into(),
    ]
}

/// APPROVE of (asset, pool), then REPAY.
#[must_use]
pub fn approve_then_repay(
    asset: Address,
    amount: Amount,
    on_behalf_of: Address,
    debt_token: Address,
    pool: Address,
) -> [Op; 2] {
    [
        Transfer::Approve { token: asset, spender: pool }.into(),
        Lending::Repay { asset, amount, on_behalf_of, debt_token, pool }.into(),
    ]
}

/// APPROVE of (asset, pool), then the flash loan: the lender pulls its loan back.
#[must_use]
pub fn approve_then_flash(
    provider: FlashProvider,
    asset: Address,
    pool: Address,
    amount: Exact,
    ops: Vec<Op>,
) -> [Op; 2] {
    [
        Transfer::Approve { token: asset, spender: pool }.into(),
        FlashLoan::Pulled { provider, asset, pool, amount, ops }.into(),
    ]
}
