//! Nanoseconds of everything between a head and the signed bytes that is not the network: reading answers, planning,
//! encoding, decoding, signing. The answers are recorded from a replica at the start.

#![allow(missing_docs, unreachable_pub, dead_code, reason = "a benchmark is no library")]

mod support;

use std::{hint::black_box, time::Duration};

use alloy::{
    consensus::TxEip1559,
    primitives::{Bytes, TxKind, U256},
};
use criterion::Criterion;
use eyre::{Result, eyre};
use support::{
    desk::{Desk, ether, milli},
    recording::{Recorder, Recording},
};
use tokio::runtime::Runtime;
use trimtab::{
    chain::BASE_CHAIN_ID,
    loops::{Funds, LoopSnapshot, Ownership, Pair, Payout, Request, Share, Target, WETH, execute, plan},
    onedelta,
    plan::{CallData, Plan, Segment, check},
    send::sign_permits,
};

/// A snapshot and the action to plan on it.
struct Case {
    name: &'static str,
    request: Request,
    snapshot: LoopSnapshot,
    plan: Plan,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let desk = runtime.block_on(Desk::open())?;
    let pair = runtime.block_on(desk.pair("WETH", "USDC"))?;
    let (recording, cases) = runtime.block_on(record(&desk, &pair))?;
    let mut criterion = Criterion::default().measurement_time(Duration::from_secs(3)).configure_from_args();
    snapshot(&mut criterion, &runtime, &desk, &pair, &recording);
    planning(&mut criterion, &desk, &pair, &cases)?;
    composer(&mut criterion, &cases)?;
    signing(&mut criterion, &runtime, &desk, &cases)?;
    criterion.final_summary();
    Ok(())
}

/// Carries an opening out, and keeps the state before and after it.
async fn record(desk: &Desk, pair: &Pair) -> Result<(Recording, Vec<Case>)> {
    let mut trader = desk.trader(1).await?;
    let open = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(milli(3000)) };
    let (snapshot, opening) = desk.plan(trader.address, pair, &open, None).await?;
    let approved = check(opening.clone(), &desk.network(), snapshot.block.timestamp)?;
    execute(&mut trader.sender, &*desk.clock, approved).await?;
    let mut cases = vec![Case { name: "open", request: open, snapshot, plan: opening }];
    let payout = Payout::Collateral { unwrap: Some(WETH) };
    for (name, request) in [
        ("adjust up", Request::Adjust { target: Target::Leverage(milli(3050)) }),
        ("adjust down", Request::Adjust { target: Target::Leverage(milli(2000)) }),
        ("close", Request::Close { share: Share::All, payout }),
    ] {
        let (snapshot, plan) = desk.plan(trader.address, pair, &request, None).await?;
        cases.push(Case { name, request, snapshot, plan });
    }
    let recorder = Recorder::new(&desk.endpoints).await?;
    LoopSnapshot::read(&recorder, &desk.list, pair, trader.address).await?;
    Ok((recorder.finish(), cases))
}

fn snapshot(criterion: &mut Criterion, runtime: &Runtime, desk: &Desk, pair: &Pair, recording: &Recording) {
    println!("the snapshot's answers are {} bytes", recording.size());
    let account = desk.signer(1).map(|signer| signer.address()).unwrap_or_default();
    criterion.bench_function("snapshot: put the questions, decode the answers", |bencher| {
        bencher.iter(|| runtime.block_on(LoopSnapshot::read(recording, &desk.list, pair, black_box(account))));
    });
}

fn planning(criterion: &mut Criterion, desk: &Desk, pair: &Pair, cases: &[Case]) -> Result<()> {
    let hubs = LoopSnapshot::hubs(&desk.list);
    let gas_price = U256::from(1_000_000_000u64);
    for Case { name, request, snapshot, .. } in cases {
        let settings = desk.settings(snapshot, pair, request, None, gas_price)?;
        criterion.bench_function(&format!("plan: {name}"), |bencher| {
            bencher.iter(|| {
                plan(black_box(request), snapshot, pair, &settings, &hubs, Ownership::Known).map_err(Box::new)
            });
        });
    }
    for Case { name, snapshot, plan, .. } in cases {
        let network = desk.network();
        criterion.bench_function(&format!("check: {name}"), |bencher| {
            bencher.iter_batched(
                || plan.clone(),
                |plan| check(plan, &network, snapshot.block.timestamp),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    Ok(())
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

fn composer(criterion: &mut Criterion, cases: &[Case]) -> Result<()> {
    for Case { name, plan, .. } in cases {
        let bytes = stream(plan)?;
        let ops = onedelta::decode(&bytes)?;
        println!("{name}: {} bytes of ops", bytes.len());
        criterion.bench_function(&format!("encode the composer stream: {name}"), |bencher| {
            bencher.iter(|| onedelta::encode(black_box(&ops)));
        });
        criterion.bench_function(&format!("decode the composer stream: {name}"), |bencher| {
            bencher.iter(|| onedelta::decode(black_box(&bytes)));
        });
    }
    Ok(())
}

fn signing(criterion: &mut Criterion, runtime: &Runtime, desk: &Desk, cases: &[Case]) -> Result<()> {
    let signer = desk.signer(1)?;
    for Case { name, plan, .. } in cases {
        let permits = plan.permits().count();
        criterion.bench_function(&format!("sign the permits ({permits}, EIP-712): {name}"), |bencher| {
            bencher.iter(|| runtime.block_on(sign_permits(&signer, black_box(plan))));
        });
    }
    let opening = cases.first().ok_or_else(|| eyre!("no case"))?;
    let permits = runtime.block_on(sign_permits(&signer, &opening.plan))?;
    let step = opening.plan.steps.last().ok_or_else(|| eyre!("a plan without steps"))?;
    criterion.bench_function("complete the call data: open", |bencher| {
        bencher.iter(|| step.ready(black_box(&permits), |_| false));
    });
    let ready = step.ready(&permits, |_| false)?;
    let transaction = TxEip1559 {
        chain_id: BASE_CHAIN_ID,
        nonce: 7,
        gas_limit: 1_010_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 50_000_000,
        to: TxKind::Call(ready.to),
        value: ready.value,
        access_list: Default::default(),
        input: ready.data,
    };
    criterion.bench_function("sign the transaction: open", |bencher| {
        bencher.iter(|| runtime.block_on(signer.sign_transaction(black_box(transaction.clone()))));
    });
    Ok(())
}
