//! Orders: what commands plan from, write into files and hand to a daemon, and whose sending they end with.

use super::{
    deliver::note_pause,
    exit::{Failure, Outcome},
    loop_state::own_loops,
    plan_view::{DryRun, plan_text, simulation_text},
    rehearsal::rehearse_with_gas,
    session::Session,
};
use crate::{
    aave::ReserveList,
    chain::BlockRef,
    journal::IntentId,
    perps::PerpVenue,
    plan::{Approved, Plan, check},
    trade::{Order, OrderError, Planner, TradeSettings},
    units::{Millis, Secs},
};

/// With the session's settings and the journal's loops.
pub(in crate::cli) async fn planner<'a>(
    session: &'a Session,
    reserves: &'a ReserveList,
    network: &'a str,
    venue: Option<&'a dyn PerpVenue>,
) -> Outcome<Planner<'a>> {
    let (account, config) = (session.account().await?, &session.config);
    Ok(Planner {
        endpoints: &session.endpoints,
        reserves,
        venue,
        network,
        account,
        bounds: config.bounds,
        fees: config.fees,
        thresholds: config.thresholds,
        loops: own_loops(session, account)?,
        permit_ttl: config.permit_ttl,
        perp_ttl: Secs(config.perps.plan_ttl.0),
        perp_slippage: TradeSettings::from(config).slippage,
        gas_price: session.gas_price().await?,
    })
}

/// How a plan goes on.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Onward<'a> {
    /// It is sent.
    pub(in crate::cli) broadcast: bool,
    /// Where its order is written.
    pub(in crate::cli) file: Option<&'a std::path::Path>,
    /// Chain time that its transaction is simulated at.
    pub(in crate::cli) at: Secs,
}

/// Checks, rehearses and shows a plan; writes its order. What is to be sent is given back.
pub(in crate::cli) async fn prepare(
    session: &Session,
    plan: &Plan,
    order: &Order,
    onward: Onward<'_>,
) -> Outcome<Option<Approved<Plan>>> {
    let output = session.output;
    let block: BlockRef = plan.block;
    let approved = match check(plan.clone(), session.network().as_str(), block.timestamp) {
        Ok(approved) => approved,
        Err(refusal) => {
            output.note_lines(plan_text(plan, None));
            return Err(refusal.into());
        }
    };
    let (rehearsal, gas) = rehearse_with_gas(session, plan, onward.at, session.gas_price().await?).await?;
    let shown = format!("{}\n\n{}", plan_text(plan, Some(&gas)).trim_end(), simulation_text(&rehearsal));
    if let Some(path) = onward.file {
        write(path, order)?;
        output
            .note(format!("plan written to {}; send it with `trimtab send {0} --broadcast`", crate::text::path(path)));
    }
    if onward.broadcast {
        output.note_lines(&shown);
        return Ok(Some(approved));
    }
    note_pause(session, plan)?;
    let dry = DryRun { plan, simulation: &rehearsal, gas: &gas, sent: false };
    output.result(&dry, || format!("{shown}\n\ndry run: nothing was sent; add --broadcast to send it"))?;
    Ok(None)
}

fn write(path: &std::path::Path, order: &Order) -> Outcome {
    use super::exit::Exit;
    let text = serde_json::to_string_pretty(order).map_err(|error| Failure::new(Exit::Bug, error))?;
    std::fs::write(path, text)
        .map_err(|error| Failure::message(Exit::Configuration, format!("{}: {error}", crate::text::path(path))))
}

impl From<OrderError> for Failure {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Loop(error) => error.into(),
            OrderError::Pair(error) => error.into(),
            OrderError::Perp(error) => error.into(),
            OrderError::Query(error) => error.into(),
            OrderError::State(error) => error.into(),
            OrderError::Read(error) => error.into(),
            OrderError::Refused(refusal) => refusal.into(),
            error => Self::new(super::exit::Exit::from_code(error.exit_code()), error),
        }
    }
}

/// Names an intent: what is asked, on the state of a block, now.
pub(in crate::cli) fn intent_id(session: &Session, what: &str, on: BlockRef) -> String {
    let subject = format!("{what} {}", on.hash);
    IntentId::derive(Millis(session.clock.wall_millis()), subject.as_bytes()).to_string()
}
