//! A watch at its post: built from a URL and a journal, so that another process can take it over.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256, U256};
use rust_decimal::{Decimal, dec};
use secrecy::SecretString;
use serde_json::{Value, json};
use trimtab::{
    aave::{Deployment, ReserveList},
    chain::{BASE_CHAIN_ID, BlockRef, Clock, Endpoints, Reader, SigningGate, SystemClock, Wallet},
    config::{BoundsConfig, FeesConfig, RpcConfig, ThresholdsConfig, WatchConfig},
    journal::Journal,
    localchain::{PriceChange, PriceScope},
    loops::{AccountsReader, Funds, Pair, Request, Target},
    onedelta::COMPOSER,
    send::{ResubmitPolicy, Sender},
    units::{Secs, WAD, Wad},
    watchdog::{
        ops::{Alert, AlertSink, Metrics},
        runner::{
            HeadOutcome, PerpRules, SignerAccess, Watch, WatchContext, WatchError, WatchSettings, WatchedAccount,
        },
    },
};

use crate::{
    common::{Replica, TEST_KEYS},
    trader::{Trader, ether},
};

/// Whose key it is, among the test accounts: the trader's.
const INDEX: usize = 1;

/// Keeps what was said.
#[derive(Debug, Default)]
pub(crate) struct Listener(Mutex<Vec<Alert>>);

impl AlertSink for Listener {
    fn raise(&self, alert: Alert) {
        self.0.lock().expect("lock").push(alert);
    }
}

/// Seats, the watch, and what it said.
pub(crate) struct Post {
    pub(crate) endpoints: Endpoints,
    pub(crate) seats: Vec<WatchedAccount>,
    pub(crate) watch: Watch,
    heard: Arc<Listener>,
}

/// Looks often, and calls an outcome unknown after a few seconds.
pub(crate) fn impatient() -> ResubmitPolicy {
    ResubmitPolicy {
        poll: Duration::from_millis(10),
        time: Duration::from_secs(2),
        behind: Duration::from_secs(1),
        ..ResubmitPolicy::default()
    }
}

pub(crate) fn rulebook(watch: WatchConfig) -> WatchSettings {
    WatchSettings {
        watch,
        bounds: BoundsConfig::default(),
        fees: FeesConfig::default(),
        thresholds: ThresholdsConfig::default(),
        permit_ttl: Secs::HOUR,
        order_timeout: std::time::Duration::from_secs(60),
        perps: PerpRules::default(),
    }
}

impl Post {
    /// A watch with the trader's key.
    pub(crate) async fn take(url: &str, journals: &Path, patience: ResubmitPolicy) -> Self {
        Self::take_with(url, journals, patience, Arc::new(SystemClock::new()), WatchConfig::default()).await
    }

    pub(crate) async fn take_with(
        url: &str,
        journals: &Path,
        patience: ResubmitPolicy,
        clock: Arc<dyn Clock>,
        watch: WatchConfig,
    ) -> Self {
        let rpc = RpcConfig {
            urls: vec![url.parse().expect("url")],
            timeout: Duration::from_millis(400),
            retries: 1,
            ..RpcConfig::default()
        };
        let endpoints = Endpoints::connect(&rpc, clock.clone()).expect("endpoints");
        let (identity, _) = endpoints.verify_all(None).await.expect("a replica");
        let head = Reader::head(&endpoints).await.expect("head");
        let list = ReserveList::read(&endpoints, Deployment::BASE, BASE_CHAIN_ID, &head).await.expect("reserves");
        let key = SecretString::from(TEST_KEYS[INDEX].to_owned());
        let wallet = Wallet::from_private_key(&key).expect("key");
        let signer = SigningGate::new(&identity, false).admit(wallet).expect("a test key");
        let account = signer.address();
        let network = identity.id().as_str().to_owned();
        let journal = Journal::open(journals, &network, account).expect("a free journal");
        let sender = Sender::new(endpoints.clone(), journal, signer, clock.clone()).with_patience(patience);
        let heard = Arc::new(Listener::default());
        let meters = Arc::new(Metrics::new().expect("meters"));
        let office =
            WatchContext::new(endpoints.clone(), network, clock.clone(), heard.clone(), meters, rulebook(watch));
        let office = Arc::new(office);
        let seats = vec![WatchedAccount::new(office.clone(), account, SignerAccess::Sender(Box::new(sender)))];
        let watch = Watch::over(office, AccountsReader::new(list, Wad(WAD * U256::from(2))), &seats);
        Self { endpoints, seats, watch, heard }
    }

    /// One head; what goes wrong is for the next one.
    pub(crate) async fn try_look(&mut self) -> Result<HeadOutcome, WatchError> {
        let head = Reader::head(&self.endpoints).await?;
        self.look_at(head).await
    }

    pub(crate) async fn look_at(&mut self, head: BlockRef) -> Result<HeadOutcome, WatchError> {
        Ok(Box::pin(self.watch.round(head, &mut self.seats)).await?.pop().expect("a turn"))
    }

    pub(crate) async fn look(&mut self) -> HeadOutcome {
        self.try_look().await.expect("a round")
    }

    /// What was said since the last time.
    pub(crate) fn said(&self) -> Vec<Alert> {
        self.heard.0.lock().expect("lock").drain(..).collect()
    }
}

/// A trader with a loop of one ether at 3x, on a chain that makes blocks when it is told to.
pub(crate) async fn looped() -> (Trader, Pair) {
    looped_on(Replica::start().await).await
}

/// The same on a chain that makes a block every 200 ms, as Base does.
pub(crate) async fn looped_at_cadence() -> (Trader, Pair) {
    looped_on(Replica::at_cadence().await).await
}

async fn looped_on(replica: Replica) -> (Trader, Pair) {
    let trader = Trader::on(replica).await;
    assert_eq!(trader.index, INDEX);
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    (trader, pair)
}

pub(crate) async fn price(replica: &Replica, dollars: &str) {
    let change = PriceChange::parse("ETH", dollars).expect("price");
    replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
}

pub(crate) async fn mine(replica: &Replica, blocks: u64) {
    for _ in 0..blocks {
        let _: Value = replica.request("evm_mine", json!([])).await.expect("mined");
    }
}

/// Waits for a block of a chain that makes them by itself.
pub(crate) async fn next_block(replica: &Replica) {
    let now = replica.controls.head().await.expect("head").number;
    until("a block", async || (replica.controls.head().await.ok()?.number > now).then_some(())).await;
}

pub(crate) async fn health(trader: &Trader) -> Decimal {
    Wad(trader.health_factor().await).to_decimal().expect("a decimal")
}

/// 1.25, the target of volatile loops, within a thousandth.
pub(crate) fn is_at_target(health: Decimal) -> bool {
    (health - dec!(1.25)).abs() < dec!(0.00125)
}

/// Transactions of an account to the composer in the chain as it is now, from a block on: hash, and whether it went through.
pub(crate) async fn sent_to_composer(replica: &Replica, account: Address, from: u64) -> Vec<(B256, bool)> {
    let head = replica.controls.head().await.expect("head").number;
    let mut found = Vec::new();
    for number in from..=head {
        let block: Value =
            replica.request("eth_getBlockByNumber", (format!("0x{number:x}"), true)).await.expect("block");
        for transaction in block["transactions"].as_array().expect("transactions") {
            let is = |field: &str, address: Address| {
                transaction[field].as_str().is_some_and(|text| text.parse() == Ok(address))
            };
            if is("from", account) && is("to", COMPOSER) {
                let hash: B256 = transaction["hash"].as_str().expect("hash").parse().expect("hash");
                found.push((hash, replica.receipt(hash).await.inner.inner.status()));
            }
        }
    }
    found
}

/// How many intents of the trader have no known end.
pub(crate) fn unresolved(trader: &Trader) -> usize {
    let network = trader.identity.id();
    let reader = Journal::read(trader.journals.path(), network.as_str(), trader.account).expect("journal");
    reader.unresolved().expect("readable").len()
}

/// Waits for something with a deadline.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
