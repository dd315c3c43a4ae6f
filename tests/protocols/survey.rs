//! Many accounts at one block: what a watch reads at every head.

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256, U256};
use rust_decimal::dec;
use trimtab::{
    chain::Reader,
    localchain::{PriceChange, PriceScope},
    loops::{AccountsReader, Funds, Request, Target},
    units::{WAD, Wad},
};

use crate::{
    common::account,
    trader::{Trader, ether},
};

fn survey(trader: &Trader) -> AccountsReader {
    AccountsReader::new(trader.list.clone(), Wad(WAD * U256::from(2)))
}

#[tokio::test]
async fn one_call_a_head_reads_a_loop_with_everything_that_a_plan_for_it_needs() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    let (mut survey, none) = (survey(&trader), BTreeSet::new());
    for round in 0..3 {
        let head = Reader::head(&trader.endpoints).await.expect("head");
        let seen = survey.read(&trader.endpoints, head, &[trader.account], &none).await.expect("read");
        assert_eq!(seen.pairs(trader.account), std::slice::from_ref(&pair));
        let of_plan = trader.snapshot(&pair).await;
        let of_watch = seen.snapshot(trader.account, &pair).expect("a snapshot");
        assert_eq!((of_watch.block, &of_watch.account), (of_plan.block, &of_plan.account));
        assert_eq!((of_watch.market, of_watch.pools), (of_plan.market, of_plan.pools));
        assert_eq!((of_watch.contracts, of_watch.morpho_liquidity), (of_plan.contracts, of_plan.morpho_liquidity));
        if round > 0 {
            assert_eq!(seen.calls, 1, "round {round}");
        }
        let lower = ["2900", "2800", "2750"][round];
        let change = PriceChange::parse("ETH", lower).expect("price");
        trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    }
}

#[tokio::test]
async fn a_gap_beyond_the_ticks_that_were_known_is_read_again_at_the_same_head() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(2)) }).await;
    let (mut survey, none) = (survey(&trader), BTreeSet::new());
    let head = Reader::head(&trader.endpoints).await.expect("head");
    survey.read(&trader.endpoints, head, &[trader.account], &none).await.expect("read");
    let change = PriceChange::parse("ETH", "1400").expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    let head = Reader::head(&trader.endpoints).await.expect("head");
    let seen = survey.read(&trader.endpoints, head, &[trader.account], &none).await.expect("read");
    let snapshot = seen.snapshot(trader.account, &pair).expect("a snapshot");
    assert_eq!(snapshot.pools, trader.snapshot(&pair).await.pools);
}

#[tokio::test]
async fn a_thousand_accounts_take_a_call_per_two_hundred_and_only_those_near_are_read_in_full() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    trader.somebody_borrows(5, ether(10), 1_000).await;
    let others = (1..999u64).map(|number| Address::from_word(B256::from(U256::from(number) << 64)));
    let accounts: Vec<Address> = others.chain([trader.account, account(5)]).collect();
    let (mut survey, none) = (survey(&trader), BTreeSet::new());
    for _ in 0..2 {
        let head = Reader::head(&trader.endpoints).await.expect("head");
        let seen = survey.read(&trader.endpoints, head, &accounts, &none).await.expect("read");
        assert_eq!(seen.near.keys().collect::<Vec<_>>(), [&trader.account]);
        assert_eq!(seen.far.len(), 999);
        let rich = seen.far[&account(5)];
        assert!(rich.0 > WAD * U256::from(20) && rich.0 < WAD * U256::from(30), "{rich}");
    }
    let head = Reader::head(&trader.endpoints).await.expect("head");
    let seen = survey.read(&trader.endpoints, head, &accounts, &none).await.expect("read");
    assert!(seen.calls <= 5, "{} calls for a thousand accounts", seen.calls);
}
