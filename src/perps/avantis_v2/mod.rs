//! The venue's second version, live on Base since August 2026 (avantis-v2.md).
//!
//! [`intent`] is everything that is signed for it, [`math`] what it takes and pays,
//! [`order`] how an order is followed to its end.

mod abi;
pub mod intent;
pub mod math;
pub mod order;
