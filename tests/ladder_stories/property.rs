//! No protective action ever lowers the health factor: over random states of account, market and pools.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use rust_decimal::{Decimal, dec};
use trimtab::{
    config::Urgency,
    loops::{FlashChoice, Funds, LoopSnapshot, Request, Settings, Target, Via, plan},
    plan::check,
    units::{Bps, UsdE8},
};

use crate::{
    looped, raises_health,
    trader::{USDC, WETH, ether, units},
    urgent,
};

#[derive(Debug, Clone)]
struct Case {
    /// Of ether at Aave, dollars; the pools stay at 3 000.
    price: u64,
    /// Of the debt there is, thousandths.
    debt: u64,
    /// Left in the collateral's reserve and in Morpho, thousandths of the debt's worth.
    reserve: u64,
    morpho: u64,
    /// In the wallet: dollars, thousandths of ether.
    wallet: [u64; 2],
    urgency: Urgency,
    flash: Option<FlashChoice>,
    /// Health factor aimed at, thousandths above 1.
    target: u64,
    /// Amounts that requests name, dollars.
    amount: u64,
    margin: u32,
}

fn cases() -> impl Strategy<Value = Case> {
    let urgency = proptest::sample::select(vec![Urgency::Trim, Urgency::Urgent, Urgency::LastResort]);
    let flash = proptest::sample::select(vec![None, None, Some(FlashChoice::Aave), Some(FlashChoice::Uniswap)]);
    let little = proptest::sample::select(vec![0u64, 10, 300, 5_000]);
    let state = (2_450u64..3_300, 500u64..1_200, little.clone(), little);
    let money = ([0u64..80_000, 0u64..3_000], 1u64..80_000);
    (state, money, urgency, flash, 10u64..1_000, 1u32..500).prop_map(
        |((price, debt, reserve, morpho), (wallet, amount), urgency, flash, target, margin)| Case {
            price,
            debt,
            reserve,
            morpho,
            wallet,
            urgency,
            flash,
            target,
            amount,
            margin,
        },
    )
}

impl Case {
    fn apply(&self, real: &LoopSnapshot) -> LoopSnapshot {
        let mut snapshot = real.clone();
        let thousandth = U256::from(1_000);
        for reserve in snapshot.market.reserves.iter_mut().filter(|reserve| reserve.asset == WETH) {
            reserve.virtual_balance = ether(20) * U256::from(self.reserve) / thousandth;
            if let Some(price) = &mut reserve.price {
                price.value = UsdE8(units(self.price, 8));
            }
        }
        snapshot.morpho_liquidity = units(60_000, 6) * U256::from(self.morpho) / thousandth;
        for (token, holding) in &mut snapshot.account.holdings {
            if *token == USDC {
                holding.scaled_debt = holding.scaled_debt * U256::from(self.debt) / thousandth;
                holding.wallet = units(self.wallet[0], 6);
            }
            if *token == WETH {
                holding.wallet = units(self.wallet[1], 15);
            }
        }
        snapshot
    }

    fn requests(&self) -> [Request; 6] {
        let target = Target::HealthFactor(dec!(1) + Decimal::new(i64::try_from(self.target).expect("small"), 3));
        let funds = Funds::Collateral(units(self.wallet[1].max(1), 15));
        [
            Request::Adjust { target },
            Request::Trim { target, at_most: None },
            Request::Trim { target, at_most: Some(units(self.amount, 6)) },
            Request::Repay { amount: units(self.amount, 6), via: Via::Composer },
            Request::Unwind { target, margin: Bps(self.margin) },
            Request::Deposit { funds, keep_leverage: false },
        ]
    }
}

#[tokio::test]
async fn no_protective_plan_that_passes_its_bounds_lowers_the_health_factor() {
    let (trader, pair) = looped().await;
    let real = trader.snapshot(&pair).await;
    let hubs = LoopSnapshot::hubs(&trader.list);
    let count = if std::env::var_os("TRIMTAB_LONG").is_some() { 400 } else { 24 };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let mut passed: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..count {
        let case = cases().new_tree(&mut runner).expect("a case").current();
        let snapshot = case.apply(&real);
        for request in case.requests() {
            let settings = Settings { flash: case.flash, ..urgent(&trader, case.urgency) };
            let network = settings.network.clone();
            let Ok(planned) = plan(&request, &snapshot, &pair, &settings, &hubs) else { continue };
            if planned.figure("debt").is_some_and(|debt| debt.after.raw > debt.before.raw) {
                // The loop stands better than the target: it would be levered up, which protects nothing.
                continue;
            }
            let Ok(approved) = check(planned, &network, snapshot.block.timestamp) else { continue };
            let health = approved.get().figure("health_factor").expect("figure");
            assert!(health.after.raw >= health.before.raw, "{case:?} {request:?}: {health:?}");
            if !matches!(request, Request::Repay { .. } | Request::Deposit { .. }) {
                raises_health(approved.get());
            }
            *passed.entry(approved.get().kind.clone()).or_default() += 1;
        }
    }
    println!("{passed:?}");
    for kind in ["loop adjust", "loop trim", "loop repay", "loop unwind", "loop deposit"] {
        assert!(passed.contains_key(kind), "no `{kind}` ever passed: {passed:?}");
    }
}
