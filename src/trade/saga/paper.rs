//! Practice: live prices, no transactions, the same tables. The loop stands at what its plan predicts, the perp is filled
//! at its forecast, and stop, target and liquidation are what the mark reaches while somebody looks.

use alloy::primitives::{B256, U256};
use rust_decimal::Decimal;

use super::{
    Executor, Facts, Goal, Held, IntentFact, OrderFact, Role, SagaError, SagaState,
    error::Stopped,
    goal,
    others::{open_trades, values},
    plan::{again, plan_value, remember},
    state::json,
};
use crate::{
    chain::Reader,
    journal::{
        IntentId, IntentState, Journal, JournalError, JournalReader, LoopTerms, NewIntent, NewLoop, NewOrder,
        OrderKind as JournalKind, OrderState, PositionId, Stamp,
    },
    perps::{
        EndKind, Ending, Fill, Forecast, OpenForecast, OrderHandle, OrderKind, OrderRecord, PerpRequest, PerpSubject,
        PriceE10, Side, Usdc,
    },
    plan::Plan,
    trade::{TradeContext, assess::state::LoopState},
};

/// A leg of practice is done once its intent is approved; planned, its effect may be missing.
pub(super) fn intent(reader: &JournalReader, id: IntentId) -> Result<IntentFact, SagaError> {
    match reader.intent(id) {
        Ok(intent) if intent.state == IntentState::Planned => Ok(IntentFact::Absent),
        Ok(_) => Ok(IntentFact::Done),
        Err(JournalError::UnknownIntent(_)) => Ok(IntentFact::Absent),
        Err(error) => Err(error.into()),
    }
}

/// The order, filled as soon as it is there.
pub(super) fn order(reader: &JournalReader, venue: &str, state: &SagaState) -> Result<OrderFact, SagaError> {
    let id = order_id(state);
    let Some(order) = reader.order(venue, &id)? else { return Ok(OrderFact::None) };
    let fill = order.actual.and_then(|actual| serde_json::from_value::<Fill>(actual).ok());
    Ok(fill.map_or(OrderFact::None, |fill| OrderFact::Filled { order: handle(state, &fill), fill: Box::new(fill) }))
}

/// Nobody is asked about an order of practice.
fn handle(state: &SagaState, fill: &Fill) -> OrderHandle {
    OrderHandle {
        id: order_id(state),
        kind: OrderKind::Open,
        key: fill.key,
        transaction: B256::ZERO,
        block: fill.block,
        placed: fill.at,
    }
}

fn order_id(state: &SagaState) -> String {
    format!("paper:{}", state.signal.id)
}

/// How the perp ended, if the mark has reached one of its levels.
pub(super) async fn ending(desk: &TradeContext, state: &SagaState, held: &Held) -> Result<Option<Ending>, SagaError> {
    let Some(forecast) = &state.forecast else { return Ok(None) };
    let mark = desk.venue()?.mark(held.fill.key).await?;
    let Some((kind, price, paid)) = reached(state.signal.side, mark, forecast) else { return Ok(None) };
    let head = Reader::head(&desk.endpoints).await?;
    let (block, at) = (head.number, head.timestamp);
    let fill = Fill { price, paid, left: Usdc::ZERO, block, at, ..held.fill.clone() };
    Ok(Some(Ending { kind, fill, order: None }))
}

/// What a mark sets off: the venue's order is liquidation, stop, target.
fn reached(side: Side, mark: PriceE10, forecast: &OpenForecast) -> Option<(EndKind, PriceE10, Usdc)> {
    let worse = |level: PriceE10| {
        level != PriceE10::ZERO
            && match side {
                Side::Long => mark <= level,
                Side::Short => mark >= level,
            }
    };
    let better = |level: PriceE10| {
        level != PriceE10::ZERO
            && match side {
                Side::Long => mark >= level,
                Side::Short => mark <= level,
            }
    };
    let OpenForecast { liquidation, stop, target, paid_at_stop, paid_at_target, .. } = *forecast;
    if worse(liquidation) && !worse(stop) {
        return Some((EndKind::Liquidation, liquidation, Usdc::ZERO));
    }
    if worse(stop) {
        return Some((EndKind::Stop, stop, paid_at_stop));
    }
    better(target).then_some((EndKind::Target, target, paid_at_target))
}

/// Carries a leg out on paper. What it leaves is written before its intent is approved, and is the same when it is done
/// again after a crash.
pub(super) async fn act(
    desk: &TradeContext,
    journal: &Journal,
    state: &mut SagaState,
    facts: &Facts,
    (role, id): (Role, IntentId),
) -> Result<(), Stopped> {
    let hand = Executor::Paper(journal);
    let stamp = desk.stamp().await.map_err(SagaError::from)?;
    match role {
        Role::Raise => {
            let assessment = again(desk, &hand, state).await?;
            let plan = assessment.loop_plan.as_ref();
            planned(journal, id, "loop raise", plan, stamp, state)?;
            let target = super::wanted(state, facts);
            settle_loop(desk, journal, state, (Goal::Leverage(target), plan), id, stamp).await?;
        }
        Role::Open => {
            let assessment = again(desk, &hand, state).await?;
            let forecast = assessment.forecast.clone();
            let forecast = forecast.ok_or_else(|| Stopped::Refused("the venue does not quote it".to_owned()))?;
            remember(desk, &hand, state, &assessment).await?;
            planned(journal, id, "perp open", assessment.perp_plan.as_ref(), stamp, state)?;
            let subject = PerpSubject {
                venue: desk.venue()?.name().to_owned(),
                perp: PerpRequest::Open(assessment.perp.clone()),
                forecast: Some(Forecast::Open(forecast.clone())),
            };
            fill(desk, journal, state, (&forecast, subject), stamp).await?;
        }
        Role::Back => {
            planned(journal, id, "loop back", None, stamp, state)?;
            settle_loop(desk, journal, state, (goal(state, facts), None), id, stamp).await?;
        }
    }
    fail::fail_point!("saga-paper-before-approved");
    journal.record_approved(id, stamp).map_err(SagaError::from)?;
    Ok(())
}

fn planned(
    journal: &Journal,
    id: IntentId,
    kind: &str,
    plan: Option<&Plan>,
    at: Stamp,
    state: &SagaState,
) -> Result<(), SagaError> {
    let plan = plan_value(plan, &state.signal.id)?;
    let plan_hash = alloy::primitives::keccak256(plan.to_string());
    let new = NewIntent { id, kind: kind.to_owned(), paper: true, plan, plan_hash, steps: 1 };
    match journal.record_planned(&new, at) {
        Ok(()) | Err(JournalError::DuplicateIntent(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The fill at the forecast's price, written with the order.
async fn fill(
    desk: &TradeContext,
    journal: &Journal,
    state: &SagaState,
    (forecast, subject): (&OpenForecast, PerpSubject),
    at: Stamp,
) -> Result<(), SagaError> {
    let (venue, id) = (desk.venue()?.name(), order_id(state));
    let reader = journal.reader();
    if reader.order(venue, &id)?.is_some_and(|order| order.state.is_final()) {
        return Ok(());
    }
    let head = Reader::head(&desk.endpoints).await?;
    let interest = crate::perps::Interest { open: None, marks: vec![state.signal.pair.clone()] };
    let snapshot = desk.venue()?.snapshot(desk.account, &interest).await?;
    let pair = snapshot.pair(&state.signal.pair).ok_or(SagaError::Unfit("the pair"))?;
    let fill = Fill {
        key: desk.venue()?.key_on(pair),
        side: state.signal.side,
        price: forecast.entry,
        collateral: forecast.collateral,
        leverage: leverage_of(forecast).ok_or(SagaError::Unfit("the leverage"))?,
        paid: Usdc::ZERO,
        left: forecast.collateral,
        target: forecast.target,
        stop: forecast.stop,
        transaction: B256::ZERO,
        block: head.number,
        at: head.timestamp,
    };
    if reader.order(venue, &id)?.is_none() {
        let kept = OrderRecord { handle: handle(state, &fill), subject };
        let new = NewOrder {
            venue: venue.to_owned(),
            id: id.clone(),
            kind: JournalKind::Open,
            intent: None,
            position: None,
            signal: Some(state.signal.id.clone()),
            predicted: json(&kept, &state.signal.id)?,
        };
        journal.record_order(&new, at)?;
    }
    let actual = json(&fill, &state.signal.id)?;
    Ok(journal.resolve_order(venue, &id, OrderState::Filled, None, Some(&actual), at)?)
}

fn leverage_of(forecast: &OpenForecast) -> Option<crate::perps::LeverageE10> {
    let one = U256::from(10).pow(U256::from(crate::perps::LeverageE10::DECIMALS));
    let scaled = forecast.notional.0.checked_mul(one)?;
    scaled.checked_div(forecast.collateral.0).map(crate::perps::LeverageE10)
}

/// Writes the loop as it is after a leg. A new one stands at its plan's prediction; one that is moved keeps its equity at
/// the oracle's prices.
async fn settle_loop(
    desk: &TradeContext,
    journal: &Journal,
    state: &SagaState,
    (goal, plan): (Goal, Option<&Plan>),
    id: IntentId,
    at: Stamp,
) -> Result<(), Stopped> {
    let open = open_trades(desk, journal.reader(), true, &state.signal.id)?;
    let loop_ = LoopState::read(desk, &open, true, true).await.map_err(SagaError::from)?;
    match (open.known_loop, goal) {
        (Some(known), Goal::Leverage(leverage)) => {
            let (collateral, debt) = values(&loop_, &known.terms)?;
            let terms = at_leverage(&loop_, &known.terms, collateral - debt, leverage)?;
            journal.update_loop(known.id, &terms, at).map_err(SagaError::from)?;
        }
        (Some(known), Goal::Closed) => {
            let (collateral, debt) = values(&loop_, &known.terms)?;
            let realised = serde_json::json!({ "closed_by": state.signal.id, "equity": collateral - debt });
            journal.close_position(known.id, Some(id), &realised, at).map_err(SagaError::from)?;
        }
        (None, Goal::Leverage(_)) => {
            let Some(plan) = plan else { return Err(Stopped::There) };
            let figure = |name: &str| plan.figure(name).map_or(U256::ZERO, |figure| figure.after.raw);
            let terms = LoopTerms {
                e_mode: loop_.snapshot.account.emode,
                thresholds: json(&loop_.thresholds, &state.signal.id)?,
                collateral_principal: figure("collateral"),
                debt_principal: figure("debt"),
                collateral_index: None,
                debt_index: None,
            };
            let new = NewLoop {
                id: PositionId::derive(at.wall, id.to_string().as_bytes()),
                paper: true,
                collateral: loop_.pair.collateral.token,
                debt: loop_.pair.debt.token,
                terms,
            };
            journal.open_loop(&new, id, at).map_err(SagaError::from)?;
        }
        (None, _) | (Some(_), Goal::Stay) => {}
    }
    Ok(())
}

fn at_leverage(
    loop_: &LoopState,
    terms: &LoopTerms,
    equity: Decimal,
    leverage: Decimal,
) -> Result<LoopTerms, SagaError> {
    let unfit = SagaError::Unfit("the loop on paper");
    let Some(collateral) = equity.checked_mul(leverage) else { return Err(unfit) };
    let Some(debt) = collateral.checked_sub(equity) else { return Err(unfit) };
    Ok(LoopTerms {
        collateral_principal: LoopState::amount_of(loop_.collateral()?, collateral)?,
        debt_principal: LoopState::amount_of(loop_.debt()?, debt)?,
        ..terms.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(levels: [u64; 3]) -> OpenForecast {
        let [liquidation, stop, target] = levels.map(|level| PriceE10(U256::from(level)));
        OpenForecast {
            mark: PriceE10(U256::from(100)),
            entry: PriceE10(U256::from(100)),
            spread: crate::perps::PercentE10::ZERO,
            fee: Usdc::ZERO,
            collateral: Usdc(U256::from(10)),
            notional: Usdc(U256::from(150)),
            liquidation,
            stop,
            target,
            paid_at_target: Usdc(U256::from(20)),
            paid_at_stop: Usdc(U256::from(5)),
        }
    }

    #[test]
    fn a_mark_sets_off_what_it_has_reached_on_the_side_of_the_position() {
        let long = forecast([94, 98, 104]);
        let at = |mark: u64, of: &OpenForecast, side| reached(side, PriceE10(U256::from(mark)), of).map(|it| it.0);
        assert_eq!(at(100, &long, Side::Long), None);
        assert_eq!(at(104, &long, Side::Long), Some(EndKind::Target));
        assert_eq!(at(98, &long, Side::Long), Some(EndKind::Stop));
        assert_eq!(at(90, &long, Side::Long), Some(EndKind::Stop), "the stop was there first");
        let short = forecast([106, 102, 96]);
        assert_eq!(at(102, &short, Side::Short), Some(EndKind::Stop));
        assert_eq!(at(96, &short, Side::Short), Some(EndKind::Target));
        let bare = forecast([94, 0, 104]);
        assert_eq!(at(94, &bare, Side::Long), Some(EndKind::Liquidation), "without stop the venue takes it");
    }

    #[test]
    fn the_leverage_of_a_fill_is_that_of_its_forecast() {
        assert_eq!(leverage_of(&forecast([1, 2, 3])).and_then(|it| it.to_decimal()), Some(Decimal::from(15)));
    }
}
