//! The one way to a signature.

use std::fmt;

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    dyn_abi::TypedData,
    eips::eip2718::Encodable2718,
    primitives::{Address, B256, Bytes, Signature},
    signers::{Signer as _, SignerSync},
};

use super::{Wallet, wallet::Key};
use crate::chain::{NetworkId, NetworkIdentity};

/// Why nothing was signed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// What is signed for a local chain is valid on Base too: same chain id, same contracts.
    #[error(
        "{account} is a real key and {network} a local chain, where signatures are valid on Base too; use anvil's test keys, or --allow-real-key"
    )]
    RealKeyOnLocalChain {
        /// Account of the key.
        account: Address,
        /// The local chain.
        network: NetworkId,
    },
    /// A real key for a domain that only a local chain has.
    #[error(
        "{account} is a real key and the domain is a local chain's (chain id {chain_id}), where only anvil's test keys \
         have something to sign; use one of them, or --allow-real-key"
    )]
    RealKeyForLocalDomain {
        /// Account of the key.
        account: Address,
        /// The domain's chain id.
        chain_id: u64,
    },
    /// Everybody has this key.
    #[error("{account} is a public test key: anybody can take what it holds; it is never used on a live chain")]
    PublicKeyOnLiveChain {
        /// Account of the key.
        account: Address,
    },
    /// A transaction for another chain than the gate's.
    #[error("the transaction is for chain {transaction}, the network is chain {network}")]
    OtherChain {
        /// Chain id in the transaction.
        transaction: u64,
        /// Chain id of the network.
        network: u64,
    },
    /// A Ledger signs typed data only.
    #[error("a ledger signs no bare digests; the typed data is needed")]
    DigestNotShown,
    /// The device or library refused.
    #[error("not signed: {0}")]
    Refused(String),
}

impl SigningError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::OtherChain { .. } => 1,
            Self::Refused(_) | Self::DigestNotShown => 4,
            _ => 3,
        }
    }
}

/// Lets keys sign for one verified network, and only such keys as belong there (docs/safety.md, Which network).
#[derive(Debug, Clone)]
pub struct SigningGate {
    identity: NetworkIdentity,
    allow_real_key: bool,
}

impl SigningGate {
    /// A gate for this network. `allow_real_key` is the user's word (`--allow-real-key`) that a real key may sign on
    /// a local chain.
    #[must_use]
    pub fn new(identity: &NetworkIdentity, allow_real_key: bool) -> Self {
        Self { identity: identity.clone(), allow_real_key }
    }

    /// Makes a signer of a wallet, if its key belongs on this network.
    pub fn admit(&self, wallet: Wallet) -> Result<Signer, SigningError> {
        let account = wallet.address;
        match (self.identity.is_live(), wallet.is_public) {
            (true, true) => Err(SigningError::PublicKeyOnLiveChain { account }),
            (false, false) if !self.allow_real_key => {
                Err(SigningError::RealKeyOnLocalChain { account, network: self.identity.id() })
            }
            _ => Ok(Signer { key: wallet.key, address: account, chain_id: self.identity.chain_id() }),
        }
    }
}

/// A key that may sign for one network. Made only by [`SigningGate::admit`].
pub struct Signer {
    key: Key,
    address: Address,
    chain_id: u64,
}

/// A signed transaction, ready for the journal and then for the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Its hash.
    pub hash: B256,
    /// Its EIP-2718 encoding.
    pub raw: Bytes,
    /// What was signed.
    pub transaction: TxEip1559,
}

impl Signer {
    /// The account that signs.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a transaction for this signer's network.
    pub async fn sign_transaction(&self, transaction: TxEip1559) -> Result<SignedTransaction, SigningError> {
        if transaction.chain_id != self.chain_id {
            return Err(SigningError::OtherChain { transaction: transaction.chain_id, network: self.chain_id });
        }
        let signature = match &self.key {
            Key::Local(key) => key.sign_hash_sync(&transaction.signature_hash()),
            #[cfg(feature = "ledger")]
            Key::Ledger(device) => {
                alloy::network::TxSigner::sign_transaction(&**device, &mut transaction.clone()).await
            }
        };
        let signed = transaction.clone().into_signed(signature.map_err(refused)?);
        let envelope = TxEnvelope::Eip1559(signed);
        Ok(SignedTransaction { hash: *envelope.tx_hash(), raw: envelope.encoded_2718().into(), transaction })
    }

    /// Signs typed data (a permit).
    pub async fn sign_typed_data(&self, data: &TypedData) -> Result<Signature, SigningError> {
        match &self.key {
            Key::Local(key) => key.sign_dynamic_typed_data(data).await.map_err(refused),
            #[cfg(feature = "ledger")]
            Key::Ledger(device) => device.sign_dynamic_typed_data(data).await.map_err(refused),
        }
    }

    /// Signs an EIP-712 digest. A Ledger cannot show what it stands for and refuses.
    pub fn sign_digest(&self, digest: &B256) -> Result<Signature, SigningError> {
        match &self.key {
            Key::Local(key) => key.sign_hash_sync(digest).map_err(refused),
            #[cfg(feature = "ledger")]
            Key::Ledger(_) => Err(SigningError::DigestNotShown),
        }
    }
}

fn refused(error: alloy::signers::Error) -> SigningError {
    SigningError::Refused(error.to_string())
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("address", &self.address)
            .field("chain_id", &self.chain_id)
            .finish_non_exhaustive()
    }
}
