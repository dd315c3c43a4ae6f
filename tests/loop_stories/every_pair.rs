//! Each pair that Aave lets be looped, once.

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    aave::Reserve,
    config::{LoopClass, ThresholdsConfig},
    loops::{Funds, Payout, Request, Settings, Share, Target, class_thresholds},
    units::mul_div_down,
};

use crate::{
    listed::allowed,
    open::{as_predicted, is_close, leverage},
    trader::Trader,
};

/// About 20 000 dollars of a token.
fn equity(reserve: &Reserve) -> U256 {
    let price = reserve.price.as_ref().expect("priced").value.0;
    let unit = U256::from(10).pow(U256::from(reserve.configuration.decimals()));
    mul_div_down(U256::from(20_000u64) * U256::from(100_000_000u64), unit, price).expect("an amount")
}

#[tokio::test]
async fn every_pair_that_aave_lets_be_looped_opens_and_closes_on_one_replica() {
    let trader = Trader::start().await;
    for name in allowed() {
        let (collateral, debt) = name.split_once('/').expect("two symbols");
        let pair = trader.pair(collateral, debt).await;
        let market = trader.snapshot(&pair).await.market;
        let amount = equity(market.reserve(pair.collateral.token).expect("reserve"));
        trader.give(pair.collateral.token, amount).await;
        let thresholds = class_thresholds(&ThresholdsConfig::default(), &market, &pair).expect("thresholds");
        let settings = || Settings { thresholds, ..trader.settings(LoopClass::Volatile) };

        let open = Request::Open { funds: Funds::Collateral(amount), target: Target::Leverage(dec!(1.5)) };
        let (plan, settlement) = trader.act_with(&pair, &open, &settings()).await;
        as_predicted(&plan, &settlement);
        assert!(is_close(leverage(&trader, &pair).await, dec!(1.5)), "{name}");
        trader.assert_nothing_left(&pair).await;

        let close = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: None } };
        let (plan, settlement) = trader.act_with(&pair, &close, &settings()).await;
        as_predicted(&plan, &settlement);
        let left = (trader.collateral(&pair).await, trader.debt(&pair).await);
        assert_eq!(left, (U256::ZERO, U256::ZERO), "{name}");
        trader.assert_nothing_left(&pair).await;
        // Two swaps of half of the equity, at 0.3 % at most each, and the loans' fees.
        let back = trader.balance(pair.collateral.token, trader.account).await;
        assert!(back * U256::from(1_000) > amount * U256::from(990), "{name}: {back} of {amount}");
    }
}
