//! The venue's own Python SDK on the same replica: positions read, and the same open built, compared byte for byte.

use std::{path::Path, process::Command, time::Instant};

use alloy::{
    hex,
    primitives::{Bytes, U256},
};
use eyre::{Result, eyre};
use serde::Deserialize;
use trimtab::{
    perps::{Interest, Level, OpenRequest, PerpRequest, PriceE10, Side},
    plan::CallData,
};

use crate::{
    peers::{answer, row},
    perps::{Pit, market, usd},
    table,
};

/// Repetitions of each.
const ROUNDS: u32 = 50;

#[derive(Deserialize)]
struct Sdk {
    positions: usize,
    read_nanos: u64,
    data: Bytes,
    value: U256,
    build_nanos: u64,
}

pub async fn measure() -> Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/avantis.py");
    let python = std::env::var("TRIMTAB_PEERS_AVANTIS").unwrap_or_else(|_| "python3".to_owned());
    let pit = Pit::open().await?;
    let mut trader = pit.desk.trader(1).await?;
    pit.fund(trader.address, 10_000).await?;
    Box::pin(pit.act(&mut trader, &PerpRequest::Open(market("ETH/USD", Side::Long, usd(100), 10)))).await?;
    // The SDK builds nothing for an account whose allowance is short.
    pit.allow(trader.address, usd(10_000)).await?;
    let price = |dollars: u64| Level::Price(PriceE10(U256::from(dollars) * U256::from(10_000_000_000u64)));
    let open = OpenRequest {
        stop: Some(price(2940)),
        target: Some(price(3120)),
        ..market("ETH/USD", Side::Long, usd(100), 10)
    };
    let interest = Interest { open: Some((open.pair.clone(), open.side, usd(1_000))), ..Interest::default() };
    let request = PerpRequest::Open(open);
    let began = Instant::now();
    for _ in 0..ROUNDS {
        pit.snapshot(trader.address, &interest).await?;
    }
    let read = u64::try_from(began.elapsed().as_nanos())? / u64::from(ROUNDS);
    let snapshot = pit.snapshot(trader.address, &interest).await?;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        pit.plan(&snapshot, &request).await?;
    }
    let built = u64::try_from(began.elapsed().as_nanos())? / u64::from(ROUNDS);
    let plan = pit.plan(&snapshot, &request).await?;
    let step = plan.steps.last().ok_or_else(|| eyre!("a plan without steps"))?;
    let CallData::Fixed { data } = &step.data else { return Err(eyre!("the venue is called with complete data")) };

    let sdk: Sdk = answer(Command::new(python).arg(script).args([
        pit.desk.url(),
        &trader.address.to_string(),
        &ROUNDS.to_string(),
    ]))?;
    let same = |equal: bool| if equal { "equal" } else { "DIFFERENT" }.to_owned();
    let rows = [
        row(
            "read the positions (we: venue, pairs, orders, quote and wallet too)",
            read,
            sdk.read_nanos,
            "avantis-trader-sdk",
            same(sdk.positions == snapshot.positions.len()),
        ),
        row(
            "build the open (we: price, bounds, forecast too)",
            built,
            sdk.build_nanos,
            "avantis-trader-sdk",
            same(sdk.data == *data),
        ),
    ];
    table::print("Beside the venue's SDK", &["step", "ours", "theirs", "who", "results"], &rows);
    println!("\nexecution fee: ours {} wei, theirs {} wei", step.value, sdk.value);
    if sdk.data != *data {
        for (word, (ours, theirs)) in data[4..].chunks(32).zip(sdk.data[4..].chunks(32)).enumerate() {
            if ours != theirs {
                println!("argument {word}: ours {}, theirs {}", hex::encode(ours), hex::encode(theirs));
            }
        }
    }
    Ok(())
}
