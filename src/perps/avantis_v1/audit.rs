//! A plan that comes from a file is somebody's text: every argument of its transactions is held against what its action
//! asks for and against the venue as it is now, before anything is sent.

use std::fmt;

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};

use super::{
    AvantisV1, Deployment, NAME,
    abi::{DEPOSIT, IERC20, ITrading, LIMIT, MARKET, WITHDRAW},
    math::slippage_holds,
    plan::{Context, EXECUTION_FEE, ORACLE_FEE, execution_fee, share_of},
    prices::{CORE_FEE, PRO_FEE},
    slot::Slot,
};
use crate::{
    config::ExecutionFee,
    perps::{
        AuditError, Change, Entry, Forecast, Level, LeverageE10, MarginChange, OpenRequest, PercentE10, PerpError,
        PerpPosition, PerpRequest, PerpSubject, Portion, PositionKey, PriceE10, Side, Usdc, VenueSnapshot,
    },
    plan::{CallData, Plan, Step},
};

/// How far the price of gas may have moved between plan and sending: the fee may be so many times what it would be now,
/// or such a part of it.
const FEE_FACTOR: U256 = U256::from_limbs([4, 0, 0, 0]);

impl AvantisV1 {
    /// Holds a plan against what its action would send now: one call of the venue's Trading contract, and before it at most
    /// the exact approval of the USDC that it takes. The oracle's signed update alone is left to the venue, which checks it.
    pub(super) fn audit_plan(&self, plan: &Plan, snapshot: &VenueSnapshot, gas_price: U256) -> Result<(), AuditError> {
        let subject: PerpSubject = plan.subject.read_perp().map_err(AuditError::Subject)?;
        if subject.venue != NAME {
            return Err(AuditError::Venue(subject.venue));
        }
        let (approval, last) = match plan.steps.as_slice() {
            [last] => (None, last),
            [approval, last] => (Some(approval), last),
            steps => return Err(steps.first().map_or_else(nothing, refused)),
        };
        if let Some(approval) = approval {
            let takes = takes(&subject.perp).ok_or_else(|| refused(approval))?;
            Audit { step: approval, plan, snapshot }.approval(&self.at, takes)?;
        }
        let audit = Audit { step: last, plan, snapshot };
        audit.same("contract", last.to, self.at.trading)?;
        let execution = || Value::Execution(self.fee, execution_fee(self.fee, gas_price));
        match &subject.perp {
            PerpRequest::Open(open) => {
                audit.open(open, subject.forecast.as_ref())?;
                audit.value(execution())
            }
            PerpRequest::Close { position, portion } => {
                audit.close(*position, *portion)?;
                audit.value(execution())
            }
            PerpRequest::Margin { position, change } => audit.margin(*position, *change),
            PerpRequest::Levels { position, stop, target } => audit.levels(*position, *stop, *target),
            PerpRequest::Cancel { order } => {
                let call: ITrading::cancelOpenLimitOrderCall = audit.decode()?;
                audit.slot(call.pairIndex, call.index, *order)?;
                audit.value(Value::Nothing)
            }
        }
    }
}

fn refused(step: &Step) -> AuditError {
    AuditError::Step { purpose: step.purpose.clone(), to: step.to }
}

fn nothing() -> AuditError {
    AuditError::Step { purpose: "nothing".to_owned(), to: Address::ZERO }
}

/// USDC that the venue takes from the wallet in the action's own transaction.
const fn takes(request: &PerpRequest) -> Option<Usdc> {
    match request {
        PerpRequest::Open(open) => Some(open.margin),
        PerpRequest::Margin { change: MarginChange::Add(amount), .. } => Some(*amount),
        _ => None,
    }
}

/// What ether goes along.
#[derive(Debug, Clone, Copy)]
enum Value {
    Nothing,
    /// For the keeper: the policy, and what it comes to now.
    Execution(ExecutionFee, U256),
    /// For the oracle.
    Oracle,
}

/// One transaction of the file.
#[derive(Debug, Clone, Copy)]
struct Audit<'a> {
    step: &'a Step,
    plan: &'a Plan,
    snapshot: &'a VenueSnapshot,
}

impl Audit<'_> {
    fn same<T: PartialEq + fmt::Display>(&self, field: &'static str, found: T, wanted: T) -> Result<(), AuditError> {
        if found == wanted { Ok(()) } else { Err(self.argument(field, &found, &wanted)) }
    }

    fn argument(&self, field: &'static str, found: &dyn fmt::Display, wanted: &dyn fmt::Display) -> AuditError {
        AuditError::Argument {
            purpose: self.step.purpose.clone(),
            field,
            found: found.to_string(),
            wanted: wanted.to_string(),
        }
    }

    /// The call, if it is this function with nothing behind its arguments.
    fn decode<C: SolCall>(&self) -> Result<C, AuditError> {
        let CallData::Fixed { data } = &self.step.data else { return Err(refused(self.step)) };
        let call = C::abi_decode(data).ok().filter(|call| call.abi_encode() == data.as_ref());
        call.ok_or_else(|| refused(self.step))
    }

    fn approval(&self, at: &Deployment, takes: Usdc) -> Result<(), AuditError> {
        let call: IERC20::approveCall = self.decode()?;
        self.same("contract", self.step.to, at.usdc)?;
        self.same("spender", call.spender, at.storage)?;
        self.same("amount", Usdc(call.amount), takes)?;
        self.same("value", self.step.value, U256::ZERO)
    }

    fn open(&self, open: &OpenRequest, forecast: Option<&Forecast>) -> Result<(), AuditError> {
        let call: ITrading::openTradeCall = self.decode()?;
        let Some(Forecast::Open(forecast)) = forecast else { return Err(refused(self.step)) };
        let unknown = || PerpError::UnknownPair { name: open.pair.clone(), listed: "other pairs".to_owned() };
        let pair = self.snapshot.pair(&open.pair).ok_or_else(unknown)?;
        let (price, kind) = match open.entry {
            Entry::Market => (forecast.mark, MARKET),
            Entry::Limit(limit) => (limit, LIMIT),
        };
        let level = |level: Option<Level>, wins| match level {
            Some(level) => Context::level(level, forecast.entry, open.side, wins),
            None => Ok(PriceE10::ZERO),
        };
        let trade = &call.t;
        self.same("trader", trade.trader, self.plan.owner)?;
        self.same("pairIndex", trade.pairIndex, U256::from(pair.index))?;
        self.same("index", trade.index, U256::ZERO)?;
        self.same("initialPosToken", trade.initialPosToken, U256::ZERO)?;
        self.same("positionSizeUSDC", Usdc(trade.positionSizeUSDC), open.margin)?;
        self.same("openPrice", PriceE10(trade.openPrice), price)?;
        self.same("buy", side(trade.buy), open.side)?;
        self.same("leverage", LeverageE10(trade.leverage), open.leverage)?;
        self.same("tp", PriceE10(trade.tp), level(open.target, true)?)?;
        self.same("sl", PriceE10(trade.sl), level(open.stop, false)?)?;
        self.same("timestamp", trade.timestamp, U256::ZERO)?;
        self.same("orderType", call.orderType, kind)?;
        self.same("slippageP", PercentE10(call.slippageP), open.slippage)?;
        // Levels at a distance are counted from the forecast's entry, which is the file's too.
        let within = slippage_holds(forecast.entry, price, open.slippage, open.side).map_err(PerpError::from)?;
        if !within {
            return Err(self.argument(
                "expected entry",
                &forecast.entry,
                &format!("one within the slippage of {price}"),
            ));
        }
        if open.entry == Entry::Market { self.near_the_mark(price, pair.mark, open.slippage) } else { Ok(()) }
    }

    /// The slippage counts from the price in the order: far from the mark it would bound nothing.
    fn near_the_mark(&self, price: PriceE10, mark: PriceE10, slippage: PercentE10) -> Result<(), AuditError> {
        if mark == PriceE10::ZERO {
            return Err(PerpError::NoPriceService.into());
        }
        let holds = |wanted, side| slippage_holds(mark, wanted, slippage, side).map_err(PerpError::from);
        if holds(price, Side::Long)? && holds(price, Side::Short)? {
            return Ok(());
        }
        Err(self.argument("openPrice", &price, &format!("one within {slippage} % of the mark {mark}")))
    }

    fn close(&self, key: PositionKey, portion: Portion) -> Result<(), AuditError> {
        let call: ITrading::closeTradeMarketCall = self.decode()?;
        self.slot(call.pairIndex, call.index, key)?;
        self.same("amount", Usdc(call.amount), share_of(self.position(key)?.collateral, portion)?)
    }

    fn margin(&self, key: PositionKey, change: MarginChange) -> Result<(), AuditError> {
        let call: ITrading::updateMarginCall = self.decode()?;
        let (kind, amount) = match change {
            MarginChange::Add(amount) => (DEPOSIT, amount),
            MarginChange::Remove(amount) => (WITHDRAW, amount),
        };
        self.slot(call.pairIndex, call.index, key)?;
        self.same("updateType", call.updateType, kind)?;
        self.same("amount", Usdc(call.amount), amount)?;
        self.update(&call.priceUpdateData, true)
    }

    fn levels(&self, key: PositionKey, stop: Change, target: Change) -> Result<(), AuditError> {
        let call: ITrading::updateTpAndSlCall = self.decode()?;
        let position = self.position(key)?;
        let level = |change, stands: PriceE10, wins| match change {
            Change::Keep => Ok(stands),
            Change::Remove => Ok(PriceE10::ZERO),
            Change::To(level) => Context::level(level, position.entry, position.side, wins),
        };
        self.slot(call.pairIndex, call.index, key)?;
        self.same("newSl", PriceE10(call.newSl), level(stop, position.stop, false)?)?;
        self.same("newTp", PriceE10(call.newTp), level(target, position.target, true)?)?;
        let moves_stop = match stop {
            Change::Keep => false,
            Change::Remove => position.stop > PriceE10::ZERO,
            Change::To(_) => true,
        };
        self.update(&call.priceUpdateData, moves_stop)
    }

    /// One signed price where one is needed, and the oracle's fee for it.
    fn update(&self, updates: &[Bytes], wanted: bool) -> Result<(), AuditError> {
        let given = updates.iter().filter(|update| !update.is_empty()).count();
        self.same("priceUpdateData", updates.len(), usize::from(wanted))?;
        self.same("priceUpdateData", given, usize::from(wanted))?;
        self.value(if wanted { Value::Oracle } else { Value::Nothing })
    }

    fn slot(&self, pair: U256, index: U256, key: PositionKey) -> Result<(), AuditError> {
        let (wanted_pair, wanted_index) = Slot::of(key)?.arguments();
        self.same("pairIndex", pair, wanted_pair)?;
        self.same("index", index, wanted_index)
    }

    fn position(&self, key: PositionKey) -> Result<&PerpPosition, AuditError> {
        let account = self.plan.owner;
        let gone = || PerpError::NotFound { what: "position", key: key.to_string(), account };
        Ok(self.snapshot.position(key).ok_or_else(gone)?)
    }

    /// The ether sent along is what the plan shows, and what the policy gives or the oracle takes.
    fn value(&self, wanted: Value) -> Result<(), AuditError> {
        let value = self.step.value;
        let shown = |name: &str| {
            let cost = self.plan.costs.iter().find(|(cost, _)| cost == name);
            cost.map_or(U256::ZERO, |(_, amount)| amount.raw)
        };
        match wanted {
            Value::Nothing => self.same("value", value, U256::ZERO),
            Value::Oracle => {
                self.same("value", value, shown(ORACLE_FEE))?;
                let fees = [U256::from(PRO_FEE), U256::from(CORE_FEE)];
                let is_known = fees.contains(&value);
                let words = || format!("{PRO_FEE} or {CORE_FEE}");
                if is_known { Ok(()) } else { Err(self.argument("value", &value, &words())) }
            }
            Value::Execution(policy, now) => {
                self.same("value", value, shown(EXECUTION_FEE))?;
                let (least, most) = match policy {
                    ExecutionFee::Auto => (now / FEE_FACTOR, now.saturating_mul(FEE_FACTOR)),
                    ExecutionFee::Wei(wei) => (wei, wei),
                };
                let words = || format!("{least} to {most} wei (perps.execution_fee: {policy})");
                if value >= least && value <= most { Ok(()) } else { Err(self.argument("value", &value, &words())) }
            }
        }
    }
}

const fn side(buy: bool) -> Side {
    if buy { Side::Long } else { Side::Short }
}
