//! Whom a watch watches: keys from the wallet options and the settings, addresses from flags and settings.

use alloy::primitives::{Address, keccak256};

use super::{args::WatchArgs, keys};
use crate::{
    chain::{Signer, SigningError, WalletArgs},
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        session::Session,
    },
    watchdog::runner::SignerAccess,
};

/// Everybody, those with a key first. The journals of these are locked from here on; one that another process holds ends
/// it (exit 9).
pub(super) async fn places(
    global: &GlobalArgs,
    session: &Session,
    args: &WatchArgs,
) -> Outcome<Vec<(Address, SignerAccess)>> {
    let (signers, readers) = who(global, session, args).await?;
    let mut places: Vec<(Address, SignerAccess)> = Vec::new();
    for signer in signers {
        let account = signer.address();
        if places.iter().any(|(known, _)| *known == account) {
            continue;
        }
        can_sign(&signer)?;
        tracing::info!(%account, check = "key", "the key signs");
        // Tables of an older program: a watch that is started again after an update goes on protecting.
        if let Some(migrated) = session.bring_up_to_date(account)? {
            tracing::warn!(%account, check = "journal", "{}", migrated.words());
        }
        let sender = session.sender(signer).await?;
        for row in sender.journal().reader().damages().all() {
            tracing::error!(%account, check = "journal", "{row}");
        }
        tracing::info!(%account, check = "journal", "{} is ours", crate::text::path(sender.journal().reader().path()));
        places.push((account, SignerAccess::Sender(Box::new(sender))));
    }
    for account in readers {
        if places.iter().all(|(known, _)| *known != account) {
            tracing::info!(%account, check = "key", "none: this account is only looked at");
            let reader = match session.journal_reader(account) {
                Err(failure) if failure.is_old_journal() => {
                    tracing::warn!(%account, check = "journal", "{:#}", failure.report);
                    None
                }
                other => other?,
            };
            places.push((account, SignerAccess::None(reader.map(std::sync::Arc::new))));
        }
    }
    if places.is_empty() {
        let message = "whom to watch: give --account NAME (a keystore), --account ADDRESS (to look on only), another \
                       wallet option, or [[watch.keys]] or watch.accounts in trimtab.toml";
        return Err(Failure::message(Exit::Usage, message));
    }
    Ok(places)
}

async fn who(global: &GlobalArgs, session: &Session, args: &WatchArgs) -> Outcome<(Vec<Signer>, Vec<Address>)> {
    let (mut signers, mut readers) = (Vec::new(), Vec::new());
    let wallet = &global.wallet;
    for name in &args.account {
        if let Ok(account) = name.parse() {
            readers.push(account);
            continue;
        }
        if name.starts_with("0x") {
            let message = format!("--account {name}: neither an address nor the name of a keystore");
            return Err(Failure::message(Exit::Usage, message));
        }
        let own = WalletArgs {
            account: Some(name.clone()),
            password_file: wallet.password_file.clone(),
            unsafe_password: wallet.unsafe_password.clone(),
            ..WalletArgs::default()
        };
        if is_of_settings(session, &own) {
            continue;
        }
        signers.push(session.signer_of(&own).await?);
    }
    // The flag is the wallet's too; its names were taken above, the variable for it was not.
    let account = if args.account.is_empty() { wallet.account.clone() } else { None };
    let other = WalletArgs { account, from: None, ..wallet.clone() };
    if other.has_key() && !is_of_settings(session, &other) {
        signers.push(session.signer_of(&other).await?);
    }
    signers.extend(keys::signers(session).await?);
    readers.extend(wallet.from);
    readers.extend(&session.config.watch.accounts);
    Ok((signers, readers))
}

/// Whether options without a password name a keystore of `watch.keys`: it has a password file of its own, and comes with the
/// others of the settings.
fn is_of_settings(session: &Session, options: &WalletArgs) -> bool {
    let keys = &session.config.watch.keys;
    let has_password = options.password_file.is_some() || options.unsafe_password.is_some();
    !has_password
        && match (&options.account, &options.keystore) {
            _ if options.has_raw_key() => false,
            (Some(name), _) => keys.iter().any(|key| key.is_named(name)),
            (None, Some(path)) => keys.iter().any(|key| key.is_at(path)),
            (None, None) => false,
        }
}

/// Signs something that means nothing anywhere, and looks whether the signature is the account's.
fn can_sign(signer: &Signer) -> Outcome {
    let digest = keccak256("trimtab: does this key sign?");
    let signature = match signer.sign_digest(&digest) {
        Ok(signature) => signature,
        // It asks its owner for everything: somebody must be there at every trim.
        Err(SigningError::DigestNotShown) => {
            tracing::warn!(account = %signer.address(), "a hardware wallet: nothing is trimmed unless somebody confirms");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    match signature.recover_address_from_prehash(&digest) {
        Ok(account) if account == signer.address() => Ok(()),
        _ => Err(Failure::message(Exit::Configuration, format!("the key of {} does not sign", signer.address()))),
    }
}
