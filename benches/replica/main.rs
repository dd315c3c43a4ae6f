//! What needs a replica: gas, latency, prediction error, start time. Prints tables; asserts no figure.
//!
//! `cargo bench --bench replica` prints all of them, `cargo bench --bench replica -- gas` one. The sections `peers` and
//! `peers-perps` run only when they are named: `benches/peers/run` installs what they need first.

#![allow(missing_docs, unreachable_pub, dead_code, reason = "a benchmark is no library")]

#[path = "../support/mod.rs"]
mod support;

mod breach;
mod daemon;
mod ether_course;
mod gas;
mod latency;
mod peers;
mod peers_perps;
mod perps;
mod prediction;
mod same_bytes;
mod start;
mod stopwatch;
mod table;
mod traffic;
mod watch;

use eyre::Result;

// `endless` first: what others needed once would hide any growth.
const SECTIONS: [&str; 10] =
    ["endless", "traffic", "breach", "start", "latency", "gas", "same-bytes", "prediction", "perps", "watch"];

#[tokio::main]
async fn main() -> Result<()> {
    // cargo adds `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if wanted.iter().any(|name| name == "peers") {
        return peers::measure().await;
    }
    if wanted.iter().any(|name| name == "peers-perps") {
        return peers_perps::measure().await;
    }
    if let Some(unknown) = wanted.iter().find(|name| !SECTIONS.contains(&name.as_str())) {
        return Err(eyre::eyre!("no section `{unknown}`; there are {}", SECTIONS.join(", ")));
    }
    for section in SECTIONS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == section) {
            continue;
        }
        match section {
            "start" => start::measure().await?,
            "latency" => latency::measure().await?,
            "gas" => gas::measure().await?,
            "watch" => watch::measure().await?,
            "endless" => watch::endless().await?,
            "traffic" => traffic::measure().await?,
            "breach" => breach::measure().await?,
            "same-bytes" => same_bytes::measure().await?,
            "perps" => perps::measure().await?,
            _ => prediction::measure().await?,
        }
    }
    Ok(())
}
