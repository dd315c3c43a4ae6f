//! Accounts that are more than one loop in a quiet account: dust, own deposits, two loops, collateral that cannot leave.

use alloy::primitives::{Address, U256};
use rust_decimal::{Decimal, dec};
use trimtab::{
    config::{LoopClass, SellConfig, WatchConfig},
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Pair, Request, Scope, Settings, Target},
    watchdog::{
        ladder::{Rung, RungOutcome},
        rules::Rule,
        runner::{ActionReport, HeadOutcome, WatchSettings},
    },
};

use crate::{
    common::account,
    guard::{Guard, is_at_target, rulebook},
    trader::{CBBTC, CBETH, Configurator, Erc20, POOL, Pool, Trader, USDC, WETH, ether, milli_ether, units},
};

/// A test account that is not the owner's.
const STRANGER: usize = 5;

/// The watch's rules with this choice of what may be sold, and the wallet left alone.
pub(crate) fn selling(sell: SellConfig) -> WatchSettings {
    WatchSettings { watch: WatchConfig { sell, ..WatchConfig::default() }, ..rulebook() }
}

/// One account supplies for another, from money of its own.
async fn supply(trader: &Trader, from: Address, asset: Address, amount: U256) {
    trader.replica.controls.fund(from, U256::ZERO, &[(asset, amount)]).await.expect("funds");
    trader.replica.send(from, asset, &Erc20::approveCall { spender: POOL, value: amount }).await;
    let supply = Pool::supplyCall { asset, amount, onBehalfOf: trader.account, referral: 0 };
    trader.replica.send(from, POOL, &supply).await;
}

/// The owner supplies by hand: no loop has it.
pub(crate) async fn deposit(trader: &Trader, asset: Address, amount: U256) {
    supply(trader, trader.account, asset, amount).await;
}

/// A stranger supplies on the owner's behalf.
pub(crate) async fn dust(trader: &Trader, asset: Address, amount: U256) {
    supply(trader, account(STRANGER), asset, amount).await;
}

/// The owner borrows by hand.
pub(crate) async fn borrow(trader: &Trader, asset: Address, amount: U256) {
    let mode = U256::from(2);
    let borrow = Pool::borrowCall { asset, amount, mode, referral: 0, onBehalfOf: trader.account };
    trader.replica.send(trader.account, POOL, &borrow).await;
}

/// Opens a loop as the program does: about itself and nothing else.
pub(crate) async fn open(trader: &Trader, pair: &Pair, funds: Funds, leverage: Decimal) {
    let settings = Settings { scope: Scope::Loop, ..trader.settings(LoopClass::Volatile) };
    trader.act_with(pair, &Request::Open { funds, target: Target::Leverage(leverage) }, &settings).await;
}

/// A loop of so many ether at 3x.
async fn ether_loop(trader: &Trader, equity: u64) -> Pair {
    let pair = trader.pair("WETH", "USDC").await;
    open(trader, &pair, Funds::Native(ether(equity)), dec!(3)).await;
    pair
}

/// The aToken balance of the account.
pub(crate) async fn supplied(trader: &Trader, symbol: &str) -> U256 {
    let pair = trader.pair(symbol, if symbol == "USDC" { "WETH" } else { "USDC" }).await;
    trader.collateral(&pair).await
}

async fn owed(trader: &Trader, symbol: &str) -> U256 {
    let pair = trader.pair(if symbol == "WETH" { "cbETH" } else { "WETH" }, symbol).await;
    trader.debt(&pair).await
}

#[track_caller]
fn mined(turn: &HeadOutcome) -> &ActionReport {
    let acted = turn.acted.as_ref().unwrap_or_else(|| panic!("no action: {turn:#?}"));
    assert!(acted.mined_in.is_some(), "{acted:#?}");
    acted
}

/// How many rungs were mined, in their order.
fn done(acted: &ActionReport) -> Vec<&Rung> {
    acted.attempts.iter().filter(|attempt| attempt.outcome == RungOutcome::Done).map(|attempt| &attempt.rung).collect()
}

/// Parts of a loop and of the account agree to a hundred-thousandth.
fn agree(one: U256, other: U256) -> bool {
    one.abs_diff(other) <= one.max(other) / U256::from(100_000u64) + U256::from(20u8)
}

/// The next head shows nothing of a liquidation and asks for nothing.
async fn is_quiet(guard: &mut Guard) {
    guard.said();
    for _ in 0..2 {
        let turn = guard.look().await;
        assert!(turn.firings.iter().all(|firing| firing.rule != Rule::Changed), "{:?}", turn.firings);
        assert_eq!(turn.acted, None);
        let _: serde_json::Value = guard.trader.replica.request("evm_mine", ()).await.expect("a block");
    }
    let said = guard.said();
    assert!(said.iter().all(|kind| kind != "changed"), "{said:?}");
}

#[tokio::test]
async fn two_millionths_of_a_dollar_from_a_stranger_no_longer_end_all_trimming() {
    let trader = Trader::start().await;
    let pair = ether_loop(&trader, 1).await;
    dust(&trader, USDC, U256::from(2u8)).await;
    dust(&trader, CBETH, U256::from(1_000u64)).await;
    let mut guard = Guard::with(trader, pair, selling(SellConfig::Loops), false);
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let turn = guard.look().await;
    mined(&turn);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    assert!(!guard.said().contains(&"human-needed".to_owned()));
    // And dust that comes while the price falls on.
    dust(&guard.trader, CBBTC, U256::from(2u8)).await;
    dust(&guard.trader, USDC, U256::from(2u8)).await;
    guard.price("2480", PriceScope::Everything).await;
    mined(&guard.look().await);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    is_quiet(&mut guard).await;
}

#[tokio::test]
async fn an_own_deposit_beside_the_loop_neither_ends_trimming_nor_is_it_touched() {
    let trader = Trader::start().await;
    let pair = ether_loop(&trader, 1).await;
    deposit(&trader, USDC, units(1_000, 6)).await;
    let mut guard = Guard::with(trader, pair, selling(SellConfig::Loops), false);
    guard.look().await;
    guard.price("2410", PriceScope::Everything).await;
    let before = guard.health().await;
    assert!(before > dec!(1.10) && before < dec!(1.15), "{before}");
    let turn = guard.look().await;
    let acted = mined(&turn);
    assert_eq!(done(acted).len(), 1, "{acted:#?}");
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    // A deposit is worth a unit less than it was, by Aave's rounding.
    let left = supplied(&guard.trader, "USDC").await;
    assert!(left + U256::ONE >= units(1_000, 6), "{left}");
    is_quiet(&mut guard).await;
}

#[tokio::test]
async fn an_own_deposit_that_may_be_sold_repays_its_own_asset_first_and_without_a_swap() {
    let trader = Trader::start().await;
    let pair = ether_loop(&trader, 10).await;
    // Large enough that what it saves in swaps is more than the gas of a second transaction.
    deposit(&trader, USDC, units(10_000, 6)).await;
    let mut guard = Guard::with(trader, pair, selling(SellConfig::All), false);
    guard.look().await;
    guard.price("2410", PriceScope::Everything).await;
    let turn = guard.look().await;
    let acted = mined(&turn);
    let rungs = done(acted);
    assert!(matches!(rungs[..], [Rung::RepayWithSupply { .. }, Rung::Flash { .. }]), "{acted:#?}");
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    let left = supplied(&guard.trader, "USDC").await;
    assert!(left < units(1, 6), "{left}");
    is_quiet(&mut guard).await;
}

#[tokio::test]
async fn a_second_loop_on_the_same_debt_is_a_loop_of_its_own_and_collateral_that_no_loop_has_is_not_sold() {
    let trader = Trader::start().await;
    let ether_pair = ether_loop(&trader, 1).await;
    trader.give(CBBTC, units(2, 6)).await;
    let bitcoin_pair = trader.pair("cbBTC", "USDC").await;
    open(&trader, &bitcoin_pair, Funds::Collateral(units(2, 6)), dec!(2.5)).await;
    deposit(&trader, CBETH, milli_ether(300)).await;
    let loops = trader.loops();
    assert_eq!(loops.len(), 2, "{loops:?}");
    let sum = loops.iter().fold(U256::ZERO, |sum, known| sum + known.position.terms.debt_principal);
    assert!(agree(sum, trader.debt(&ether_pair).await), "{loops:?}");

    let mut guard = Guard::with(trader, ether_pair.clone(), selling(SellConfig::Loops), false);
    guard.look().await;
    guard.price("2280", PriceScope::Everything).await;
    let before = guard.health().await;
    assert!(before > dec!(1.10) && before < dec!(1.15), "{before}");
    let turn = guard.look().await;
    mined(&turn);
    let alarms = turn.firings.iter().filter(|firing| firing.rule == Rule::Trigger).count();
    assert_eq!(alarms, 1, "{:?}", turn.firings);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    let kept = supplied(&guard.trader, "cbETH").await;
    assert!(kept + U256::ONE >= milli_ether(300), "{kept}");

    let loops = guard.trader.loops();
    assert_eq!(loops.len(), 2, "nothing is opened or closed by a trim: {loops:?}");
    let of = |pair: &Pair| {
        let found = loops.iter().find(|known| known.position.collateral == pair.collateral.token);
        found.expect("a loop").position.terms.clone()
    };
    let (ether_terms, bitcoin_terms) = (of(&ether_pair), of(&bitcoin_pair));
    let owed = guard.trader.debt(&ether_pair).await;
    assert!(agree(ether_terms.debt_principal + bitcoin_terms.debt_principal, owed), "{loops:?} of {owed}");
    for (pair, terms) in [(&ether_pair, &ether_terms), (&bitcoin_pair, &bitcoin_terms)] {
        assert!(agree(terms.collateral_principal, guard.trader.collateral(pair).await), "{}: {terms:?}", pair.name());
    }
    is_quiet(&mut guard).await;
}

#[tokio::test]
async fn a_thousand_wei_from_a_stranger_do_not_make_opening_fail() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let stranger = account(STRANGER);
    trader.replica.controls.fund(stranger, U256::ZERO, &[(WETH, ether(1))]).await.expect("funds");
    trader.replica.send(stranger, WETH, &Erc20::approveCall { spender: POOL, value: ether(1) }).await;
    let supply = Pool::supplyCall { asset: WETH, amount: ether(1), onBehalfOf: stranger, referral: 0 };
    trader.replica.send(stranger, POOL, &supply).await;
    let sent = Erc20::transferCall { to: trader.account, value: U256::from(1_000u64) };
    trader.replica.send(stranger, pair.collateral.a_token, &sent).await;
    opens_at_three(&trader, &pair).await;
}

#[tokio::test]
async fn a_millionth_of_an_ether_supplied_on_behalf_does_not_shrink_the_loop_that_is_opened() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    dust(&trader, WETH, units(1, 12)).await;
    opens_at_three(&trader, &pair).await;
}

async fn opens_at_three(trader: &Trader, pair: &Pair) {
    let ran = trader.program().run("loop open --equity 1 --leverage 3 --broadcast").await;
    ran.succeeds();
    // 3 WETH against 6 000 USDC, less what the swap costs.
    let (collateral, debt) = (trader.collateral(pair).await, trader.debt(pair).await);
    assert!(collateral > milli_ether(2_980) && collateral < milli_ether(3_010), "{collateral}");
    assert!(debt > units(5_950, 6) && debt < units(6_050, 6), "{debt}");
    assert_eq!(trader.loops().len(), 1);
}

#[tokio::test]
async fn what_one_collateral_cannot_reach_the_next_in_the_owners_order_completes() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    deposit(&trader, WETH, ether(30)).await;
    deposit(&trader, CBBTC, units(5, 6)).await;
    borrow(&trader, USDC, units(60_000, 6)).await;
    let order = SellConfig::Assets(vec!["cbBTC".to_owned(), "WETH".to_owned()]);
    let mut guard = Guard::with(trader, pair.clone(), selling(order), false);
    guard.look().await;
    guard.price("2550", PriceScope::Everything).await;
    let before = guard.health().await;
    assert!((before - dec!(1.11675)).abs() < dec!(0.0005), "{before}");
    let turn = guard.look().await;
    let acted = mined(&turn);
    let sold: Vec<&str> = done(acted).iter().filter_map(|rung| rung.pair()).map(|pair| pair.name.as_str()).collect();
    assert_eq!(sold, ["cbBTC/USDC", "WETH/USDC"], "{acted:#?}");
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    // Repaid 4 495.50 and 14 041.13 (strategy.md §5), within a thousandth.
    let left = guard.trader.debt(&pair).await;
    assert!(left.abs_diff(units(41_463_370, 3)) < units(20, 6), "{left}");
    // What the sale may cost at its bound, 1 %, is kept back from it.
    let left = supplied(&guard.trader, "cbBTC").await;
    assert!(left < U256::from(51_000u64), "{left} of 5 000 000");
    is_quiet(&mut guard).await;
}

#[tokio::test]
async fn a_small_collateral_that_lost_its_loan_value_does_not_bar_the_trim() {
    let trader = Trader::start().await;
    let pair = ether_loop(&trader, 1).await;
    deposit(&trader, CBETH, milli_ether(50)).await;
    let barred = Configurator::configureReserveAsCollateralCall {
        asset: CBETH,
        ltv: U256::ZERO,
        threshold: U256::from(7_900u64),
        bonus: U256::from(10_750u64),
    };
    trader.govern(&barred).await;
    let mut guard = Guard::with(trader, pair, selling(SellConfig::Loops), false);
    guard.look().await;
    guard.price("2650", PriceScope::Everything).await;
    let before = guard.health().await;
    assert!(before > dec!(1.10) && before < dec!(1.15), "{before}");
    mined(&guard.look().await);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    let kept = supplied(&guard.trader, "cbETH").await;
    assert!(kept + U256::ONE >= milli_ether(50), "it is switched off and stays: {kept}");
    is_quiet(&mut guard).await;
}

#[tokio::test]
async fn a_wrong_price_of_aaves_is_answered_with_what_goes_through_and_the_command_that_closes() {
    let trader = Trader::start().await;
    trader.give(CBETH, ether(10)).await;
    let pair = trader.pair("cbETH", "WETH").await;
    let settings = Settings { scope: Scope::Loop, ..trader.settings(LoopClass::Correlated) };
    let request = Request::Open { funds: Funds::Collateral(ether(10)), target: Target::Leverage(dec!(5)) };
    trader.act_with(&pair, &request, &settings).await;
    let mut guard = Guard::with(trader, pair.clone(), selling(SellConfig::Loops), false);
    guard.look().await;
    let owed = guard.trader.debt(&pair).await;
    // Its ratio to ether in place of its price: 1.125 dollars.
    let change = PriceChange::parse("cbETH", "0.000375").expect("price");
    guard.trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("moved");
    assert!(guard.health().await < dec!(0.01));
    guard.words();
    let turn = guard.look().await;
    let acted = turn.acted.as_ref().unwrap_or_else(|| panic!("{turn:#?}"));
    assert!(!acted.attempts.is_empty(), "it tries: {acted:#?}");
    let words = guard.words();
    assert!(words.iter().any(|text| text.contains("`trimtab loop close --collateral cbETH --debt WETH")), "{words:#?}");
    if acted.mined_in.is_some() {
        assert!(guard.trader.debt(&pair).await < owed, "{acted:#?}");
    }
}

#[tokio::test]
async fn a_trim_that_repaid_all_of_one_debt_is_not_told_as_a_liquidation() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "cbBTC").await;
    deposit(&trader, WETH, ether(3)).await;
    deposit(&trader, USDC, units(600, 6)).await;
    borrow(&trader, USDC, units(500, 6)).await;
    borrow(&trader, CBBTC, units(6, 6)).await;
    let order = SellConfig::Assets(vec!["USDC".to_owned(), "WETH".to_owned()]);
    let mut guard = Guard::with(trader, pair.clone(), selling(order), false);
    guard.look().await;
    guard.price("2490", PriceScope::Everything).await;
    let before = guard.health().await;
    assert!(before > dec!(1.10) && before < dec!(1.15), "{before}");
    let turn = guard.look().await;
    mined(&turn);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    assert!(owed(&guard.trader, "USDC").await < units(1, 6), "{}", owed(&guard.trader, "USDC").await);
    is_quiet(&mut guard).await;
}
