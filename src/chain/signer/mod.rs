//! Keys, and the gate between them and a signature.
//!
//! A [`Wallet`] holds a key and cannot sign. A [`SigningGate`] is made from a verified network; only through it a
//! wallet becomes a [`Signer`], so no transaction and no permit can be signed for a network that nobody identified.
//! The one exception names its chain itself: an EIP-712 digest, signed by an [`OfflineSigner`].
//! Secrets are never in `Debug` output and never in errors.
//! Fails with [`WalletError`] (exit codes 2 and 3) and [`SigningError`] (exit codes 3 and 4).

mod args;
mod exposed;
mod gate;
mod offline;
mod public_keys;
mod wallet;

pub use args::WalletArgs;
pub(crate) use args::address;
pub use exposed::ExposedFile;
pub use gate::{SignedTransaction, Signer, SigningError, SigningGate};
pub use offline::OfflineSigner;
pub use wallet::{Wallet, WalletError};
