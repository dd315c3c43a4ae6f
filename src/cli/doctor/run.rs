//! `doctor`: is everything there that an action needs; signs nothing, changes nothing.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::account::{journal, wallet, watch_keys};
use crate::{
    chain::{BlockRef, Clock, ExposedFile, Reader, SystemClock},
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        local::local_chain,
        session::Session,
    },
    config::Config,
    localchain::{ANVIL_VERSION, Kit},
    loops::FeedBook,
    perps::PerpError,
    report::{Check, Verdict, ability_checks, contract_checks, endpoint_checks, feed_checks},
};

/// Check endpoints, network, contracts, wallet and journal; signs nothing.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DoctorArgs {}

#[derive(Debug, Serialize, JsonSchema)]
struct Diagnosis<'a> {
    checks: &'a [Check],
    healthy: bool,
}

document!("doctor": Diagnosis<'_>);

pub(in crate::cli) async fn run(global: &GlobalArgs, _: DoctorArgs) -> Outcome {
    let mut checks = Vec::new();
    let loaded = global.settings()?;
    checks.push(Check::ok(
        "settings",
        loaded.file.as_ref().map_or_else(|| "defaults, flags and environment; no file".to_owned(), crate::text::path),
    ));
    let mut config = loaded.config;
    let mut reachable = endpoints(global, &mut config, &mut checks).await;
    if reachable && !any_failed(&checks) {
        let looked = match Session::connect(global).await {
            Ok(session) => on_network(global, &session, &mut checks).await,
            Err(failure) => Err(failure),
        };
        // What was found before the chain fell silent is shown all the same.
        if let Err(failure) = looked {
            reachable = failure.exit != Exit::RpcUnavailable;
            checks.push(Check::fail("network", format!("{:#}", failure.report), "see the endpoints above"));
        }
    }
    checks.extend(secret_files(&config));
    checks.push(local_tools());
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    let diagnosis = Diagnosis { checks: &checks, healthy: failed == 0 };
    global.output().result(&diagnosis, || checks.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    match failed {
        0 => Ok(()),
        _ if !reachable => Err(Failure::after_result(Exit::RpcUnavailable, "no endpoint can be reached")),
        1 => Err(Failure::after_result(Exit::Configuration, "1 check failed")),
        _ => Err(Failure::after_result(Exit::Configuration, format!("{failed} checks failed"))),
    }
}

/// Files with a secret of an alert service that others can read.
fn secret_files(config: &Config) -> Vec<Check> {
    let exposed = ExposedFile::among(config.alerts.secret_files().cloned());
    exposed.iter().map(|file| Check::warn("alert secrets", file.to_string(), file.fix())).collect()
}

fn any_failed(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.verdict == Verdict::Fail)
}

fn line(check: &Check) -> String {
    let mark = match check.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let fix = if check.fix.is_empty() { String::new() } else { format!("; {}", check.fix) };
    crate::text::one_line(&format!("{mark}  {}: {}{fix}", check.name, check.found)).into_owned()
}

/// Asks the endpoints of the settings, or a running local chain; tells whether any answered.
async fn endpoints(global: &GlobalArgs, config: &mut Config, checks: &mut Vec<Check>) -> bool {
    if let Err(failure) = local_chain(global, config).await {
        checks.push(Check::fail("endpoints", "none", format!("{:#}", failure.report)));
        // Nothing was away: nothing was configured.
        return true;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let report = endpoint_checks(&config.rpc, &clock).await;
    checks.extend(report.checks);
    checks.extend(ability_checks(&config.rpc, &clock).await);
    report.any_reachable
}

async fn on_network(global: &GlobalArgs, session: &Session, checks: &mut Vec<Check>) -> Outcome {
    let head = Reader::head(&session.endpoints).await?;
    checks.extend(contract_checks(&session.endpoints, &session.identity, &head).await?);
    checks.extend(feeds(session, head).await?);
    checks.extend(perps(session, head).await?);
    let account = wallet(global, session, checks).await?;
    if let Some(account) = account {
        checks.push(journal(session, account));
    }
    watch_keys(global, session, checks).await
}

/// What the feeds that a watch would ask answer now, beside Aave's oracle.
async fn feeds(session: &Session, head: BlockRef) -> Outcome<Vec<Check>> {
    let reserves = session.reserves().await?;
    Ok(match FeedBook::new(&session.config.watch, &reserves) {
        Ok(mut feeds) => feed_checks(&feeds.inspect(&session.endpoints, &reserves, head).await?),
        Err(error) => {
            vec![Check::fail("price feeds", error.to_string(), "correct or remove the entry; `watch` refuses it")]
        }
    })
}

/// Whether perps can be traded: the venue's code and its price service.
async fn perps(session: &Session, head: BlockRef) -> Outcome<Vec<Check>> {
    let (name, service) = ("perp venue", "perp prices");
    let venue = match session.perps().await {
        Ok(venue) => venue,
        Err(failure) if failure.exit == Exit::RpcUnavailable => return Err(failure),
        Err(failure) => {
            let found = Check::warn(name, failure.report.to_string(), "perp commands refuse; loops are not concerned");
            return Ok(vec![found]);
        }
    };
    let found = Check::ok(name, format!("{} is {}, as this program knows it", venue.address(), venue.name()));
    let answered = match venue.check_prices(head).await {
        Ok(words) => Check::ok(service, words),
        Err(PerpError::Read(error)) => return Err(error.into()),
        Err(PerpError::NoPriceService) => {
            let fix = "perps cannot be planned; give --price-url or set perps.price_url";
            Check::warn(service, "no price service", fix)
        }
        Err(error @ PerpError::Prices(_)) => Check::warn(service, error.to_string(), "perps cannot be planned"),
        Err(error) => Check::warn(service, error.to_string(), "nothing is opened at its prices: use another service"),
    };
    Ok(vec![found, answered])
}

fn local_tools() -> Check {
    let name = "local chain tools";
    let checked = Kit::find().and_then(|kit| kit.check_anvil().map(|()| kit));
    match checked {
        Ok(kit) => Check::ok(name, format!("kit in {}, anvil {ANVIL_VERSION}", crate::text::path(kit.cache().kit()))),
        Err(error) => Check::warn(name, error.to_string(), "only replica, fork and demo need them"),
    }
}
