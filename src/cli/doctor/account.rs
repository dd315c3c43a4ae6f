//! What `doctor` says of accounts: their keys, their ether for gas, their journals.

use std::{collections::BTreeMap, path::Path};

use alloy::{eips::BlockId, primitives::Address};

use crate::{
    chain::{Reader, SigningGate, WalletArgs},
    cli::shared::{exit::Outcome, gas_view::GasView, global::GlobalArgs, session::Session},
    journal::{IntentFilter, IntentState, Journal, JournalError, JournalReader, Writer},
    report::{Check, delegation_check},
    text,
};

/// Whether the wallet may sign here; the account that reads and acts.
pub(in crate::cli) async fn wallet(
    global: &GlobalArgs,
    session: &Session,
    checks: &mut Vec<Check>,
) -> Outcome<Option<Address>> {
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
        checks.extend(exposed(args, name));
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
    let acts = session.has_key() || !matches!(session.journal_reader(account), Ok(None));
    checks.push(gas(session, account, "ether for gas".to_owned(), acts).await?);
    checks.extend(code(session, account, "account's code".to_owned()).await?);
    Ok(Some(account))
}

/// Whether every key of the settings can be opened and may sign here, and what its account has for gas.
pub(in crate::cli) async fn watch_keys(global: &GlobalArgs, session: &Session, checks: &mut Vec<Check>) -> Outcome {
    let mut opened = BTreeMap::new();
    for key in &session.config.watch.keys {
        let (args, name) = (WalletArgs::from(key), format!("watch.keys {}", key.label()));
        let wallet = match args.unlock().await {
            Ok(wallet) => wallet,
            Err(error) => {
                checks.push(Check::fail(name, error.to_string(), "the watch does not start"));
                continue;
            }
        };
        checks.extend(exposed(&args, &name));
        let account = wallet.address();
        match SigningGate::new(&session.identity, global.allow_real_key).admit(wallet) {
            Ok(_) => checks.push(Check::ok(name.clone(), format!("{account} may sign on {}", session.network()))),
            Err(error) => checks.push(Check::fail(name.clone(), error.to_string(), "the watch does not start")),
        }
        if let Some(other) = opened.insert(account, name.clone()) {
            let found = format!("its account {account} is also that of {other}");
            checks.push(Check::fail(name, found, "the watch does not start: remove one of the two"));
            continue;
        }
        checks.push(gas(session, account, format!("{name}, ether for gas"), true).await?);
        checks.extend(code(session, account, format!("{name}, account's code")).await?);
        checks.push(journal(session, account));
    }
    Ok(())
}

/// What code an account has, where it has any.
async fn code(session: &Session, account: Address, name: String) -> Outcome<Option<Check>> {
    let head = Reader::head(&session.endpoints).await?;
    Ok(delegation_check(&session.endpoints, account, head, name).await?)
}

/// What an account has for gas. Few trims are no matter where nothing of this program acts for it.
async fn gas(session: &Session, account: Address, name: String, acts: bool) -> Outcome<Check> {
    let balance = session.endpoints.balance(account, BlockId::latest()).await?;
    let head = Reader::head(&session.endpoints).await?;
    let gas = GasView::read(session, balance, &head).await?;
    Ok(if balance.is_zero() {
        Check::warn(name, "none", format!("send some ether to {account} before acting"))
    } else if gas.is_well() || !acts {
        Check::ok(name, gas.words())
    } else {
        Check::warn(name, gas.words(), gas.advice(account))
    })
}

/// Files with a key or a password that others can read.
fn exposed(args: &WalletArgs, name: &str) -> Vec<Check> {
    args.exposed_files().iter().map(|file| Check::warn(name.to_owned(), file.to_string(), file.fix())).collect()
}

pub(in crate::cli) fn journal(session: &Session, account: Address) -> Check {
    let name = "journal";
    let dir = &session.config.journal_dir;
    match Journal::read(dir, session.network().as_str(), account) {
        Ok(reader) => readable(&reader),
        Err(JournalError::NoJournal { path }) if can_be_made(dir) => {
            Check::ok(name, format!("none yet; the first action makes {}", text::path(path)))
        }
        Err(JournalError::NoJournal { path }) => {
            let found = format!("{} cannot be made: {} is not writable", text::path(path), text::path(dir));
            Check::fail(name, found, "nothing is signed without a journal; give --journal-dir")
        }
        Err(error) => Check::fail(name, error.to_string(), "nothing is signed without a journal"),
    }
}

fn readable(reader: &JournalReader) -> Check {
    let (name, path) = ("journal", text::path(reader.path()));
    let states = IntentState::ALL.iter().copied().filter(|state| state.is_unresolved()).collect();
    let open = match reader.intents(&IntentFilter { states, ..IntentFilter::default() }) {
        Ok(open) => open,
        Err(error) => return Check::fail(name, error.to_string(), "nothing is signed without a journal"),
    };
    if let Err(error) = reader.survey() {
        return Check::fail(name, error.to_string(), "nothing is signed without a journal");
    }
    if let Some(row) = reader.damages().all().into_iter().max_by_key(|row| row.may_be_open) {
        let repair = "restore a backup with `trimtab journal restore FILE`, or see docs/journal.md";
        return match row.may_be_open {
            true => Check::fail(name, row.to_string(), repair),
            false => Check::warn(name, row.to_string(), repair),
        };
    }
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
