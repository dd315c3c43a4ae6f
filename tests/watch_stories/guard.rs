//! A watch over one trader's loop.

use std::sync::{Arc, Mutex};

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use trimtab::{
    chain::{Clock, Reader, SystemClock},
    config::{BoundsConfig, FeesConfig, ThresholdsConfig, WalletUse, WatchConfig},
    journal::{Journal, JournalError},
    localchain::{PriceChange, PriceScope},
    loops::{AccountsReader, FeedBook, Funds, Pair, Request, Target},
    units::{Secs, WAD, Wad},
    watchdog::{
        ops::{Alert, AlertSink, Metrics},
        runner::{HeadOutcome, PerpRules, SignerAccess, Watch, WatchContext, WatchSettings, WatchedAccount},
    },
};

use crate::trader::{Trader, ether};

/// Keeps what was said.
#[derive(Debug, Default)]
pub(crate) struct Listener(Mutex<Vec<Alert>>);

impl AlertSink for Listener {
    fn raise(&self, alert: Alert) {
        self.0.lock().expect("lock").push(alert);
    }
}

/// The trader, the watch, and what it said.
pub(crate) struct Guard {
    pub(crate) trader: Trader,
    pub(crate) pair: Pair,
    pub(crate) seats: Vec<WatchedAccount>,
    pub(crate) watch: Watch,
    heard: Arc<Listener>,
}

pub(crate) fn rulebook() -> WatchSettings {
    WatchSettings {
        watch: WatchConfig { use_wallet: WalletUse::Everything, ..WatchConfig::default() },
        bounds: BoundsConfig::default(),
        fees: FeesConfig::default(),
        thresholds: ThresholdsConfig::default(),
        permit_ttl: Secs::HOUR,
        order_timeout: std::time::Duration::from_secs(60),
        perps: PerpRules::default(),
    }
}

impl Guard {
    /// A loop of one ether at this leverage, watched by its owner.
    pub(crate) async fn over(leverage: Decimal) -> Self {
        let trader = Trader::start().await;
        let pair = trader.pair("WETH", "USDC").await;
        let open = Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(leverage) };
        trader.act(&pair, &open).await;
        Self::with(trader, pair, rulebook(), false)
    }

    pub(crate) fn with(trader: Trader, pair: Pair, rulebook: WatchSettings, shadow: bool) -> Self {
        let hands = SignerAccess::Sender(Box::new(trader.sender()));
        Self::handed(trader, pair, rulebook, shadow, hands)
    }

    pub(crate) fn handed(
        trader: Trader,
        pair: Pair,
        rulebook: WatchSettings,
        shadow: bool,
        hands: SignerAccess,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let heard = Arc::new(Listener::default());
        let meters = Arc::new(Metrics::new().expect("meters"));
        let network = trader.identity.id().as_str().to_owned();
        let feeds = FeedBook::new(&rulebook.watch, &trader.list).expect("tokens that Aave lists");
        let office = WatchContext::new(trader.endpoints.clone(), network, clock, heard.clone(), meters, rulebook);
        let office = Arc::new(office.in_shadow(shadow));
        let seats = vec![WatchedAccount::new(office.clone(), trader.account, hands)];
        let survey = AccountsReader::new(trader.list.clone(), Wad(WAD * U256::from(2))).with_feeds(feeds);
        let watch = Watch::over(office.clone(), survey, &seats);
        Self { trader, pair, seats, watch, heard }
    }

    /// One head.
    pub(crate) async fn look(&mut self) -> HeadOutcome {
        let head = Reader::head(&self.trader.endpoints).await.expect("head");
        self.watch.round(head, &mut self.seats).await.expect("a round").pop().expect("a turn")
    }

    pub(crate) async fn price(&self, dollars: &str, scope: PriceScope) {
        let change = PriceChange::parse("ETH", dollars).expect("price");
        self.trader.replica.controls.price(&change, scope).await.expect("moved");
    }

    pub(crate) async fn block(&self) -> u64 {
        Reader::head(&self.trader.endpoints).await.expect("head").number
    }

    /// Kinds of what was said since the last time.
    pub(crate) fn said(&self) -> Vec<String> {
        self.heard.0.lock().expect("lock").drain(..).map(|alert| alert.kind).collect()
    }

    /// The texts of what was said since the last time.
    pub(crate) fn words(&self) -> Vec<String> {
        self.heard.0.lock().expect("lock").drain(..).map(|alert| alert.text).collect()
    }

    pub(crate) fn journal(&self) -> Result<trimtab::journal::JournalReader, JournalError> {
        Journal::read(self.trader.journals.path(), self.trader.identity.id().as_str(), self.trader.account)
    }

    /// Without debt it is larger than anything.
    pub(crate) async fn health(&self) -> Decimal {
        Wad(self.trader.health_factor().await).to_decimal().unwrap_or(Decimal::MAX)
    }
}

/// 1.25, the target of volatile loops, within a thousandth.
pub(crate) fn is_at_target(health: Decimal) -> bool {
    (health - dec!(1.25)).abs() < dec!(0.00125)
}
