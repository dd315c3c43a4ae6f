//! A composer stream op by op, in words and amounts for people.

use std::fmt;

use alloy::primitives::{Address, U160, U256};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Amount, CompactPermit, Deadline, FlashLoan, ForwarderOp, Lending, Names, NativeValue, OnFailure, Op, Permit,
    PermitBody, Replace, Singleton, SweepAmount, Transfer,
    names::{address, allowance, amount, token},
};
use crate::dex::{Exchange, Exchanges, Hop, RouterCall};

/// One op in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// Byte offset in the packed stream, nested streams counted through.
    pub offset: usize,
    /// How many op lists it is nested in.
    pub indent: usize,
    /// The op's name as the reference spells it; `CALLDATA` for what a router is told.
    pub op: &'static str,
    /// The rest of the sentence.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}  {:indent$}{} {}", self.offset, "", self.op, self.text, indent = 2 * self.indent)
    }
}

/// Explains ops in the order they run; `Line` prints as `offset  OP text`, nested ops indented.
#[must_use]
pub fn explain(ops: &[Op], names: &dyn Names) -> Vec<Line> {
    let mut explainer = Explainer { names, lines: Vec::new() };
    explainer.ops(ops, 0, 0);
    explainer.lines
}

/// The same for a forwarder's ops.
#[must_use]
pub fn explain_forwarder(ops: &[ForwarderOp], names: &dyn Names) -> Vec<Line> {
    let mut explainer = Explainer { names, lines: Vec::new() };
    explainer.forwarder_ops(ops, 0, 0);
    explainer.lines
}

/// A swap on an exchange as a sentence.
#[must_use]
pub fn explain_router(exchange: &dyn Exchange, call: &RouterCall, names: &dyn Names) -> String {
    Explainer { names, lines: Vec::new() }.router_text(exchange, call, false)
}

struct Explainer<'a> {
    names: &'a dyn Names,
    lines: Vec<Line>,
}

impl Explainer<'_> {
    fn ops(&mut self, ops: &[Op], mut offset: usize, indent: usize) {
        for op in ops {
            self.line(offset, indent, op.name(), self.op_text(op));
            let inner = offset.saturating_add(op.header_len());
            match op {
                Op::Flash(loan) => self.ops(loan.ops(), inner, indent + 1),
                Op::Singleton(Singleton::Unlock { ops, .. }) => self.ops(ops, inner, indent + 1),
                Op::ForwarderCall { ops, .. } => self.forwarder_ops(ops, inner, indent + 1),
                _ => {}
            }
            offset = offset.saturating_add(op.encoded_len());
        }
    }

    fn forwarder_ops(&mut self, ops: &[ForwarderOp], mut offset: usize, indent: usize) {
        for op in ops {
            let (data_at, catch_at) = op.inner_offsets();
            let (data_at, catch_at) = (offset.saturating_add(data_at), offset.saturating_add(catch_at));
            match op {
                ForwarderOp::Transfer(transfer) => {
                    self.line(offset, indent, op.name(), self.transfer_text(transfer, "forwarder", "composer"));
                }
                ForwarderOp::Call { target, value, data } => {
                    self.call(op.name(), (offset, indent, data_at), *target, *value, None, data);
                }
                ForwarderOp::CallWithReplace { target, value, replace, data } => {
                    self.call(op.name(), (offset, indent, data_at), *target, *value, Some(*replace), data);
                }
                ForwarderOp::TryCall { target, value, data, failure } => {
                    self.call(op.name(), (offset, indent, data_at), *target, *value, None, data);
                    self.failure(failure, catch_at, indent);
                }
                ForwarderOp::TryCallWithReplace { target, value, replace, data, failure } => {
                    self.call(op.name(), (offset, indent, data_at), *target, *value, Some(*replace), data);
                    self.failure(failure, catch_at, indent);
                }
            }
            offset = offset.saturating_add(op.encoded_len());
        }
    }

    fn failure(&mut self, failure: &super::FailurePath, catch_at: usize, indent: usize) {
        let text = match failure.on_failure {
            OnFailure::Revert => "reverts everything",
            OnFailure::Leave => "runs these, then leaves the forwarder's stream: the ops behind are skipped",
            OnFailure::Continue => "runs these, then goes on",
        };
        self.line(catch_at, indent + 1, "ON FAILURE", text.to_owned());
        self.forwarder_ops(&failure.catch, catch_at, indent + 2);
    }

    fn call(
        &mut self,
        name: &'static str,
        (offset, indent, data_at): (usize, usize, usize),
        target: Address,
        value: NativeValue,
        replace: Option<Replace>,
        data: &[u8],
    ) {
        let mut text = format!("{}{}", address(self.names, target), self.value_text(value));
        if let Some(replace) = replace {
            let held = token(self.names, replace.token);
            text.push_str(&format!(", the forwarder's {held} balance written at 4 + {}", replace.offset));
        }
        self.line(offset, indent, name, text);
        self.line(data_at, indent + 1, "CALLDATA", self.calldata_text(data, replace));
    }

    fn line(&mut self, offset: usize, indent: usize, op: &'static str, text: String) {
        self.lines.push(Line { offset, indent, op, text });
    }

    fn op_text(&self, op: &Op) -> String {
        let names = self.names;
        match op {
            Op::Transfer(transfer) => self.transfer_text(transfer, "composer", "caller"),
            Op::Wrap { weth, receiver, amount: wrapped } => {
                let what = self.amount_or(*wrapped, Address::ZERO, "the composer's whole native balance");
                format!("{what} as {} to {}", token(names, *weth), address(names, *receiver))
            }
            Op::SweepNft { collection, receiver, token_id } => {
                format!("{} number {token_id} to {}", address(names, *collection), address(names, *receiver))
            }
            Op::Lending(lending) => self.lending_text(lending),
            Op::Permit(permit) => self.permit_text(permit),
            Op::Flash(loan) => self.flash_text(loan),
            Op::Singleton(singleton) => self.singleton_text(singleton),
            Op::ForwarderCall { forwarder, value, .. } => {
                format!("{}{}", address(names, *forwarder), self.value_text(*value))
            }
        }
    }

    fn transfer_text(&self, transfer: &Transfer, holder: &str, caller: &str) -> String {
        let names = self.names;
        match *transfer {
            Transfer::TransferFrom { asset, receiver, amount }
            | Transfer::Permit2TransferFrom { token: asset, receiver, amount } => {
                let everything = format!("the {caller}'s whole {} balance", token(names, asset));
                let what = self.amount_or(amount, asset, &everything);
                format!("{what} from the {caller} to {}", address(names, receiver))
            }
            Transfer::Sweep { asset, receiver, amount } => {
                format!("{} to {}", self.sweep_text(amount, asset), address(names, receiver))
            }
            Transfer::Unwrap { weth, receiver, amount } => {
                format!("{} as native currency to {}", self.sweep_text(amount, weth), address(names, receiver))
            }
            Transfer::Approve { token: approved, spender } => {
                let approved = token(names, approved);
                format!("{} may pull any {approved} of the {holder}, for ever", address(names, spender))
            }
        }
    }

    fn sweep_text(&self, swept: SweepAmount, asset: Address) -> String {
        match swept {
            SweepAmount::AtLeast(0) => format!("all {}", token(self.names, asset)),
            SweepAmount::AtLeast(minimum) => {
                let minimum = amount(self.names, U256::from(minimum), asset);
                format!("all {}, at least {minimum},", token(self.names, asset))
            }
            SweepAmount::Exact(exact) => amount(self.names, exact.to_u256(), asset),
        }
    }

    fn lending_text(&self, lending: &Lending) -> String {
        let names = self.names;
        match *lending {
            Lending::Deposit { asset, amount, on_behalf_of, pool } => {
                let everything = format!("the composer's whole {} balance", token(names, asset));
                let what = self.amount_or(amount, asset, &everything);
                format!("{what} into {} for {}", address(names, pool), address(names, on_behalf_of))
            }
            Lending::Borrow { asset, amount: borrowed, receiver, pool } => {
                let what = amount(names, borrowed.to_u256(), asset);
                format!("{what} from {} for the caller, to {}", address(names, pool), address(names, receiver))
            }
            Lending::Repay { asset, amount, on_behalf_of, pool, .. } => {
                let symbol = token(names, asset);
                let what = match amount {
                    Amount::Max => format!("the whole {symbol} debt, as far as the composer's balance goes,"),
                    other => self.amount_or(other, asset, &format!("with the composer's whole {symbol} balance")),
                };
                format!("{what} to {} for {}", address(names, pool), address(names, on_behalf_of))
            }
            Lending::Withdraw { asset, amount, receiver, pool, .. } => {
                let symbol = token(names, asset);
                let what = match amount {
                    Amount::Max => format!("the caller's whole {symbol} collateral"),
                    other => self.amount_or(other, asset, "everything"),
                };
                format!("{what} from {} to {}", address(names, pool), address(names, receiver))
            }
        }
    }

    fn permit_text(&self, permit: &Permit) -> String {
        let names = self.names;
        let target = permit.target;
        let compact = |what: &str, permit: &CompactPermit| {
            format!("{what} {}{}", allowance(names, permit.value, target), until(permit.deadline))
        };
        match &permit.body {
            PermitBody::Erc2612(permit) => compact("composer may pull", permit),
            PermitBody::CreditDelegation(permit) => compact("composer may borrow for the caller:", permit),
            PermitBody::AllowCredit(permit) => {
                format!("composer authorised at {}{}", address(names, target), until(permit.deadline))
            }
            PermitBody::Dai { expiry, .. } => {
                format!("composer may pull any {}{}", token(names, target), until(*expiry))
            }
            PermitBody::Permit2 { amount: value, expiration, .. } => {
                let value = if *value == U160::MAX { U256::MAX } else { U256::from(*value) };
                format!("through Permit2: composer may pull {}{}", allowance(names, value, target), until(*expiration))
            }
        }
    }

    fn flash_text(&self, loan: &FlashLoan) -> String {
        let names = self.names;
        match loan {
            FlashLoan::Pulled { provider, asset, amount: lent, pool, .. } => {
                format!("{provider} {} ({})", amount(names, lent.to_u256(), *asset), address(names, *pool))
            }
            FlashLoan::UniswapV3 { pool, token_a, token_b, amount0, amount1, .. } => {
                let (low, high) = if token_a < token_b { (*token_a, *token_b) } else { (*token_b, *token_a) };
                let lent: Vec<String> = [(low, *amount0), (high, *amount1)]
                    .into_iter()
                    .filter(|(_, lent)| *lent > 0)
                    .map(|(token, lent)| amount(names, U256::from(lent), token))
                    .collect();
                format!("Uniswap v3 pool {} {}", address(names, *pool), lent.join(" and "))
            }
            FlashLoan::Midnight { legs, pool, .. } => {
                let lent: Vec<String> = legs.iter().map(|leg| amount(names, leg.amount.to_u256(), leg.token)).collect();
                format!("Morpho Midnight {} ({})", lent.join(" and "), address(names, *pool))
            }
        }
    }

    fn singleton_text(&self, singleton: &Singleton) -> String {
        let names = self.names;
        let manager = address(names, singleton.manager());
        match singleton {
            Singleton::Unlock { .. } => manager,
            Singleton::V4Take { asset, receiver, amount: taken, .. }
            | Singleton::BalancerTake { asset, receiver, amount: taken, .. } => {
                let taken = amount(names, taken.to_u256(), *asset);
                format!("{taken} from {manager} to {}", address(names, *receiver))
            }
            Singleton::V4Settle { native_amount: 0, .. } => format!("with {manager}"),
            Singleton::V4Settle { native_amount, .. } => {
                format!("with {manager}, paying {}", amount(names, U256::from(*native_amount), Address::ZERO))
            }
            Singleton::V4Sync { asset, .. } => format!("{} at {manager}", token(names, *asset)),
            Singleton::BalancerSettle { asset, amount_hint: u128::MAX, .. } => {
                format!("all {} paid to {manager}", token(names, *asset))
            }
            Singleton::BalancerSettle { asset, amount_hint, .. } => {
                format!("{} paid to {manager}", amount(names, U256::from(*amount_hint), *asset))
            }
        }
    }

    fn calldata_text(&self, data: &[u8], replace: Option<Replace>) -> String {
        let exchanges = Exchanges::default();
        let Ok((exchange, call)) = exchanges.read(data) else {
            let selector = data.get(..4).map_or_else(|| "no selector".to_owned(), alloy::hex::encode_prefixed);
            return format!("{selector}, {} bytes", data.len());
        };
        let overwritten = replace.is_some_and(|replace| Some(replace.offset) == exchange.amount_in_offset(data));
        self.router_text(exchange.as_ref(), &call, overwritten)
    }

    fn router_text(&self, exchange: &dyn Exchange, call: &RouterCall, overwritten: bool) -> String {
        let names = self.names;
        let (token_in, token_out) = (call.route().token_in(), call.route().token_out());
        let hop_text = |hop: &Hop| format!("{} at {}", token(names, hop.token_out), hop.pool.percent());
        let hops: Vec<String> = call.route().hops().iter().map(hop_text).collect();
        let route = format!("{} to {}", token(names, token_in), hops.join(" to "));
        let recipient = address(names, call.recipient());
        let stops = if call.limit().is_some() { ", stopping short at a price limit" } else { "" };
        match call {
            RouterCall::ExactIn { amount_in, min_out, .. } => {
                let sold = if overwritten {
                    "the balance written in".to_owned()
                } else if exchange.sells_router_balance(call) {
                    format!("the router's own {}", token(names, token_in))
                } else {
                    amount(names, *amount_in, token_in)
                };
                let least = amount(names, *min_out, token_out);
                format!("sell {sold} for at least {least} ({route}), to {recipient}{stops}")
            }
            RouterCall::ExactOut { amount_out, max_in, .. } => {
                let (bought, most) = (amount(names, *amount_out, token_out), amount(names, *max_in, token_in));
                format!("buy {bought} for at most {most} ({route}), to {recipient}{stops}")
            }
        }
    }

    fn amount_or(&self, moved: Amount, asset: Address, everything: &str) -> String {
        match moved {
            Amount::Exact(exact) => amount(self.names, exact.to_u256(), asset),
            Amount::All | Amount::Max => everything.to_owned(),
        }
    }

    fn value_text(&self, value: NativeValue) -> String {
        match value {
            NativeValue::Wei(0) => String::new(),
            NativeValue::Wei(wei) => format!(" with {}", amount(self.names, U256::from(wei), Address::ZERO)),
            NativeValue::All => " with the whole native balance".to_owned(),
        }
    }
}

fn until(deadline: Deadline) -> String {
    match deadline {
        Deadline::At(seconds) => format!(", until unix time {}", seconds.get()),
        Deadline::Never => ", for ever".to_owned(),
    }
}
