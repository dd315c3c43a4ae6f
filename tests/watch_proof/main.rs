//! Whatever happens around a trim: bad endpoints, reorgs, clocks, full disks, a key used elsewhere, `kill -9`. The loop ends
//! trimmed, once.
//!
//! Seeded; few seeds by default, all of them with `TRIMTAB_LONG=1`.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/trader.rs"]
mod trader;

mod child;
mod clock;
mod disk;
mod elsewhere;
#[cfg(feature = "failpoints")]
mod kill;
mod post;
mod reorg;
mod rpc;

/// The full count, or the few; `TRIMTAB_SEEDS` for another number.
fn seeds(few: u64, all: u64) -> u64 {
    let count = if std::env::var_os("TRIMTAB_LONG").is_some() { all } else { few };
    number("TRIMTAB_SEEDS").unwrap_or(count)
}

/// Where seeds begin: `TRIMTAB_SEED` repeats one.
fn first_seed() -> u64 {
    number("TRIMTAB_SEED").unwrap_or(0)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
