//! The venue's second version, live on Base since August 2026 (avantis-v2.md).
//!
//! [`intent`] is everything that is signed for it, [`math`] what it takes and pays,
//! [`order`] how an order is followed to its end, [`service`] who is asked and
//! told over HTTP. The adapter of [`crate::perps::PerpVenue`] is not there yet: nothing is sent for this version.

mod abi;
pub mod intent;
pub mod math;
pub mod order;
pub mod service;
