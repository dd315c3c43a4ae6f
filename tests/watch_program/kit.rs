//! A watched loop, and the daemon that watches it.

use std::{
    future::Future,
    os::unix::net::UnixDatagram,
    time::{Duration, Instant},
};

use alloy::primitives::{Address, address};
use rust_decimal::{Decimal, dec};
use tempfile::TempDir;
use trimtab::{
    journal::{Journal, JournalReader},
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Request, Target},
    units::Wad,
};

use crate::{
    common::TEST_KEYS,
    story::Story,
    trader::{POOL, Pool, Program, Ran, Running, Trader, ether},
};

/// The venue's contract that takes the margin of perps.
pub(crate) const STORAGE: Address = address!("8a311D7048c35985aa31C131B9A13e03a5f7422d");

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A loop of one ether at 3x, as the journal has it.
pub(crate) async fn looped() -> Trader {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    trader
}

pub(crate) async fn price(trader: &Trader, dollars: &str) {
    let change = PriceChange::parse("ETH", dollars).expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
}

/// The health factor now. A node that makes a block at this moment may answer from the state of one block and the clock of
/// another, which reverts: it is asked again.
pub(crate) async fn health(trader: &Trader) -> Decimal {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match trader.replica.try_ask(POOL, &Pool::getUserAccountDataCall { user: trader.account }).await {
            Ok(data) => return Wad(data.healthFactor).to_decimal().expect("a decimal"),
            Err(error) => assert!(Instant::now() < deadline, "the health factor cannot be read: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn is_at_target(health: Decimal) -> bool {
    (health - dec!(1.25)).abs() < dec!(0.00125)
}

/// Waits until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The program with any free port for its figures.
pub(crate) fn program(trader: &Trader) -> Program {
    trader.program().env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
}

/// A daemon under a service manager that has heard that it is ready.
pub(crate) struct Daemon {
    running: Running,
    manager: UnixDatagram,
    _dir: TempDir,
}

impl Daemon {
    pub(crate) async fn start(program: Program, words: &str) -> Self {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("notify");
        let manager = UnixDatagram::bind(&path).expect("socket");
        manager.set_nonblocking(true).expect("non-blocking");
        let running = program.env("NOTIFY_SOCKET", &path.display().to_string()).spawn(words);
        let mut daemon = Self { running, manager, _dir: dir };
        let heard = tokio::select! {
            () = daemon.hears_of("READY=1") => true,
            () = daemon.running.ended() => false,
        };
        if !heard {
            panic!("it ended before it was ready: {:#?}", daemon.running.end().await);
        }
        daemon
    }

    /// The same beside something that needs the daemon to itself.
    fn hears_of(&self, message: &'static str) -> impl Future<Output = ()> + 'static {
        let manager = self.manager.try_clone().expect("a socket");
        async move { heard(&manager, message).await }
    }

    /// Waits until the service manager has heard this.
    pub(crate) async fn hears(&self, message: &str) {
        heard(&self.manager, message).await;
    }

    pub(crate) async fn reload(&self) {
        self.running.signal("HUP").await;
    }

    /// Waits for an end that comes by itself.
    pub(crate) async fn end(self) -> Ran {
        self.running.end().await
    }

    /// As `systemctl stop` does.
    pub(crate) async fn stop(self) -> Ran {
        self.running.signal("TERM").await;
        self.running.end().await
    }
}

async fn heard(manager: &UnixDatagram, message: &str) {
    until(message, || async {
        let mut heard = [0; 512];
        while let Ok(length) = manager.recv(&mut heard) {
            if heard.get(..length) == Some(message.as_bytes()) {
                return true;
            }
        }
        false
    })
    .await;
}

/// No key is in what it said.
#[track_caller]
pub(crate) fn keeps_its_secrets(ran: &Ran) {
    for key in TEST_KEYS {
        assert!(!ran.stdout.contains(key) && !ran.stderr.contains(key), "a key in {ran:#?}");
    }
}

impl Story {
    pub(crate) fn reader(&self) -> JournalReader {
        let network = self.trader.identity.id();
        Journal::read(self.trader.journals.path(), network.as_str(), self.trader.account).expect("a journal")
    }
}
