//! Feeds against Aave's prices.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use alloy::{
    primitives::{Address, B256, Bytes, I256, U256, address},
    sol_types::{SolCall, SolValue},
};
use proptest::prelude::*;

use super::{
    book::{Entry, Source},
    query::{FeedQuery, Hearing},
    trust::{Heard, Trust},
    *,
};
use crate::{
    aave::{Deployment, Listing, Price, ReserveList},
    chain::{
        Answers, Batch, BlockRef, ReadError, Reader,
        multicall3::IMulticall3::{self, aggregate3Call},
    },
    config::{FeedOrigin, StandardFeed, TokenFeed, WatchConfig},
    units::{Secs, UsdE8},
};

const NOW: Secs = Secs(1_000_000);
const WETH: Address = address!("4200000000000000000000000000000000000006");
const CBETH: Address = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// What Aave asks for ether, and what the ratio of cbETH is one to.
const SVR: Address = Address::repeat_byte(1);
const RATIO: Address = Address::repeat_byte(2);
const NAMED: Address = Address::repeat_byte(3);

fn standard() -> Address {
    StandardFeed::ALL[0].feed
}

/// Hundredths of a dollar.
fn cents(value: u64) -> UsdE8 {
    UsdE8(U256::from(value) * U256::from(1_000_000u64))
}

fn dollars(value: u64) -> UsdE8 {
    cents(value * 100)
}

/// Of 8 decimals, made `age` seconds ago.
fn says(description: &str, price: UsdE8, age: u64) -> FeedAnswer {
    FeedAnswer {
        decimals: 8,
        description: description.to_owned(),
        answer: I256::from_raw(price.0),
        round: U256::from(7u8),
        answered_in: U256::from(7u8),
        updated_at: Secs(NOW.0 - age),
    }
}

fn aave(price: UsdE8, age: Option<u64>) -> Reference {
    Reference { price, updated_at: age.map(|age| Secs(NOW.0 - age)) }
}

fn list() -> ReserveList {
    let listing = |asset, symbol: &str, source| Listing {
        asset,
        symbol: symbol.to_owned(),
        a_token: Address::ZERO,
        debt_token: Address::ZERO,
        source,
        token_permit: None,
        a_token_permit: None,
        debt_token_permit: None,
    };
    ReserveList {
        deployment: Deployment::BASE,
        revision: 10,
        rate_strategy: Address::ZERO,
        sentinel: None,
        listings: vec![
            listing(WETH, "WETH", SVR),
            listing(CBETH, "cbETH", RATIO),
            listing(USDC, "USDC", Address::repeat_byte(9)),
        ],
        categories: vec![],
    }
}

fn named(token: &str) -> WatchConfig {
    WatchConfig { feeds: vec![TokenFeed { token: token.to_owned(), feed: NAMED }], ..WatchConfig::default() }
}

/// With what Aave's sources say of themselves.
fn book(watch: &WatchConfig) -> FeedBook {
    let mut book = FeedBook::new(watch, &list()).expect("tokens that Aave lists");
    let source = |subject: &str, base| Source { subject: Some(subject.to_owned()), base };
    book.sources = Some(BTreeMap::from([(SVR, source("ETH", None)), (RATIO, source("CBETH", Some(SVR)))]));
    book
}

/// Aave at 3,000 for ether, 100 s old, and 3,375 for cbETH, of which it does not say.
fn at_aave() -> BTreeMap<Address, Price> {
    let price = |value, source, updated_at| Price { value, source, updated_at };
    BTreeMap::from([
        (WETH, price(dollars(3_000), SVR, Some(Secs(NOW.0 - 100)))),
        (CBETH, price(dollars(3_375), RATIO, None)),
        (USDC, price(dollars(1), Address::repeat_byte(9), Some(Secs(NOW.0 - 100)))),
    ])
}

fn heard(answers: &[(Address, FeedAnswer)]) -> Hearing {
    Hearing(answers.iter().map(|(feed, answer)| (*feed, Heard::Answer(answer.clone()))).collect())
}

/// The fault of the feed named for a token, which says this while everything else is as it should be.
fn fault(token: &str, answer: FeedAnswer) -> Option<FeedFault> {
    let book = book(&named(token));
    let hearing = heard(&[
        (NAMED, answer),
        (standard(), says("ETH / USD", dollars(3_000), 100)),
        (SVR, says("ETH / USD", dollars(3_000), 100)),
    ]);
    let (prices, readings) = book.held_against(&hearing, &at_aave(), NOW);
    // Whatever the named one says, the standard one stays.
    assert!(prices.contains_key(&WETH) && prices.contains_key(&CBETH), "{readings:?}");
    let reading = readings.into_iter().find(|reading| reading.feed == NAMED).expect("asked");
    assert_eq!(reading.origin, FeedOrigin::Named);
    reading.fault().cloned()
}

#[test]
fn a_ratio_to_ether_named_as_dollars_is_out_by_its_words_and_by_its_figure() {
    let ratio = |description: &str| says(description, cents(112), 0);
    assert!(matches!(fault("cbETH", ratio("CBETH / ETH")), Some(FeedFault::Currency { .. })));
    assert_eq!(fault("cbETH", ratio("")), Some(FeedFault::Factor));
    assert_eq!(fault("cbETH", ratio("CBETH / USD")), Some(FeedFault::Factor));
    // With the 18 decimals that ratios have.
    let fine =
        FeedAnswer { decimals: 18, answer: I256::try_from(1_125_000_000_000_000_000u64).expect("fits"), ..ratio("") };
    assert_eq!(fault("cbETH", fine), Some(FeedFault::Factor));
}

#[test]
fn wrong_decimals_are_out_and_other_decimals_are_not() {
    let eighteen = I256::try_from(3_375u64).expect("fits") * I256::try_from(10u64.pow(18)).expect("fits");
    let right = FeedAnswer { decimals: 18, answer: eighteen, ..says("CBETH / USD", dollars(1), 0) };
    assert_eq!(fault("cbETH", right.clone()), None);
    assert_eq!(fault("cbETH", FeedAnswer { decimals: 8, ..right.clone() }), Some(FeedFault::Factor));
    assert!(matches!(fault("cbETH", FeedAnswer { decimals: 77, ..right.clone() }), Some(FeedFault::NoPrice { .. })));
    assert!(matches!(fault("cbETH", FeedAnswer { answer: I256::MAX, ..right }), Some(FeedFault::NoPrice { .. })));
    let eight = says("CBETH / USD", dollars(3_375), 0);
    assert!(matches!(
        fault("cbETH", FeedAnswer { decimals: 18, ..eight }),
        Some(FeedFault::Factor | FeedFault::NoPrice { .. })
    ));
}

#[test]
fn a_feed_of_another_token_of_a_similar_price_is_out_by_its_words() {
    assert!(matches!(fault("cbETH", says("ETH / USD", dollars(3_000), 0)), Some(FeedFault::Asset { .. })));
    assert!(matches!(fault("WETH", says("CBETH / USD", dollars(3_375), 0)), Some(FeedFault::Asset { .. })));
    for (token, description) in [
        ("WETH", "ETH / USD"),
        ("WETH", "WETH/USD"),
        ("cbETH", "cbETH / USD"),
        ("cbETH", "Capped cbETH / ETH / USD"),
        ("WETH", "ETH / USD by somebody"),
        ("WETH", "price feed"),
        ("WETH", ""),
    ] {
        let price = if token == "WETH" { 3_000 } else { 3_375 };
        assert_eq!(fault(token, says(description, dollars(price), 0)), None, "{token} {description}");
    }
}

#[test]
fn zero_negative_unfinished_future_and_old_answers_are_out() {
    let good = says("ETH / USD", dollars(3_000), 0);
    let with = |change: &dyn Fn(&mut FeedAnswer)| {
        let mut answer = good.clone();
        change(&mut answer);
        fault("WETH", answer)
    };
    assert_eq!(with(&|_| {}), None);
    assert!(matches!(with(&|it| it.answer = I256::ZERO), Some(FeedFault::NoPrice { .. })));
    assert!(matches!(with(&|it| it.answer = -it.answer), Some(FeedFault::NoPrice { .. })));
    assert_eq!(with(&|it| it.updated_at = Secs(0)), Some(FeedFault::Incomplete));
    assert_eq!(with(&|it| it.answered_in = U256::from(6u8)), Some(FeedFault::Incomplete));
    assert_eq!(with(&|it| it.updated_at = Secs(NOW.0 + 61)), Some(FeedFault::Future { ahead: 61 }));
    assert_eq!(with(&|it| it.updated_at = Secs(NOW.0 + 60)), None);
    // Older than Aave's and than an ether feed's heartbeat.
    assert!(matches!(with(&|it| it.updated_at = Secs(NOW.0 - 1_501)), Some(FeedFault::Old { .. })));
    assert_eq!(with(&|it| it.updated_at = Secs(NOW.0 - 1_500)), None);
}

#[test]
fn a_feed_that_stands_still_while_aave_moves_on_foretells_nothing() {
    let still = says("", dollars(2_400), 500);
    let judged = |aave| judge(&still, aave, NOW, Secs(1_500));
    assert_eq!(judged(aave(dollars(3_000), Some(100))), Ok((dollars(2_400), FeedStanding::Behind)));
    assert_eq!(judged(aave(dollars(3_000), Some(500))), Ok((dollars(2_400), FeedStanding::Ahead)));
    // An SVR feed may tell when it was brought, not when its answer was made.
    assert_eq!(judged(aave(dollars(3_000), Some(440))), Ok((dollars(2_400), FeedStanding::Ahead)));
    assert_eq!(judged(aave(dollars(3_000), Some(439))), Ok((dollars(2_400), FeedStanding::Behind)));
    // Where Aave does not say how old its answer is, a young one counts.
    assert_eq!(judged(aave(dollars(3_000), None)), Ok((dollars(2_400), FeedStanding::Ahead)));
    // When both stand still, what is newer is still what comes next.
    let old = says("", dollars(2_400), 5_000);
    assert!(matches!(judge(&old, aave(dollars(3_000), Some(6_000)), NOW, Secs(1_500)), Ok((_, FeedStanding::Ahead))));
    assert!(matches!(judge(&old, aave(dollars(3_000), None), NOW, Secs(1_500)), Err(FeedFault::Old { .. })));
}

#[test]
fn a_named_feed_goes_before_the_standard_one_and_only_while_it_is_plausible() {
    let book = book(&named("WETH"));
    let read = |named: FeedAnswer| {
        let hearing = heard(&[
            (NAMED, named),
            (standard(), says("ETH / USD", dollars(2_700), 0)),
            (SVR, says("ETH / USD", dollars(3_000), 100)),
        ]);
        book.held_against(&hearing, &at_aave(), NOW)
    };
    let (prices, readings) = read(says("ETH / USD", dollars(2_400), 0));
    // Staked ether follows the same feed as ether: a pair of the two sees no gap.
    assert_eq!((prices[&WETH], prices[&CBETH]), (dollars(2_400), dollars(2_700)));
    assert!(readings.iter().all(|reading| reading.fault().is_none()), "{readings:?}");
    for implausible in [says("ETH / USD", cents(112), 0), says("ETH / BTC", dollars(2_400), 0)] {
        let (prices, readings) = read(implausible);
        assert_eq!((prices[&WETH], prices[&CBETH]), (dollars(2_700), cents(303_750)));
        assert_eq!(readings.iter().filter(|reading| reading.fault().is_some()).count(), 1);
    }
    // One that Aave has overtaken says nothing; the other may.
    let (prices, readings) = read(says("ETH / USD", dollars(2_400), 200));
    assert_eq!(prices[&WETH], dollars(2_700));
    assert!(readings.iter().all(|reading| reading.fault().is_none()), "{readings:?}");
}

#[test]
fn staked_ether_moves_as_ether_does_and_not_twice_where_its_ratio_is_one_to_the_standard_feed() {
    let mut book = book(&WatchConfig::default());
    let standard_says = says("ETH / USD", dollars(2_400), 0);
    let hearing = heard(&[(standard(), standard_says), (SVR, says("ETH / USD", dollars(3_000), 100))]);
    let (prices, _) = book.held_against(&hearing, &at_aave(), NOW);
    assert_eq!((prices[&WETH], prices[&CBETH]), (dollars(2_400), dollars(2_700)));
    // Aave's price of cbETH has moved already.
    if let Some(ratio) = book.sources.as_mut().and_then(|sources| sources.get_mut(&RATIO)) {
        ratio.base = Some(standard());
    }
    let (prices, _) = book.held_against(&hearing, &at_aave(), NOW);
    assert_eq!((prices[&WETH], prices[&CBETH]), (dollars(2_400), dollars(3_375)));
    // What the ratio is one to does not answer.
    if let Some(ratio) = book.sources.as_mut().and_then(|sources| sources.get_mut(&RATIO)) {
        ratio.base = Some(SVR);
    }
    let mut deaf = heard(&[(standard(), says("ETH / USD", dollars(2_400), 0))]);
    deaf.0.insert(SVR, Heard::Silent);
    let (prices, readings) = book.held_against(&deaf, &at_aave(), NOW);
    assert!(prices.contains_key(&WETH) && !prices.contains_key(&CBETH));
    assert!(readings.iter().any(|reading| matches!(reading.fault(), Some(FeedFault::Base { base: SVR, .. }))));
    // A source that is no ratio, or that is not the one that was asked, is left alone.
    if let Some(ratio) = book.sources.as_mut().and_then(|sources| sources.get_mut(&RATIO)) {
        ratio.base = None;
    }
    let (_, readings) = book.held_against(&hearing, &at_aave(), NOW);
    assert!(readings.iter().any(|reading| matches!(reading.fault(), Some(FeedFault::NoRatio { .. }))));
    book.sources.as_mut().and_then(|sources| sources.remove(&RATIO));
    let (prices, readings) = book.held_against(&hearing, &at_aave(), NOW);
    assert!(!prices.contains_key(&CBETH));
    assert!(readings.iter().any(|reading| matches!(reading.fault(), Some(FeedFault::SourceMoved { .. }))));
}

#[test]
fn without_default_feeds_only_what_is_named_is_asked_and_a_token_that_aave_does_not_list_is_refused() {
    let off = WatchConfig { default_feeds: false, ..WatchConfig::default() };
    assert!(FeedBook::new(&off, &list()).expect("nothing").is_empty());
    let error = FeedBook::new(&named("PEPE"), &list()).expect_err("not listed");
    assert!(error.to_string().contains("PEPE") && error.to_string().contains("cbETH"), "{error}");
    // However it is written, and tokens of the standard feeds that this market lacks are left out.
    let book = FeedBook::new(&named("weth"), &list()).expect("listed");
    let tokens: Vec<(&str, FeedOrigin)> =
        book.entries.iter().map(|Entry { symbol, origin, .. }| (symbol.as_str(), *origin)).collect();
    let standard = FeedOrigin::Standard;
    assert_eq!(tokens, [("WETH", FeedOrigin::Named), ("WETH", standard), ("cbETH", standard)]);
}

#[test]
fn what_a_contract_calls_itself_is_fit_for_a_terminal() {
    let text = answer::clean(&format!("ETH\u{1b}[2J / USD\n{}", "x".repeat(1_000)));
    assert!(text.starts_with("ETH[2J / USD") && text.chars().count() <= 48, "{text}");
}

/// A chain on which a call that asks a harmful feed fails as a whole.
#[derive(Default)]
struct Chain {
    harmful: BTreeSet<Address>,
    calls: Mutex<Vec<Vec<Address>>>,
}

impl Reader for Chain {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        Err(ReadError::Unavailable("not asked".to_owned()))
    }

    async fn read(&self, _: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
        let calls = aggregate3Call::abi_decode(&batch.calldata()).expect("batch").calls;
        let asked: Vec<Address> = calls.iter().map(|call| call.target).collect();
        self.calls.lock().expect("lock").push(asked.clone());
        if asked.iter().any(|target| self.harmful.contains(target)) {
            return Err(ReadError::Unavailable("out of gas".to_owned()));
        }
        let answer = |index: usize| -> Bytes {
            let price = U256::from(300_000_000_000u64);
            let time = U256::from(NOW.0);
            match index % 3 {
                0 => U256::from(8u8).abi_encode().into(),
                1 => "ETH / USD".abi_encode().into(),
                _ => (U256::ONE, price, time, time, U256::ONE).abi_encode().into(),
            }
        };
        let results: Vec<_> =
            (0..asked.len()).map(|index| IMulticall3::Result { success: true, returnData: answer(index) }).collect();
        batch.answers(&aggregate3Call::abi_encode_returns(&results))
    }
}

fn block(number: u64) -> BlockRef {
    BlockRef { number, hash: B256::ZERO, timestamp: NOW, base_fee: U256::ZERO, timestamp_ms: None }
}

/// A head as a survey reads it: the common call, and again without feeds when it fails.
async fn head(book: &mut FeedBook, chain: &Chain, number: u64) -> Hearing {
    let mut batch = Batch::new();
    let query = FeedQuery::add(book, &mut batch);
    let shared = chain.read(block(number), &batch).await.ok();
    book.hear(chain, block(number), &query, shared.as_ref()).await.0
}

#[tokio::test]
async fn a_named_feed_that_burns_all_gas_never_shares_a_call_with_the_accounts() {
    let mut book = book(&named("WETH"));
    let chain = Chain { harmful: BTreeSet::from([NAMED]), ..Chain::default() };
    for number in 1..=400 {
        let hearing = head(&mut book, &chain, number).await;
        assert!(matches!(hearing.of(NAMED), Heard::Harmful) && matches!(hearing.of(standard()), Heard::Answer(_)));
    }
    let calls = chain.calls.lock().expect("lock");
    let asking = calls.iter().filter(|targets| targets.contains(&NAMED));
    // Alone, and twice in four hundred blocks.
    assert!(asking.clone().all(|targets| targets.iter().all(|target| *target == NAMED)));
    assert_eq!(asking.count(), 2);
}

#[tokio::test]
async fn a_feed_that_becomes_harmful_is_found_out_and_one_that_recovers_is_asked_with_the_others_again() {
    let mut book = book(&named("WETH"));
    let mut chain = Chain::default();
    assert!(matches!(head(&mut book, &chain, 1).await.of(NAMED), Heard::Answer(_)));
    assert!(matches!(head(&mut book, &chain, 2).await.of(NAMED), Heard::Answer(_)));
    chain.harmful.insert(NAMED);
    // The call failed with all of them: nothing is known of any, and the named one is suspected.
    assert!(matches!(head(&mut book, &chain, 3).await.of(standard()), Heard::Unheard));
    let hearing = head(&mut book, &chain, 4).await;
    assert!(matches!(hearing.of(NAMED), Heard::Harmful) && matches!(hearing.of(standard()), Heard::Answer(_)));
    chain.harmful.clear();
    assert!(matches!(head(&mut book, &chain, 5).await.of(NAMED), Heard::Harmful));
    assert!(matches!(head(&mut book, &chain, 400).await.of(NAMED), Heard::Answer(_)));
    chain.calls.lock().expect("lock").clear();
    head(&mut book, &chain, 401).await;
    assert_eq!(chain.calls.lock().expect("lock").len(), 1, "one call for all of them");
}

#[tokio::test]
async fn a_standard_feed_that_becomes_harmful_does_not_take_the_other_with_it() {
    let mut book = FeedBook::new(&WatchConfig::default(), &list()).expect("listed");
    book.sources = Some(BTreeMap::new());
    book.trust = Trust::default();
    let chain = Chain { harmful: BTreeSet::from([standard()]), ..Chain::default() };
    head(&mut book, &chain, 1).await;
    for number in 2..=4 {
        assert!(matches!(head(&mut book, &chain, number).await.of(standard()), Heard::Harmful | Heard::Unheard));
    }
}

fn any_answer() -> impl Strategy<Value = FeedAnswer> {
    let magnitude = (0u64..=u64::MAX, 0usize..190);
    (magnitude, any::<bool>(), 0u8..40, 0u64..4_000, any::<bool>()).prop_map(
        |(size, is_negative, decimals, age, is_done)| {
            let raw = I256::from_raw(U256::from(size.0) << size.1);
            FeedAnswer {
                decimals,
                answer: if is_negative { -raw } else { raw },
                answered_in: U256::from(if is_done { 7u8 } else { 6 }),
                ..says("", dollars(1), age)
            }
        },
    )
}

proptest! {
    #[test]
    fn whatever_a_feed_answers_only_a_price_between_half_and_double_of_aaves_gets_through(
        answer in any_answer(), price in 1u64..100_000_000_000_000, age in proptest::option::of(0u64..4_000),
    ) {
        let price = UsdE8(U256::from(price));
        if let Ok((found, standing)) = judge(&answer, aave(price, age), NOW, Secs(1_500)) {
            prop_assert!(found.0 * U256::from(2u8) >= price.0 && found.0 <= price.0 * U256::from(2u8));
            prop_assert!(answer.answer > I256::ZERO && answer.answered_in >= answer.round);
            let feed_age = NOW.0 - answer.updated_at.0;
            prop_assert_eq!(standing == FeedStanding::Behind, age.is_some_and(|age| feed_age > age + 60));
            prop_assert!(feed_age <= 1_500 || age.is_some_and(|age| feed_age <= age + 60));
        }
    }

    #[test]
    fn no_crash_of_up_to_a_half_is_taken_for_a_wrong_unit_and_every_factor_of_ten_is(
        price in 1_000u64..10_000_000_000_000, kept in 5_001u64..20_000, decimals in 0u8..19, power in 1u32..19,
    ) {
        let price = UsdE8(U256::from(price));
        let fallen = UsdE8(price.0 * U256::from(kept) / U256::from(10_000u64));
        prop_assume!(fallen.0 * U256::from(2u8) >= price.0);
        let scaled = |value: UsdE8| value.0 * U256::from(10u8).pow(U256::from(decimals)) / U256::from(100_000_000u64);
        let answer = FeedAnswer { decimals, answer: I256::from_raw(scaled(fallen)), ..says("", dollars(1), 0) };
        // What is lost by few decimals is no concern here.
        if answer.price() == Some(fallen) {
            prop_assert_eq!(judge(&answer, aave(price, Some(100)), NOW, Secs(1_500)), Ok((fallen, FeedStanding::Ahead)));
        }
        let factor = U256::from(10u8).pow(U256::from(power));
        for wrong in [price.0 * factor, price.0 / factor] {
            let answer = FeedAnswer { answer: I256::from_raw(wrong), ..says("", dollars(1), 0) };
            prop_assert!(judge(&answer, aave(price, Some(100)), NOW, Secs(1_500)).is_err());
        }
    }
}
