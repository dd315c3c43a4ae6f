//! A desk with a keeper beside it.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use trimtab::{
    chain::{Clock, Endpoints, SystemClock},
    config::{AfterPerp, Config, OnPerpFailure, Urgency},
    journal::{Event, IntentId, Severity},
    localchain::{Behaviour, Keeper, KeeperOptions, PriceChange, PriceScope},
    perps::{
        self, Change, Interest, OrderPatience, PerpRequest, PerpSettings,
        avantis_v1::{AvantisV1, PriceService},
    },
    plan::check,
    send::Sender,
    strategy::{GovernorState, Signal},
    trade::{
        Assessment, TradeContext, TradeSettings,
        saga::{Executor, Policies, Progress, SagaError, SagaReport, accept, advance},
    },
    units::{Millis, Secs},
};

use crate::trader::{Trader, USDC, units};

/// How long anything may take.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub const POLICIES: Policies = Policies {
    cap: false,
    include_existing: false,
    forced: false,
    after_perp: AfterPerp::Restore,
    on_perp_failure: OnPerpFailure::Unwind,
};

/// A trader with 10 000 USDC, a keeper, and the desk of both at a base capital of 3 000.
#[derive(Debug)]
pub struct Story {
    pub desk: TradeContext,
    pub keeper: Keeper,
    pub trader: Trader,
}

impl Story {
    pub async fn start(behaviour: Behaviour) -> Self {
        let trader = Trader::start().await;
        trader.give(USDC, units(10_000, 6)).await;
        let options = KeeperOptions { price_port: 0, behaviour };
        let keeper = Keeper::start(trader.replica.url(), &trader.replica.kit, options).await.expect("keeper");
        let desk = Self::desk(&trader, &keeper).await;
        Self { desk, keeper, trader }
    }

    async fn desk(trader: &Trader, keeper: &Keeper) -> TradeContext {
        let url = keeper.price_url().parse().expect("url");
        let prices = PriceService::new(Some(url), Duration::from_secs(5)).expect("price service");
        let venue = AvantisV1::recognise(&trader.endpoints, prices).await.expect("the known venue");
        let mut settings = TradeSettings::from(&Config::defaults(&std::collections::BTreeMap::new()));
        settings.strategy.base_capital = Some(dec!(3000));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        TradeContext {
            endpoints: trader.endpoints.clone(),
            reserves: trader.list.clone(),
            venue: Some(Arc::new(venue)),
            account: trader.account,
            settings,
            clock,
            network: trader.identity.id().as_str().to_owned(),
            live: false,
        }
    }

    /// A signal for ether at 3000, made now.
    pub fn signal(&self, id: &str, score: u32, volatility: &str) -> Signal {
        self.parse(&json!({ "id": id, "score": score, "volatility": volatility })).expect("a signal")
    }

    /// The same with other fields.
    pub fn parse(&self, fields: &Value) -> Result<Signal, trimtab::strategy::SignalError> {
        let now = Duration::from_millis(self.desk.clock.wall_millis());
        let at = humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + now).to_string();
        let mut signal = json!({
            "id": "s", "pair": "ETH/USD", "side": "long", "score": 95, "volatility": "low", "entry": "3000", "at": at
        });
        for (name, value) in fields.as_object().expect("an object") {
            signal[name] = value.clone();
        }
        Signal::parse(&signal.to_string(), &self.desk.settings.strategy)
    }

    pub fn now(&self) -> Millis {
        Millis(self.desk.clock.wall_millis())
    }

    pub async fn accept(
        &self,
        sender: &mut Sender<Endpoints>,
        signal: &Signal,
        policies: Policies,
    ) -> Result<Assessment, SagaError> {
        accept(&self.desk, &Executor::Live(sender), signal, policies).await
    }

    pub async fn advance(&self, sender: &mut Sender<Endpoints>, id: &str) -> Progress {
        Box::pin(advance(&self.desk, &mut Executor::Live(sender), id))
            .await
            .unwrap_or_else(|error| panic!("{id}: {error}"))
    }

    /// Goes on until the condition holds.
    pub async fn until<T>(
        &self,
        sender: &mut Sender<Endpoints>,
        id: &str,
        condition: impl Fn(Progress) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let progress = self.advance(sender, id).await;
            let shown = format!("{progress:?}");
            if let Some(found) = condition(progress) {
                return found;
            }
            assert!(Instant::now() < deadline, "{id} is at {shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Goes on until the perp is open.
    pub async fn until_open(&self, sender: &mut Sender<Endpoints>, id: &str) {
        use trimtab::trade::saga::Phase;
        self.until(sender, id, |progress| match progress {
            Progress::Waits { phase: Phase::Held, .. } => Some(()),
            Progress::Waits { .. } => None,
            Progress::Over(report) => panic!("over too early: {report:#?}"),
        })
        .await;
    }

    /// Goes on to the end.
    pub async fn until_over(&self, sender: &mut Sender<Endpoints>, id: &str) -> SagaReport {
        self.until(sender, id, |progress| match progress {
            Progress::Over(report) => Some(*report),
            Progress::Waits { .. } => None,
        })
        .await
    }

    pub async fn price(&self, dollars: &str) {
        let change = PriceChange::parse("ETH", dollars).expect("price");
        self.trader.replica.controls.price(&change, PriceScope::Everything).await.expect("price moved");
    }

    /// Takes the only position's stop away.
    pub async fn remove_stop(&self, sender: &mut Sender<Endpoints>) {
        let venue = self.desk.venue().expect("a venue");
        let snapshot = venue.snapshot(self.desk.account, &Interest::default()).await.expect("snapshot");
        let request = PerpRequest::Levels {
            position: snapshot.positions.first().expect("a position").key,
            stop: Change::Remove,
            target: Change::Keep,
        };
        let settings = PerpSettings {
            id: IntentId::derive(self.now(), b"stop").to_string(),
            network: self.desk.network.clone(),
            urgency: Urgency::Open,
            valid_for: Secs(60),
            gas_price: U256::from(60_000_000u64),
        };
        let plan = venue.plan(&request, &snapshot, &settings).await.expect("plan");
        let approved = check(plan, &self.desk.network, snapshot.block.timestamp).expect("approved");
        let patience = OrderPatience::default();
        let report =
            Box::pin(perps::execute(sender, venue, &*self.desk.clock, approved, patience)).await.expect("carried out");
        assert_eq!(report.exit_code(), 0, "{report:?}");
    }

    /// Positions that the venue shows.
    pub async fn positions(&self) -> usize {
        let snapshot = self
            .desk
            .venue()
            .expect("a venue")
            .snapshot(self.desk.account, &Interest::default())
            .await
            .expect("snapshot");
        snapshot.positions.len()
    }

    /// The loop's leverage now, cut to two digits; zero without collateral.
    pub async fn leverage(&self) -> Decimal {
        let pair = self.trader.pair("WETH", "USDC").await;
        let snapshot = self.trader.snapshot(&pair).await;
        let reserve = |token| snapshot.market.reserve(token).expect("reserve");
        let value = |amount: U256, token| reserve(token).collateral_value(amount).expect("value").0;
        let collateral = value(self.trader.collateral(&pair).await, pair.collateral.token);
        let debt = value(self.trader.debt(&pair).await, pair.debt.token);
        if collateral.is_zero() {
            return Decimal::ZERO;
        }
        let leverage = collateral * U256::from(1_000) / (collateral - debt);
        Decimal::new(i64::try_from(leverage).expect("small"), 3).round_dp(2)
    }

    pub fn events(&self, sender: &Sender<Endpoints>, kind: &str) -> Vec<Event> {
        let events = sender.journal().reader().events(None, 1_000).expect("events");
        events.into_iter().filter(|event| event.kind == kind).collect()
    }

    pub fn warnings(&self, sender: &Sender<Endpoints>) -> usize {
        let events = sender.journal().reader().events(None, 1_000).expect("events");
        events.iter().filter(|event| event.severity != Severity::Info).count()
    }

    pub fn governor(&self, sender: &Sender<Endpoints>) -> GovernorState {
        let state = sender.journal().reader().governor_state(false).expect("asked").expect("stored");
        serde_json::from_value(state).expect("a governor's state")
    }
}
