//! Nanoseconds of everything between a head and the signed bytes that is not the network: reading answers, planning,
//! encoding, decoding, signing. The answers are recorded from a replica at the start.

#![allow(missing_docs, unreachable_pub, dead_code, reason = "a benchmark is no library")]

mod support;

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use alloy::{
    consensus::TxEip1559,
    primitives::{Bytes, TxKind, U256},
};
use criterion::Criterion;
use eyre::{Result, eyre};
use rust_decimal::dec;
use support::{
    desk::{Desk, ether, milli},
    recording::{Recorder, Recording},
};
use tokio::runtime::Runtime;
use trimtab::{
    chain::BASE_CHAIN_ID,
    config::{BoundsConfig, GovernorConfig, LoopClass, StrategyConfig, ThresholdsConfig, WatchConfig},
    loops::{Funds, LoopSnapshot, Pair, Payout, Request, Share, Target, WETH, execute, plan},
    onedelta,
    perps::ClosingFee,
    perps::{
        LeverageE10, PercentE10, PriceE10, Side, Usdc,
        avantis_v1::math::{Close, payout},
    },
    plan::{CallData, Plan, Segment, check},
    send::sign_permits,
    strategy::{
        Availability, Capital, Costs, Funds as StrategyFunds, GovernorState, LoopMarket, Market, OpenPositions,
        PairMarket, Policies, Proposal, Signal, decide, examine, size,
    },
    units::Secs,
    watchdog::rules::{AccountFacts, Memory, Sources, evaluate},
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
    trading(&mut criterion)?;
    watching(&mut criterion, &cases)?;
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
            bencher.iter(|| plan(black_box(request), snapshot, pair, &settings, &hubs).map_err(Box::new));
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

/// From a signal's text to a decision, and what a close of a perp comes to.
fn trading(criterion: &mut Criterion) -> Result<()> {
    let settings = StrategyConfig { base_capital: Some(dec!(3_000)), ..StrategyConfig::default() };
    let text = r#"{"id":"bench","pair":"ETH/USD","side":"long","score":95,"volatility":"low","entry":"3000",
        "at":"2026-11-21T10:00:00Z"}"#;
    criterion.bench_function("signal: read", |bencher| bencher.iter(|| Signal::parse(black_box(text), &settings)));
    let signal = Signal::parse(text, &settings)?;
    let levels = signal.levels()?;
    let market = market();
    let policies = Policies::from(&settings);
    let capital =
        Capital { free_usdc: dec!(4_000), risk: dec!(100), round_trip: dec!(0.001), live: false, forced: false };
    let governor = GovernorState::new(dec!(7_000), Secs(1_790_000_000));
    let rules = GovernorConfig::default();
    criterion.bench_function("signal: size, examine by the six rules, ask the governor", |bencher| {
        bencher.iter(|| {
            let size = size(black_box(&signal), &settings, &capital).ok()?;
            let feasible = examine(&size, levels, &market, &policies);
            let proposal = Proposal {
                table: Some(size.table),
                kind: signal.kind,
                margin: feasible.size.margin,
                leverage: feasible.size.perp_leverage,
                stop: levels.stop,
                funds: capital.free_usdc,
                positions: None,
                kelly: None,
            };
            Some(decide(&governor, &rules, &proposal, OpenPositions::default(), Secs(1_790_000_000)))
        });
    });
    let close = Close {
        side: Side::Long,
        collateral: Usdc(U256::from(99_550_000u64)),
        leverage: LeverageE10(U256::from(100_000_000_000u64)),
        open_price: PriceE10(U256::from(30_003_010_379_670u64)),
        close_price: PriceE10(U256::from(31_500_000_000_000u64)),
        rollover: Usdc(U256::from(7u64)),
        closing_fee: PercentE10(U256::from(450_000_000u64)),
        keeper_fee: PercentE10::ZERO,
        max_gain: PercentE10(U256::from(25_000_000_000_000u64)),
        liquidation: PercentE10(U256::from(850_000_000_000u64)),
        loss_share: 100,
    };
    criterion.bench_function("perp: what a close pays", |bencher| bencher.iter(|| payout(black_box(&close))));
    Ok(())
}

/// ETH/USD and a WETH/USDC loop as on the replica.
fn market() -> Market {
    Market {
        lending: LoopMarket {
            ltv: dec!(0.8),
            liquidation_threshold: dec!(0.83),
            open_cost: dec!(0.0006),
            flash_fee: dec!(0),
            trim_cost: dec!(0.0006),
            trim_bound: dec!(0.01),
            thresholds: ThresholdsConfig::default().of(LoopClass::Volatile),
        },
        pair: PairMarket {
            name: "ETH/USD".to_owned(),
            availability: Availability::Open,
            minimum_notional: dec!(100),
            least_leverage: dec!(1),
            most_leverage: dec!(50),
            costs: Costs {
                opening_fee: dec!(0.00045),
                closing_fee: dec!(0.00045),
                closing_on: ClosingFee::OnCloseNotional,
                keeper_fee: dec!(0.0001),
                spread_open: dec!(0.0001),
                spread_close: dec!(0),
                holding: dec!(0),
                liquidation: dec!(0.85),
            },
            open_interest_room: dec!(2_000_000),
            stops: None,
        },
        funds: StrategyFunds {
            usdc: dec!(4_000),
            allowance: None,
            order_fee: dec!(0),
            gas: dec!(1),
            gas_needed: dec!(0.004),
        },
    }
}

/// What the watchdog does with a snapshot: facts, then rules.
fn watching(criterion: &mut Criterion, cases: &[Case]) -> Result<()> {
    let snapshot = &cases.last().ok_or_else(|| eyre!("no case"))?.snapshot;
    let (watch, bounds, thresholds) = (WatchConfig::default(), BoundsConfig::default(), ThresholdsConfig::default());
    let feeds = BTreeMap::new();
    let sources = Sources {
        market: &snapshot.market,
        account: &snapshot.account,
        pools: &snapshot.pools,
        feeds: &feeds,
        known: &[],
        thresholds: &thresholds,
        bounds: &bounds,
        watch: &watch,
    };
    criterion.bench_function("watch: facts of one account", |bencher| {
        bencher.iter(|| AccountFacts::read(black_box(&sources), Duration::ZERO));
    });
    let facts = AccountFacts::read(&sources, Duration::ZERO)?;
    let memory = Memory::default();
    criterion.bench_function("watch: rules on one account", |bencher| {
        bencher.iter(|| evaluate(black_box(&facts), &watch, &memory));
    });
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
