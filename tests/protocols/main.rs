//! Our arithmetic and bytes against the protocols' own: Aave, Uniswap, the perp venue, the composer; accounts read at a block.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test that cannot go on says so")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/trader.rs"]
mod trader;

mod aave_arithmetic;
mod dex_replay;
mod onedelta_vectors;
mod perps_arithmetic;
mod survey;
mod survey_glance;
