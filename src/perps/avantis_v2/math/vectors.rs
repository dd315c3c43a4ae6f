//! The official client's figures, and what must hold of all.

use alloy::primitives::{I256, U256};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{levels, *};
use crate::perps::{CoinsE10, LeverageE10, PercentDelta, PercentE10, PriceE10, Side, Usdc, UsdcDelta};

fn decimal(value: &Value) -> Decimal {
    let text = value.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).expect("a number")
}

/// An argument in integers of so many digits, cut off.
fn scaled(value: &Value, decimals: u8) -> U256 {
    crate::units::from_decimal(decimal(value).abs(), decimals).expect("in range")
}

fn signed(value: &Value, decimals: u8) -> I256 {
    let amount = I256::try_from(scaled(value, decimals)).expect("in range");
    if decimal(value).is_sign_negative() { -amount } else { amount }
}

/// The client computes with floats; one in the last digit is its rounding or ours.
#[track_caller]
fn agrees(ours: I256, theirs: &Value, decimals: u8, what: &str) {
    let theirs = signed(theirs, decimals);
    let difference = (ours - theirs).unsigned_abs();
    assert!(difference <= U256::ONE, "{what}: ours {ours}, the client's {theirs}");
}

#[track_caller]
fn agrees_unsigned(ours: U256, theirs: &Value, decimals: u8, what: &str) {
    agrees(I256::try_from(ours).expect("in range"), theirs, decimals, what);
}

fn side(args: &Value) -> Side {
    if args["is_long"] == true { Side::Long } else { Side::Short }
}

fn share(args: &Value, tiers: &str, fees: &str) -> UpsideShare {
    let list = |name: &str| args[name].as_array().expect("list").clone();
    let row = |(from, share): (Value, Value)| (PercentE10(scaled(&from, 10)), PercentE10(scaled(&share, 10)));
    UpsideShare(list(tiers).into_iter().zip(list(fees)).map(row).collect())
}

fn rate(vector: &Value, opens: bool) {
    let args = &vector["args"];
    let fee =
        |name: &str| PercentE10(scaled(&args[format!("{}_{name}_fee_p", if opens { "open" } else { "close" })], 10));
    let coins = |name: &str| CoinsE10(scaled(&args[name], 10));
    let book = SkewBook { long: coins("initial_coin_oi_long"), short: coins("initial_coin_oi_short") };
    let rates = MakerTaker { maker: fee("maker"), taker: fee("taker") };
    let size = coins("position_size_coin_oi");
    let found = if opens { book.open_rate(side(args), size, rates) } else { book.close_rate(side(args), size, rates) };
    let found = found.expect("a rate");
    agrees_unsigned(found.rate.0, &vector["result"]["fee_p"], 10, &vector.to_string());
    assert_eq!(serde_json::to_value(found.class).expect("json"), vector["result"]["kind"], "{vector}");
}

fn net(vector: &Value) {
    let (args, result) = (&vector["args"], &vector["result"]);
    let price = |name: &str| PriceE10(scaled(&args[name], 10));
    let (collateral, leverage) = (Usdc(scaled(&args["collateral"], 6)), LeverageE10(scaled(&args["leverage"], 10)));
    let gross = gross_result(side(args), price("open_price"), price("current_price"), collateral, leverage);
    let gross = gross.expect("a result");
    let or_zero = |name: &str| args.get(name).cloned().unwrap_or_else(|| Value::from(0));
    let costs = CloseCosts {
        closing: PercentE10(scaled(&or_zero("close_fee_p"), 10)),
        rollover: Usdc(scaled(&or_zero("rollover_fee"), 6)),
        funding: UsdcDelta(signed(&or_zero("funding_fee"), 6)),
        loss_protection: PercentE10(scaled(&or_zero("loss_protection_p"), 10)),
    };
    let found = if args["is_upside"] == true {
        upside_result(gross, collateral, &share(args, "pnl_tier_p", "pnl_fees_p"), &costs)
    } else {
        net_result(gross, collateral, leverage, &costs)
    };
    let found = found.expect("a result");
    let what = vector.to_string();
    agrees(found.gross.0, &result["gross"], 6, &what);
    agrees_unsigned(found.closing_fee.0, &result["closing_fee"], 6, &what);
    agrees_unsigned(found.loss_protection.0, &result["loss_protection"], 6, &what);
    agrees_unsigned(found.profit_share.0, &result["profit_share_fee"], 6, &what);
    // Each of up to three parts is cut off once.
    let difference = (found.net.0 - signed(&result["net"], 6)).unsigned_abs();
    assert!(difference <= U256::from(2u8), "{what}: net {}", found.net);
}

fn room(vector: &Value) {
    let args = &vector["args"];
    let usdc = |name: &str| Usdc(scaled(&args[name], 6));
    let percent = |name: &str| PercentE10(scaled(&args[name], 10));
    let room = OpenInterestRoom {
        venue: (usdc("max_open_interest"), usdc("total_oi")),
        group: (usdc("max_group_oi"), usdc("group_oi")),
        wallet: (usdc("max_wallet_oi"), usdc("wallet_oi")),
        pair_most: usdc("pair_max_oi"),
        sides: [usdc("long_oi"), usdc("short_oi")],
        pair_of_group: percent("group_open_interest_percentage_p"),
        side_of_pair: [percent("max_long_oi_p"), percent("max_short_oi_p")],
        liquidity: [Some(usdc("liquidity_buy")), Some(usdc("liquidity_sell"))],
    };
    for (side, name) in [(Side::Long, "long"), (Side::Short, "short")] {
        agrees_unsigned(headroom(&room, side).expect("room").0, &vector["result"][name], 6, name);
    }
}

#[test]
fn every_figure_is_the_official_clients() {
    let text = include_str!("../../../../tests/vectors/avantis-v2-compute-vectors.json");
    let file: Value = serde_json::from_str(text).expect("json");
    let vectors = file["vectors"].as_array().expect("vectors");
    assert_eq!(vectors.len(), 33);
    for vector in vectors {
        let (args, result, what) = (&vector["args"], &vector["result"], vector.to_string());
        let price = |name: &str| PriceE10(scaled(&args[name], 10));
        let percent = |name: &str| PercentE10(scaled(&args[name], 10));
        let leverage = LeverageE10(scaled(args.get("leverage").unwrap_or(&Value::from(0)), 10));
        let collateral = Usdc(scaled(args.get("collateral").unwrap_or(&Value::from(0)), 6));
        match vector["fn"].as_str().expect("a name") {
            "gross_pnl" => {
                let (entry, now) = (price("open_price"), price("current_price"));
                let found = gross_result(side(args), entry, now, collateral, leverage).expect("a result");
                agrees(found.0, result, 6, &what);
            }
            "net_pnl" => net(vector),
            "liq" => {
                let (rollover, funding) =
                    (Usdc(scaled(&args["rollover_fee"], 6)), UsdcDelta(signed(&args["funding_fee"], 6)));
                let found = liquidation_price(price("open_price"), collateral, leverage, side(args), rollover, funding);
                agrees_unsigned(found.expect("a price").expect("above zero").0, result, 10, &what);
            }
            "open_mt" => rate(vector, true),
            "close_mt" => rate(vector, false),
            "tp_pct_to_price" => {
                let percent = percent("take_profit_percent");
                let found = levels::unlimited(price("base_price"), percent, leverage, side(args), true);
                agrees(found.expect("a price"), result, 10, &what);
                let limited = target_price(price("base_price"), percent, leverage, side(args)).expect("a price");
                assert_eq!(limited.is_some(), decimal(result).is_sign_positive(), "{what}");
            }
            "sl_pct_to_price" => {
                let found = stop_price(price("base_price"), percent("stop_loss_percent"), leverage, side(args));
                agrees_unsigned(found.expect("a price").expect("above zero").0, result, 10, &what);
            }
            "tp_price_to_pct" => {
                let found = target_percent(price("base_price"), price("tp_price"), leverage, side(args));
                agrees(found.expect("per cent"), result, 10, &what);
            }
            "sl_price_to_pct" => {
                let found = stop_percent(price("base_price"), price("sl_price"), leverage, side(args));
                agrees(found.expect("per cent"), result, 10, &what);
            }
            "pnl_order_min_sl" => {
                agrees_unsigned(levels::upside_curve(leverage).expect("per cent").0, result, 10, &what);
            }
            "adjusted_max_gain_p" => {
                let found = share(args, "tier_p", "fees_p").most_gain(percent("max_gain_p")).expect("per cent");
                agrees_unsigned(found.0, result, 10, &what);
            }
            "available_liquidity" => room(vector),
            other => panic!("{other} is not covered"),
        }
    }
}

#[test]
fn a_fill_of_the_recordings_has_its_coins() {
    let found = coin_exposure(
        Usdc(U256::from(249_437_500u64)),
        LeverageE10(U256::from(50_000_000_000u64)),
        PriceE10(U256::from(25_682_366_000_000u64)),
    );
    assert_eq!(found.expect("coins"), CoinsE10(U256::from(4_856_201_722u64)));
}

#[test]
fn the_spread_is_against_the_trader_both_ways() {
    let (oracle, spread) = (PriceE10(U256::from(1_000_001u64)), PercentE10(U256::from(1_000_000_000u64)));
    let at = |side, opens| execution_price(oracle, spread, side, opens).expect("a price").0.to::<u64>();
    assert_eq!((at(Side::Long, true), at(Side::Short, false)), (1_001_002, 1_001_002));
    assert_eq!((at(Side::Long, false), at(Side::Short, true)), (999_000, 999_000));
}

#[test]
fn carry_is_paid_or_received_by_its_sign() {
    let hourly = |raw: i64| PercentDelta(I256::try_from(raw).expect("in range"));
    let notional = Usdc(U256::from(1_000_000_000u64));
    let day = crate::units::Secs(86_400);
    assert_eq!(accrued(notional, hourly(10_000_000), day).expect("amount").to_string(), "0.24");
    assert_eq!(accrued(notional, hourly(-10_000_000), day).expect("amount").to_string(), "-0.24");
}

proptest! {
    #[test]
    fn a_fee_is_between_maker_and_taker_and_a_close_undoes_the_skew_of_its_open(
        long in 0u64..1 << 50, short in 0u64..1 << 50, coins in 1u64..1 << 50, is_long: bool
    ) {
        let of = |coins: u64| CoinsE10(U256::from(coins));
        let rates = MakerTaker { maker: PercentE10(U256::from(100_000_000u64)), taker: PercentE10(U256::from(450_000_000u64)) };
        let side = if is_long { Side::Long } else { Side::Short };
        let before = SkewBook { long: of(long), short: of(short) };
        let open = before.open_rate(side, of(coins), rates).expect("a rate");
        prop_assert!(open.rate >= rates.maker && open.rate <= rates.taker);
        let after = match side {
            Side::Long => SkewBook { long: of(long + coins), ..before },
            Side::Short => SkewBook { short: of(short + coins), ..before },
        };
        let close = after.close_rate(side, of(coins), rates).expect("a rate");
        match open.class {
            // What was a maker left the book less skewed, so that its close is a taker.
            FeeClass::Maker => prop_assert_eq!(close.class, FeeClass::Taker),
            FeeClass::Mixed => prop_assert_eq!(close.class, FeeClass::Mixed),
            FeeClass::Taker => prop_assert!(close.class == FeeClass::Maker || before.long == before.short),
        }
    }

    #[test]
    fn the_result_at_the_liquidation_price_is_85_per_cent_of_the_collateral(
        entry in 1_000_000_000_000u64..1 << 50, collateral in 1_000_000u64..1 << 40, leverage in 11_000_000_000u64..1_000_000_000_000,
        is_long: bool
    ) {
        let side = if is_long { Side::Long } else { Side::Short };
        let (entry, collateral) = (PriceE10(U256::from(entry)), Usdc(U256::from(collateral)));
        let leverage = LeverageE10(U256::from(leverage));
        let price = liquidation_price(entry, collateral, leverage, side, Usdc::ZERO, UsdcDelta::ZERO).expect("a price");
        let price = price.expect("above zero");
        let loss = gross_result(side, entry, price, collateral, leverage).expect("a result");
        prop_assert!(loss.is_loss());
        let wanted = collateral.0 * U256::from(85u8) / U256::from(100u8);
        // One in the price's last digit, in USDC.
        let digit = collateral.0 * leverage.0 / entry.0 / U256::from(10_000_000_000u64) + U256::from(2u8);
        prop_assert!(loss.amount().0.abs_diff(wanted) <= digit, "{} of {}", loss, wanted);
    }

    #[test]
    fn a_level_by_its_per_cent_comes_back_as_that_per_cent(
        base in 10_000_000_000u64..1 << 50, percent in 1_000_000_000u64..800_000_000_000, leverage in 10_000_000_000u64..500_000_000_000,
        is_long: bool
    ) {
        let side = if is_long { Side::Long } else { Side::Short };
        let (base, percent) = (PriceE10(U256::from(base)), PercentE10(U256::from(percent)));
        let leverage = LeverageE10(U256::from(leverage));
        let Some(stop) = stop_price(base, percent, leverage, side).expect("a price") else { return Ok(()) };
        let back = stop_percent(base, stop, leverage, side).expect("per cent");
        // One in the price's last digit, in per cent of the collateral.
        let digit = leverage.0 * U256::from(100u8) / base.0 + U256::from(2u8);
        prop_assert!(back.unsigned_abs().abs_diff(percent.0) <= digit, "{} of {}", back, percent);
    }
}
