//! Keys from wherever foundry's users keep theirs.

use std::{fmt, path::PathBuf, str::FromStr};

use alloy::{
    primitives::{Address, B256},
    signers::local::{LocalSignerError, MnemonicBuilder, PrivateKeySigner},
};
use secrecy::{ExposeSecret, SecretString};

use super::public_keys;

/// Why there is no key.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// No wallet option at all.
    #[error(
        "no wallet: give --account NAME, --keystore PATH, --interactive or --ledger (`cast wallet import` makes an account)"
    )]
    None,
    /// The option's text is no private key; the text itself is not repeated.
    #[error("--private-key is not 32 bytes of hex{0}")]
    NotAKey(String),
    /// The phrase or path cannot be used.
    #[error("mnemonic: {0}")]
    Mnemonic(String),
    /// There is no such keystore.
    #[error("no keystore at {}{}", crate::text::path(path), known_text(known))]
    NoKeystore {
        /// Where it was looked for.
        path: PathBuf,
        /// Accounts that exist.
        known: Vec<String>,
    },
    /// The keystore cannot be opened.
    #[error("keystore {}: {reason}", crate::text::path(path))]
    Keystore {
        /// Which one.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file with a password or phrase cannot be read.
    #[error("cannot read {}: {reason}", crate::text::path(path))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// Somebody would have to type, and nobody is there.
    #[error("{0} has to be typed and this is no terminal; give --password-file (or ETH_PASSWORD)")]
    NoTerminal(&'static str),
    /// `--from` and the key belong to different accounts.
    #[error("--from is {from}, the key's account is {key}")]
    OtherAccount {
        /// As given.
        from: Address,
        /// Of the key.
        key: Address,
    },
    /// The hardware wallet did not answer, or this build has no support for it.
    #[error("ledger: {0}")]
    Ledger(String),
}

impl WalletError {
    /// The process's exit code: 2 for the use of the options, 3 for what they point at.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::None | Self::NotAKey(_) | Self::NoTerminal(_) | Self::OtherAccount { .. } => 2,
            _ => 3,
        }
    }
}

fn known_text(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("; there are: {}", known.join(", ")) }
}

pub(super) enum Key {
    Local(Box<PrivateKeySigner>),
    #[cfg(feature = "ledger")]
    Ledger(Box<alloy::signers::ledger::LedgerSigner>),
}

/// A key that was opened. It cannot sign; a [`SigningGate`](super::SigningGate) makes a signer of it.
pub struct Wallet {
    pub(super) key: Key,
    pub(super) address: Address,
    pub(super) is_public: bool,
}

impl Wallet {
    /// From a private key in hex.
    pub fn from_private_key(secret: &SecretString) -> Result<Self, WalletError> {
        let text = secret.expose_secret().trim();
        let is_hex_key = B256::from_str(text).is_ok();
        let signer = PrivateKeySigner::from_str(text).ok().filter(|_| is_hex_key);
        signer.map(Self::local).ok_or_else(|| WalletError::NotAKey(forgotten_dollar(text)))
    }

    /// From a mnemonic phrase, at an index of the usual path, or at a path.
    pub fn from_mnemonic(
        phrase: &SecretString,
        passphrase: Option<&SecretString>,
        index: u32,
        path: Option<&str>,
    ) -> Result<Self, WalletError> {
        let words = phrase.expose_secret().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut builder = MnemonicBuilder::from_phrase(words.as_str());
        if let Some(passphrase) = passphrase {
            builder = builder.password(passphrase.expose_secret());
        }
        let at_path = match path {
            Some(path) => builder.derivation_path(path),
            None => builder.index(index),
        };
        // The library's words repeat those of the phrase.
        let invalid = |_: LocalSignerError| {
            WalletError::Mnemonic("not a valid phrase (a word or its checksum is wrong)".to_owned())
        };
        let at_path =
            at_path.map_err(|_| WalletError::Mnemonic("not a derivation path such as m/44'/60'/0'/0/0".to_owned()))?;
        let wallet = Self::local(at_path.build().map_err(invalid)?);
        let is_public = wallet.is_public || (passphrase.is_none() && public_keys::is_public_phrase(&words));
        Ok(Self { is_public, ..wallet })
    }

    /// From an encrypted keystore file.
    pub fn from_keystore(path: PathBuf, password: &SecretString) -> Result<Self, WalletError> {
        match PrivateKeySigner::decrypt_keystore(&path, password.expose_secret()) {
            Ok(signer) => Ok(Self::local(signer)),
            Err(error) => {
                let reason = error.to_string();
                let reason = match reason.to_lowercase() {
                    said if said.contains("mac mismatch") => "wrong password".to_owned(),
                    said if said.contains("serde") => format!("not a keystore as foundry writes them ({reason})"),
                    _ => reason,
                };
                Err(WalletError::Keystore { path, reason })
            }
        }
    }

    pub(super) fn local(signer: PrivateKeySigner) -> Self {
        let address = signer.address();
        Self { key: Key::Local(Box::new(signer)), address, is_public: public_keys::ADDRESSES.contains(&address) }
    }

    /// The account of the key.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Whether everybody has this key (anvil's and hardhat's test mnemonic).
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.is_public
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("address", &self.address)
            .field("is_public", &self.is_public)
            .finish_non_exhaustive()
    }
}

/// `--private-key PRIVATE_KEY` where `$PRIVATE_KEY` was meant.
fn forgotten_dollar(text: &str) -> String {
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name && std::env::var_os(text).is_some() {
        return format!("; there is an environment variable {text}: is its `$` missing?");
    }
    String::new()
}
