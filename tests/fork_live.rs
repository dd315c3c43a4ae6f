//! The controls on a fork of whatever `BASE_RPC_URL` names: the live chain, with feeds, pools and tokens that are not ours.
//! Without it nothing is tested, and that is said. tests/replica.rs proves the same path on a fork of a replica.
#![allow(clippy::expect_used, clippy::panic)]

mod common;

use alloy::primitives::{Address, U256, address};
use common::{Replica, account};
use trimtab::{aave::abi::IAaveOracle, abi::IERC20};
use trimtab::{
    localchain::{FeedAge, LocalKind, PriceChange, PriceScope},
    units::{Secs, format_units},
};

const ORACLE: Address = address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156");
const WETH: Address = address!("4200000000000000000000000000000000000006");
const CBETH: Address = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");

async fn price_of(fork: &Replica, asset: Address) -> U256 {
    fork.ask(ORACLE, &IAaveOracle::getAssetPriceCall { asset }).await
}

#[tokio::test]
async fn a_fork_of_the_live_chain_obeys_the_controls() {
    let Ok(url) = std::env::var("BASE_RPC_URL") else {
        println!("BASE_RPC_URL is not set: the controls were not tested on a live fork");
        return;
    };
    let fork = Replica::fork_of(&url).await;
    assert_eq!(fork.controls.kind(), LocalKind::Fork);

    let (ether, staked) = (price_of(&fork, WETH).await, price_of(&fork, CBETH).await);
    let lower = ether * U256::from(95) / U256::from(100);
    let change = PriceChange::parse("ETH", &format_units(lower, 8)).expect("a price");
    let report = fork.controls.price(&change, PriceScope::Everything).await.expect("price");
    assert_eq!(price_of(&fork, WETH).await, lower);
    // Staked ether follows by its exchange rate; one part in ten thousand is left to rounding.
    let expected = staked * lower / ether;
    let now = price_of(&fork, CBETH).await;
    assert!(now.abs_diff(expected) * U256::from(10_000) < expected, "{now}, expected about {expected}");
    assert!(report.pools.iter().any(|pool| pool.name == "WETH/USDC/500"), "{:?}", report.pools);

    let (who, other) = (account(4), account(5));
    for (token, amount) in [(USDC, 1_000_000_000u64), (WETH, 2_000_000_000), (CBETH, 3_000_000_000)] {
        let amount = U256::from(amount);
        let before = fork.ask(token, &IERC20::balanceOfCall { owner: who }).await;
        fork.controls.fund(who, U256::ZERO, &[(token, amount)]).await.expect("funds");
        assert_eq!(fork.ask(token, &IERC20::balanceOfCall { owner: who }).await, before + amount);
        fork.send(who, token, &IERC20::transferCall { to: other, amount }).await;
    }

    let before = fork.controls.head().await.expect("head");
    let after = fork.controls.warp(Secs(86_400), FeedAge::Refreshed).await.expect("warp");
    assert_eq!(after.timestamp, before.timestamp.plus(Secs(86_400)));
    assert_eq!(price_of(&fork, WETH).await, lower);
}
