//! What is looked at before a watch begins.

use alloy::primitives::Address;
use rust_decimal::Decimal;

use crate::{
    chain::{ExposedFile, Reader},
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        session::Session,
    },
    journal::{DRILL_PASSED, Severity},
    report::{Verdict, ability_checks, contract_checks},
    units::to_decimal,
    watchdog::{
        ops::{Alert, AlertSink, Alerts},
        rules::{exits_at_once, exits_problem},
        runner::HeadSnapshot,
    },
};

/// Decimals of Aave's prices.
const USD_DECIMALS: u8 = 8;

/// Contracts are there and are what they were; the composer reads our call data.
pub(super) async fn deployments(session: &Session) -> Outcome {
    session.trust_composer().await?;
    let head = Reader::head(&session.endpoints).await?;
    let mut failed = Vec::new();
    for check in contract_checks(&session.endpoints, &session.identity, &head).await? {
        let (name, found, fix) = (check.name, check.found, check.fix);
        match check.verdict {
            Verdict::Ok => tracing::info!(check = %name, "{found}"),
            Verdict::Warn => tracing::warn!(check = %name, "{found}; {fix}"),
            Verdict::Fail => failed.push(format!("{name}: {found}; {fix}")),
        }
    }
    // What an endpoint lacks stops no watch: what goes without it goes on.
    for check in ability_checks(&session.config.rpc, &session.clock).await {
        let (name, found, fix) = (check.name, check.found, check.fix);
        match check.verdict {
            Verdict::Ok => tracing::debug!(check = %name, "{found}"),
            Verdict::Warn => tracing::warn!(check = %name, "{found}; {fix}"),
            Verdict::Fail => tracing::error!(check = %name, "{found}; {fix}"),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::message(Exit::Configuration, format!("deployments: {}", failed.join("\n  "))))
}

/// Says which files with a secret of an alert service others can read, as is said of keystores.
pub(super) fn secret_files(session: &Session) {
    for file in ExposedFile::among(session.config.alerts.secret_files().cloned()) {
        session.output.note(format!("warning: {file}: `{}`", file.fix()));
    }
}

/// Every price exit means what its settings say, by the market's own tokens. One whose price is reached already is told:
/// the first head carries it out.
pub(super) fn exits(session: &Session, alerts: &Alerts, accounts: &[Address], seen: &HeadSnapshot) -> Outcome {
    let (exits, observation) = (&session.config.watch.exits, &seen.observation);
    if let Some(problem) = exits_problem(exits, &observation.market) {
        return Err(Failure::message(Exit::Configuration, format!("`watch.exits`: {problem}")));
    }
    for account in accounts {
        let Some(state) = observation.near.get(account) else { continue };
        for (pair, text) in exits_at_once(exits, &observation.market, state)? {
            alerts.raise(Alert::new(Severity::Alert, "exit-at-once", pair, text).of(*account));
        }
    }
    Ok(())
}

/// On the live chain an account above `watch.max_equity` is not watched before a drill has passed there.
pub(super) fn require_drill(session: &Session, accounts: &[Address], seen: &HeadSnapshot) -> Outcome {
    if !session.identity.is_live() {
        return Ok(());
    }
    let limit = session.config.watch.max_equity;
    let mut above = Vec::new();
    for account in accounts {
        let equity = equity(seen, *account)?;
        if equity > limit {
            above.push(format!("{account} has {} USD", equity.round_dp(2)));
        }
    }
    if above.is_empty() || has_drilled(session, accounts)? {
        return Ok(());
    }
    let message = format!(
        "{} on Aave, above watch.max_equity {limit}, and no drill has passed on {} yet: run `trimtab watch drill \
         --broadcast` first",
        above.join(", "),
        session.network()
    );
    Err(Failure::message(Exit::Refused, message))
}

fn has_drilled(session: &Session, accounts: &[Address]) -> Outcome<bool> {
    for account in accounts {
        if let Some(reader) = session.journal_reader(*account)?
            && reader.last_event(DRILL_PASSED)?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Collateral less debt at Aave, US dollars.
fn equity(seen: &HeadSnapshot, account: Address) -> Outcome<Decimal> {
    let observation = &seen.observation;
    let Some(state) = observation.near.get(&account) else { return Ok(Decimal::ZERO) };
    let data = state.at(&observation.market, observation.block.timestamp)?;
    Ok(to_decimal(data.collateral.0.saturating_sub(data.debt.0), USD_DECIMALS).unwrap_or(Decimal::MAX))
}
