//! Ticks and square root prices, both ways, bit for bit as v3-core's `TickMath`.

use alloy::primitives::{U256, uint};

/// Lowest tick: a price of about 2^-128.
pub const MIN_TICK: i32 = -887_272;
/// Highest tick: a price of about 2^128.
pub const MAX_TICK: i32 = 887_272;
/// Square root price at [`MIN_TICK`], the lowest a pool can have.
pub const MIN_SQRT_RATIO: U256 = uint!(4295128739_U256);
/// Square root price at [`MAX_TICK`]; a pool's price is always below it.
pub const MAX_SQRT_RATIO: U256 = uint!(1461446703485210103287273052203988822378723970342_U256);

/// `1.0001^(-2^i / 2)` in Q128 for each bit `i` of a tick (v3-core `TickMath`).
const POWERS: [u128; 20] = [
    0xfffcb933bd6fad37aa2d162d1a594001,
    0xfff97272373d413259a46990580e213a,
    0xfff2e50f5f656932ef12357cf3c7fdcc,
    0xffe5caca7e10e4e61c3624eaa0941cd0,
    0xffcb9843d60f6159c9db58835c926644,
    0xff973b41fa98c081472e6896dfb254c0,
    0xff2ea16466c96a3843ec78b326b52861,
    0xfe5dee046a99a2a811c461f1969c3053,
    0xfcbe86c7900a88aedcffc83b479aa3a4,
    0xf987a7253ac413176f2b074cf7815e54,
    0xf3392b0822b70005940c7a398e4b70f3,
    0xe7159475a2c29b7443b29c7fa6e889d9,
    0xd097f3bdfd2022b8845ad8f792aa5825,
    0xa9f746462d870fdf8a65dc1f90e061e5,
    0x70d869a156d2a1b890bb3df62baf32f7,
    0x31be135f97d08fd981231505542fcfa6,
    0x09aa508b5b7a84e1c677de54f3e99bc9,
    0x005d6af8dedb81196699c329225ee604,
    0x00002216e584f5fa1ea926041bedfe98,
    0x00000000048a170391f7dc42444e8fa2,
];

/// `sqrt(1.0001^tick)` as Q64.96, rounded up. Ticks outside [`MIN_TICK`]..=[`MAX_TICK`] are taken as the nearer end.
#[must_use]
pub fn sqrt_ratio_at_tick(tick: i32) -> U256 {
    let tick = tick.clamp(MIN_TICK, MAX_TICK);
    let bits = tick.unsigned_abs();
    let mut ratio: U256 = U256::ONE << 128;
    for (bit, power) in POWERS.iter().enumerate() {
        if bits >> bit & 1 == 1 {
            ratio = ratio.wrapping_mul(U256::from(*power)) >> 128;
        }
    }
    if tick > 0 {
        ratio = U256::MAX / ratio;
    }
    // Rounded up, so that the tick of the result is the tick again.
    let up = ratio.as_limbs()[0] as u32 != 0;
    (ratio >> 32) + U256::from(up)
}

/// The greatest tick whose square root price is not above `sqrt_price`; `None` outside
/// [`MIN_SQRT_RATIO`]..[`MAX_SQRT_RATIO`], where no pool's price can be.
#[must_use]
pub fn tick_at_sqrt_ratio(sqrt_price: U256) -> Option<i32> {
    if !(MIN_SQRT_RATIO..MAX_SQRT_RATIO).contains(&sqrt_price) {
        return None;
    }
    Some(tick_within(sqrt_price, MIN_TICK, MAX_TICK))
}

/// As [`tick_at_sqrt_ratio`] when the tick is known to be in `low..high`: fewer steps.
pub(in crate::dex) fn tick_within(sqrt_price: U256, mut low: i32, mut high: i32) -> i32 {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if sqrt_ratio_at_tick(middle) <= sqrt_price {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_and_the_middle_are_those_of_the_contract() {
        assert_eq!(sqrt_ratio_at_tick(MIN_TICK), MIN_SQRT_RATIO);
        assert_eq!(sqrt_ratio_at_tick(MAX_TICK), MAX_SQRT_RATIO);
        assert_eq!(sqrt_ratio_at_tick(0), U256::ONE << 96);
        assert_eq!(tick_at_sqrt_ratio(MIN_SQRT_RATIO), Some(MIN_TICK));
        assert_eq!(tick_at_sqrt_ratio(MAX_SQRT_RATIO - U256::ONE), Some(MAX_TICK - 1));
        assert_eq!(tick_at_sqrt_ratio(MAX_SQRT_RATIO), None);
        assert_eq!(tick_at_sqrt_ratio(MIN_SQRT_RATIO - U256::ONE), None);
    }

    proptest! {
        #[test]
        fn a_tick_survives_the_way_to_its_price_and_back(tick in MIN_TICK..MAX_TICK) {
            let price = sqrt_ratio_at_tick(tick);
            prop_assert_eq!(tick_at_sqrt_ratio(price), Some(tick));
            prop_assert!(sqrt_ratio_at_tick(tick + 1) > price);
            if tick > MIN_TICK {
                prop_assert_eq!(tick_at_sqrt_ratio(price - U256::ONE), Some(tick - 1));
            }
        }
    }
}
