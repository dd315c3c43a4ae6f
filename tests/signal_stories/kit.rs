//! A trader with a keeper beside the replica, and signals as files.

use std::{path::PathBuf, time::SystemTime};

use serde_json::{Value, json};
use trimtab::localchain::{Behaviour, Keeper, KeeperOptions};

use crate::trader::{Ran, Trader, USDC, units};

/// A trader, the venue's keeper, and a place for signal files.
pub(crate) struct Floor {
    pub(crate) keeper: Keeper,
    pub(crate) trader: Trader,
    files: tempfile::TempDir,
}

impl Floor {
    /// With this many USDC in the wallet, beside 10 000 ether.
    pub(crate) async fn open(usdc: u64) -> Self {
        let trader = Trader::start().await;
        let options = KeeperOptions { price_port: 0, behaviour: Behaviour::default() };
        let keeper = Keeper::start(trader.replica.url(), &trader.replica.kit, options).await.expect("keeper");
        if usdc > 0 {
            trader.give(USDC, units(usdc, 6)).await;
        }
        Self { keeper, trader, files: tempfile::tempdir().expect("temporary directory") }
    }

    /// A signal on ether at 3000, changed by what is given.
    pub(crate) fn signal(&self, change: &Value) -> PathBuf {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let mut signal = json!({
            "id": "s-1", "pair": "ETH/USD", "side": "long", "score": 95, "volatility": "low", "entry": "3000", "at": now,
        });
        for (field, value) in change.as_object().expect("an object") {
            signal[field] = value.clone();
        }
        let path = self.files.path().join("signal.json");
        std::fs::write(&path, signal.to_string()).expect("written");
        path
    }

    /// Runs a command with the price service.
    pub(crate) async fn run(&self, words: &str) -> Ran {
        self.trader.program().run(&format!("{words} --price-url {}", self.keeper.price_url())).await
    }

    /// Plans a signal.
    pub(crate) async fn plan(&self, change: &Value, flags: &str) -> Ran {
        let file = self.signal(change);
        self.run(&format!("signal plan {} {flags}", file.display())).await
    }
}
