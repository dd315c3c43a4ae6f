//! What a head costs that changes nothing, and that nothing which changes an account is passed over.

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, U256},
    sol,
};
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    chain::{BlockRef, Reader},
    config::WatchConfig,
    localchain::{PriceChange, PriceScope},
    loops::{AccountsReader, FeedBook, Funds, Observation, Request, Target},
    units::{Secs, WAD, Wad},
};

use crate::common::account;
use crate::trader::{Erc20, POOL, Trader, USDC, ether, units};

sol! {
    function setUserUseReserveAsCollateral(address asset, bool on) external;
    function setUserEMode(uint8 category) external;
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;
    function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf) external returns (uint256);
    function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf) external;
    function withdraw(address asset, uint256 amount, address to) external returns (uint256);
}

/// A watch over a loop of 2x beside a deposit of USDC, and over accounts that are far.
struct Watched {
    trader: Trader,
    survey: AccountsReader,
    accounts: Vec<Address>,
}

impl Watched {
    async fn start() -> Self {
        let trader = Trader::start().await;
        let pair = trader.pair("WETH", "USDC").await;
        trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(2.5)) }).await;
        trader.somebody_borrows(5, ether(10), 1_000).await;
        trader.replica.send(trader.account, USDC, &Erc20::approveCall { spender: POOL, value: U256::MAX }).await;
        let feeds = FeedBook::new(&WatchConfig::default(), &trader.list).expect("feeds");
        let survey = AccountsReader::new(trader.list.clone(), Wad(WAD * U256::from(2))).with_feeds(feeds);
        let accounts = vec![trader.account, account(5), account(6)];
        Self { trader, survey, accounts }
    }

    async fn node(&self, method: &'static str, params: Value) {
        let _: Value = self.trader.replica.request(method, params).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// A block so many seconds after the last one.
    async fn block_after(&self, seconds: u64) -> BlockRef {
        let head = Reader::head(&self.trader.endpoints).await.expect("head");
        self.node("evm_setNextBlockTimestamp", json!([head.timestamp.0 + seconds])).await;
        self.node("evm_mine", json!([])).await;
        Reader::head(&self.trader.endpoints).await.expect("head")
    }

    async fn look(&mut self, block: BlockRef) -> Observation {
        let always = BTreeSet::from([self.trader.account]);
        let look = self.survey.look(&self.trader.endpoints, block, &self.accounts, &always, true);
        look.await.expect("read")
    }

    /// What a reading in full shows at the same head.
    async fn in_full(&self, block: BlockRef) -> Observation {
        let always = BTreeSet::from([self.trader.account]);
        let mut survey = self.survey.clone();
        survey.read(&self.trader.endpoints, block, &self.accounts, &always).await.expect("read")
    }
}

fn health(seen: &Observation, account: Address) -> Wad {
    seen.near[&account].at(&seen.market, seen.block.timestamp).expect("figures").health_factor
}

#[tokio::test]
async fn a_head_that_changes_nothing_costs_a_small_question_and_shows_what_a_reading_in_full_shows() {
    let mut watched = Watched::start().await;
    let me = watched.trader.account;
    let first = watched.block_after(1).await;
    assert!(!watched.look(first).await.is_carried);
    // Five blocks a second, each of the first three seconds; then once a second.
    for ahead in [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1] {
        let block = watched.block_after(ahead).await;
        let before = traffic(&watched);
        let seen = watched.look(block).await;
        let asked = traffic(&watched) - before;
        assert!(seen.is_carried && seen.calls == 1 && seen.block == block, "{ahead}");
        assert!(asked < if ahead == 0 { 4_000 } else { 8_000 }, "{asked} bytes, {ahead} s later");
        let full = watched.in_full(block).await;
        assert_eq!(health(&seen, me), health(&full, me), "interest is computed, not asked for");
        assert_eq!(seen.near[&me].holdings, full.near[&me].holdings);
        assert_eq!(seen.feeds, full.feeds);
        assert_eq!(seen.far.keys().collect::<Vec<_>>(), full.far.keys().collect::<Vec<_>>());
    }
    let late = watched.block_after(60).await;
    assert!(!watched.look(late).await.is_carried, "everything is read now and then");
}

fn traffic(watched: &Watched) -> u64 {
    watched.trader.endpoints.traffic().iter().map(|(_, traffic)| traffic.bytes()).sum()
}

/// Everything that can happen to an account and its prices, one after the other.
#[tokio::test]
async fn whatever_changes_an_account_is_read_in_full_at_the_head_that_shows_it() {
    let mut watched = Watched::start().await;
    let (me, stranger) = (watched.trader.account, account(5));
    watched.trader.give(USDC, units(5_000, 6)).await;
    watched.trader.replica.send(me, USDC, &Erc20::transferCall { to: stranger, value: units(500, 6) }).await;
    watched.trader.replica.send(stranger, USDC, &Erc20::approveCall { spender: POOL, value: U256::MAX }).await;
    let usdc = |amount| units(amount, 6);
    let changes = [
        "a deposit",
        "a second collateral counts",
        "it does not count any more",
        "a withdrawal",
        "a loan",
        "somebody repays a part",
        "feed and oracle",
        "the pools alone",
        "the feed alone",
        "ether for gas",
    ];
    for change in changes {
        let before = watched.block_after(1).await;
        watched.look(before).await;
        let between = watched.block_after(0).await;
        assert!(watched.look(between).await.is_carried, "before {change}");
        let replica = &watched.trader.replica;
        let price = async |scope, to: &str| {
            let change = PriceChange::parse("ETH", to).expect("price");
            replica.controls.price(&change, scope).await.expect("moved");
        };
        match change {
            "a deposit" => {
                let call = supplyCall { asset: USDC, amount: usdc(100), onBehalfOf: me, referral: 0 };
                replica.send(me, POOL, &call).await;
            }
            "a second collateral counts" => {
                replica.send(me, POOL, &setUserUseReserveAsCollateralCall { asset: USDC, on: false }).await;
            }
            "it does not count any more" => {
                replica.send(me, POOL, &setUserUseReserveAsCollateralCall { asset: USDC, on: true }).await;
            }
            "a withdrawal" => {
                replica.send(me, POOL, &withdrawCall { asset: USDC, amount: usdc(50), to: me }).await;
            }
            "a loan" => {
                let call =
                    borrowCall { asset: USDC, amount: usdc(10), mode: U256::from(2), referral: 0, onBehalfOf: me };
                replica.send(me, POOL, &call).await;
            }
            "somebody repays a part" => {
                let call = repayCall { asset: USDC, amount: usdc(5), mode: U256::from(2), onBehalfOf: me };
                replica.send(stranger, POOL, &call).await;
            }
            "feed and oracle" => price(PriceScope::FeedOnly, "2999").await,
            "the feed alone" => {
                let change = PriceChange::parse("ETH", "2998").expect("price");
                replica.controls.price_before_oracle(&change, PriceScope::FeedOnly, Secs(3_600)).await.expect("moved");
            }
            "the pools alone" => price(PriceScope::PoolsOnly, "2990").await,
            _ => watched.trader.has_ether(U256::from(7)).await,
        }
        let block = watched.block_after(0).await;
        let seen = watched.look(block).await;
        assert!(!seen.is_carried, "{change}");
        let full = watched.in_full(block).await;
        assert_eq!((health(&seen, me), &seen.feeds), (health(&full, me), &full.feeds), "{change}");
        assert_eq!(seen.pools(), full.pools(), "{change}");
    }
}

#[tokio::test]
async fn an_account_that_comes_near_is_read_in_full_within_a_second() {
    let mut watched = Watched::start().await;
    let other = account(5);
    let first = watched.block_after(1).await;
    watched.look(first).await;
    let calm = watched.block_after(1).await;
    assert!(watched.look(calm).await.far.contains_key(&other));
    let loan =
        borrowCall { asset: USDC, amount: units(13_000, 6), mode: U256::from(2), referral: 0, onBehalfOf: other };
    watched.trader.replica.send(other, POOL, &loan).await;
    let next = watched.block_after(1).await;
    let seen = watched.look(next).await;
    assert!(!seen.is_carried && seen.near.contains_key(&other) && !seen.far.contains_key(&other));
}

#[tokio::test]
async fn other_accounts_an_older_block_and_whoever_is_not_calm_are_read_in_full() {
    let mut watched = Watched::start().await;
    let first = watched.block_after(1).await;
    watched.look(first).await;
    let second = watched.block_after(1).await;
    assert!(watched.look(second).await.is_carried);
    assert!(!watched.look(second).await.is_carried, "the same head again");
    let third = watched.block_after(1).await;
    let always = BTreeSet::from([watched.trader.account]);
    let mut survey = watched.survey.clone();
    let seen = survey.look(&watched.trader.endpoints, third, &watched.accounts, &always, false).await.expect("read");
    assert!(!seen.is_carried, "something is near");
    watched.accounts.push(account(7));
    let seen = watched.look(third).await;
    assert!(!seen.is_carried && seen.far.contains_key(&account(7)));
}

/// Without a price Aave's own view of every account that has the asset reverts, near or far: no head may be lost for it.
#[tokio::test]
async fn a_price_that_cannot_be_read_keeps_no_head_from_being_read() {
    let mut watched = Watched::start().await;
    let first = watched.block_after(1).await;
    watched.look(first).await;
    let second = watched.block_after(1).await;
    assert!(watched.look(second).await.is_carried);
    let usdc = watched.trader.list.listings.iter().find(|listing| listing.asset == USDC).expect("listed");
    // PUSH0 PUSH0 REVERT.
    watched.node("anvil_setCode", json!([usdc.source, "0x5f5ffd"])).await;
    for ahead in [0, 1] {
        let block = watched.block_after(ahead).await;
        let seen = watched.look(block).await;
        assert!(!seen.is_carried && seen.near.contains_key(&watched.trader.account), "{ahead}");
    }
}
