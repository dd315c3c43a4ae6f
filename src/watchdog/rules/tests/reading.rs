//! From a snapshot to facts.

use std::collections::BTreeMap;

use super::{super::feed::worst_by_feed, *};
use crate::{
    aave::{AccountState, Market, Price, Projection, RateStrategy, Reserve, ReserveConfiguration, math::RAY},
    config::BoundsConfig,
    dex::{Deployment, KnownRange, PoolKey, PoolState, Pools, USDC, WETH, sqrt_price_at},
    journal::{LoopPosition, LoopTerms, Origin, PositionId, Stamp},
    loops::KnownLoop,
    units::{Millis, Ray},
};

const NOW: Secs = Secs(10_000);

/// LTV, threshold, bonus, decimals, then the flags active, borrowing, flash loans, and the reserve factor.
fn configuration(ltv: u64, threshold: u64, decimals: u64) -> ReserveConfiguration {
    let fields = [(ltv, 0), (threshold, 16), (10_500, 32), (decimals, 48), (1, 56), (1, 58), (1, 63), (1_000, 64)];
    ReserveConfiguration(fields.iter().fold(U256::ZERO, |word, (value, at)| word | (U256::from(*value) << *at)))
}

fn reserve(id: u16, asset: Address, symbol: &str, configuration: ReserveConfiguration, price: UsdE8) -> Reserve {
    let unit = U256::from(10u64).pow(U256::from(configuration.decimals()));
    Reserve {
        id,
        asset,
        symbol: symbol.to_owned(),
        a_token: Address::repeat_byte(11),
        debt_token: Address::repeat_byte(12),
        configuration,
        liquidity_index: Ray(RAY),
        variable_borrow_index: Ray(RAY),
        liquidity_rate: Ray(RAY / U256::from(100u8)),
        variable_borrow_rate: Ray(RAY / U256::from(20u8)),
        last_update: NOW,
        accrued_to_treasury: U256::ZERO,
        virtual_balance: unit * U256::from(10_000_000u64),
        deficit: U256::ZERO,
        scaled_supply: unit * U256::from(20_000_000u64),
        scaled_debt: unit * U256::from(10_000_000u64),
        price: Some(Price { value: price, source: Address::repeat_byte(13), updated_at: Some(Secs(NOW.0 - 100)) }),
        strategy: RateStrategy { optimal_usage: Bps(9_000), base_rate: Bps(0), slope1: Bps(500), slope2: Bps(1_000) },
    }
}

pub(in crate::watchdog::rules) fn market() -> Market {
    Market {
        block: BlockRef {
            number: 1,
            hash: B256::repeat_byte(1),
            timestamp: NOW,
            base_fee: U256::ZERO,
            timestamp_ms: None,
        },
        revision: 10,
        pool: Address::ZERO,
        reserves: vec![
            reserve(0, WETH, "WETH", configuration(8_000, 8_300, 18), usd(3_000)),
            reserve(1, USDC, "USDC", configuration(7_500, 7_800, 6), usd(1)),
        ],
        categories: vec![],
        flash_loan_premium: Bps(5),
        borrowing_allowed: true,
        list_outdated: false,
    }
}

/// 30 WETH supplied, 60,000 USDC owed.
fn holder(market: &Market) -> AccountState {
    let mut projection = Projection::new(market.clone(), AccountState::empty(Address::repeat_byte(7)), NOW);
    projection.supply(WETH, U256::from(30u64) * WAD).expect("supply");
    projection.borrow(USDC, U256::from(60_000_000_000u64)).expect("borrow");
    projection.account().clone()
}

fn pool(fee: u32, dollars: u64, liquidity: u128) -> (PoolKey, PoolState) {
    let key = PoolKey::new(WETH, USDC, fee).expect("key");
    let state = PoolState {
        key,
        address: key.address(&Deployment::BASE),
        tick_spacing: 10,
        sqrt_price_x96: sqrt_price_at(usd(dollars), 18, usd(1), 6).expect("price"),
        tick: 0,
        liquidity,
        ticks: BTreeMap::new(),
        known_range: KnownRange::ALL,
        balance0: U256::ZERO,
        balance1: U256::ZERO,
    };
    (key, state)
}

/// The journal's loop of all that the holder has.
fn known() -> KnownLoop {
    let terms = LoopTerms {
        e_mode: 0,
        thresholds: serde_json::Value::Null,
        collateral_principal: U256::from(30u64) * WAD,
        debt_principal: U256::from(60_000_000_000u64),
        collateral_index: Some(RAY),
        debt_index: Some(RAY),
    };
    let position = LoopPosition {
        id: PositionId::derive(Millis(1), b"weth"),
        origin: Origin::Opened,
        paper: false,
        collateral: WETH,
        debt: USDC,
        terms,
        opened_by: None,
        closed_by: None,
        realised: None,
        opened: Stamp::default(),
        updated: Stamp::default(),
        closed: None,
    };
    KnownLoop { position, thresholds: None }
}

/// The journal's loop of all that the short holder has.
fn known_short() -> KnownLoop {
    let mut known = known();
    (known.position.collateral, known.position.debt) = (USDC, WETH);
    known.position.terms.collateral_principal = U256::from(60_000_000_000u64);
    known.position.terms.debt_principal = U256::from(10u64) * WAD;
    known
}

fn read(market: &Market, pools: &Pools, feeds: &BTreeMap<Address, UsdE8>) -> AccountFacts {
    let account = holder(market);
    read_with(market, &account, pools, feeds, &[known()])
}

fn read_with(
    market: &Market,
    account: &AccountState,
    pools: &Pools,
    feeds: &BTreeMap<Address, UsdE8>,
    known: &[KnownLoop],
) -> AccountFacts {
    let sources = Sources {
        market,
        account,
        pools,
        feeds,
        known,
        thresholds: &ThresholdsConfig::default(),
        bounds: &BoundsConfig::default(),
        watch: &WatchConfig::default(),
    };
    AccountFacts::read(&sources, Duration::ZERO).expect("facts")
}

/// Equal but for interest of one second and rounding to a basis point.
fn close_to(found: Option<Wad>, thousandths: u64) -> bool {
    found.is_some_and(|found| found.0.abs_diff(hf(thousandths).0) < WAD / U256::from(5_000u64))
}

#[test]
fn a_three_times_loop_is_read_with_its_thresholds_prices_and_carry() {
    let facts = read(&market(), &Pools::default(), &BTreeMap::new());
    assert!(close_to(Some(facts.health_factor), 1_245), "{}", facts.health_factor);
    // −10 %: 1.1205, as in strategy.md §4 rule 6.
    assert!(close_to(facts.at_stress.map(|stress| Wad(stress.0 * U256::from(10u64))), 11_205), "{:?}", facts.at_stress);
    assert_eq!((facts.at_pool, facts.at_feed), (None, None));
    let held = &facts.loops[0];
    assert_eq!((held.pair.name.as_str(), held.class, held.price), ("WETH/USDC", LoopClass::Volatile, dec!(3000)));
    assert_eq!((held.collateral_value, held.debt_value), (usd(90_000), usd(60_000)));
    assert_eq!((facts.last_resort, facts.name.as_str()), (Some(dec!(1.02)), "WETH/USDC"));
    assert_eq!(
        facts.oracles.iter().map(|oracle| (oracle.age, oracle.heartbeat.0)).collect::<Vec<_>>(),
        [(Some(Secs(100)), 1_500), (Some(Secs(100)), 90_000)]
    );
    assert!(held.net_carry_per_day < Decimal::ZERO && held.borrow_rate > Decimal::ZERO);
}

/// 60,000 USDC supplied, 10 WETH owed: a short at 2x.
pub(in crate::watchdog::rules) fn short_holder(market: &Market) -> AccountState {
    let mut projection = Projection::new(market.clone(), AccountState::empty(Address::repeat_byte(7)), NOW);
    projection.supply(USDC, U256::from(60_000_000_000u64)).expect("supply");
    projection.borrow(WETH, U256::from(10u64) * WAD).expect("borrow");
    projection.account().clone()
}

#[test]
fn a_short_is_read_with_the_prices_of_what_it_owes_and_loses_when_that_rises() {
    let market = market();
    let (key, state) = pool(500, 3_300, 1_000_000);
    let pools: Pools = [(key, Ok(state))].into_iter().collect();
    let facts = read_with(&market, &short_holder(&market), &pools, &BTreeMap::new(), &[known_short()]);
    let held = &facts.loops[0];
    assert_eq!((held.pair.name.as_str(), held.price), ("USDC/WETH", dec!(3000)));
    let rounded = |price: Option<Decimal>| price.map(|price| price.round_dp(2));
    assert_eq!((rounded(held.trim_price), rounded(held.liquidation_price)), (Some(dec!(4069.57)), Some(dec!(4680))));
    // 1.56 / 1.1, by the shock and by the pool.
    assert!(close_to(facts.at_stress, 1_418), "{:?}", facts.at_stress);
    assert!(close_to(facts.at_pool, 1_418), "{:?}", facts.at_pool);
    assert!(held.net_carry_per_day != Decimal::ZERO);
}

#[test]
fn what_the_supply_earns_less_what_the_debt_costs_is_the_carry_of_a_short_too() {
    let mut market = market();
    // 60,000 dollars that earn 1 % against 30,000 that cost nothing, then against 30,000 that cost 5 %.
    for (debt_rate, expected) in [(0u64, dec!(1.64)), (5, dec!(-2.47))] {
        market.reserves[0].variable_borrow_rate = Ray(RAY / U256::from(100u64) * U256::from(debt_rate));
        let mut account = AccountState::empty(Address::repeat_byte(7));
        account.configuration = short_holder(&market).configuration;
        account.holdings = short_holder(&market).holdings;
        let mut still = market.clone();
        for reserve in &mut still.reserves {
            reserve.liquidity_rate = Ray(RAY / U256::from(100u64));
        }
        let facts = read_with(&still, &account, &Pools::default(), &BTreeMap::new(), &[known_short()]);
        assert_eq!(facts.loops[0].net_carry_per_day.round_dp(2), expected);
    }
}

#[test]
fn the_deepest_pool_is_the_forward_price_and_a_shallow_one_is_not() {
    let (deep, shallow) = (pool(500, 2_700, 1_000_000), pool(3_000, 1_500, 10));
    let pools: Pools = [(deep.0, Ok(deep.1)), (shallow.0, Ok(shallow.1))].into_iter().collect();
    let facts = read(&market(), &pools, &BTreeMap::new());
    assert!(
        close_to(facts.at_pool.map(|pool| Wad(pool.0 * U256::from(10u64))), 11_205) || {
            // The pool's price is rounded down by a basis point.
            facts.at_pool.is_some_and(|pool| pool < hf(1_121) && pool > hf(1_120))
        }
    );
    let apart = facts.loops[0].pool_deviation_bps.expect("pool");
    assert!((-1_002..=-999).contains(&apart), "{apart}");
}

#[test]
fn a_feed_that_fell_shows_the_health_factor_to_come_and_the_gap() {
    let feeds = BTreeMap::from([(WETH, usd(2_400))]);
    let facts = read(&market(), &Pools::default(), &feeds);
    assert!(close_to(facts.at_feed, 996), "{:?}", facts.at_feed);
    let market = market();
    assert_eq!(feed_gap(&feeds, &market.reserves[0], &market.reserves[1]), Ok(Bps(2_000)));
    assert!(close_to(Some(facts.health_factor), 1_245));
}

#[test]
fn two_millionths_of_a_dollar_of_a_stranger_change_nothing_about_the_account() {
    let market = market();
    let mut projection = Projection::new(market.clone(), holder(&market), NOW);
    let read = |account: &AccountState| {
        let mut facts = read_with(&market, account, &Pools::default(), &BTreeMap::new(), &[known()]);
        // Prices of thresholds follow the account to the last digit, and so does what it is worth.
        for held in &mut facts.loops {
            (held.trim_price, held.liquidation_price) = (None, None);
        }
        facts
    };
    let before = read(projection.account());
    projection.supply(USDC, U256::from(2u8)).expect("on the owner's behalf");
    let after = read(projection.account());
    assert_eq!((after.name.as_str(), after.class, after.thresholds), ("WETH/USDC", before.class, before.thresholds));
    assert_eq!((after.holdings, after.loops, after.oracles), (before.holdings, before.loops, before.oracles));
}

#[test]
fn an_own_deposit_is_no_loop_and_its_debt_is_counted_once() {
    let market = market();
    let mut projection = Projection::new(market.clone(), holder(&market), NOW);
    projection.supply(USDC, U256::from(1_000_000_000u64)).expect("1 000 USDC");
    let facts = read_with(&market, projection.account(), &Pools::default(), &BTreeMap::new(), &[known()]);
    assert_eq!(facts.name, "WETH+USDC/USDC");
    let loops: Vec<&str> = facts.loops.iter().map(|held| held.pair.name.as_str()).collect();
    assert_eq!((loops, facts.debt_value), (vec!["WETH/USDC"], usd(60_000)));
    assert_eq!(facts.loops[0].collateral_value, usd(90_000));
}

#[test]
fn an_account_without_journal_has_no_loops_and_is_watched_all_the_same() {
    let market = market();
    let facts = read_with(&market, &holder(&market), &Pools::default(), &BTreeMap::new(), &[]);
    assert_eq!((facts.loops.len(), facts.name.as_str(), facts.debt_value), (0, "WETH/USDC", usd(60_000)));
    assert_eq!(facts.thresholds, ThresholdsConfig::default().volatile);
}

#[test]
fn a_feed_that_rises_does_not_hide_another_that_falls() {
    const CBBTC: Address = Address::repeat_byte(21);
    const CBETH: Address = Address::repeat_byte(22);
    let mut market = market();
    market.reserves.push(reserve(2, CBBTC, "cbBTC", configuration(7_300, 7_800, 8), usd(90_000)));
    market.reserves.push(reserve(3, CBETH, "cbETH", configuration(7_500, 7_900, 18), usd(3_375)));
    let at_feed = |held: &[(Address, U256)], owed: (Address, U256), feeds: &[(Address, UsdE8)]| {
        let mut projection = Projection::new(market.clone(), AccountState::empty(Address::repeat_byte(7)), NOW);
        for (asset, amount) in held {
            projection.supply(*asset, *amount).expect("supply");
        }
        projection.borrow(owed.0, owed.1).expect("borrow");
        let feeds = feeds.iter().copied().collect();
        worst_by_feed(&market, projection.account(), &feeds).expect("facts")
    };
    let (ether, bitcoin) = (U256::from(15u64) * WAD, U256::from(50_000_000u64));
    let both = [(WETH, ether), (CBBTC, bitcoin)];
    let debt = (USDC, U256::from(50_000_000_000u64));
    let fallen = (WETH, usd(2_400));
    let alone = at_feed(&both, debt, &[fallen]).expect("priced");
    assert_eq!(at_feed(&both, debt, &[fallen, (CBBTC, usd(150_000))]), Some(alone));
    // Two that fall, fall together; and one that only rises lowers nothing.
    assert!(at_feed(&both, debt, &[fallen, (CBBTC, usd(80_000))]).expect("priced") < alone);
    let risen = at_feed(&both, debt, &[(CBBTC, usd(150_000))]).expect("priced");
    assert!(risen > at_feed(&both, debt, &[(CBBTC, usd(90_000))]).expect("priced"));
    assert_eq!(at_feed(&both, debt, &[(Address::repeat_byte(9), usd(1))]), None);
    // A debt that falls with the collateral is not counted, unless no sale could help without it: then it is.
    let (short, owed) = ([(WETH, ether)], (CBBTC, U256::from(30_000_000u64)));
    let debt_fell = (CBBTC, usd(62_250));
    let little = (WETH, usd(2_700));
    assert_eq!(at_feed(&short, owed, &[little, debt_fell]), at_feed(&short, owed, &[little]));
    let much = (WETH, usd(1_500));
    let together = at_feed(&short, owed, &[much, debt_fell]).expect("priced");
    assert!(together > at_feed(&short, owed, &[much]).expect("priced"));
    assert!(close_to(Some(together), 1_000), "{together:?}");
    // Ether and staked ether follow one feed: a pair of the two does not fall with it.
    let pair = [(CBETH, ether)];
    let owed = (WETH, U256::from(12u64) * WAD);
    let now = at_feed(&pair, owed, &[(WETH, usd(3_000)), (CBETH, usd(3_375))]);
    assert_eq!(at_feed(&pair, owed, &[(WETH, usd(2_400)), (CBETH, usd(2_700))]), now);
}

#[test]
fn a_reserve_without_a_price_is_an_error_not_a_healthy_account() {
    let whole = market();
    let account = holder(&whole);
    let mut blind = whole;
    blind.reserves[0].price = None;
    let sources = Sources {
        market: &blind,
        account: &account,
        pools: &Pools::default(),
        feeds: &BTreeMap::new(),
        known: &[],
        thresholds: &ThresholdsConfig::default(),
        bounds: &BoundsConfig::default(),
        watch: &WatchConfig::default(),
    };
    assert!(AccountFacts::read(&sources, Duration::ZERO).is_err());
}
