//! How long a replica takes to be ready: from its cached state, and built anew.

use std::time::{Duration, Instant};

use eyre::Result;
use trimtab::localchain::{Anvil, ComposerSource, Controls, PerpsVersion, rebuild_account_hash};

use crate::{support::desk::replica_state, table};

const STARTS: usize = 30;

pub async fn measure() -> Result<()> {
    let (kit, state) = replica_state().await?;
    let mut listening: Vec<Duration> = Vec::new();
    let mut ready: Vec<Duration> = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let anvil = Anvil::replica(&kit, &state, 0).await?;
        listening.push(began.elapsed());
        let controls = Controls::connect(anvil.url(), &kit).await?;
        controls.head().await?;
        ready.push(began.elapsed());
    }
    let began = Instant::now();
    let hash = rebuild_account_hash(&kit, ComposerSource::Remembered, PerpsVersion::V1).await?;
    let built = [began.elapsed()];
    let same = if hash == state.account_hash() { "same accounts" } else { "OTHER ACCOUNTS" };
    let rows = [
        table::spread("start until it listens", &listening),
        table::spread("start until the market answered", &ready),
        table::spread(&format!("build anew ({same} as in the cache)"), &built),
    ];
    table::print("Replica", &["", "runs", "p50", "p99", "greatest"], &rows);
    Ok(())
}
