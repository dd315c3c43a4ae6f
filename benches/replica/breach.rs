//! From the block in which ether falls to the block that holds the trim: the program as a daemon, a block every 200 ms, its
//! endpoint so many milliseconds away.

use std::time::{Duration, Instant};

use alloy::eips::BlockNumberOrTag;
use eyre::{Result, eyre};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::mpsc,
};
use trimtab::{
    localchain::Course,
    loops::{Funds, Request, Target, execute},
    plan::check,
    units::Secs,
};

use crate::{
    daemon::{BLOCK, Daemon},
    ether_course,
    support::desk::{Desk, Trader, ether, milli},
    table,
};

/// How far the endpoint is, there and back.
const AWAY: [u64; 4] = [0, 20, 50, 100];
/// Falls of nine per cent.
const FALLS: usize = 8;
/// Blocks without anything between two of them.
const REST: u64 = 12;
/// Blocks after which a trim does not come any more.
const PATIENCE: u64 = 40;

pub async fn measure() -> Result<()> {
    let mut rows = Vec::new();
    for away in AWAY {
        let (mut blocks, mut times) = (Vec::new(), Vec::new());
        for (block, time) in trims(Duration::from_millis(away)).await? {
            blocks.push(block);
            times.push(time);
        }
        blocks.sort_unstable();
        let (middle, last) = (blocks[blocks.len() / 2], blocks[blocks.len() - 1]);
        let shown = [table::quantile(&times, 50), table::quantile(&times, 100)].map(table::millis);
        let row = vec![format!("{away} ms"), blocks.len().to_string(), middle.to_string(), last.to_string()];
        rows.push([row, shown.to_vec()].concat());
    }
    let head = ["endpoint away", "falls", "blocks p50", "greatest", "time p50", "greatest"];
    table::print("Watch: from the block of the fall to the block of the trim", &head, &rows);
    Ok(())
}

async fn trims(away: Duration) -> Result<Vec<(u64, Duration)>> {
    let desk = Desk::open().await?;
    let pair = desk.pair("WETH", "USDC").await?;
    let Trader { address, mut sender, journal } = desk.trader(1).await?;
    let open = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(milli(3000)) };
    let (snapshot, plan) = desk.plan(address, &pair, &open, None).await?;
    execute(&mut sender, &*desk.clock, check(plan, &desk.network(), snapshot.block.timestamp)?).await?;
    drop(sender);
    let course = ether_course::begin(&desk.controls).await?;
    let url = distant(desk.url(), away).await?;
    // Anvil's second test key.
    let key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
    let arguments = ["--private-key".to_owned(), key.to_owned()];
    let daemon = Daemon::start(&url, journal.path(), &arguments, &[]).await?;
    let mut chain = Chain {
        first: course.controls().head().await?.timestamp.0 + 1,
        course,
        made: 0,
        ticks: tokio::time::interval(BLOCK),
    };
    // Until it watches.
    while daemon.figures().await?.heads < 20 {
        chain.block(None).await?;
    }
    let (mut price, mut seen) = (300_000_000_000u64, Vec::new());
    for _ in 0..FALLS {
        for _ in 0..REST {
            chain.block(None).await?;
        }
        price = price * 91 / 100;
        let sent = desk.endpoints.nonce(address, BlockNumberOrTag::Latest).await?;
        chain.block(Some(price)).await?;
        let fallen = Instant::now();
        let mut blocks = 0;
        while desk.endpoints.nonce(address, BlockNumberOrTag::Latest).await? == sent {
            if blocks == PATIENCE {
                return Err(eyre!("no trim in {PATIENCE} blocks"));
            }
            chain.block(None).await?;
            blocks += 1;
        }
        seen.push((blocks, fallen.elapsed()));
    }
    daemon.end().await?;
    Ok(seen)
}

/// Makes blocks: one every 200 ms, five of them in one second of the chain.
struct Chain {
    course: Course,
    first: u64,
    made: u64,
    ticks: tokio::time::Interval,
}

impl Chain {
    async fn block(&mut self, price: Option<u64>) -> Result<()> {
        self.ticks.tick().await;
        let at = Secs(self.first + self.made / 5);
        self.made += 1;
        match price {
            Some(price) => ether_course::block(&mut self.course, price, at).await?,
            None => {
                self.course.mine(at).await?;
            }
        }
        Ok(())
    }
}

/// An address at which the node is so far away: every byte comes half of it later, each way.
async fn distant(url: &str, away: Duration) -> Result<String> {
    let node = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(&node).await else { continue };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
            carry(near_reads, far_writes, away / 2);
            carry(far_reads, near_writes, away / 2);
        }
    });
    Ok(format!("http://{address}"))
}

fn carry(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, later: Duration) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<(tokio::time::Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut part = vec![0; 65_536];
        while let Ok(length) = from.read(&mut part).await {
            let bytes = part.get(..length).unwrap_or_default().to_vec();
            if length == 0 || sender.send((tokio::time::Instant::now() + later, bytes)).is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((due, bytes)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
}
