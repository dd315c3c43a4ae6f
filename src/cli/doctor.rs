//! `doctor`: is everything there that an action needs; signs nothing, changes nothing.

use std::{path::Path, sync::Arc};

use alloy::{eips::BlockId, primitives::Address};
use serde::Serialize;

use super::{
    exit::{Exit, Failure, Outcome},
    gas_view::GasView,
    global::GlobalArgs,
    session::{Session, running_local_chain},
};
use crate::{
    chain::{BlockRef, Clock, Reader, SigningGate, SystemClock, WalletArgs},
    config::Config,
    journal::{IntentFilter, IntentState, Journal, JournalError, JournalReader, Writer},
    localchain::{ANVIL_VERSION, Kit},
    loops::FeedBook,
    perps::{
        PerpError, PerpVenue,
        avantis_v1::{AvantisV1, Deployment},
    },
    report::{Check, Verdict, announcement_check, contract_checks, endpoint_checks, feed_checks},
};

/// Where the venue is.
const PERPS: Deployment = Deployment::BASE;

/// Check endpoints, network, contracts, wallet and journal; signs nothing.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {}

#[derive(Debug, Serialize)]
struct Diagnosis<'a> {
    checks: &'a [Check],
    healthy: bool,
}

pub(super) async fn run(global: &GlobalArgs, _: DoctorArgs) -> Outcome {
    let mut checks = Vec::new();
    let loaded = global.settings()?;
    checks.push(Check::ok(
        "settings",
        loaded
            .file
            .as_ref()
            .map_or_else(|| "defaults, flags and environment; no file".to_owned(), |file| file.display().to_string()),
    ));
    let mut config = loaded.config;
    let mut reachable = endpoints(&mut config, &mut checks).await;
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
    format!("{mark}  {}: {}{fix}", check.name, check.found)
}

/// Asks the endpoints of the settings, or a running local chain; tells whether any answered.
async fn endpoints(config: &mut Config, checks: &mut Vec<Check>) -> bool {
    if config.rpc.urls.is_empty() {
        match running_local_chain().await {
            Ok((_, url)) => config.rpc.urls.push(url),
            Err(failure) => {
                checks.push(Check::fail("endpoints", "none", format!("{:#}", failure.report)));
                // Nothing was away: nothing was configured.
                return true;
            }
        }
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let report = endpoint_checks(&config.rpc, &clock).await;
    checks.extend(report.checks);
    report.any_reachable
}

async fn on_network(global: &GlobalArgs, session: &Session, checks: &mut Vec<Check>) -> Outcome {
    let head = Reader::head(&session.endpoints).await?;
    checks.extend(contract_checks(&session.endpoints, &session.identity, &head).await?);
    checks.extend(announcement_check(&session.endpoints, session.config.rpc.pre_confirmed).await);
    checks.extend(feeds(session, head).await?);
    checks.extend(perps(session).await?);
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
async fn perps(session: &Session) -> Outcome<Vec<Check>> {
    let (venue, service) = ("perp venue", "perp prices");
    let prices = session.prices().await?;
    let found = match AvantisV1::recognise(&session.endpoints, prices.clone()).await {
        Ok(known) => Check::ok(venue, format!("{} is {}, as this program knows it", PERPS.trading, known.name())),
        Err(PerpError::Read(error)) => return Err(error.into()),
        Err(error) => Check::warn(venue, error.to_string(), "perp commands refuse; loops are not concerned"),
    };
    let Some(url) = prices.shown_url() else {
        let fix = "perps cannot be planned; give --price-url or set perps.price_url";
        return Ok(vec![found, Check::warn(service, "no price service", fix)]);
    };
    let answered = match prices.update(0).await {
        Ok(update) => Check::ok(service, format!("{url} answers: pair 0 at {}", update.price)),
        Err(error) => Check::warn(service, error.to_string(), "perps cannot be planned"),
    };
    Ok(vec![found, answered])
}

/// Whether the wallet may sign here; the account that reads and acts.
async fn wallet(global: &GlobalArgs, session: &Session, checks: &mut Vec<Check>) -> Outcome<Option<Address>> {
    let (args, name) = (&global.wallet, "wallet");
    let account = if args.has_key() {
        let wallet = match args.unlock().await {
            Ok(wallet) => wallet,
            Err(error) => {
                checks.push(Check::fail(name, error.to_string(), "nothing can be signed"));
                return Ok(args.from);
            }
        };
        checks.extend(args.warnings().into_iter().map(|warning| Check::warn(name, "key in plain sight", warning)));
        let account = wallet.address();
        match SigningGate::new(&session.identity, global.allow_real_key).admit(wallet) {
            Ok(_) => checks.push(Check::ok(name, format!("{account} may sign on {}", session.network()))),
            Err(error) => checks.push(Check::fail(name, error.to_string(), "nothing can be signed")),
        }
        account
    } else if let Some(account) = args.from {
        checks.push(Check::ok(name, format!("{account}, for reading only")));
        account
    } else {
        checks.push(Check::warn(name, "none given", "--from ADDRESS is enough to read; acting needs --account NAME"));
        return Ok(None);
    };
    checks.push(gas(session, account, "ether for gas".to_owned()).await?);
    Ok(Some(account))
}

/// Whether every key of the settings can be opened and may sign here, and what its account has for gas.
async fn watch_keys(global: &GlobalArgs, session: &Session, checks: &mut Vec<Check>) -> Outcome {
    for key in &session.config.watch.keys {
        let (args, name) = (WalletArgs::from(key), format!("watch.keys {}", key.label()));
        let wallet = match args.unlock().await {
            Ok(wallet) => wallet,
            Err(error) => {
                checks.push(Check::fail(name, error.to_string(), "the watch does not start"));
                continue;
            }
        };
        let exposed = args.exposed_files().into_iter();
        checks.extend(exposed.map(|path| {
            let found = format!("{} can be read by everybody on this machine", path.display());
            Check::warn(name.clone(), found, format!("chmod 600 {}", path.display()))
        }));
        let account = wallet.address();
        match SigningGate::new(&session.identity, global.allow_real_key).admit(wallet) {
            Ok(_) => checks.push(Check::ok(name.clone(), format!("{account} may sign on {}", session.network()))),
            Err(error) => checks.push(Check::fail(name.clone(), error.to_string(), "the watch does not start")),
        }
        checks.push(gas(session, account, format!("{name}, ether for gas")).await?);
        checks.push(journal(session, account));
    }
    Ok(())
}

async fn gas(session: &Session, account: Address, name: String) -> Outcome<Check> {
    let balance = session.endpoints.balance(account, BlockId::latest()).await?;
    let head = Reader::head(&session.endpoints).await?;
    let gas = GasView::read(session, balance, &head).await?;
    Ok(if balance.is_zero() {
        Check::warn(name, "none", format!("send some ether to {account} before acting"))
    } else if gas.is_enough() {
        Check::ok(name, gas.words())
    } else {
        Check::warn(name, gas.words(), format!("send ether to {account}: a trim that cannot be paid is not sent"))
    })
}

fn journal(session: &Session, account: Address) -> Check {
    let name = "journal";
    let dir = &session.config.journal_dir;
    match Journal::read(dir, session.network().as_str(), account) {
        Ok(reader) => readable(&reader),
        Err(JournalError::NoJournal { path }) if can_be_made(dir) => {
            Check::ok(name, format!("none yet; the first action makes {}", path.display()))
        }
        Err(JournalError::NoJournal { path }) => {
            let found = format!("{} cannot be made: {} is not writable", path.display(), dir.display());
            Check::fail(name, found, "nothing is signed without a journal; give --journal-dir")
        }
        Err(error) => Check::fail(name, error.to_string(), "nothing is signed without a journal"),
    }
}

fn readable(reader: &JournalReader) -> Check {
    let (name, path) = ("journal", reader.path().display());
    let states = IntentState::ALL.iter().copied().filter(|state| state.is_unresolved()).collect();
    let open = match reader.intents(&IntentFilter { states, ..IntentFilter::default() }) {
        Ok(open) => open,
        Err(error) => return Check::fail(name, error.to_string(), "nothing is signed without a journal"),
    };
    match reader.writer() {
        Writer::Process(pid) => {
            let pid = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
            Check::warn(name, format!("{path} is in use by {pid}"), "reading works; actions wait until it ends")
        }
        Writer::None if !open.is_empty() => {
            let ids: Vec<String> = open.iter().map(|intent| intent.id.to_string()).collect();
            Check::fail(name, format!("{path}: unresolved {}", ids.join(", ")), "run `trimtab journal reconcile`")
        }
        Writer::None => Check::ok(name, format!("{path}, nobody writes it")),
    }
}

/// Whether the nearest directory that exists lets files be made.
fn can_be_made(dir: &Path) -> bool {
    let nearest = dir.ancestors().find_map(|ancestor| std::fs::metadata(ancestor).ok());
    nearest.is_some_and(|metadata| metadata.is_dir() && !metadata.permissions().readonly())
}

fn local_tools() -> Check {
    let name = "local chain tools";
    let checked = Kit::find().and_then(|kit| kit.check_anvil().map(|()| kit));
    match checked {
        Ok(kit) => Check::ok(name, format!("kit in {}, anvil {ANVIL_VERSION}", kit.cache().kit().display())),
        Err(error) => Check::warn(name, error.to_string(), "only replica, fork and demo need them"),
    }
}
