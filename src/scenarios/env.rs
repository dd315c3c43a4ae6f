//! Where a story happens: a replica of its own, a wallet, a journal, and the path from a request to its outcome.

use std::{path::Path, sync::Arc};

use secrecy::SecretString;

use crate::{
    aave::{Deployment, QueryError, ReserveList, StateError},
    chain::{
        BASE_CHAIN_ID, Clock, ConnectError, Endpoints, IdentityError, ReadError, Reader, SigningError, SigningGate,
        SystemClock, Wallet, WalletError,
    },
    config::{BoundsConfig, ConfigError, FeesConfig, LoopClass, RpcConfig, ThresholdsConfig},
    journal::{IntentId, Journal, JournalError},
    localchain::{Anvil, Controls, Kit, LocalChainError, Mining, ReplicaState},
    loops::{
        LoopSnapshot, Pair, PairError, PlanError, Request, Scope, Settings, UnknownFeed, execute, known_loops, plan,
    },
    perps::{self, PerpError},
    plan::{Plan, Refusal, Rehearsal, SimulationError, check, rehearse},
    send::{ExecuteError, Outcome, Sender, Settlement},
    strategy::SignalError,
    trade::{TradeError, saga::SagaError},
    units::{MathError, Millis, Secs},
    watchdog::runner::WatchError,
};

/// The phrase of anvil's ten test accounts; everybody knows it.
const TEST_PHRASE: &str = "test test test test test test test test test test test junk";

/// Why a story broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum StoryError {
    #[error(transparent)]
    LocalChain(#[from] LocalChainError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Pair(#[from] PairError),
    #[error(transparent)]
    Feed(#[from] UnknownFeed),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    #[error(transparent)]
    Perp(#[from] PerpError),
    #[error(transparent)]
    Order(#[from] perps::ExecuteError),
    #[error(transparent)]
    Trade(#[from] TradeError),
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Saga(#[from] SagaError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Math(#[from] MathError),
    /// Figures of the watch cannot be kept.
    #[error("figures of the watch cannot be kept: {0}")]
    Figures(String),
    /// The perp did not get as far as the story wants.
    #[error("the story waits for {0} in vain")]
    InVain(String),
    /// A step of the story was not included.
    #[error("a step of the story did not go through: {0:?}")]
    NotMined(Box<Outcome>),
}

/// A running story.
#[derive(Debug)]
pub struct Stage {
    pub(super) sender: Sender<Endpoints>,
    pub(super) list: ReserveList,
    pub(super) network: String,
    pub(super) clock: Arc<dyn Clock>,
    /// Prices, time and money of the replica.
    pub controls: Controls,
    // Last: the chain ends when everything that uses it is gone.
    pub(super) anvil: Anvil,
}

impl Stage {
    /// A replica on a free port that makes blocks when it is told to, with the journal in `directory` and the first test
    /// account as the actor.
    pub async fn set(kit: &Kit, state: &ReplicaState, directory: &Path) -> Result<Self, StoryError> {
        Self::on(Anvil::replica(kit, state, 0).await?, kit, directory).await
    }

    /// The same with a block every 200 ms, as Base makes them.
    pub async fn at_cadence(kit: &Kit, state: &ReplicaState, directory: &Path) -> Result<Self, StoryError> {
        Self::on(Anvil::mining(kit, state, 0, Mining::default()).await?, kit, directory).await
    }

    /// The same on a chain that runs already: a fork.
    pub async fn on(anvil: Anvil, kit: &Kit, directory: &Path) -> Result<Self, StoryError> {
        let controls = Controls::connect(anvil.url(), kit).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let rpc = RpcConfig { urls: vec![anvil.url().parse()?], ..RpcConfig::default() };
        let endpoints = Endpoints::connect(&rpc, clock.clone())?;
        let (identity, _) = endpoints.verify_all(None).await?;
        let wallet = Wallet::from_mnemonic(&SecretString::from(TEST_PHRASE), None, 0, None)?;
        let signer = SigningGate::new(&identity, false).admit(wallet)?;
        let network = identity.id().as_str().to_owned();
        let journal = Journal::open(directory, &network, signer.address())?;
        let head = Reader::head(&endpoints).await?;
        let list = ReserveList::read(&endpoints, Deployment::BASE, BASE_CHAIN_ID, &head).await?;
        let sender = Sender::new(endpoints, journal, signer, clock.clone());
        Ok(Self { sender, list, network, clock, controls, anvil })
    }

    /// Where the replica listens.
    #[must_use]
    pub fn url(&self) -> &str {
        self.anvil.url()
    }

    /// Plans a request on the newest block.
    pub async fn plan(
        &self,
        collateral: &str,
        debt: &str,
        request: &Request,
    ) -> Result<(Plan, LoopSnapshot), StoryError> {
        let endpoints = self.sender.wire();
        let account = self.sender.account();
        let block = Reader::head(endpoints).await?;
        let mut batch = crate::chain::Batch::new();
        let market = crate::aave::MarketQuery::add(&self.list, &mut batch);
        let market = market.decode(&endpoints.read(block, &batch).await?, block)?;
        let pair = Pair::find(&self.list, &market, collateral, debt)?;
        let snapshot = LoopSnapshot::read(endpoints, &self.list, &pair, account).await?;
        let fees = endpoints.fee_market(&snapshot.block).await?;
        let subject = format!("{request:?} {}", snapshot.block.hash);
        let settings = Settings {
            id: IntentId::derive(Millis(self.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: self.network.clone(),
            urgency: None,
            bounds: BoundsConfig::default(),
            fees: FeesConfig::default(),
            slippage: None,
            thresholds: ThresholdsConfig::default().of(LoopClass::Volatile),
            defaults: ThresholdsConfig::default(),
            loops: known_loops(self.sender.journal().reader())?,
            scope: Scope::WithExisting,
            permit_ttl: Secs::HOUR,
            flash: None,
            gas_price: fees.price(&FeesConfig::default().open),
        };
        let hubs = LoopSnapshot::hubs(&self.list);
        let plan = plan(request, &snapshot, &pair, &settings, &hubs)?;
        Ok((plan, snapshot))
    }

    /// Checks, simulates and sends a plan, and compares its outcome with the prediction.
    pub async fn act(&mut self, plan: Plan, snapshot: &LoopSnapshot) -> Result<(Rehearsal, Settlement), StoryError> {
        let approved = check(plan.clone(), &self.network, snapshot.block.timestamp)?;
        let rehearsal = rehearse(self.sender.wire(), &plan, snapshot.block, snapshot.inclusion()).await?;
        let clock = self.clock.clone();
        let report = execute(&mut self.sender, &*clock, approved).await?;
        match report.settlement {
            Some(settlement) => Ok((rehearsal, settlement)),
            None => Err(StoryError::NotMined(Box::new(report.outcome))),
        }
    }
}
