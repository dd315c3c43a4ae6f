//! A trader with USDC, the venue's keeper, and the adapter.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use alloy::primitives::{Address, U256, address};
use serde_json::{Value, json};
use trimtab::{
    chain::{Clock, Reader, SystemClock},
    config::Urgency,
    journal::IntentId,
    localchain::{Behaviour, Keeper, KeeperOptions, PriceChange, PriceScope},
    perps::{
        Entry, ExecuteError, Interest, LeverageE10, OpenRequest, OrderPatience, OrderState, PercentE10, PerpError,
        PerpPosition, PerpRequest, PerpSettings, PerpVenue, Report, Side, Usdc, VenueSnapshot,
        avantis_v1::{AvantisV1, PriceService},
        execute,
    },
    plan::{Plan, Refusal, check},
    units::{Millis, Secs},
};

use crate::{
    common::Replica,
    trader::{Program, Trader, USDC, units},
};

pub(crate) const TRADING: Address = address!("44914408af82bC9983bbb330e3578E1105e11d4e");
pub(crate) const STORAGE: Address = address!("8a311D7048c35985aa31C131B9A13e03a5f7422d");
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Desk {
    pub(crate) keeper: Keeper,
    pub(crate) trader: Trader,
    pub(crate) venue: AvantisV1,
    clock: Arc<dyn Clock>,
    made: AtomicU64,
}

/// How an attempt ended that did not go through; some are only ever shown.
#[derive(Debug)]
#[allow(dead_code)]
pub(crate) enum Failed {
    Plan(PerpError),
    Check(Refusal),
    Execute(ExecuteError),
}

impl Desk {
    /// A trader with 10 000 USDC and a keeper that behaves so.
    pub(crate) async fn open(behaviour: Behaviour) -> Self {
        let trader = Trader::on(Replica::start().await).await;
        let options = KeeperOptions { price_port: 0, behaviour };
        let keeper = Keeper::start(trader.replica.url(), &trader.replica.kit, options).await.expect("keeper");
        trader.give(USDC, units(10_000, 6)).await;
        let prices = Self::prices(&keeper);
        let venue = AvantisV1::recognise(&trader.endpoints, prices).await.expect("the known venue");
        Self { keeper, trader, venue, clock: Arc::new(SystemClock::new()), made: AtomicU64::new(0) }
    }

    pub(crate) fn prices(keeper: &Keeper) -> PriceService {
        PriceService::new(Some(keeper.price_url().parse().expect("url")), Duration::from_secs(5)).expect("client")
    }

    pub(crate) async fn snapshot(&self) -> VenueSnapshot {
        Box::pin(self.venue.snapshot(self.trader.account, &Interest::default())).await.expect("snapshot")
    }

    pub(crate) async fn position(&self) -> PerpPosition {
        self.snapshot().await.positions.pop().expect("a position")
    }

    pub(crate) fn settings(&self) -> PerpSettings {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        PerpSettings {
            id: IntentId::derive(Millis(self.clock.wall_millis()), number.to_string().as_bytes()).to_string(),
            network: self.trader.identity.id().as_str().to_owned(),
            urgency: Urgency::Open,
            valid_for: Secs(300),
            gas_price: U256::from(60_000_000u64),
        }
    }

    pub(crate) async fn plan(&self, request: &PerpRequest) -> Result<Plan, PerpError> {
        let snapshot = self.snapshot().await;
        Box::pin(self.venue.plan(request, &snapshot, &self.settings())).await
    }

    pub(crate) async fn execute(&self, plan: Plan, patience: OrderPatience) -> Result<Report, Failed> {
        let head = Reader::head(&self.trader.endpoints).await.expect("head");
        let approved = check(plan, self.trader.identity.id().as_str(), head.timestamp).map_err(Failed::Check)?;
        let mut sender = self.trader.sender();
        // On the heap: several of these in one test are more than a test's stack.
        let done = Box::pin(execute(&mut sender, &self.venue, &*self.clock, approved, patience));
        done.await.map_err(Failed::Execute)
    }

    pub(crate) async fn attempt(&self, request: &PerpRequest) -> Result<(Plan, Report), Failed> {
        let plan = self.plan(request).await.map_err(Failed::Plan)?;
        let report = self.execute(plan.clone(), quick()).await?;
        Ok((plan, report))
    }

    /// It must go through, with nothing beyond its tolerance.
    #[track_caller]
    pub(crate) fn act(&self, request: PerpRequest) -> impl Future<Output = (Plan, Report)> {
        let at = std::panic::Location::caller();
        async move {
            let (plan, report) =
                Box::pin(self.attempt(&request)).await.unwrap_or_else(|failed| panic!("{at}: {failed:?}"));
            assert_eq!(report.exit_code(), 0, "{at}: {report:#?}");
            let settlement = report.settlement.as_ref().expect("settled");
            let off = settlement.figures.iter().chain(&report.fills).find(|deviation| !deviation.within);
            assert!(off.is_none(), "{at}: {off:#?}");
            (plan, report)
        }
    }

    pub(crate) async fn price(&self, asset: &str, dollars: &str) {
        let change = PriceChange::parse(asset, dollars).expect("price");
        self.trader.replica.controls.price(&change, PriceScope::Everything).await.expect("price moved");
    }

    pub(crate) async fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            let _: Value = self.trader.replica.request("evm_mine", json!([])).await.expect("a block");
        }
    }

    pub(crate) async fn usdc(&self) -> U256 {
        self.trader.balance(USDC, self.trader.account).await
    }

    pub(crate) async fn until<T>(&self, what: &str, condition: impl AsyncFn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            assert!(began.elapsed() < DEADLINE, "no {what} within {DEADLINE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The program with this trader's wallet and price service.
    pub(crate) fn program(&self) -> Program {
        self.trader.program().args(["--price-url", self.keeper.price_url()])
    }
}

/// Long enough for a keeper that behaves.
pub(crate) fn quick() -> OrderPatience {
    OrderPatience { timeout: DEADLINE, poll: Duration::from_millis(20) }
}

/// Hardly a look.
pub(crate) fn impatient() -> OrderPatience {
    OrderPatience { timeout: Duration::from_millis(200), poll: Duration::from_millis(20) }
}

pub(crate) fn usd(dollars: u64) -> Usdc {
    Usdc(units(dollars, 6))
}

pub(crate) fn e10(figure: u64) -> U256 {
    units(figure, 10)
}

/// 100 USDC, ten times, on ether at the market, one per cent of slippage.
pub(crate) fn eth(side: Side) -> OpenRequest {
    OpenRequest {
        pair: "ETH/USD".to_owned(),
        side,
        margin: usd(100),
        leverage: LeverageE10(e10(10)),
        entry: Entry::Market,
        stop: None,
        target: None,
        slippage: PercentE10(e10(1)),
        signal: None,
        outlook: None,
    }
}

#[track_caller]
pub(crate) fn filled(report: &Report) -> &trimtab::perps::Fill {
    match &report.orders[..] {
        [(_, OrderState::Filled(fill))] => fill,
        other => panic!("not one filled order: {other:#?}"),
    }
}
