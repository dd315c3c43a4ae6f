//! From a head to signed bytes: with the network (everything up to the journalled raw transaction), and without it (the
//! same on recorded answers, so only what this program does).

use std::time::{Duration, Instant};

use alloy::{consensus::TxEip1559, primitives::TxKind};
use eyre::{Result, eyre};
use trimtab::{
    chain::BASE_CHAIN_ID,
    loops::{Funds, LoopSnapshot, Pair, Request, Target, execute, plan},
    plan::check,
    send::sign_permits,
    units::mul_div_down,
};

use crate::{
    stopwatch::Stopwatch,
    support::{
        desk::{Desk, ether, milli},
        recording::{Recorder, Recording},
    },
    table,
};

/// Actions carried out, alternately up and down.
const SENT: usize = 120;
/// Repetitions on recorded answers.
const REPLAYED: usize = 1000;

pub async fn measure() -> Result<()> {
    let desk = Desk::open().await?;
    let pair = desk.pair("WETH", "USDC").await?;
    let mut trader = desk.trader_on(Stopwatch::new(desk.endpoints.clone()), 1).await?;
    let open = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(milli(3000)) };
    let (snapshot, opening) = desk.plan(trader.address, &pair, &open, None).await?;
    execute(&mut trader.sender, &*desk.clock, check(opening, &desk.network(), snapshot.block.timestamp)?).await?;

    let recorder = Recorder::new(&desk.endpoints).await?;
    LoopSnapshot::read(&recorder, &desk.list, &pair, trader.address).await?;
    let recording = recorder.finish();
    let alone = [("adjust up, without the network", milli(3050)), ("adjust down, without the network", milli(2000))];
    let mut rows = Vec::new();
    for (name, leverage) in alone {
        let request = Request::Adjust { target: Target::Leverage(leverage) };
        rows.push(table::spread(name, &replay(&desk, &pair, &recording, &request).await?));
    }

    let (mut planned, mut executed, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let mut questions = 0;
    for round in 0..SENT {
        let leverage = if round % 2 == 0 { milli(2000) } else { milli(3000) };
        let request = Request::Adjust { target: Target::Leverage(leverage) };
        trader.sender.wire().reset();
        let began = Instant::now();
        let (snapshot, plan) = desk.plan_on(trader.sender.wire(), trader.address, &pair, &request, None).await?;
        let approved = check(plan, &desk.network(), snapshot.block.timestamp)?;
        let ready = Instant::now();
        execute(&mut trader.sender, &*desk.clock, approved).await?;
        let signed = trader.sender.wire().signed().ok_or_else(|| eyre!("nothing was signed"))?;
        questions = trader.sender.wire().questions_before_signed();
        planned.push(ready.duration_since(began));
        executed.push(signed.duration_since(ready));
        whole.push(signed.duration_since(began));
    }
    rows.push(table::spread("ask for the head, read the snapshot, plan, check", &planned));
    rows.push(table::spread("sign permits, simulate, journal, sign", &executed));
    rows.push(table::spread(&format!("all of it, with the network ({questions} questions)"), &whole));
    table::print("Head to signed bytes", &["", "runs", "p50", "p99", "greatest"], &rows);
    Ok(())
}

/// Decodes, plans, checks, signs permits and transaction; nothing is asked of anybody.
async fn replay(desk: &Desk, pair: &Pair, recording: &Recording, request: &Request) -> Result<Vec<Duration>> {
    let signer = desk.signer(1)?;
    let hubs = LoopSnapshot::hubs(&desk.list);
    let mut durations = Vec::with_capacity(REPLAYED);
    for round in 0..REPLAYED {
        let began = Instant::now();
        let snapshot = LoopSnapshot::read(recording, &desk.list, pair, signer.address()).await?;
        let gas_price = mul_div_down(snapshot.block.base_fee, 2u64.try_into()?, 1u64.try_into()?)?;
        let settings = desk.settings(&snapshot, pair, request, None, gas_price)?;
        let plan = plan(request, &snapshot, pair, &settings, &hubs)?;
        let approved = check(plan, &desk.network(), snapshot.block.timestamp)?;
        let permits = sign_permits(&signer, approved.get()).await?;
        let step = approved.get().steps.last().ok_or_else(|| eyre!("a plan without steps"))?;
        let ready = step.ready(&permits, |_| false)?;
        let transaction = TxEip1559 {
            chain_id: BASE_CHAIN_ID,
            nonce: round.try_into()?,
            gas_limit: 1_010_000,
            max_fee_per_gas: gas_price.saturating_to(),
            max_priority_fee_per_gas: 1,
            to: TxKind::Call(ready.to),
            value: ready.value,
            access_list: Default::default(),
            input: ready.data,
        };
        let signed = signer.sign_transaction(transaction).await?;
        std::hint::black_box(signed);
        durations.push(began.elapsed());
    }
    Ok(durations)
}
