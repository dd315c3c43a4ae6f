//! Where the demo trades: the stage with the venue's keeper beside it, and the watchdog's seat.

use std::{sync::Arc, time::Duration};

use alloy::primitives::U256;
use rust_decimal::Decimal;
use serde_json::json;

use super::{Stage, StoryError};
use crate::{
    chain::Reader,
    config::{
        AfterPerp, BoundsConfig, FeesConfig, GovernorConfig, OnPerpFailure, StrategyConfig, ThresholdsConfig,
        WatchConfig,
    },
    dex::USDC,
    localchain::{Behaviour, Keeper, KeeperOptions, Kit, PriceChange, PriceReport, PriceScope},
    loops::AccountsReader,
    perps::{
        PercentE10,
        avantis_v1::{AvantisV1, PriceService},
    },
    strategy::{GovernorState, Signal, SignalError},
    trade::{
        AssessOptions, Assessment, OpenTrades, TradeContext, TradeSettings, assess,
        saga::{Executor, Policies, Progress, SagaReport, Wait, accept, advance},
    },
    units::{Secs, WAD, Wad},
    watchdog::{
        ops::{Alert, AlertSink, Metrics},
        runner::{HeadOutcome, PerpRules, SignerAccess, Watch, WatchContext, WatchSettings, WatchedAccount},
    },
};

/// How long the story waits for the keeper.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks.
const POLL: Duration = Duration::from_millis(20);

/// The stage, the venue's keeper, and a desk to trade at.
#[derive(Debug)]
pub struct Floor {
    desk: TradeContext,
    // Before the stage: it ends before its chain does.
    _keeper: Keeper,
    stage: Stage,
}

/// What the watchdog said in the story.
#[derive(Debug, Default)]
struct Quiet;

impl AlertSink for Quiet {
    fn raise(&self, alert: Alert) {
        tracing::info!(kind = alert.kind, "{}", alert.text);
    }
}

impl Floor {
    /// A keeper for the stage's chain, and this much USDC for the trader.
    pub async fn open(stage: Stage, kit: &Kit, usdc: u64) -> Result<Self, StoryError> {
        let account = stage.sender.account();
        let amount = U256::from(usdc) * U256::from(1_000_000u64);
        stage.controls.fund(account, U256::ZERO, &[(USDC, amount)]).await?;
        let options = KeeperOptions { price_port: 0, behaviour: Behaviour::default() };
        let keeper = Keeper::start(stage.url(), kit, options).await?;
        let endpoints = stage.sender.wire().clone();
        let prices = PriceService::new(Some(keeper.price_url().parse()?), PATIENCE)?;
        let settings = TradeSettings {
            strategy: StrategyConfig::default(),
            governor: GovernorConfig::default(),
            thresholds: ThresholdsConfig::default(),
            bounds: BoundsConfig::default(),
            fees: FeesConfig::default(),
            permit_ttl: Secs::HOUR,
            slippage: PercentE10(U256::from(10_000_000_000u64)),
        };
        let desk = TradeContext {
            venue: Some(Arc::new(AvantisV1::recognise(&endpoints, prices).await?)),
            endpoints,
            reserves: stage.list.clone(),
            account,
            settings,
            clock: stage.clock.clone(),
            network: stage.network.clone(),
            live: false,
        };
        Ok(Self { desk, _keeper: keeper, stage })
    }

    /// The stage, for what is no trade.
    pub const fn stage(&mut self) -> &mut Stage {
        &mut self.stage
    }

    /// Moves a price, feed, pools and perps in one block.
    pub async fn price(&self, dollars: &str) -> Result<PriceReport, StoryError> {
        Ok(self.stage.controls.price(&PriceChange::parse("ETH", dollars)?, PriceScope::Everything).await?)
    }

    /// A long signal on ether with score 95 in low volatility, written now.
    pub fn signal(&self, id: &str, entry: &str) -> Result<Signal, SignalError> {
        let at = std::time::UNIX_EPOCH + Duration::from_millis(self.desk.clock.wall_millis());
        let text = json!({
            "id": id, "pair": "ETH/USD", "side": "long", "score": 95, "volatility": "low", "entry": entry,
            "at": humantime::format_rfc3339_millis(at).to_string(),
        });
        Signal::parse(&text.to_string(), &self.desk.settings.strategy)
    }

    /// What a signal would be at a base capital.
    pub async fn assess(&self, signal: &Signal, base: Decimal) -> Result<Assessment, StoryError> {
        let mut desk = self.desk.clone();
        desk.settings.strategy.base_capital = Some(base);
        let governor = GovernorState::new(base + base, self.desk.clock.wall());
        let options = AssessOptions { cap: false, include_existing: false, forced: false, paper: false };
        Ok(Box::pin(assess(&desk, signal, &governor, &OpenTrades::default(), &options)).await?)
    }

    /// Takes a signal and goes on until its perp is open.
    pub async fn trade(&mut self, signal: &Signal, base: Decimal, after_perp: AfterPerp) -> Result<(), StoryError> {
        self.desk.settings.strategy.base_capital = Some(base);
        let policies = Policies {
            cap: false,
            include_existing: false,
            forced: false,
            after_perp,
            on_perp_failure: OnPerpFailure::Unwind,
        };
        let hand = Executor::Live(&mut self.stage.sender);
        Box::pin(accept(&self.desk, &hand, signal, policies)).await?;
        self.until(&signal.id, "a filled perp", |progress| {
            matches!(progress, Progress::Waits { wait: Wait::Ending, .. }).then_some(())
        })
        .await
    }

    /// Goes on with a signal until its trade is over.
    pub async fn over(&mut self, id: &str) -> Result<SagaReport, StoryError> {
        self.until(id, "the end of the trade", |progress| match progress {
            Progress::Over(report) => Some(*report),
            Progress::Waits { .. } => None,
        })
        .await
    }

    async fn until<T>(&mut self, id: &str, what: &str, found: impl Fn(Progress) -> Option<T>) -> Result<T, StoryError> {
        let began = self.desk.clock.monotonic();
        loop {
            let mut hand = Executor::Live(&mut self.stage.sender);
            let progress = Box::pin(advance(&self.desk, &mut hand, id)).await?;
            if let Some(found) = found(progress) {
                return Ok(found);
            }
            if self.desk.clock.monotonic().saturating_sub(began) > PATIENCE {
                return Err(StoryError::InVain(what.to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Lets the watchdog look at the newest head and act on it.
    pub async fn watch(self) -> Result<(Self, HeadOutcome), StoryError> {
        let Self { desk, _keeper, stage } = self;
        let Stage { sender, list, network, clock, controls, anvil } = stage;
        let endpoints = sender.wire().clone();
        let rulebook = WatchSettings {
            watch: WatchConfig::default(),
            bounds: BoundsConfig::default(),
            fees: FeesConfig::default(),
            thresholds: ThresholdsConfig::default(),
            permit_ttl: Secs::HOUR,
            order_timeout: std::time::Duration::from_secs(60),
            perps: PerpRules::default(),
        };
        let meters = Metrics::new().map_err(|error| StoryError::InVain(format!("meters: {error}")))?;
        let (alerts, meters) = (Arc::new(Quiet), Arc::new(meters));
        let office = WatchContext::new(endpoints.clone(), network.clone(), clock.clone(), alerts, meters, rulebook);
        let office = Arc::new(office.with_venue(desk.venue.clone()));
        let account = sender.account();
        let mut seats = vec![WatchedAccount::new(office.clone(), account, SignerAccess::Sender(Box::new(sender)))];
        let survey = AccountsReader::new(list.clone(), Wad(WAD * U256::from(2u8)));
        let mut watch = Watch::over(office, survey, &seats);
        let head = Reader::head(&endpoints).await?;
        let turn = Box::pin(watch.round(head, &mut seats)).await?.pop();
        let sender = seats.pop().and_then(WatchedAccount::release);
        let (Some(turn), Some(sender)) = (turn, sender) else {
            return Err(StoryError::InVain("the watchdog's turn".to_owned()));
        };
        let stage = Stage { sender, list, network, clock, controls, anvil };
        Ok((Self { desk, _keeper, stage }, turn))
    }
}
