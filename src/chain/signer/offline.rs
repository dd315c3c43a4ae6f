//! Signatures without a network.

use std::fmt;

use alloy::{
    primitives::{Address, B256, Signature},
    signers::SignerSync,
};

use super::{SigningError, Wallet, wallet::Key};

/// A key that signs EIP-712 digests where no network was identified, because the domain itself says where they count. It signs
/// no transactions. A public test key may sign for Base, too: nothing can be lost that anybody could not take.
pub struct OfflineSigner {
    wallet: Wallet,
    allow_real_key: bool,
}

impl OfflineSigner {
    /// `allow_real_key` is the user's word (`--allow-real-key`) that a real key may sign for a local chain.
    #[must_use]
    pub const fn new(wallet: Wallet, allow_real_key: bool) -> Self {
        Self { wallet, allow_real_key }
    }

    /// The account that signs.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.wallet.address
    }

    /// Whether everybody has this key.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.wallet.is_public
    }

    /// Refuses a real key for the domain of a local chain.
    pub const fn allow_local(&self, chain_id: u64) -> Result<(), SigningError> {
        if self.wallet.is_public || self.allow_real_key {
            return Ok(());
        }
        Err(SigningError::RealKeyForLocalDomain { account: self.wallet.address, chain_id })
    }

    /// Signs a digest. A Ledger cannot show what it stands for and refuses.
    pub fn sign_digest(&self, digest: &B256) -> Result<Signature, SigningError> {
        match &self.wallet.key {
            Key::Local(key) => key.sign_hash_sync(digest).map_err(|error| SigningError::Refused(error.to_string())),
            #[cfg(feature = "ledger")]
            Key::Ledger(_) => Err(SigningError::DigestNotShown),
        }
    }
}

impl fmt::Debug for OfflineSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineSigner").field("address", &self.wallet.address).finish_non_exhaustive()
    }
}
