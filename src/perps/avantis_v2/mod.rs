//! The venue's second version, live on Base since August 2026 (avantis-v2.md).
//!
//! [`intent`] is everything that is signed for it.

mod abi;
pub mod intent;
