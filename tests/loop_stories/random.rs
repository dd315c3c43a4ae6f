//! Any loop, at any price that the pools are deep at.

use alloy::primitives::{Address, U256};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};
use rust_decimal::Decimal;
use trimtab::{
    config::LoopClass,
    localchain::{FeedAge, PriceChange, PriceScope},
    loops::{FlashChoice, Funds, Pair, Payout, Request, Settings, Share, Target},
    units::{Bps, Secs, from_decimal},
};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{CBBTC, CBETH, Trader, USDC, WETH, ether, units},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ether,
    StakedEther,
    Bitcoin,
}

#[derive(Debug, Clone)]
struct Case {
    kind: Kind,
    /// Of ether at the start, dollars; the pools are deep from 2 400 to 3 800.
    price: u64,
    /// Equity, thousandths of ether.
    equity: u64,
    /// Paid in the debt asset.
    in_debt: bool,
    /// First and second target, in thousandths of what the class allows above 1.
    targets: [u64; 2],
    /// How far the collateral falls in between, thousandths.
    fall: u64,
    /// Seconds that pass in between.
    wait: u64,
    flash: Option<FlashChoice>,
    /// Closed first, thousandths.
    share: u64,
    to_debt: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let kind = proptest::sample::select(vec![Kind::Ether, Kind::Ether, Kind::StakedEther, Kind::Bitcoin]);
    let flash = proptest::sample::select(vec![
        None,
        Some(FlashChoice::Morpho),
        Some(FlashChoice::Aave),
        Some(FlashChoice::Uniswap),
    ]);
    let market = (2_450u64..3_750, 1u64..30_000, 0u64..30, 1u64..2_000_000);
    let aims = ([20u64..1_000, 20u64..950], 1u64..999);
    let choices = (proptest::bool::ANY, proptest::bool::ANY);
    (kind, flash, market, aims, choices).prop_map(
        |(kind, flash, (price, equity, fall, wait), (targets, share), (in_debt, to_debt))| Case {
            kind,
            price,
            equity,
            in_debt,
            targets,
            fall,
            wait,
            flash,
            share,
            to_debt,
        },
    )
}

#[tokio::test]
async fn whatever_is_asked_for_is_met_leaves_nothing_and_never_lowers_health_by_lowering_debt() {
    let count = if std::env::var_os("TRIMTAB_LONG").is_some() { 100 } else { 6 };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..count {
        let case = cases().new_tree(&mut runner).expect("a case").current();
        eprintln!("{case:?}");
        Life::begin(case).await.live().await;
    }
}

/// A loop from its opening to its end.
struct Life {
    case: Case,
    trader: Trader,
    pair: Pair,
}

impl Life {
    async fn begin(case: Case) -> Self {
        let trader = Trader::start().await;
        let (collateral, debt) = match case.kind {
            Kind::Ether => ("WETH", "USDC"),
            Kind::StakedEther => ("cbETH", "WETH"),
            Kind::Bitcoin => ("cbBTC", "USDC"),
        };
        let pair = trader.pair(collateral, debt).await;
        Self { case, trader, pair }
    }

    async fn live(&self) {
        let Self { case, trader, .. } = self;
        if case.kind != Kind::Bitcoin {
            self.set_price("ETH", &case.price.to_string()).await;
        }
        let funds = self.funds().await;
        let target = self.target(case.targets[0]);
        self.act(&Request::Open { funds, target: Target::Leverage(target) }).await;
        self.assert_at(target).await;
        let floor = from_decimal(self.settings().thresholds.opening_floor(), 18).expect("a number");
        // A second's interest may be off the prediction.
        let slack = floor / U256::from(1_000_000_000u64);
        assert!(trader.health_factor().await + slack >= floor, "{case:?}");

        self.fall().await;
        trader.replica.controls.warp(Secs(case.wait), FeedAge::Refreshed).await.expect("warp");
        let present = leverage(trader, &self.pair).await;
        let target = self.target(case.targets[1]);
        let before = trader.health_factor().await;
        let wanted = from_decimal(target, 18).expect("a number");
        if present.abs_diff(wanted) * U256::from(1_000) > wanted {
            self.act(&Request::Adjust { target: Target::Leverage(target) }).await;
            self.assert_at(target).await;
            assert!(wanted > present || trader.health_factor().await >= before, "{case:?}");
        }

        let unwrap = (case.kind == Kind::Ether).then_some(WETH);
        let payout = if case.to_debt { Payout::Debt } else { Payout::Collateral { unwrap } };
        let part = Share::Part(Decimal::new(i64::try_from(case.share).expect("small"), 3));
        for share in [part, Share::All] {
            self.act(&Request::Close { share, payout }).await;
        }
        let left = (trader.collateral(&self.pair).await, trader.debt(&self.pair).await);
        assert_eq!(left, (U256::ZERO, U256::ZERO), "{case:?}");
    }

    /// Plans, carries out, and looks whether what was said came true.
    async fn act(&self, request: &Request) {
        let Self { case, trader, pair } = self;
        let (plan, settlement) = trader.act_with(pair, request, &self.settings()).await;
        as_predicted(&plan, &settlement);
        if matches!(request, Request::Close { .. }) {
            assert!(plan.figure("health_factor").is_some_and(|hf| hf.after.raw >= hf.before.raw), "{case:?}");
        }
        trader.assert_nothing_left(pair).await;
    }

    fn settings(&self) -> Settings {
        let flash = self.case.flash;
        if self.case.kind == Kind::StakedEther {
            return Settings { flash, ..self.trader.settings(LoopClass::Correlated) };
        }
        // The largest loops move the pools by more than the default bound, near the edge of their depth.
        Settings { flash, slippage: Some(Bps(200)), ..self.trader.settings(LoopClass::Volatile) }
    }

    /// Equity of the case's worth, in collateral or in the debt asset.
    async fn funds(&self) -> Funds {
        let Self { case, trader, .. } = self;
        let wei = ether(case.equity) / U256::from(1_000);
        let give = async |token: Address, amount: U256| {
            trader.give(token, amount).await;
            amount
        };
        match (case.kind, case.in_debt) {
            (Kind::Ether, false) => Funds::Native(wei),
            (Kind::Ether | Kind::Bitcoin, true) => Funds::Debt(give(USDC, units(case.equity * case.price, 3)).await),
            (Kind::StakedEther, true) => Funds::Debt(give(WETH, wei).await),
            (Kind::StakedEther, false) => Funds::Collateral(give(CBETH, wei).await),
            // A thirtieth of a bitcoin an ether, about.
            (Kind::Bitcoin, false) => Funds::Collateral(give(CBBTC, U256::from(case.equity * 3_000)).await),
        }
    }

    /// A leverage that the class allows at opening.
    fn target(&self, thousandths: u64) -> Decimal {
        let span = match self.case.kind {
            // 1 / (1 − 0.83 / 1.23) = 3.07, 1 / (1 − 0.95 / 1.035) = 12.2; the same 3.07 in e-mode 10.
            Kind::Ether | Kind::Bitcoin => 2_040,
            Kind::StakedEther => 9_000,
        };
        Decimal::new(i64::try_from(1_000 + 10 + span * thousandths / 1_000).expect("small"), 3)
    }

    async fn assert_at(&self, target: Decimal) {
        let leverage = leverage(&self.trader, &self.pair).await;
        assert!(is_close(leverage, target), "{leverage} instead of {target}: {:?}", self.case);
    }

    async fn fall(&self) {
        let part = 1_000 - self.case.fall;
        match self.case.kind {
            Kind::Ether => self.set_price("ETH", &(self.case.price * part / 1_000).to_string()).await,
            Kind::StakedEther | Kind::Bitcoin => {}
        }
    }

    async fn set_price(&self, asset: &str, price: &str) {
        let change = PriceChange::parse(asset, price).expect("price");
        self.trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    }
}
