//! The check of a forwarder stream: known routers, a minimum for every swap, everything swept out.

use alloy::primitives::{Address, U256};

use super::{
    ForwarderOp, NativeValue, OnFailure, Refusal, RefusalReason, Replace, SweepAmount, Transfer,
    check::{Walk, refuse},
    ledger::{Held, Place, Quantity},
};
use crate::dex::RouterCall;

/// A swap whose minimum still has to come from a sweep.
#[derive(Debug, Clone)]
struct Unbounded {
    bought: Bought,
    /// Where the swap stands.
    place: Place,
}

/// What a swap buys.
#[derive(Debug, Clone)]
enum Bought {
    Token(Address),
    /// The calldata cannot be read: anything but what the forwarder held before.
    AnythingBut(Vec<Address>),
}

impl Unbounded {
    fn is_met_by(&self, asset: Address, minimum: u128) -> bool {
        minimum > 0
            && match &self.bought {
                Bought::Token(token) => *token == asset,
                Bought::AnythingBut(held) => !held.contains(&asset),
            }
    }
}

impl Walk<'_> {
    /// Checks the ops the forwarder runs, the first of which stands at `offset`.
    pub(super) fn forwarder_stream(
        &mut self,
        forwarder: Address,
        ops: &[ForwarderOp],
        offset: usize,
    ) -> Result<(), Refusal> {
        let unbounded = self.forwarder_ops(forwarder, ops, offset)?;
        match unbounded.first() {
            Some(swap) => Err(refuse(swap.place, RefusalReason::NoMinimum)),
            None => Ok(()),
        }
    }

    fn forwarder_ops(
        &mut self,
        forwarder: Address,
        ops: &[ForwarderOp],
        mut offset: usize,
    ) -> Result<Vec<Unbounded>, Refusal> {
        let mut unbounded: Vec<Unbounded> = Vec::new();
        for op in ops {
            let place = Place { offset, op: op.name() };
            match op {
                ForwarderOp::Transfer(transfer) => {
                    self.forwarder_transfer(forwarder, transfer, place)?;
                    if let Transfer::Sweep { asset, amount: SweepAmount::AtLeast(minimum), .. } = transfer {
                        unbounded.retain(|swap| !swap.is_met_by(*asset, *minimum));
                    }
                }
                ForwarderOp::Call { target, value, data } => {
                    unbounded.extend(self.router_call(forwarder, *target, *value, None, data, place)?);
                }
                ForwarderOp::CallWithReplace { target, value, replace, data } => {
                    unbounded.extend(self.router_call(forwarder, *target, *value, Some(*replace), data, place)?);
                }
                ForwarderOp::TryCall { target, value, data, failure } => {
                    let before = self.ledger.clone();
                    unbounded.extend(self.router_call(forwarder, *target, *value, None, data, place)?);
                    let catch_at = offset.saturating_add(op.inner_offsets().1);
                    self.on_failure(forwarder, failure, before, catch_at, place)?;
                }
                ForwarderOp::TryCallWithReplace { target, value, replace, data, failure } => {
                    let before = self.ledger.clone();
                    unbounded.extend(self.router_call(forwarder, *target, *value, Some(*replace), data, place)?);
                    let catch_at = offset.saturating_add(op.inner_offsets().1);
                    self.on_failure(forwarder, failure, before, catch_at, place)?;
                }
            }
            offset = offset.saturating_add(op.encoded_len());
        }
        Ok(unbounded)
    }

    /// What the stream looks like when a tried call fails.
    fn on_failure(
        &mut self,
        forwarder: Address,
        failure: &super::FailurePath,
        before: super::ledger::Ledger,
        offset: usize,
        place: Place,
    ) -> Result<(), Refusal> {
        match failure.on_failure {
            OnFailure::Revert => Ok(()),
            OnFailure::Leave => Err(refuse(place, RefusalReason::LeavesOnFailure)),
            OnFailure::Continue => {
                let succeeded = std::mem::replace(&mut self.ledger, before);
                self.forwarder_stream(forwarder, &failure.catch, offset)?;
                self.ledger.join(succeeded);
                Ok(())
            }
        }
    }

    fn forwarder_transfer(&mut self, forwarder: Address, transfer: &Transfer, place: Place) -> Result<(), Refusal> {
        match *transfer {
            Transfer::TransferFrom { .. } | Transfer::Permit2TransferFrom { .. } => {
                Err(refuse(place, RefusalReason::PullsInForwarder))
            }
            Transfer::Approve { token, spender } => {
                self.token(token, place)?;
                self.expect(self.allow.is_router(spender), "router", spender, place)
            }
            Transfer::Sweep { .. } | Transfer::Unwrap { .. } => self.send(forwarder, transfer, place),
        }
    }

    /// Books a router call; gives the swap back when its minimum has to come from a sweep behind it.
    fn router_call(
        &mut self,
        forwarder: Address,
        target: Address,
        value: NativeValue,
        replace: Option<Replace>,
        data: &[u8],
        place: Place,
    ) -> Result<Option<Unbounded>, Refusal> {
        self.expect(self.allow.is_router(target), "router", target, place)?;
        if value != NativeValue::NONE {
            return Err(refuse(place, RefusalReason::NativeToRouter));
        }
        let exchange = self.allow.exchange_at(target);
        let read = exchange.as_deref().and_then(|exchange| Some((exchange, exchange.read(data).ok()?)));
        let Some((exchange, call)) = read else {
            let held = self.ledger.blur(forwarder);
            return Ok(Some(Unbounded { bought: Bought::AnythingBut(held), place }));
        };
        let (token_in, token_out) = (call.route().token_in(), call.route().token_out());
        self.token(token_in, place)?;
        self.token(token_out, place)?;
        let recipient = exchange.receiver(&call, forwarder);
        self.receiver(recipient, place)?;
        if token_in == token_out {
            return Err(refuse(place, RefusalReason::NotPlanned));
        }
        let (bought, bounded) = match &call {
            RouterCall::ExactIn { amount_in, min_out, limit, .. } => {
                if replace.is_none() && exchange.sells_router_balance(&call) {
                    return Err(refuse(place, RefusalReason::SellsRouterBalance));
                }
                let replaced = replace.map(|replace| (replace, exchange.amount_in_offset(data)));
                let quantity = sold(*amount_in, token_in, replaced, place)?;
                let quantity = if limit.is_none() { quantity } else { Quantity::Part };
                self.ledger.spend(forwarder, token_in, quantity);
                (Held::Unknown, !min_out.is_zero())
            }
            RouterCall::ExactOut { amount_out, limit, .. } => {
                if replace.is_some() {
                    return Err(refuse(place, RefusalReason::NotPlanned));
                }
                self.ledger.spend(forwarder, token_in, Quantity::Part);
                (if limit.is_none() { Held::Known(*amount_out) } else { Held::Unknown }, true)
            }
        };
        self.arrive(recipient, token_out, bought, place);
        match (bounded, recipient == forwarder) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(Unbounded { bought: Bought::Token(token_out), place })),
            (false, false) => Err(refuse(place, RefusalReason::NoMinimum)),
        }
    }
}

/// How much of the forwarder's balance an exact-input swap takes.
fn sold(
    amount_in: U256,
    token_in: Address,
    replaced: Option<(Replace, Option<u16>)>,
    place: Place,
) -> Result<Quantity, Refusal> {
    match replaced {
        Some((replace, offset)) if replace.token == token_in && Some(replace.offset) == offset => {
            Ok(Quantity::Everything)
        }
        Some(_) => Err(refuse(place, RefusalReason::NotPlanned)),
        None => Ok(Quantity::Exactly(amount_in)),
    }
}
