//! What others publish for the same steps, on the same replica: the composer stream encoded by 1delta's library, the health
//! factor by Aave's, the account read by web3.py. `benches/peers/run` installs them and calls this.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use alloy::primitives::{Bytes, U256, hex};
use eyre::{Result, eyre};
use serde::Deserialize;
use serde_json::json;
use trimtab::{
    aave::Deployment,
    loops::{FlashChoice, Funds, LoopSnapshot, Request, Target, execute},
    onedelta,
    plan::{CallData, Plan, Segment, check},
    units::Wad,
};

use crate::{
    support::desk::{Desk, ether, milli},
    table,
};

/// Repetitions of what takes nanoseconds.
const ROUNDS: u32 = 20_000;
/// Repetitions of what asks the network.
const READS: u32 = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JavaScript {
    encoded: Vec<Bytes>,
    encode_nanos: u64,
    health_factor: String,
    debt: String,
    health_factor_nanos: u64,
}

#[derive(Deserialize)]
struct Python {
    health_factor: U256,
    read_nanos: u64,
}

pub async fn measure() -> Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let python = std::env::var("TRIMTAB_PEERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let desk = Desk::open().await?;
    let pair = desk.pair("WETH", "USDC").await?;
    let mut trader = desk.trader(1).await?;
    let open = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(milli(2500)) };

    let mut streams = Vec::new();
    for choice in [FlashChoice::Morpho, FlashChoice::Aave] {
        let (_, plan) = desk.plan(trader.address, &pair, &open, Some(choice)).await?;
        streams.push(stream(&plan)?);
    }
    let (snapshot, plan) = desk.plan(trader.address, &pair, &open, None).await?;
    execute(&mut trader.sender, &*desk.clock, check(plan, &desk.network(), snapshot.block.timestamp)?).await?;

    let snapshot = LoopSnapshot::read(&desk.endpoints, &desk.list, &pair, trader.address).await?;
    let at = snapshot.block.timestamp;
    let account = snapshot.account.at(&snapshot.market, at)?;
    let debt_reserve = snapshot.market.reserve(pair.debt.token)?;
    let owed = snapshot.account.owed(debt_reserve, at)?;
    let our_health = nanos(ROUNDS, || snapshot.account.at(&snapshot.market, at).map(drop).map_err(Into::into))?;

    let decoded = streams.iter().map(|bytes| onedelta::decode(bytes)).collect::<Result<Vec<_>, _>>()?;
    let our_encoding = nanos(ROUNDS, || onedelta::encode(&decoded[0]).map(drop).map_err(Into::into))?;
    let began = Instant::now();
    for _ in 0..READS {
        LoopSnapshot::read(&desk.endpoints, &desk.list, &pair, trader.address).await?;
    }
    let our_read = u64::try_from(began.elapsed().as_nanos())? / u64::from(READS);

    let question = json!({
        "rounds": ROUNDS,
        "streams": decoded,
        "account": {
            "collateral": account.collateral.0.to_string(),
            "debt": account.debt.0.to_string(),
            "threshold": account.liquidation_threshold.0.to_string(),
        },
        "debt": {
            "scaled": snapshot.account.holding(pair.debt.token).scaled_debt.to_string(),
            "index": debt_reserve.variable_borrow_index.0.to_string(),
            "rate": debt_reserve.variable_borrow_rate.0.to_string(),
            "updated": debt_reserve.last_update.0,
            "now": at.0,
        },
    });
    let javascript: JavaScript =
        answer(Command::new("node").arg(directory.join("peers.mjs")).arg(question.to_string()))?;
    let pool = Deployment::BASE.pool.to_string();
    let python: Python = answer(Command::new(python).arg(directory.join("read_account.py")).args([
        desk.url(),
        &pool,
        &trader.address.to_string(),
        &snapshot.block.number.to_string(),
        &READS.to_string(),
    ]))?;

    let same = |equal: bool| if equal { "equal" } else { "DIFFERENT" }.to_owned();
    let equal_bytes = javascript.encoded == streams;
    let Wad(health) = account.health_factor;
    let rows = [
        row(
            "encode the opening stream",
            our_encoding,
            javascript.encode_nanos,
            "1delta calldatalib",
            same(equal_bytes),
        ),
        row(
            "health factor from balances",
            our_health,
            javascript.health_factor_nanos,
            "aave math-utils",
            difference(health, &javascript.health_factor)?,
        ),
        row(
            "read the account (we: market, pools and prices too)",
            our_read,
            python.read_nanos,
            "web3.py",
            same(health == python.health_factor),
        ),
    ];
    table::print("Beside others", &["step", "ours", "theirs", "who", "results"], &rows);
    println!("\ndebt: ours {owed} (as the chain's), aave math-utils {}", javascript.debt);
    for (ours, theirs) in streams.iter().zip(&javascript.encoded).filter(|(ours, theirs)| ours != theirs) {
        println!("\nours   {}\ntheirs {}", hex::encode(ours), hex::encode(theirs));
    }
    Ok(())
}

pub fn row(step: &str, ours: u64, theirs: u64, who: &str, result: String) -> Vec<String> {
    let shown = |nanos| format!("{:?}", Duration::from_nanos(nanos));
    vec![step.to_owned(), shown(ours), shown(theirs), who.to_owned(), result]
}

/// A decimal number beside a wad.
fn difference(ours: U256, theirs: &str) -> Result<String> {
    let (whole, fraction) = theirs.split_once('.').unwrap_or((theirs, ""));
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(18).collect();
    let theirs: U256 = format!("{whole}{digits}").parse()?;
    Ok(if ours == theirs { "equal".to_owned() } else { format!("{} wei of 1e18 apart", ours.abs_diff(theirs)) })
}

/// Mean nanoseconds of one call.
fn nanos(rounds: u32, mut call: impl FnMut() -> Result<()>) -> Result<u64> {
    let began = Instant::now();
    for _ in 0..rounds {
        call()?;
    }
    Ok(u64::try_from(began.elapsed().as_nanos())? / u64::from(rounds))
}

/// Runs a peer and reads the JSON that it prints.
pub fn answer<T: for<'de> Deserialize<'de>>(command: &mut Command) -> Result<T> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(eyre!("{}; run benches/peers/run", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The ops of a plan's last transaction, without its permits.
fn stream(plan: &Plan) -> Result<Bytes> {
    let last = plan.steps.last().ok_or_else(|| eyre!("a plan without steps"))?;
    let CallData::Stream { segments, .. } = &last.data else { return Err(eyre!("not a composer stream")) };
    let ops = segments.iter().find_map(|segment| match segment {
        Segment::Ops { data } => Some(data.clone()),
        Segment::Permit { .. } => None,
    });
    ops.ok_or_else(|| eyre!("a stream without ops"))
}
