//! What a watch costs by itself: requests and bytes while there is nothing to do.

use std::time::Duration;

use alloy::primitives::{Address, U256, keccak256};
use eyre::Result;
use trimtab::{localchain::Course, units::Secs};

use crate::{
    daemon::{BLOCK, Daemon, Figures},
    ether_course,
    support::desk::{Desk, ether},
    table,
};

/// How long each daemon is measured; `TRIMTAB_BENCH_SECONDS` for another time.
const SECONDS: u64 = 130;
/// Accounts with a loop each, and those beside them that are far.
const ACCOUNTS: [(u64, usize); 4] = [(1, 0), (5, 0), (20, 0), (1, 80)];

pub async fn measure() -> Result<()> {
    let seconds = std::env::var("TRIMTAB_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let mut rows = Vec::new();
    for (near, far) in ACCOUNTS {
        for websockets in ["derived", "given"] {
            let Figures { requests, bytes, heads } = watched(near, far, websockets, seconds).await?;
            let per_day = |count: u64| count * 86_400 / seconds;
            let way = if websockets == "derived" { "WebSocket" } else { "polling" };
            let (whole, part) = (per_day(bytes) / 1_000_000_000, per_day(bytes) / 10_000_000 % 100);
            rows.push(vec![
                format!("{near} near, {far} far, {way}"),
                format!("{}.{}", heads / seconds, heads * 10 / seconds % 10),
                (bytes / heads.max(1)).to_string(),
                format!("{whole}.{part:02} GB"),
                format!("{}.{:02} million", per_day(requests) / 1_000_000, per_day(requests) / 10_000 % 100),
            ]);
        }
    }
    let head = ["accounts", "heads a second", "bytes a head", "a day", "questions a day"];
    table::print("Watch: what it asks at a block every 200 ms", &head, &rows);
    Ok(())
}

async fn watched(near: u64, far: usize, websockets: &str, seconds: u64) -> Result<Figures> {
    let desk = Desk::open().await?;
    let course = ether_course::begin(&desk.controls).await?;
    let mut accounts = Vec::new();
    for number in 0..near {
        let account = Address::from_word(keccak256(number.to_string()));
        course.set_ether(account, ether(1)).await?;
        // Health factor 1.66 at 3 000 dollars.
        ether_course::lever(&course, account, ether(1), U256::from(1_500_000_000u64)).await?;
        accounts.push(account);
    }
    accounts.extend((0..far).map(|number| Address::from_word(keccak256(format!("far {number}")))));
    let miner = tokio::spawn(mine(course));
    let home = tempfile::tempdir()?;
    let named: Vec<String> =
        accounts.iter().flat_map(|account| ["--account".to_owned(), account.to_string()]).collect();
    let daemon = Daemon::start(desk.url(), home.path(), &named, &[("TRIMTAB_RPC_WEBSOCKETS", websockets)]).await?;
    // The first heads are where it learns what to ask for.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = daemon.figures().await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let after = daemon.figures().await?;
    daemon.end().await?;
    miner.abort();
    Ok(Figures {
        requests: after.requests - before.requests,
        bytes: after.bytes - before.bytes,
        heads: after.heads - before.heads,
    })
}

/// A block every 200 ms, five of them in one second of the chain.
async fn mine(course: Course) -> Result<()> {
    let mut ticks = tokio::time::interval(BLOCK);
    let first = course.controls().head().await?.timestamp.0 + 1;
    for number in 0u64.. {
        ticks.tick().await;
        course.mine(Secs(first + number / 5)).await?;
    }
    Ok(())
}
