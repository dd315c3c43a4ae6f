//! The wallet options, spelled as foundry spells them.

use std::{
    convert::Infallible,
    io::{ErrorKind, IsTerminal},
    path::{Path, PathBuf},
};

use alloy::primitives::Address;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{Wallet, WalletError};
use crate::config::WatchKey;

/// Who acts, and where the key is.
#[derive(Debug, Clone, Default, Args)]
pub struct WalletArgs {
    /// Act for this account; without a key it is for reading only.
    #[arg(global = true, long, short = 'f', value_name = "ADDRESS", env = "ETH_FROM", value_parser = address, help_heading = "Wallet options")]
    pub from: Option<Address>,

    /// Use the keystore of this name in foundry's keystore directory ($FOUNDRY_DIR/keystores, or ~/.foundry/keystores).
    #[arg(
        global = true,
        long,
        value_name = "NAME",
        env = "ETH_KEYSTORE_ACCOUNT",
        help_heading = "Wallet options - keystore"
    )]
    pub account: Option<String>,

    /// Use the encrypted keystore at this path.
    #[arg(global = true, long, value_name = "PATH", env = "ETH_KEYSTORE", help_heading = "Wallet options - keystore")]
    pub keystore: Option<PathBuf>,

    /// Read the keystore's password from this file.
    #[arg(global = true, long, value_name = "PATH", env = "ETH_PASSWORD", help_heading = "Wallet options - keystore")]
    pub password_file: Option<PathBuf>,

    /// The keystore's password itself. Unsafe: other users of this machine can see it.
    #[arg(global = true, long = "unsafe-password", alias = "password", value_name = "PASSWORD", value_parser = secret, help_heading = "Wallet options - keystore")]
    pub unsafe_password: Option<SecretString>,

    /// Ask for the private key.
    #[arg(global = true, long, short = 'i', help_heading = "Wallet options - raw")]
    pub interactive: bool,

    /// The private key itself. Unsafe: other users of this machine can see it.
    #[arg(global = true, long, value_name = "KEY", value_parser = secret, help_heading = "Wallet options - raw")]
    pub private_key: Option<SecretString>,

    /// The mnemonic phrase, or the path of a file with it.
    #[arg(global = true, long, value_name = "PHRASE", value_parser = secret, help_heading = "Wallet options - raw")]
    pub mnemonic: Option<SecretString>,

    /// The passphrase of the mnemonic.
    #[arg(global = true, long, value_name = "PASSPHRASE", value_parser = secret, help_heading = "Wallet options - raw")]
    pub mnemonic_passphrase: Option<SecretString>,

    /// Which account of the mnemonic (or the Ledger).
    #[arg(global = true, long, value_name = "INDEX", default_value_t = 0, help_heading = "Wallet options - raw")]
    pub mnemonic_index: u32,

    /// The derivation path, instead of an index.
    #[arg(global = true, long, alias = "hd-path", value_name = "PATH", help_heading = "Wallet options - raw")]
    pub mnemonic_derivation_path: Option<String>,

    /// Use a Ledger.
    #[arg(global = true, long, short = 'l', help_heading = "Wallet options - hardware wallet")]
    pub ledger: bool,
}

impl From<&WatchKey> for WalletArgs {
    fn from(key: &WatchKey) -> Self {
        Self {
            account: key.account.clone(),
            keystore: key.keystore.clone(),
            password_file: Some(key.password_file.clone()),
            ..Self::default()
        }
    }
}

const KEY_SHOWN: &str =
    "a private key on the command line is seen by other users of this machine and kept by the shell; use --account";
const PHRASE_SHOWN: &str =
    "a mnemonic on the command line is seen by other users of this machine and kept by the shell; use --account";
const PASSWORD_SHOWN: &str =
    "a password on the command line is seen by other users of this machine and kept by the shell; use --password-file";

/// An account's address, for options.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let is_name = !text.starts_with("0x") && text.contains('.');
    text.parse().map_err(|_| match is_name {
        true => "names are not looked up here: give the address that it stands for, 0x and 40 hex digits".to_owned(),
        false => "expected an address: 0x and 40 hex digits".to_owned(),
    })
}

fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text.to_owned()))
}

impl WalletArgs {
    /// Whether any option names a key.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.has_raw_key() || self.account.is_some() || self.keystore.is_some()
    }

    /// Whether an option names a key that is no keystore; such an option goes before a keystore.
    #[must_use]
    pub const fn has_raw_key(&self) -> bool {
        self.ledger || self.interactive || self.private_key.is_some() || self.mnemonic.is_some()
    }

    /// What the user should be told about these options, before they are used.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        [
            (self.private_key.is_some(), KEY_SHOWN),
            (self.mnemonic.as_ref().is_some_and(|phrase| !is_file(phrase)), PHRASE_SHOWN),
            (self.unsafe_password.is_some(), PASSWORD_SHOWN),
        ]
        .into_iter()
        .filter_map(|(given, text)| given.then_some(text))
        .collect()
    }

    /// The account to read: `--from`, or that of the key.
    pub async fn address(&self) -> Result<Address, WalletError> {
        match self.from {
            Some(address) if !self.has_key() => Ok(address),
            _ => Ok(self.unlock().await?.address()),
        }
    }

    /// Opens the key, asking on the terminal for what is missing. What is said most plainly wins: the Ledger, a key
    /// typed or given, a mnemonic, an account, a keystore.
    pub async fn unlock(&self) -> Result<Wallet, WalletError> {
        let wallet = if self.ledger {
            self.open_ledger().await?
        } else if self.interactive {
            Wallet::from_private_key(&prompt("the private key", "Private key: ")?)?
        } else if let Some(key) = &self.private_key {
            Wallet::from_private_key(key)?
        } else if let Some(phrase) = &self.mnemonic {
            self.open_mnemonic(phrase)?
        } else if let Some(name) = &self.account {
            self.open_keystore(account_path(name)?)?
        } else if let Some(path) = &self.keystore {
            self.open_keystore(path.clone())?
        } else {
            return Err(WalletError::None);
        };
        match self.from {
            Some(from) if from != wallet.address() => Err(WalletError::OtherAccount { from, key: wallet.address() }),
            _ => Ok(wallet),
        }
    }

    fn open_mnemonic(&self, phrase: &SecretString) -> Result<Wallet, WalletError> {
        let read = if is_file(phrase) { Some(read_secret(Path::new(phrase.expose_secret()))?) } else { None };
        Wallet::from_mnemonic(
            read.as_ref().unwrap_or(phrase),
            self.mnemonic_passphrase.as_ref(),
            self.mnemonic_index,
            self.mnemonic_derivation_path.as_deref(),
        )
    }

    fn open_keystore(&self, path: PathBuf) -> Result<Wallet, WalletError> {
        let reason = match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => None,
            Ok(_) => Some("not a file".to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(WalletError::NoKeystore { known: accounts_beside(&path), path });
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = reason {
            return Err(WalletError::Keystore { path, reason });
        }
        let password = match (&self.unsafe_password, &self.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(file)) => read_secret(file)?,
            (None, None) => prompt("the keystore's password", "Keystore password: ")?,
        };
        Wallet::from_keystore(path, &password)
    }

    #[cfg(feature = "ledger")]
    async fn open_ledger(&self) -> Result<Wallet, WalletError> {
        use alloy::signers::ledger::{HDPath, LedgerSigner};

        let index = usize::try_from(self.mnemonic_index).unwrap_or_default();
        let path = self.mnemonic_derivation_path.clone().map_or(HDPath::LedgerLive(index), HDPath::Other);
        let problem = |error: &dyn std::fmt::Display| WalletError::Ledger(error.to_string());
        let signer = LedgerSigner::new(path, None).await.map_err(|error| problem(&error))?;
        let address = signer.get_address().await.map_err(|error| problem(&error))?;
        Ok(Wallet { key: super::wallet::Key::Ledger(Box::new(signer)), address, is_public: false })
    }

    #[cfg(not(feature = "ledger"))]
    async fn open_ledger(&self) -> Result<Wallet, WalletError> {
        Err(WalletError::Ledger("this build cannot use one; build with `--features ledger`".to_owned()))
    }
}

/// Where foundry keeps the keystore of this name: below `FOUNDRY_DIR` where that is set, else below `~/.foundry`.
pub(super) fn account_path(name: &str) -> Result<PathBuf, WalletError> {
    let set = std::env::var_os("FOUNDRY_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from);
    let foundry = set.unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".foundry"));
    let directory = foundry.join("keystores");
    // A name, not a way out of the directory.
    if Path::new(name).components().count() != 1 || name.starts_with('.') {
        return Err(WalletError::NoKeystore {
            known: accounts_beside(&directory.join("x")),
            path: directory.join(name),
        });
    }
    Ok(directory.join(name))
}

fn accounts_beside(path: &Path) -> Vec<String> {
    let entries = path.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    let mut names: Vec<_> = entries
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn is_file(text: &SecretString) -> bool {
    Path::new(text.expose_secret()).is_file()
}

fn read_secret(path: &Path) -> Result<SecretString, WalletError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| WalletError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    // Editors end a file with a line break that nobody typed into the password.
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn prompt(what: &'static str, text: &str) -> Result<SecretString, WalletError> {
    if !std::io::stdin().is_terminal() {
        return Err(WalletError::NoTerminal(what));
    }
    rpassword::prompt_password(text).map(SecretString::from).map_err(|_| WalletError::NoTerminal(what))
}
