//! Keys from `[[watch.keys]]`: each keystore is opened with its own password file.

use alloy::primitives::Address;

use crate::{
    chain::{Signer, WalletArgs},
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        session::Session,
    },
    config::WatchKey,
};

/// The signers of all entries, in their order. Two entries with the same account are refused: one of them is a slip.
pub(super) async fn signers(session: &Session) -> Outcome<Vec<Signer>> {
    let mut opened: Vec<(Address, String)> = Vec::new();
    let mut signers = Vec::new();
    for (entry, key) in (1..).zip(&session.config.watch.keys) {
        let name = entry_name(entry, key);
        let signer = session.signer_of(&WalletArgs::from(key)).await.map_err(|failure| in_entry(failure, &name))?;
        let account = signer.address();
        if let Some((_, other)) = opened.iter().find(|(known, _)| *known == account) {
            let message = format!("{name}: its account {account} is also that of {other}");
            return Err(Failure::message(Exit::Configuration, message));
        }
        opened.push((account, name));
        signers.push(signer);
    }
    Ok(signers)
}

/// The session for an account of the settings, where the command line names no key that can be opened without them: by
/// its name (`--account`), by its address (`--from`), or because there is only one.
pub(super) async fn session_of_one(global: &GlobalArgs, session: Session) -> Outcome<Session> {
    let (given, keys) = (&global.wallet, &session.config.watch.keys);
    let has_password = given.password_file.is_some() || given.unsafe_password.is_some();
    if keys.is_empty() || has_password {
        return Ok(session);
    }
    let chosen = match (&given.account, given.from) {
        _ if given.has_raw_key() => None,
        (Some(name), _) => {
            let mut named = keys.iter().filter(|key| key.is_named(name));
            let first = named.next();
            if let (Some(first), Some(second)) = (first, named.next()) {
                let message = format!(
                    "which {name}? watch.keys has {} and {}: give --keystore PATH, or --from ADDRESS without --account",
                    first.label(),
                    second.label()
                );
                return Err(Failure::message(Exit::Usage, message));
            }
            first.map(WalletArgs::from)
        }
        _ if given.keystore.is_some() => {
            keys.iter().find(|key| given.keystore.as_ref().is_some_and(|path| key.is_at(path))).map(WalletArgs::from)
        }
        (None, Some(account)) => with_address(&session, account).await?,
        (None, None) => match keys.as_slice() {
            [only] => Some(WalletArgs::from(only)),
            several => {
                let names: Vec<String> = several.iter().map(WatchKey::label).collect();
                let message = format!("which account? watch.keys has {}: give --account NAME", names.join(", "));
                return Err(Failure::message(Exit::Usage, message));
            }
        },
    };
    Ok(match chosen {
        Some(wallet) => session.with_wallet(wallet),
        None => session,
    })
}

/// The entry whose key has this address, if any.
async fn with_address(session: &Session, account: Address) -> Outcome<Option<WalletArgs>> {
    for (entry, key) in (1..).zip(&session.config.watch.keys) {
        let signer = session.signer_of(&WalletArgs::from(key)).await;
        if signer.map_err(|failure| in_entry(failure, &entry_name(entry, key)))?.address() == account {
            return Ok(Some(WalletArgs::from(key)));
        }
    }
    Ok(None)
}

fn entry_name(entry: usize, key: &WatchKey) -> String {
    format!("watch.keys entry {entry} ({})", key.label())
}

fn in_entry(failure: Failure, name: &str) -> Failure {
    Failure { report: failure.report.wrap_err(name.to_owned()), ..failure }
}
