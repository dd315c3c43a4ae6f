//! A replica, verified endpoints, and plans for one account at a time.

use std::sync::Arc;

use alloy::primitives::{Address, U256};
use eyre::Result;
use indicatif::ProgressBar;
use rust_decimal::Decimal;
use secrecy::SecretString;
use trimtab::{
    aave::{Deployment, MarketQuery, ReserveList, emode},
    chain::{
        BASE_CHAIN_ID, Batch, Clock, Endpoints, NetworkIdentity, Reader, Signer, SigningGate, SystemClock, Wallet,
    },
    config::{BoundsConfig, FeesConfig, RpcConfig, ThresholdsConfig},
    journal::{Checkpoint, IntentId, Journal},
    localchain::{Anvil, ComposerSource, Controls, Kit, ReplicaState},
    loops::{FlashChoice, LoopSnapshot, Pair, Request, Scope, Settings, class_of, plan},
    plan::Plan,
    send::{ChainClient, Sender},
    units::{Millis, Secs},
};

/// The phrase of anvil's public test accounts.
const TEST_PHRASE: &str = "test test test test test test test test test test test junk";

/// A replica of one's own and everything needed to act on it.
#[derive(Debug)]
pub struct Desk {
    anvil: Anvil,
    /// Prices, time and money.
    pub controls: Controls,
    /// The replica as any other chain.
    pub endpoints: Endpoints,
    /// Aave's reserves.
    pub list: ReserveList,
    /// The only clock.
    pub clock: Arc<dyn Clock>,
    identity: NetworkIdentity,
}

/// One account on the replica: its key, and a journal of its own that is gone with it.
#[derive(Debug)]
pub struct Trader<W = Endpoints> {
    /// Whose key it is.
    pub address: Address,
    /// The one that signs and sends for it.
    pub sender: Sender<W>,
    /// Its journal's directory.
    pub journal: tempfile::TempDir,
}

/// The kit and the state that `make replica` left.
pub async fn replica_state() -> Result<(Kit, ReplicaState)> {
    let kit = Kit::find()?;
    let state = ReplicaState::ensure(&kit, ComposerSource::Remembered, &ProgressBar::hidden()).await?;
    Ok((kit, state))
}

impl Desk {
    /// Starts a replica on a free port.
    pub async fn open() -> Result<Self> {
        let (kit, state) = replica_state().await?;
        let anvil = Anvil::replica(&kit, &state, 0).await?;
        let controls = Controls::connect(anvil.url(), &kit).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let rpc = RpcConfig { urls: vec![anvil.url().parse()?], ..RpcConfig::default() };
        let endpoints = Endpoints::connect(&rpc, clock.clone())?;
        let (identity, _) = endpoints.verify_all(None).await?;
        let head = Reader::head(&endpoints).await?;
        let list = ReserveList::read(&endpoints, Deployment::BASE, BASE_CHAIN_ID, &head).await?;
        Ok(Self { anvil, controls, endpoints, list, clock, identity })
    }

    /// Where the replica listens.
    pub fn url(&self) -> &str {
        self.anvil.url()
    }

    /// A pair by its symbols.
    pub async fn pair(&self, collateral: &str, debt: &str) -> Result<Pair> {
        let block = Reader::head(&self.endpoints).await?;
        let mut batch = Batch::new();
        let query = MarketQuery::add(&self.list, &mut batch);
        let market = query.decode(&self.endpoints.read(block, &batch).await?, block)?;
        Ok(Pair::find(&self.list, &market, collateral, debt)?)
    }

    /// The key of a test account, admitted to this network.
    pub fn signer(&self, index: u32) -> Result<Signer> {
        let wallet = Wallet::from_mnemonic(&SecretString::from(TEST_PHRASE), None, index, None)?;
        Ok(SigningGate::new(&self.identity, false).admit(wallet)?)
    }

    /// A test account ready to act.
    pub async fn trader(&self, index: u32) -> Result<Trader> {
        self.trader_on(self.endpoints.clone(), index).await
    }

    /// A test account that acts through a wire of its own.
    pub async fn trader_on<W: ChainClient>(&self, wire: W, index: u32) -> Result<Trader<W>> {
        let signer = self.signer(index)?;
        let address = signer.address();
        let directory = tempfile::tempdir()?;
        let journal = Journal::open(directory.path(), &self.network(), address)?;
        let (identity, checkpoint) = self.endpoints.verify_all(None).await?;
        journal.set_checkpoint(&Checkpoint {
            genesis: identity.genesis(),
            number: checkpoint.number,
            hash: checkpoint.hash,
            kind: identity.to_string(),
        })?;
        let sender = Sender::new(wire, journal, signer, self.clock.clone());
        Ok(Trader { address, sender, journal: directory })
    }

    /// The network's name.
    pub fn network(&self) -> String {
        self.identity.id().as_str().to_owned()
    }

    /// A plan on the newest block.
    pub async fn plan(
        &self,
        trader: Address,
        pair: &Pair,
        request: &Request,
        flash: Option<FlashChoice>,
    ) -> Result<(LoopSnapshot, Plan)> {
        self.plan_on(&self.endpoints, trader, pair, request, flash).await
    }

    /// A plan on the newest block, read through a wire of one's own.
    pub async fn plan_on<W: ChainClient + Reader>(
        &self,
        wire: &W,
        trader: Address,
        pair: &Pair,
        request: &Request,
        flash: Option<FlashChoice>,
    ) -> Result<(LoopSnapshot, Plan)> {
        let snapshot = LoopSnapshot::read(wire, &self.list, pair, trader).await?;
        let market = wire.fee_market(snapshot.block).await?;
        let gas_price = market.price(&FeesConfig::default().open);
        let settings = self.settings(&snapshot, pair, request, flash, gas_price)?;
        let hubs = LoopSnapshot::hubs(&self.list);
        let plan = plan(request, &snapshot, pair, &settings, &hubs)?;
        Ok((snapshot, plan))
    }

    /// The settings that the command line would use, with bounds wide enough for what is measured.
    pub fn settings(
        &self,
        snapshot: &LoopSnapshot,
        pair: &Pair,
        request: &Request,
        flash: Option<FlashChoice>,
        gas_price: U256,
    ) -> Result<Settings> {
        let reserve = |token| snapshot.market.reserve(token);
        let collateral = reserve(pair.collateral.token)?;
        let fitting = emode::fitting(&snapshot.market, collateral, reserve(pair.debt.token)?)
            .filter(|category| category.is_collateral(collateral.id));
        let class = class_of(fitting.map(|category| category.liquidation_threshold));
        let subject = format!("{request:?} {} {}", snapshot.block.hash, snapshot.account.address);
        Ok(Settings {
            id: IntentId::derive(Millis(self.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: self.network(),
            urgency: None,
            bounds: BoundsConfig::default(),
            fees: FeesConfig::default(),
            slippage: None,
            thresholds: ThresholdsConfig::default().of(class),
            defaults: ThresholdsConfig::default(),
            loops: Vec::new(),
            scope: Scope::WithExisting,
            permit_ttl: Secs::HOUR,
            flash,
            gas_price,
        })
    }
}

/// Whole units of something with 18 decimals.
pub fn ether(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10u64).pow(U256::from(18u64))
}

/// A number of thousandths.
pub fn milli(value: i64) -> Decimal {
    Decimal::new(value, 3)
}
