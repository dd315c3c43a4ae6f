//! The watch: from a head to a decision, to signed bytes that the node holds, to a mined trim; questions per head; memory.
//! Beside it two scripts that poll health factors, where `benches/peers/run` has installed what they need.

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::primitives::{Address, U256, keccak256};
use eyre::{Result, eyre};
use serde::Deserialize;
use trimtab::{
    aave::Deployment,
    chain::Reader,
    config::{BoundsConfig, FeesConfig, ThresholdsConfig, WatchConfig},
    localchain::Course,
    loops::{AccountsReader, Funds, Request, Target, execute},
    plan::check,
    send::ResubmitPolicy,
    units::{Secs, WAD, Wad},
    watchdog::{
        ops::{Alert, AlertSink, Metrics},
        runner::{PerpRules, SignerAccess, Watch, WatchContext, WatchSettings, WatchedAccount},
    },
};

use crate::{
    ether_course,
    support::desk::{Desk, Trader, ether, milli},
    table,
};

/// Accounts watched, the one that acts among them.
const SIZES: [usize; 4] = [1, 100, 1_000, 10_000];
/// Real loops among them, at most.
const LOOPS: usize = 20;
/// Heads without anything to do.
const QUIET: usize = 60;
/// Trims.
const TRIMS: usize = 12;
/// Heads of a run without end; `TRIMTAB_BENCH_HEADS` for another number, 432 000 are a day.
const HEADS: usize = 5_000;
const DAY: usize = 432_000;
/// Heads that each script polls.
const POLLED: usize = 5;
/// A millisecond is less than any figure that it is part of.
const POLL: Duration = Duration::from_millis(1);

#[derive(Debug)]
struct Nobody;

impl AlertSink for Nobody {
    fn raise(&self, _: Alert) {}
}

struct Post {
    course: Course,
    watch: Watch,
    seats: Vec<WatchedAccount>,
    accounts: Vec<Address>,
    price: u64,
    made: u64,
    desk: Desk,
    _journal: tempfile::TempDir,
}

impl Post {
    async fn with(size: usize) -> Result<Self> {
        let desk = Desk::open().await?;
        let pair = desk.pair("WETH", "USDC").await?;
        let Trader { address, mut sender, journal } = desk.trader(1).await?;
        let open = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(milli(3000)) };
        let (snapshot, plan) = desk.plan(address, &pair, &open, None).await?;
        execute(&mut sender, &*desk.clock, check(plan, &desk.network(), snapshot.block.timestamp)?).await?;
        let course = ether_course::begin(&desk.controls).await?;
        let others = (1..size).map(|number| Address::from_word(keccak256(number.to_string())));
        let accounts: Vec<Address> = [address].into_iter().chain(others).collect();
        for account in accounts.iter().skip(1).take(LOOPS) {
            course.set_ether(*account, ether(1)).await?;
            // Health factor 1.9 at 3 000 dollars.
            let debt = U256::from(1_310u64) * U256::from(1_000_000u64);
            ether_course::lever(&course, *account, ether(1), debt).await?;
        }
        let rulebook = WatchSettings {
            watch: WatchConfig::default(),
            bounds: BoundsConfig::default(),
            fees: FeesConfig::default(),
            thresholds: ThresholdsConfig::default(),
            permit_ttl: Secs::HOUR,
            order_timeout: std::time::Duration::from_secs(60),
            perps: PerpRules::default(),
        };
        let (endpoints, clock) = (desk.endpoints.clone(), desk.clock.clone());
        let meters = Arc::new(Metrics::new()?);
        let office = Arc::new(WatchContext::new(endpoints, desk.network(), clock, Arc::new(Nobody), meters, rulebook));
        let patience = ResubmitPolicy { poll: POLL, ..ResubmitPolicy::default() };
        let hands = SignerAccess::Sender(Box::new(sender.with_patience(patience)));
        let mut seats = vec![WatchedAccount::new(office.clone(), address, hands)];
        seats.extend(
            accounts
                .iter()
                .skip(1)
                .map(|account| WatchedAccount::new(office.clone(), *account, SignerAccess::None(None))),
        );
        let near = Wad(WAD * U256::from(2u64));
        let watch = Watch::over(office, AccountsReader::new(desk.list.clone(), near), &seats);
        Ok(Self { course, watch, seats, accounts, price: 300_000_000_000, made: 0, desk, _journal: journal })
    }

    /// The time of the next block: five of them share a second.
    async fn next(&mut self) -> Result<Secs> {
        self.made += 1;
        let head = self.course.controls().head().await?;
        Ok(head.timestamp.plus(Secs(u64::from(self.made.is_multiple_of(5)))))
    }

    /// A block in which ether moves to so many millionths of its price.
    async fn block(&mut self, millionths: u64) -> Result<()> {
        self.price = self.price * millionths / 1_000_000;
        let at = self.next().await?;
        ether_course::block(&mut self.course, self.price, at).await
    }

    /// A block with nothing in it.
    async fn empty(&mut self) -> Result<()> {
        let at = self.next().await?;
        self.course.mine(at).await?;
        Ok(())
    }

    /// A head with nothing to do: from asking for it to the decision about every account, and the questions it took.
    async fn quiet(&mut self) -> Result<(Duration, usize)> {
        let began = Instant::now();
        let head = Reader::head(&self.desk.endpoints).await?;
        let seen = self.watch.read(head, self.desk.clock.monotonic()).await?;
        for seat in &mut self.seats {
            seat.turn(&seen).await?;
        }
        Ok((began.elapsed(), seen.observation.calls))
    }

    /// A head that calls for a trim: until the node holds the signed bytes, and until it is known to be mined; the block is
    /// made at once.
    async fn trim(&mut self) -> Result<(Duration, Duration)> {
        let account = self.accounts[0];
        let began = Instant::now();
        let head = Reader::head(&self.desk.endpoints).await?;
        let Self { course, watch, seats, .. } = self;
        let round = watch.round(head, seats);
        tokio::pin!(round);
        let mut signed = None;
        loop {
            tokio::select! {
                turns = &mut round => {
                    let turns = turns?;
                    let acted = turns.first().and_then(|turn| turn.acted.as_ref());
                    let mined = acted.and_then(|acted| acted.mined_in);
                    let (Some(signed), Some(_)) = (signed, mined) else {
                        return Err(eyre!("no trim was mined: {acted:?}"));
                    };
                    return Ok((signed, began.elapsed()));
                }
                () = tokio::time::sleep(POLL), if signed.is_none() => {
                    if course.is_waiting(account).await? {
                        signed = Some(began.elapsed());
                        course.mine(head.timestamp).await?;
                    }
                }
            }
        }
    }
}

pub async fn measure() -> Result<()> {
    let mut rows = Vec::new();
    let mut questions = Vec::new();
    for size in SIZES {
        let mut post = Post::with(size).await?;
        // The first heads are where the survey learns what to ask for.
        for _ in 0..3 {
            post.block(1_000_000).await?;
            post.quiet().await?;
        }
        let (mut decided, mut most) = (Vec::new(), 0);
        for _ in 0..QUIET {
            post.block(1_000_000).await?;
            let (took, calls) = post.quiet().await?;
            decided.push(took);
            most = most.max(calls);
        }
        let (mut signed, mut mined) = (Vec::new(), Vec::new());
        for _ in 0..TRIMS {
            post.block(910_000).await?;
            let (held, done) = post.trim().await?;
            signed.push(held);
            mined.push(done);
        }
        rows.push(table::spread(&format!("{size} accounts: head to decision about all"), &decided));
        rows.push(table::spread(&format!("{size} accounts: head to signed bytes at the node"), &signed));
        rows.push(table::spread(&format!("{size} accounts: head to mined, the block made at once"), &mined));
        let per = size.div_ceil(most.max(1));
        questions.push(vec![size.to_string(), most.to_string(), per.to_string(), kilobytes(resident()?)]);
    }
    table::print("Watch: from a head", &["", "runs", "p50", "p99", "greatest"], &rows);
    let head = ["accounts", "questions per head", "accounts per question", "resident"];
    table::print("Watch: questions and memory", &head, &questions);
    scripts().await
}

/// Head after head, and what it costs in memory.
pub async fn endless() -> Result<()> {
    let heads = std::env::var("TRIMTAB_BENCH_HEADS").ok().and_then(|text| text.parse().ok()).unwrap_or(HEADS);
    let mut post = Post::with(100).await?;
    let (mut at_first, mut rows) = (0, Vec::new());
    let warm = heads / 5;
    for number in 0..heads {
        // Up and down by a per mille at each tenth head, and nothing is crossed; the others are empty blocks.
        match number % 20 {
            0 => post.block(1_001_000).await?,
            10 => post.block(999_001).await?,
            _ => post.empty().await?,
        }
        post.quiet().await?;
        if number + 1 == warm {
            at_first = resident()?;
        }
        if (number + 1) % warm == 0 {
            rows.push(vec![(number + 1).to_string(), kilobytes(resident()?)]);
        }
    }
    let grown = resident()?.saturating_sub(at_first);
    let measured = heads - warm;
    table::print("Watch: head after head, 100 accounts", &["heads", "resident"], &rows);
    let per_day = grown * DAY / measured.max(1);
    println!(
        "\ngrown by {} over {measured} heads; a day of {DAY} heads at that rate: {}",
        kilobytes(grown),
        kilobytes(per_day)
    );
    Ok(())
}

#[derive(Deserialize)]
struct Polled {
    nanos: Vec<u64>,
    calls: usize,
    least: U256,
}

/// What others do about the same accounts on the same node.
async fn scripts() -> Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let python = std::env::var("TRIMTAB_PEERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut rows = Vec::new();
    for size in [1, 100, 1_000] {
        let mut post = Post::with(size).await?;
        let (mut own, mut calls) = (Vec::new(), 0);
        for _ in 0..POLLED + 3 {
            post.block(1_000_000).await?;
            let (took, asked) = post.quiet().await?;
            own.push(took);
            calls = asked;
        }
        let accounts: Vec<String> = post.accounts.iter().map(Address::to_string).collect();
        let pool = Deployment::BASE.pool.to_string();
        let arguments = [post.desk.url().to_owned(), pool, POLLED.to_string(), accounts.join(",")];
        let mut row = |name: &str, calls: usize, times: &[Duration]| {
            let shown = [table::quantile(times, 50), table::quantile(times, 99)].map(table::millis);
            rows.push([vec![format!("{size} accounts: {name}"), calls.to_string()], shown.to_vec()].concat());
        };
        row("trimtab, all rules and pools", calls + 1, &own[3..]);
        let scripts = [("web3.py", python.as_str(), "poll_accounts.py"), ("viem", "node", "poll_accounts.mjs")];
        let mut least = Vec::new();
        for (name, program, script) in scripts {
            let output = Command::new(program).arg(directory.join(script)).args(&arguments).output()?;
            if !output.status.success() {
                println!("{name} was not measured (benches/peers/run installs it): {}", last_line(&output.stderr));
                continue;
            }
            let polled: Polled = serde_json::from_slice(&output.stdout)?;
            let times: Vec<Duration> = polled.nanos.iter().map(|nanos| Duration::from_nanos(*nanos)).collect();
            least.push(polled.least);
            row(name, polled.calls, &times);
        }
        if least.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(eyre!("the scripts saw different health factors: {least:?}"));
        }
    }
    table::print("Watch: beside scripts that poll", &["", "questions per head", "p50", "p99"], &rows);
    Ok(())
}

fn last_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().last().unwrap_or_default().to_owned()
}

/// Resident memory of this process, kilobytes.
fn resident() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let text = line.ok_or_else(|| eyre!("the system does not say how much memory is resident"))?;
    Ok(text.trim().trim_end_matches("kB").trim().parse()?)
}

fn kilobytes(value: usize) -> String {
    format!("{}.{} MB", value / 1_024, value % 1_024 * 10 / 1_024)
}
