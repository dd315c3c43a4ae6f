//! Stories of long loops, short loops and pairs, and the arithmetic against Aave's own.

use std::collections::BTreeMap;

use alloy::primitives::{B256, address};
use proptest::prelude::*;
use rust_decimal::dec;

use super::*;
use crate::{
    aave::{
        AccountState, EModeCategory, Holding, Price, RateStrategy, ReserveConfiguration, UserConfiguration, math::RAY,
    },
    chain::BlockRef,
    dex::{USDC, WETH},
    units::{Bps, Ray, Secs},
};

const CBETH: Address = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");
const EURC: Address = address!("60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42");
const NOW: Secs = Secs(10_000);
const ONE: U256 = WAD;

/// Token, symbol, decimals, liquidation threshold, price in dollars with 8 decimals.
const TOKENS: [(Address, &str, u64, u64, u64); 5] = [
    (WETH, "WETH", 18, 8_300, 300_000_000_000),
    (USDC, "USDC", 6, 7_800, 100_000_000),
    (CBETH, "cbETH", 18, 7_900, 337_500_000_000),
    (CBBTC, "cbBTC", 8, 7_800, 9_000_000_000_000),
    (EURC, "EURC", 6, 7_800, 115_000_000),
];

fn reserve(id: u16) -> Reserve {
    let (asset, symbol, decimals, threshold, price) = TOKENS[usize::from(id)];
    let fields = [(threshold - 300, 0), (threshold, 16), (10_500, 32), (decimals, 48), (1, 56), (1, 58), (1_000, 64)];
    let configuration = fields.iter().fold(U256::ZERO, |word, (value, at)| word | (U256::from(*value) << *at));
    Reserve {
        id,
        asset,
        symbol: symbol.to_owned(),
        a_token: Address::repeat_byte(11),
        debt_token: Address::repeat_byte(12),
        configuration: ReserveConfiguration(configuration),
        liquidity_index: Ray(RAY + RAY / U256::from(7u8)),
        variable_borrow_index: Ray(RAY + RAY / U256::from(3u8)),
        liquidity_rate: Ray(RAY / U256::from(100u8)),
        variable_borrow_rate: Ray(RAY / U256::from(20u8)),
        last_update: Secs(NOW.0 - 777),
        accrued_to_treasury: U256::ZERO,
        virtual_balance: U256::ZERO,
        deficit: U256::ZERO,
        scaled_supply: U256::ZERO,
        scaled_debt: U256::ZERO,
        price: Some(Price { value: UsdE8(U256::from(price)), source: Address::ZERO, updated_at: None }),
        strategy: RateStrategy { optimal_usage: Bps(9_000), base_rate: Bps(0), slope1: Bps(500), slope2: Bps(1_000) },
    }
}

fn market() -> Market {
    Market {
        block: BlockRef { number: 1, hash: B256::ZERO, timestamp: NOW, base_fee: U256::ZERO, timestamp_ms: None },
        revision: 10,
        pool: Address::ZERO,
        reserves: (0..5).map(reserve).collect(),
        categories: vec![EModeCategory {
            id: 1,
            label: "cbETH/WETH".to_owned(),
            ltv: Bps(9_300),
            liquidation_threshold: Bps(9_500),
            liquidation_bonus: Bps(10_200),
            collateral_bitmap: 0b100,
            borrowable_bitmap: 0b1,
            ltv_zero_bitmap: 0,
            isolated: false,
        }],
        flash_loan_premium: Bps(5),
        borrowing_allowed: true,
        list_outdated: false,
    }
}

/// An account with about these whole dollars of each token supplied as collateral, and owed.
fn account(supplied: [u64; 5], owed: [u64; 5], emode: u8) -> Projection {
    let market = market();
    let mut bits = U256::ZERO;
    let mut holdings = BTreeMap::new();
    for (reserve, (supplied, owed)) in market.reserves.iter().zip(supplied.into_iter().zip(owed)) {
        let id = usize::from(reserve.id);
        bits.set_bit(2 * id, owed > 0);
        bits.set_bit(2 * id + 1, supplied > 0);
        let (unit, price) = (reserve.unit().expect("unit"), reserve.price().expect("price").0);
        let tokens = |dollars: u64, index: U256| {
            let dollars = U256::from(dollars) * U256::from(100_000_000u64);
            dollars * unit / price * RAY / index
        };
        let holding = Holding {
            scaled_supply: tokens(supplied, reserve.normalized_income(NOW).expect("index").0),
            scaled_debt: tokens(owed, reserve.normalized_debt(NOW).expect("index").0),
            ..Holding::default()
        };
        holdings.insert(reserve.asset, holding);
    }
    let configuration = UserConfiguration(bits);
    let account = AccountState { configuration, emode, holdings, ..AccountState::empty(Address::repeat_byte(7)) };
    Projection::new(market, account, NOW)
}

fn moving(projection: &Projection, collateral: Address, debt: Address) -> MovingPrice {
    let market = projection.market();
    MovingPrice::of(market.reserve(collateral).expect("listed"), market.reserve(debt).expect("listed"))
}

/// Now, at a health factor in thousandths, and the way between them, as people read it.
fn read(projection: &Projection, moving: &MovingPrice, thousandths: u64) -> String {
    let now = moving.now(projection.market()).expect("price");
    let level = ONE / U256::from(1_000u64) * U256::from(thousandths);
    let Some(there) = moving.at_health_factor(projection, level).expect("computed") else { return "never".to_owned() };
    format!("{} -> {}, {}", moving.shown(&now), moving.shown(&there), distance(&now, &there).expect("distance"))
}

/// The health factor when one token has another price.
fn health_factor_at(projection: &Projection, asset: Address, price: UsdE8) -> U256 {
    let mut market = projection.market().clone();
    for reserve in market.reserves.iter_mut().filter(|reserve| reserve.asset == asset) {
        reserve.price.as_mut().expect("price").value = price;
    }
    projection.account().at(&market, projection.at()).expect("account").health_factor.0
}

#[test]
fn thresholds_of_a_two_times_short_are_prices_of_the_debt_that_rises_not_of_the_coin() {
    // 2x: 60,000 USDC against 30,000 dollars of WETH is HF 2 × 0.78 = 1.56, less the dust of rounding.
    let short = account([0, 60_000, 0, 0, 0], [30_000, 0, 0, 0, 0], 0);
    let moving = moving(&short, USDC, WETH);
    assert_eq!(read(&short, &moving, 1_000), "WETH 3,000 USD -> WETH 4,680 USD, 55.99 %");
    assert_eq!(read(&short, &moving, 1_150), "WETH 3,000 USD -> WETH 4,069.57 USD, 35.65 %");
    assert_eq!((moving.label("trim price"), moving.asset), ("trim price of WETH".to_owned(), WETH));
}

#[test]
fn thresholds_of_a_long_are_what_they_were() {
    let long = account([90_000, 0, 0, 0, 0], [0, 60_000, 0, 0, 0], 0);
    let moving = moving(&long, WETH, USDC);
    assert_eq!(read(&long, &moving, 1_000), "3,000 USD -> 2,409.64 USD, -19.67 %");
    assert_eq!(read(&long, &moving, 1_150), "3,000 USD -> 2,771.08 USD, -7.63 %");
    assert_eq!(moving.label("trim price"), "trim price");
}

#[test]
fn two_volatile_assets_are_told_as_their_ratio_inside_and_outside_of_an_e_mode() {
    let pair = account([0, 0, 0, 90_000, 0], [45_000, 0, 0, 0, 0], 0);
    let cbbtc = moving(&pair, CBBTC, WETH);
    assert_eq!(read(&pair, &cbbtc, 1_000), "cbBTC 30 WETH -> cbBTC 19.23076942 WETH, -35.89 %");
    for (emode, there) in [(1, "1.1842"), (0, "1.4240")] {
        let pair = account([0, 0, 60_000, 0, 0], [60_000, 0, 0, 0, 0], emode);
        let cbeth = moving(&pair, CBETH, WETH);
        let text = read(&pair, &cbeth, 1_000);
        assert!(text.starts_with(&format!("cbETH 1.125 WETH -> cbETH {there}")), "{text}");
    }
    let coins = account([0, 0, 0, 0, 23_000], [0, 10_000, 0, 0, 0], 0);
    assert_eq!(read(&coins, &moving(&coins, EURC, USDC), 1_000), "EURC 1.15 USDC -> EURC 0.64102564 USDC, -44.25 %");
}

#[test]
fn a_coin_with_a_wrong_oracle_price_does_not_turn_a_long_into_a_short() {
    let mut market = market();
    let before = MovingPrice::of(&market.reserves[0], &market.reserves[1]);
    market.reserves[1].price.as_mut().expect("price").value.0 = U256::from(300_000_000_000u64);
    market.reserves[0].price.as_mut().expect("price").value.0 = U256::from(100_000_000u64);
    assert_eq!(MovingPrice::of(&market.reserves[0], &market.reserves[1]), before);
}

#[test]
fn what_the_account_has_of_the_same_token_elsewhere_moves_with_it() {
    // A short of 30,000 dollars of WETH beside 10,000 dollars of WETH as collateral: only a part of it is open.
    let both = account([10_000, 60_000, 0, 0, 0], [30_000, 0, 0, 0, 0], 0);
    let short = moving(&both, USDC, WETH);
    // 46,800 / (30,000 − 8,300) of the present price: 2.15668….
    assert_eq!(read(&both, &short, 1_000), "WETH 3,000 USD -> WETH 6,470.05 USD, 115.66 %");
    // A hedge of the same size leaves nothing that a price could do.
    let hedged = account([40_000, 60_000, 0, 0, 0], [30_000, 0, 0, 0, 0], 0);
    assert_eq!(read(&hedged, &moving(&hedged, USDC, WETH), 1_000), "never");
    // A long in whose account more WETH is owed than held loses when WETH rises.
    let upside_down = account([10_000, 60_000, 0, 0, 0], [30_000, 1_000, 0, 0, 0], 0);
    assert!(read(&upside_down, &moving(&upside_down, WETH, USDC), 1_000).contains("-> 6,"));
}

#[test]
fn where_no_price_leads_none_is_shown() {
    let free = account([90_000, 0, 0, 0, 0], [0; 5], 0);
    assert_eq!(read(&free, &moving(&free, WETH, USDC), 1_000), "never");
    // The USDC alone carry the debt.
    let covered = account([90_000, 60_000, 0, 0, 0], [0, 10_000, 0, 0, 0], 0);
    assert_eq!(read(&covered, &moving(&covered, WETH, USDC), 1_000), "never");
    // A token in units of itself is always one.
    let same = account([90_000, 0, 0, 0, 0], [60_000, 0, 0, 0, 0], 0);
    assert_eq!(read(&same, &moving(&same, WETH, WETH), 1_000), "never");
    // A level that is passed already lies on the other side.
    let low = account([70_000, 0, 0, 0, 0], [0, 60_000, 0, 0, 0], 0);
    assert_eq!(read(&low, &moving(&low, WETH, USDC), 1_150), "3,000 USD -> 3,562.82 USD, 18.76 %");
}

#[test]
fn a_short_that_is_left_is_not_paid_out_in_what_it_was_short_of() {
    let market = market();
    let payout =
        |collateral: usize, debt: usize| MovingPrice::of(&market.reserves[collateral], &market.reserves[debt]).payout();
    assert_eq!(payout(1, 0), Payout::Collateral { unwrap: None });
    assert_eq!((payout(0, 1), payout(3, 0)), (Payout::Debt, Payout::Debt));
}

#[test]
fn a_shock_moves_the_price_that_loses() {
    let market = market();
    let [weth, usdc, .., cbbtc, _] = [0, 1, 2, 3, 4].map(|id| market.reserves[id].clone());
    let after = |collateral: &Reserve, debt: &Reserve| {
        MovingPrice::of(collateral, debt).after_loss(&market, dec!(0.1)).expect("price").to_decimal().expect("decimal")
    };
    assert_eq!(after(&weth, &usdc), dec!(2700));
    assert_eq!(after(&usdc, &weth), dec!(3300));
    assert_eq!(after(&cbbtc, &weth), dec!(81000));
}

/// Prices in a market are whole numbers, values are rounded to one; so much may a health factor be off.
fn off(level: U256, dollars: U256) -> U256 {
    mul_div_up(level, U256::from(4u8), dollars.min(U256::from(100_000_000u64))).expect("slack")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Put into the market, the price gives the health factor, and the next step on the losing side is below it.
    #[test]
    fn at_the_price_of_a_level_aave_computes_that_level(
        supplied in prop::array::uniform5(prop_oneof![Just(0u64), 1_000u64..10_000_000]),
        owed in prop::array::uniform5(prop_oneof![Just(0u64), Just(0u64), 1_000u64..5_000_000]),
        emode in 0u8..2,
        pair in (0usize..5, 0usize..5),
        thousandths in 900u64..3_000,
    ) {
        let projection = account(supplied, owed, emode);
        let moving = moving(&projection, TOKENS[pair.0].0, TOKENS[pair.1].0);
        let level = ONE / U256::from(1_000u64) * U256::from(thousandths);
        let found = moving.at_health_factor(&projection, level).expect("computed");
        let at = |raw: U256| {
            let quantity = Quantity { raw, ..found.clone().expect("a price") };
            let price = moving.in_dollars(projection.market(), &quantity).expect("dollars");
            (price.0, health_factor_at(&projection, moving.asset, price))
        };
        match &found {
            Some(price) => {
                let (dollars, reached) = at(price.raw);
                let off = off(level, dollars);
                prop_assert!(reached.abs_diff(level) <= off, "{reached} at {dollars} is not {level}");
                // A whole dollar cent on either side, the level is left.
                let step = moving.counted_in.map_or(U256::from(1_000_000u64), |_| price.raw / U256::from(100_000u64));
                if price.raw > step + step {
                    let (below, above) = (at(price.raw - step).1, at(price.raw + step).1);
                    let crosses = (below <= level + off && above + off >= level) || (above <= level + off && below + off >= level);
                    prop_assert!(crosses, "{below} .. {above} does not enclose {level}");
                }
            }
            None => {
                // Then the health factor stands on one side of the level at every price.
                let prices = [1u64, 100_000_000, 10_000_000_000_000, 1_000_000_000_000_000_000];
                let side = |price: &u64| {
                    let price = U256::from(*price);
                    let reached = health_factor_at(&projection, moving.asset, UsdE8(price));
                    // Within the rounding of so small a price it is on neither.
                    (reached.abs_diff(level) > off(level, price)).then_some(reached >= level)
                };
                let seen: Vec<bool> = prices.iter().filter_map(side).collect();
                let is_self = moving.counted_in == Some(moving.asset);
                let is_one = seen.windows(2).all(|two| two[0] == two[1]);
                prop_assert!(is_self || is_one, "{seen:?}");
            }
        }
    }
}
