//! What else is open: the other sagas, their tiers, and perps that no saga opened.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{STATE_VERSION, SagaError, SagaState};
use crate::{
    journal::{JournalReader, LoopPosition, LoopTerms, PerpPosition, Saga},
    loops::known_loops,
    perps::{Interest, LeverageE10, Usdc},
    strategy::GovernorState,
    trade::{OpenTrade, OpenTrades, TradeContext, assess::state::LoopState, load_governor, stored_governor},
};

/// The state of a saga as the journal has it.
pub fn state_of(saga: &Saga) -> Result<SagaState, SagaError> {
    let broken = |reason: String| SagaError::State { id: saga.id.clone(), reason };
    let version = saga.state.get("version").and_then(serde_json::Value::as_u64);
    if version != Some(u64::from(STATE_VERSION)) {
        return Err(broken(format!("its form is {version:?}, this program knows {STATE_VERSION}")));
    }
    serde_json::from_value(saga.state.clone()).map_err(|error| broken(error.to_string()))
}

/// The governor's state, or a fresh one.
pub(super) async fn governor(
    desk: &TradeContext,
    reader: &JournalReader,
    paper: bool,
) -> Result<GovernorState, SagaError> {
    if let Some(state) = stored_governor(reader, paper)? {
        return Ok(state);
    }
    let snapshot = desk.venue()?.snapshot(desk.account, &Interest::default()).await?;
    Ok(load_governor(desk, Some(reader), Some(&snapshot), paper).await?)
}

/// The sagas that run, of practice or of the real thing, but one.
pub(super) fn others(reader: &JournalReader, paper: bool, but: &str) -> Result<Vec<SagaState>, SagaError> {
    let open = reader.open_sagas()?;
    open.iter().filter(|saga| saga.paper == paper && saga.id != but).map(state_of).collect()
}

/// The highest tier among sagas that hold the loop.
pub(super) fn highest(others: &[SagaState]) -> Option<Decimal> {
    let holding = others.iter().filter(|state| state.has_loop() && state.phase.holds_loop());
    holding.map(|state| state.tier).max()
}

/// Everything that is open beside one signal, as an assessment wants it.
pub fn open_trades(
    desk: &TradeContext,
    reader: &JournalReader,
    paper: bool,
    but: &str,
) -> Result<OpenTrades, SagaError> {
    let others = others(reader, paper, but)?;
    let active = others.iter().filter(|state| state.phase.holds_loop());
    let mut trades: Vec<OpenTrade> = active.map(of_saga).collect();
    let known = |perp: &PerpPosition| {
        let signal = perp.entry.signal.as_deref();
        signal == Some(but) || others.iter().any(|state| signal == Some(state.signal.id.as_str()))
    };
    let by_hand = reader.open_perps()?;
    trades.extend(by_hand.iter().filter(|perp| perp.paper == paper && !known(perp)).map(by_itself));
    let strategy = &desk.settings.strategy;
    let token = |symbol: &str| {
        let mut listings = desk.reserves.listings.iter();
        listings.find(|listing| listing.symbol.eq_ignore_ascii_case(symbol)).map(|listing| listing.asset)
    };
    let known_loop = match (token(&strategy.collateral), token(&strategy.debt)) {
        (Some(collateral), Some(debt)) => reader.open_loop_of(collateral, debt, paper)?,
        _ => None,
    };
    let loops = if paper { Vec::new() } else { known_loops(reader)? };
    Ok(OpenTrades { trades, known_loop, loops })
}

fn of_saga(state: &SagaState) -> OpenTrade {
    OpenTrade {
        signal: Some(state.signal.id.clone()),
        pair: state.signal.pair.clone(),
        notional: state.notional,
        loop_leverage: state.tier,
    }
}

fn by_itself(perp: &PerpPosition) -> OpenTrade {
    let margin = Usdc(perp.entry.margin).to_decimal().unwrap_or(Decimal::MAX);
    let leverage = LeverageE10(perp.terms.leverage).to_decimal().unwrap_or(Decimal::ONE);
    OpenTrade {
        signal: perp.entry.signal.clone(),
        pair: perp.entry.pair.clone(),
        notional: margin.saturating_mul(leverage),
        loop_leverage: Decimal::ONE,
    }
}

/// The loop's leverage now; `None` without one.
pub(super) async fn leverage_now(
    desk: &TradeContext,
    reader: &JournalReader,
    (paper, include_existing): (bool, bool),
    id: &str,
) -> Result<Option<rust_decimal::Decimal>, SagaError> {
    let open = open_trades(desk, reader, paper, id)?;
    let loop_ = LoopState::read(desk, &open, paper, include_existing).await?;
    if paper {
        return leverage(&loop_, open.known_loop.as_ref());
    }
    Ok(loop_.now.map(|now| now.leverage))
}

/// Leverage of the loop on paper at the oracle's prices.
pub(super) fn leverage(loop_: &LoopState, known: Option<&LoopPosition>) -> Result<Option<Decimal>, SagaError> {
    let Some(known) = known else { return Ok(None) };
    let (collateral, debt) = values(loop_, &known.terms)?;
    Ok(collateral.checked_sub(debt).and_then(|equity| collateral.checked_div(equity)))
}

/// US dollars of both sides.
pub(super) fn values(loop_: &LoopState, terms: &LoopTerms) -> Result<(Decimal, Decimal), SagaError> {
    let trouble = |_| SagaError::Unfit("the loop on paper");
    let collateral = loop_.collateral()?.collateral_value(terms.collateral_principal).map_err(trouble)?;
    let debt = loop_.debt()?.debt_value(terms.debt_principal).map_err(trouble)?;
    let decimal = |value: U256| crate::units::to_decimal(value, 8).ok_or(SagaError::Unfit("the loop on paper"));
    Ok((decimal(collateral.0)?, decimal(debt.0)?))
}
