//! The check a stream passes before it is signed: known addresses only, nothing left behind (onedelta-composer.md §11).

use alloy::primitives::{Address, U256};

use super::{
    AllowList, Amount, FlashLoan, FlashProvider, FlashSource, Lending, NativeValue, Op, Permit, PermitBody, Refusal,
    RefusalReason, Singleton, SweepAmount, Transfer,
    ledger::{Held, Ledger, Place, Quantity},
};

pub(super) const NATIVE: Address = Address::ZERO;

/// Refuses a stream that names a pool, router, token, lender, forwarder or receiver outside the list, approves the
/// forwarder, swaps without a minimum, or may leave anything in composer or forwarder.
///
/// Native currency sent along is taken to be what the stream wraps; [`check_with_value`] checks that too.
pub fn check(ops: &[Op], allow: &AllowList, caller: Address) -> Result<(), Refusal> {
    check_with_value(ops, allow, caller, U256::ZERO)
}

/// [`check`] of a transaction that sends `value` wei along: none of it may stay in the composer.
pub fn check_with_value(ops: &[Op], allow: &AllowList, caller: Address, value: U256) -> Result<(), Refusal> {
    let mut walk = Walk { allow, caller, ledger: Ledger::default(), native_sent: false };
    let start = Place { offset: 0, op: "deltaCompose" };
    if !value.is_zero() {
        walk.ledger.receive(allow.composer(), NATIVE, Held::Known(value), start);
    }
    walk.ops(ops, 0)?;
    match walk.ledger.left() {
        Some((holder, asset, place)) => Err(refuse(place, RefusalReason::LeftBehind { asset, holder })),
        None => Ok(()),
    }
}

pub(super) fn refuse(place: Place, reason: RefusalReason) -> Refusal {
    Refusal { offset: place.offset, op: place.op, reason }
}

/// The state while walking through a stream in the order it runs.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) allow: &'a AllowList,
    pub(super) caller: Address,
    pub(super) ledger: Ledger,
    native_sent: bool,
}

impl Walk<'_> {
    fn ops(&mut self, ops: &[Op], mut offset: usize) -> Result<(), Refusal> {
        for op in ops {
            self.op(op, Place { offset, op: op.name() })?;
            offset = offset.saturating_add(op.encoded_len());
        }
        Ok(())
    }

    fn op(&mut self, op: &Op, place: Place) -> Result<(), Refusal> {
        if self.native_sent && !self.may_follow_native(op) {
            return Err(refuse(place, RefusalReason::AfterNative));
        }
        let composer = self.allow.composer();
        match op {
            Op::Transfer(transfer) => self.transfer(transfer, place),
            Op::Wrap { weth, receiver, amount } => {
                self.expect(*weth == self.allow.wrapped_native(), "wrapped native token", *weth, place)?;
                self.receiver(*receiver, place)?;
                let wrapped = self.ledger.spend(composer, NATIVE, quantity(*amount));
                // The value sent along is not in the ledger of a plain check.
                let wrapped = if wrapped == Held::Nothing { Held::Unknown } else { wrapped };
                self.arrive(*receiver, *weth, wrapped, place);
                Ok(())
            }
            Op::SweepNft { .. } => Err(refuse(place, RefusalReason::NotPlanned)),
            Op::Lending(lending) => self.lending(lending, place),
            Op::Permit(permit) => self.permit(permit, place),
            Op::Flash(loan) => self.flash(loan, op.header_len(), place),
            Op::Singleton(singleton) => self.singleton(singleton, place),
            Op::ForwarderCall { forwarder, value, ops } => {
                self.expect(self.allow.is_forwarder(*forwarder), "call forwarder", *forwarder, place)?;
                let sent = match value {
                    NativeValue::Wei(0) => Held::Nothing,
                    NativeValue::Wei(wei) => self.ledger.spend(composer, NATIVE, Quantity::Exactly(U256::from(*wei))),
                    NativeValue::All => {
                        self.ledger.spend(composer, NATIVE, Quantity::Everything);
                        Held::Unknown
                    }
                };
                self.ledger.receive(*forwarder, NATIVE, sent, place);
                self.forwarder_stream(*forwarder, ops, place.offset.saturating_add(op.header_len()))
            }
        }
    }

    /// After native currency went to the caller, who may be a contract, nothing but his own sweeps and permits.
    fn may_follow_native(&self, op: &Op) -> bool {
        match op {
            Op::Permit(_) => true,
            Op::Transfer(Transfer::Sweep { receiver, .. } | Transfer::Unwrap { receiver, .. }) => {
                *receiver == self.caller
            }
            _ => false,
        }
    }

    fn transfer(&mut self, transfer: &Transfer, place: Place) -> Result<(), Refusal> {
        let composer = self.allow.composer();
        match *transfer {
            Transfer::TransferFrom { asset, receiver, amount }
            | Transfer::Permit2TransferFrom { token: asset, receiver, amount } => {
                self.token(asset, place)?;
                self.receiver(receiver, place)?;
                let pulled = match amount {
                    Amount::Exact(exact) => Held::Known(exact.to_u256()),
                    Amount::All | Amount::Max => Held::Unknown,
                };
                self.arrive(receiver, asset, pulled, place);
                Ok(())
            }
            Transfer::Approve { token, spender } => {
                if self.allow.is_forwarder(spender) {
                    return Err(refuse(place, RefusalReason::ApprovesForwarder(spender)));
                }
                self.token(token, place)?;
                self.expect(self.allow.is_puller(spender), "spender", spender, place)
            }
            Transfer::Sweep { .. } | Transfer::Unwrap { .. } => self.send(composer, transfer, place),
        }
    }

    /// SWEEP or UNWRAP out of `holder`.
    pub(super) fn send(&mut self, holder: Address, transfer: &Transfer, place: Place) -> Result<(), Refusal> {
        let (asset, arrives_as, receiver, amount) = match *transfer {
            Transfer::Sweep { asset, receiver, amount } => (asset, asset, receiver, amount),
            Transfer::Unwrap { weth, receiver, amount } => {
                self.expect(weth == self.allow.wrapped_native(), "wrapped native token", weth, place)?;
                (weth, NATIVE, receiver, amount)
            }
            _ => return Err(refuse(place, RefusalReason::NotPlanned)),
        };
        let wraps = asset == NATIVE && receiver == self.allow.wrapped_native();
        if asset != NATIVE {
            self.token(asset, place)?;
        }
        if !wraps {
            self.receiver(receiver, place)?;
        }
        if asset == arrives_as && receiver == holder {
            return Ok(());
        }
        let quantity = match amount {
            SweepAmount::AtLeast(_) => Quantity::Everything,
            SweepAmount::Exact(exact) => Quantity::Exactly(exact.to_u256()),
        };
        let sent = match (self.ledger.spend(holder, asset, quantity), amount) {
            // A minimum says that something is there which the ledger did not see come in.
            (Held::Nothing, SweepAmount::AtLeast(minimum)) if minimum > 0 => Held::Unknown,
            (sent, _) => sent,
        };
        if arrives_as == NATIVE && receiver == self.caller {
            self.native_sent = true;
        }
        if wraps {
            let wrapped = if sent == Held::Nothing { Held::Unknown } else { sent };
            self.arrive(holder, self.allow.wrapped_native(), wrapped, place);
        } else {
            self.arrive(receiver, arrives_as, sent, place);
        }
        Ok(())
    }

    fn lending(&mut self, lending: &Lending, place: Place) -> Result<(), Refusal> {
        let composer = self.allow.composer();
        match *lending {
            Lending::Deposit { asset, amount, on_behalf_of, pool } => {
                self.reserve(asset, pool, place)?;
                self.for_caller(on_behalf_of, place)?;
                self.ledger.spend(composer, asset, quantity(amount));
            }
            Lending::Borrow { asset, amount, receiver, pool } => {
                self.reserve(asset, pool, place)?;
                self.receiver(receiver, place)?;
                self.arrive(receiver, asset, Held::Known(amount.to_u256()), place);
            }
            Lending::Repay { asset, on_behalf_of, debt_token, pool, .. } => {
                let expected = self.reserve(asset, pool, place)?.debt_token;
                self.reserve_token("debt token", asset, debt_token, expected, place)?;
                self.for_caller(on_behalf_of, place)?;
                // The pool takes no more than the debt.
                self.ledger.spend(composer, asset, Quantity::Part);
            }
            Lending::Withdraw { asset, amount, receiver, a_token, pool } => {
                let expected = self.reserve(asset, pool, place)?.a_token;
                self.reserve_token("aToken", asset, a_token, expected, place)?;
                self.receiver(receiver, place)?;
                let withdrawn = match amount {
                    Amount::Exact(exact) => Held::Known(exact.to_u256()),
                    Amount::All | Amount::Max => Held::Unknown,
                };
                self.arrive(receiver, asset, withdrawn, place);
            }
        }
        Ok(())
    }

    fn permit(&self, permit: &Permit, place: Place) -> Result<(), Refusal> {
        let target = permit.target;
        match permit.body {
            PermitBody::Erc2612(_) | PermitBody::Dai { .. } | PermitBody::Permit2 { .. } => {
                self.expect(self.allow.is_permit_token(target), "permit token", target, place)
            }
            PermitBody::CreditDelegation(_) => {
                self.expect(self.allow.is_debt_token(target), "debt token", target, place)
            }
            PermitBody::AllowCredit(_) => Err(refuse(place, RefusalReason::NotPlanned)),
        }
    }

    fn flash(&mut self, loan: &FlashLoan, header: usize, place: Place) -> Result<(), Refusal> {
        let composer = self.allow.composer();
        let inner = place.offset.saturating_add(header);
        match loan {
            FlashLoan::Pulled { provider, asset, pool, amount, ops } => {
                let known = self.allow.flash_source(*pool) == Some(FlashSource::Pulled(*provider));
                self.expect(known, "flash lender", *pool, place)?;
                self.token(*asset, place)?;
                self.ledger.receive(composer, *asset, Held::Known(amount.to_u256()), place);
                self.ops(ops, inner)?;
                let pulled = match provider {
                    FlashProvider::MorphoBlue => Quantity::Exactly(amount.to_u256()),
                    FlashProvider::AaveV3 => Quantity::Part,
                };
                self.ledger.spend(composer, *asset, pulled);
            }
            FlashLoan::UniswapV3 { pool, token_a, token_b, amount0, amount1, ops, .. } => {
                let known = self.allow.flash_source(*pool) == Some(FlashSource::UniswapV3Pool);
                self.expect(known, "flash lender", *pool, place)?;
                let (low, high) = if token_a < token_b { (token_a, token_b) } else { (token_b, token_a) };
                for (token, amount) in [(*low, *amount0), (*high, *amount1)] {
                    self.token(token, place)?;
                    if amount > 0 {
                        self.ledger.receive(composer, token, Held::Known(U256::from(amount)), place);
                    }
                }
                self.ops(ops, inner)?;
            }
            FlashLoan::Midnight { pool, legs, ops } => {
                let known = self.allow.flash_source(*pool) == Some(FlashSource::Midnight);
                self.expect(known, "flash lender", *pool, place)?;
                for leg in legs {
                    self.token(leg.token, place)?;
                    self.ledger.receive(composer, leg.token, Held::Known(leg.amount.to_u256()), place);
                }
                self.ops(ops, inner)?;
                for leg in legs {
                    self.ledger.spend(composer, leg.token, Quantity::Part);
                }
            }
        }
        Ok(())
    }

    fn singleton(&mut self, singleton: &Singleton, place: Place) -> Result<(), Refusal> {
        let manager = singleton.manager();
        let known = self.allow.flash_source(manager) == Some(FlashSource::Singleton);
        self.expect(known, "singleton", manager, place)?;
        match singleton {
            Singleton::Unlock { ops, .. } => self.ops(ops, place.offset.saturating_add(singleton.header_len()))?,
            Singleton::V4Take { asset, receiver, amount, .. }
            | Singleton::BalancerTake { asset, receiver, amount, .. } => {
                if *asset != NATIVE {
                    self.token(*asset, place)?;
                }
                self.receiver(*receiver, place)?;
                self.arrive(*receiver, *asset, Held::Known(amount.to_u256()), place);
            }
            Singleton::V4Settle { native_amount, .. } => {
                let paid = Quantity::Exactly(U256::from(*native_amount));
                self.ledger.spend(self.allow.composer(), NATIVE, paid);
            }
            Singleton::V4Sync { .. } | Singleton::BalancerSettle { .. } => {}
        }
        Ok(())
    }

    /// Books an arrival where it is followed: in the composer or a forwarder.
    pub(super) fn arrive(&mut self, receiver: Address, asset: Address, amount: Held, place: Place) {
        if self.allow.is_holder(receiver) {
            self.ledger.receive(receiver, asset, amount, place);
        }
    }

    pub(super) fn expect(
        &self,
        allowed: bool,
        role: &'static str,
        address: Address,
        place: Place,
    ) -> Result<(), Refusal> {
        if allowed { Ok(()) } else { Err(refuse(place, RefusalReason::NotAllowed { role, address })) }
    }

    pub(super) fn token(&self, token: Address, place: Place) -> Result<(), Refusal> {
        self.expect(self.allow.is_token(token), "token", token, place)
    }

    pub(super) fn receiver(&self, receiver: Address, place: Place) -> Result<(), Refusal> {
        let known =
            self.allow.is_holder(receiver) || receiver == self.caller || self.allow.flash_source(receiver).is_some();
        if known { Ok(()) } else { Err(refuse(place, RefusalReason::Receiver(receiver))) }
    }

    fn reserve(&self, asset: Address, pool: Address, place: Place) -> Result<super::ReserveTokens, Refusal> {
        self.expect(self.allow.is_aave_pool(pool), "pool", pool, place)?;
        let not_listed = || refuse(place, RefusalReason::NotAllowed { role: "reserve", address: asset });
        self.allow.reserve_of(asset).ok_or_else(not_listed)
    }

    fn reserve_token(
        &self,
        role: &'static str,
        asset: Address,
        given: Address,
        expected: Address,
        place: Place,
    ) -> Result<(), Refusal> {
        if given == expected {
            return Ok(());
        }
        Err(refuse(place, RefusalReason::WrongReserveToken { role, given, asset, expected }))
    }

    fn for_caller(&self, who: Address, place: Place) -> Result<(), Refusal> {
        if who == self.caller { Ok(()) } else { Err(refuse(place, RefusalReason::NotForCaller(who))) }
    }
}

fn quantity(amount: Amount) -> Quantity {
    match amount {
        Amount::Exact(exact) => Quantity::Exactly(exact.to_u256()),
        Amount::All | Amount::Max => Quantity::Everything,
    }
}
