//! What a watch costs by itself: the program as a daemon on a chain that makes a block every 200 ms, with nothing to do.

use std::{process::Stdio, time::Duration};

use alloy::primitives::{U256, keccak256};
use eyre::{Result, eyre};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};
use trimtab::{
    chain::{Endpoints, Reader},
    localchain::Course,
};

use crate::{
    support::desk::{Desk, ether},
    table,
};

/// How long each daemon is measured; `TRIMTAB_BENCH_SECONDS` for another time.
const SECONDS: u64 = 60;
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

struct Figures {
    requests: u64,
    bytes: u64,
    heads: u64,
}

async fn watched(near: u64, far: usize, websockets: &str, seconds: u64) -> Result<Figures> {
    let desk = Desk::open().await?;
    let course = Course::begin(&desk.controls).await?;
    let mut accounts = Vec::new();
    for number in 0..near {
        let account = alloy::primitives::Address::from_word(keccak256(number.to_string()));
        course.set_ether(account, ether(1)).await?;
        // Health factor 1.66 at 3 000 dollars.
        course.lever(account, ether(1), U256::from(1_500_000_000u64), U256::ZERO).await?;
        accounts.push(account);
    }
    accounts.extend((0..far).map(|number| alloy::primitives::Address::from_word(keccak256(format!("far {number}")))));
    let miner = tokio::spawn(mine(desk.endpoints.clone()));
    let home = tempfile::tempdir()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
    // A setting of its own, to the program.
    command.env_remove("TRIMTAB_BENCH_SECONDS");
    command.current_dir(home.path()).env("HOME", home.path()).args(["watch", "--rpc-url", desk.url(), "--journal-dir"]);
    command.arg(home.path()).env("TRIMTAB_RPC_WEBSOCKETS", websockets).env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0");
    for account in &accounts {
        command.args(["--account", &account.to_string()]);
    }
    let mut daemon =
        command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn()?;
    let mut said = String::new();
    let mut stderr = daemon.stderr.take().ok_or_else(|| eyre!("no stderr"))?;
    let port = loop {
        let mut part = [0; 4_096];
        let length = stderr.read(&mut part).await?;
        if length == 0 {
            return Err(eyre!("the daemon ended: {said}"));
        }
        said.push_str(&String::from_utf8_lossy(part.get(..length).unwrap_or_default()));
        let shown = said.split("http://127.0.0.1:").filter_map(|rest| rest.split_once("/metrics")).next();
        if let Some((port, _)) = shown {
            break port.parse::<u16>()?;
        }
    };
    tokio::spawn(async move { while stderr.read(&mut [0; 4_096]).await.is_ok_and(|length| length > 0) {} });
    // The first heads are where it learns what to ask for.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = figures(port).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let after = figures(port).await?;
    daemon.kill().await?;
    miner.abort();
    Ok(Figures {
        requests: after.requests - before.requests,
        bytes: after.bytes - before.bytes,
        heads: after.heads - before.heads,
    })
}

/// A block every 200 ms, five of them in one second of the chain.
async fn mine(endpoints: Endpoints) -> Result<()> {
    let _: Value = endpoints.request_once("anvil_setBlockTimestampInterval", [0]).await?;
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    let mut second = Reader::head(&endpoints).await?.timestamp.0;
    loop {
        second += 1;
        let _: Value = endpoints.request_once("evm_setNextBlockTimestamp", [second]).await?;
        for _ in 0..5 {
            ticks.tick().await;
            let _: Value = endpoints.request_once("evm_mine", ()).await?;
        }
    }
}

async fn figures(port: u16) -> Result<Figures> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let sum = |name: &str| -> u64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    };
    Ok(Figures {
        requests: sum("trimtab_rpc_requests_total"),
        bytes: sum("trimtab_rpc_bytes_total"),
        heads: sum("trimtab_heads_evaluated_total"),
    })
}
