//! The replay against the quoter's recorded answers, and what must hold for any pool.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use proptest::prelude::*;
use serde::Deserialize;

use crate::dex::*;

#[derive(Deserialize)]
struct Vectors {
    pools: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    pool: PoolState,
    quotes: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    direction: Direction,
    exact_in: bool,
    amount: U256,
    limit: Option<U256>,
    other: U256,
    sqrt_price_after: U256,
}

fn recorded() -> Vec<Recorded> {
    let text = include_str!("../../../tests/vectors/dex_quotes.json");
    serde_json::from_str::<Vectors>(text).expect("vectors").pools
}

#[test]
fn the_recorded_answers_of_the_quoter_are_met_to_the_wei() {
    let mut count = 0;
    for Recorded { pool, quotes } in recorded() {
        for quote in quotes {
            let swap = if quote.exact_in {
                pool.exact_in(quote.direction, quote.amount, quote.limit)
            } else {
                pool.exact_out(quote.direction, quote.amount, quote.limit)
            };
            let swap = swap.expect("a number");
            let other = if quote.exact_in { swap.amount_out } else { swap.amount_in };
            assert_eq!((other, swap.sqrt_price_after), (quote.other, quote.sqrt_price_after), "{pool}");
            count += 1;
        }
    }
    assert!(count > 70, "{count} answers");
}

#[test]
fn a_swap_beyond_what_was_read_is_an_error_that_names_the_range() {
    let Recorded { pool, .. } = recorded().swap_remove(0);
    let huge = U256::from(10).pow(U256::from(40));
    let error = pool.exact_in(Direction::ZeroForOne, huge, None).expect_err("leaves the range");
    let (low, high) = pool.known_ticks();
    assert!(matches!(error, SwapError::LeavesKnownRange { low: l, high: h, .. } if (l, h) == (low, high)), "{error}");
    assert!(error.to_string().contains(&format!("known ticks {low} to {high}")));
    let whole = PoolState { known_range: KnownRange::ALL, ..pool };
    let error = whole.exact_in(Direction::ZeroForOne, huge, None).expect_err("more than the pool takes");
    assert!(matches!(error, SwapError::NotEnoughLiquidity { .. }), "{error}");
}

#[test]
fn a_limit_behind_the_price_and_an_amount_of_zero_are_refused_as_the_pool_does() {
    let Recorded { pool, .. } = recorded().swap_remove(0);
    let above = Some(pool.sqrt_price_x96 + U256::ONE);
    let refused = pool.exact_in(Direction::ZeroForOne, U256::ONE, above);
    assert!(matches!(refused, Err(SwapError::PriceLimit { .. })));
    assert_eq!(pool.exact_out(Direction::OneForZero, U256::ZERO, above), Err(SwapError::ZeroAmount));
    let huge = U256::ONE << 255;
    assert_eq!(pool.exact_in(Direction::OneForZero, huge, above), Err(SwapError::AmountTooLarge(huge)));
}

#[test]
fn the_price_impact_is_told_apart_from_the_fee() {
    for Recorded { pool, .. } in recorded() {
        let edge = sqrt_ratio_at_tick(pool.tick - 100);
        let swap = pool.exact_in(Direction::ZeroForOne, U256::MAX >> 1, Some(edge)).expect("swap");
        assert!(swap.fee_pips().abs_diff(pool.key.fee()) <= 1, "{} of {}", swap.fee_pips(), pool.key.fee());
        // A fall of the price by 1 % costs half of that on average, however the liquidity lies within a factor.
        let impact = swap.price_impact_pips(pool.spot_price()).expect("impact");
        assert!((2_000..=8_500).contains(&impact), "{impact}");
    }
}

#[test]
fn a_state_survives_json_with_all_its_digits() {
    let Recorded { pool, .. } = recorded().swap_remove(0);
    let value = serde_json::to_value(&pool).expect("json");
    assert_eq!(serde_json::from_value::<PoolState>(value).expect("state"), pool);
}

/// A pool made of positions, whose state is therefore consistent.
fn any_pool() -> impl Strategy<Value = PoolState> {
    let position = (-3_000i32..3_000, 1i32..2_000, 1u128..1 << 90);
    let spacing = prop::sample::select(vec![(100u32, 1i32), (500, 10), (3_000, 60), (10_000, 200)]);
    (spacing, -100_000i32..100_000, any::<u32>(), prop::collection::vec(position, 1..8)).prop_map(
        |((fee, tick_spacing), tick, inside, positions)| {
            let usable = |tick: i32| tick.div_euclid(tick_spacing) * tick_spacing;
            let mut ticks = BTreeMap::<i32, i128>::new();
            let mut liquidity = 0;
            for (offset, width, amount) in positions {
                let lower = usable(tick + offset);
                let upper = lower + usable(width) + tick_spacing;
                *ticks.entry(lower).or_default() += amount as i128;
                *ticks.entry(upper).or_default() -= amount as i128;
                if (lower..upper).contains(&tick) {
                    liquidity += amount;
                }
            }
            let (low, high) = (sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1));
            let sqrt_price_x96 = low + (high - low) * U256::from(inside) / (U256::ONE << 32);
            let key = PoolKey::new(Address::repeat_byte(1), Address::repeat_byte(2), fee).expect("key");
            PoolState {
                key,
                address: key.address(&Deployment::BASE),
                tick_spacing,
                sqrt_price_x96,
                tick,
                liquidity,
                ticks,
                known_range: KnownRange::ALL,
                balance0: U256::MAX,
                balance1: U256::MAX,
            }
        },
    )
}

fn any_direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::ZeroForOne, Direction::OneForZero])
}

fn any_u256() -> impl Strategy<Value = U256> {
    (any::<[u64; 4]>(), 0usize..256).prop_map(|(limbs, shift)| U256::from_limbs(limbs) >> shift)
}

proptest! {
    #[test]
    fn more_in_never_gives_less_out(
        pool in any_pool(), direction in any_direction(), a in 1u128..1 << 100, b in 1u128..1 << 100,
    ) {
        let (less, more) = (U256::from(a.min(b)), U256::from(a.max(b)));
        if let Ok(more) = pool.exact_in(direction, more, None) {
            let less = pool.exact_in(direction, less, None).expect("less fits where more does");
            prop_assert!(less.amount_out <= more.amount_out);
        }
    }

    #[test]
    fn the_input_of_an_exact_output_buys_that_output_and_hardly_less_does_not(
        pool in any_pool(), direction in any_direction(), amount in 1u128..1 << 90,
    ) {
        let amount = U256::from(amount);
        if let Ok(bought) = pool.exact_out(direction, amount, None) {
            prop_assert_eq!(bought.amount_out, amount);
            let again = pool.exact_in(direction, bought.amount_in, None).expect("swap");
            prop_assert!(again.amount_out >= amount);
            // Each round of the loop rounds input and fee up by less than one.
            let slack = U256::from(2 * bought.steps + 1);
            if bought.amount_in > slack {
                let cheaper = pool.exact_in(direction, bought.amount_in - slack, None).expect("swap");
                prop_assert!(cheaper.amount_out <= amount);
            }
        }
    }

    #[test]
    fn nobody_gains_by_swapping_there_and_back(
        pool in any_pool(), direction in any_direction(), amount in 1u128..1 << 90,
    ) {
        let amount = U256::from(amount);
        let back = match direction {
            Direction::ZeroForOne => Direction::OneForZero,
            Direction::OneForZero => Direction::ZeroForOne,
        };
        if let Ok(there) = pool.exact_in(direction, amount, None)
            && let Ok(again) = pool.after(&there).exact_in(back, there.amount_out, None)
        {
            prop_assert!(again.amount_out <= amount);
        }
    }

    #[test]
    fn the_price_stays_between_its_start_and_the_limit(
        pool in any_pool(), direction in any_direction(), amount in any_u256(), away in 1i32..5_000, exact_in in any::<bool>(),
    ) {
        let tick = if direction == Direction::ZeroForOne { pool.tick - away } else { pool.tick + 1 + away };
        let limit = sqrt_ratio_at_tick(tick);
        let swap = if exact_in {
            pool.exact_in(direction, amount, Some(limit))
        } else {
            pool.exact_out(direction, amount, Some(limit))
        };
        if let Ok(swap) = swap {
            let (low, high) = (limit.min(pool.sqrt_price_x96), limit.max(pool.sqrt_price_x96));
            prop_assert!((low..=high).contains(&swap.sqrt_price_after));
            let asked = if exact_in { swap.amount_in } else { swap.amount_out };
            prop_assert!(asked <= amount);
            let near = [swap.tick_after, swap.tick_after + 1];
            prop_assert!(near.contains(&tick_at_sqrt_ratio(swap.sqrt_price_after).expect("price")));
        }
    }

    #[test]
    fn no_state_and_no_amount_makes_the_replay_panic(
        pool in any_pool(),
        direction in any_direction(),
        (amount, limit) in (any_u256(), prop::option::of(any_u256())),
        (tick, tick_spacing, price) in (prop::option::of(any::<i32>()), prop::option::of(any::<i32>()), prop::option::of(any_u256())),
        (liquidity, net, words) in (any::<u128>(), any::<i128>(), any::<(i16, i16)>()),
    ) {
        let broken = PoolState {
            tick: tick.unwrap_or(pool.tick),
            tick_spacing: tick_spacing.unwrap_or(pool.tick_spacing),
            sqrt_price_x96: price.unwrap_or(pool.sqrt_price_x96),
            liquidity,
            ticks: pool.ticks.keys().map(|tick| (*tick, net)).collect(),
            known_range: KnownRange { low_word: words.0, high_word: words.1 },
            ..pool
        };
        let given = broken.exact_in(direction, amount, limit);
        let taken = broken.exact_out(direction, amount, limit);
        if let Ok(swap) = given {
            prop_assert!(swap.amount_in <= amount);
            let _impact = swap.price_impact_pips(broken.spot_price());
        }
        if let Ok(swap) = taken {
            prop_assert!(swap.amount_out <= amount);
        }
    }
}
