//! From a signal to everything its trade would be; nothing is sent.

mod ask;
mod assessment;
mod legs;
mod market;
mod money;
mod sized;
pub(super) mod state;

use ask::Ask;
pub use ask::AssessOptions;
use legs::{Legs, loop_leg, perp_leg};
use sized::{Sized, resize, sized};
use state::{LoopState, decimal};

use super::{OpenTrades, TradeContext, TradeError};
use crate::{
    strategy::{Decision, GovernorState, LoopShare, Rule, Signal, Verdict},
    units::Ray,
};
pub use assessment::{Assessment, CapitalNeeded, Cost, OpenNotional};

/// Assesses a signal on the newest state. Its age is not looked at here: a signal that was taken in time is assessed again
/// between the steps of its trade ([`Signal::check_age`] is for taking it). `open` is without the signal's own trade.
pub async fn assess(
    desk: &TradeContext,
    signal: &Signal,
    governor: &GovernorState,
    open: &OpenTrades,
    options: &AssessOptions,
) -> Result<Assessment, TradeError> {
    let ask = Ask { desk, signal, governor, open, options };
    let loop_ = LoopState::read(desk, open, options.paper, options.include_existing).await?;
    let mut sized = sized(&ask, &loop_).await?;
    let perp = perp_leg(&ask, &loop_, &sized).await?;
    if let Some(forecast) = &perp.forecast {
        // The venue's own plan knows the impact of the size on its price.
        resize(&ask, &loop_, &mut sized, market::share(forecast.spread)?)?;
    }
    let legs = loop_leg(&ask, &loop_, &sized, perp)?;
    conclude(&ask, &loop_, sized, legs).await
}

async fn conclude(ask: &Ask<'_>, loop_: &LoopState, sized: Sized, mut legs: Legs) -> Result<Assessment, TradeError> {
    let strategy = &ask.desk.settings.strategy;
    let deviation = ask.signal.check_entry(sized.venue.mark, strategy.max_entry_deviation);
    let mut refusals: Vec<String> = deviation.as_ref().err().map(ToString::to_string).into_iter().collect();
    refusals.extend(sized.feasibility.refused().map(ToString::to_string));
    match &sized.decision {
        Decision::Refused(all) => refusals.extend(all.iter().map(|refusal| format!("governor: {refusal}"))),
        Decision::Open { .. } => {}
    }
    // What a check said already is not said again in the planner's words.
    let refuses = |rules: &[Rule]| {
        sized.feasibility.checks.iter().any(|check| check.verdict == Verdict::Refused && rules.contains(&check.rule))
    };
    if !refuses(&[Rule::LoopLeverage, Rule::OpeningHealthFactor]) {
        refusals.append(&mut legs.loop_refusals);
    }
    if !refuses(&[Rule::PerpMinimum, Rule::Venue, Rule::Survival]) {
        refusals.append(&mut legs.perp_refusals);
    }
    if refusals.is_empty() && !ask.options.paper {
        refusals.extend(legs.rehearse(ask).await?);
    }
    let outcome = sized.feasibility.outcome;
    let loop_share = match (&outcome, loop_.collateral()?, loop_.debt()?) {
        (Some(outcome), collateral, debt) => {
            let mut size = sized.examined.clone();
            size.base_capital = loop_.now.map_or(size.base_capital, |now| now.equity);
            LoopShare::new(&size, outcome, rate(debt.variable_borrow_rate)?, rate(collateral.liquidity_rate)?)
        }
        (None, ..) => None,
    };
    let entry_deviation = (sized.venue.mark - ask.signal.entry).abs().checked_div(ask.signal.entry).unwrap_or_default();
    Ok(Assessment {
        block: loop_.snapshot.block,
        levels: sized.levels,
        mark: sized.venue.mark,
        entry_deviation,
        loop_now: loop_.now.map(|now| now.leverage),
        loop_target: sized.examined.loop_leverage,
        capital: money::capital(loop_, &sized, &legs)?,
        costs: money::costs(loop_, &sized, &legs)?,
        open_notional: money::open_notional(ask, &sized),
        notes: notes(&sized, &legs),
        signal: ask.signal.clone(),
        size: sized.size,
        feasibility: sized.feasibility,
        decision: sized.decision,
        loop_plan: legs.loop_plan,
        perp: legs.perp,
        perp_plan: legs.perp_plan,
        forecast: legs.forecast,
        outcome,
        loop_share,
        refusals,
    })
}

fn notes(sized: &Sized, legs: &Legs) -> Vec<String> {
    let mut notes = legs.notes.clone();
    if let Decision::Open { caps, .. } = &sized.decision {
        notes.extend(caps.iter().map(|cap| format!("governor: {cap}")));
    }
    notes
}

fn rate(yearly: Ray) -> Result<rust_decimal::Decimal, TradeError> {
    decimal(yearly.0, Ray::DECIMALS)
}
