//! What must hold for any figures.

use alloy::primitives::{I256, U256};
use proptest::prelude::*;

use super::*;
use crate::perps::{LeverageE10, MarginChange, PercentE10, PriceE10, Side, Usdc};

const E10: u64 = 10_000_000_000;

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Long), Just(Side::Short)]
}

fn percent(whole: u64) -> PercentE10 {
    PercentE10(U256::from(whole) * U256::from(E10))
}

fn distance(price: PriceE10, from: PriceE10) -> U256 {
    price.0.abs_diff(from.0)
}

/// A spread with no caps to speak of.
fn spread_params(depth: u64) -> SpreadParams {
    SpreadParams {
        constant: PercentE10(U256::from(100_000_000)),
        price_impact_multiplier: U256::from(12_000_000_000u64),
        skew_impact_multiplier: I256::unchecked_from(2_500_000_000i64),
        depth_above: Usdc(U256::from(depth)),
        depth_below: Usdc(U256::from(depth)),
        favour_cap: U256::from(u64::MAX),
        adverse_cap: U256::from(u64::MAX),
    }
}

prop_compose! {
    fn any_close()(
        side in any_side(),
        collateral in 1_000_000u64..1_000_000_000_000,
        leverage in E10..=50 * E10,
        open_price in 1_000_000u64..2_000_000_000_000_000,
        moved in 0u64..30_000,
        loss_share in 50u64..=100,
    ) -> Close {
        let price = u128::from(open_price) * u128::from(moved) / 10_000;
        Close {
            side,
            collateral: Usdc(U256::from(collateral)),
            leverage: LeverageE10(U256::from(leverage)),
            open_price: PriceE10(U256::from(open_price)),
            close_price: PriceE10(U256::from(price)),
            rollover: Usdc::ZERO,
            closing_fee: PercentE10(U256::from(450_000_000)),
            keeper_fee: PercentE10::ZERO,
            max_gain: percent(2500),
            liquidation: percent(85),
            loss_share,
        }
    }
}

proptest! {
    #[test]
    fn more_margin_puts_the_liquidation_farther_away(close in any_close(), added in 1_000_000u64..1_000_000_000_000) {
        let step = MarginStep {
            side: close.side,
            collateral: close.collateral,
            open_interest: notional(close.collateral, close.leverage).expect("notional"),
            open_price: close.open_price,
            target: PriceE10::ZERO,
            rollover: Usdc::ZERO,
            max_gain: close.max_gain,
        };
        let after = margin_change(&step, MarginChange::Add(Usdc(U256::from(added)))).expect("after");
        let at = |collateral, leverage| {
            liquidation_price(close.open_price, close.side, collateral, leverage, Usdc::ZERO, close.liquidation)
                .expect("liquidation")
        };
        let (near, far) = (at(close.collateral, close.leverage), at(after.collateral, after.leverage));
        prop_assert!(distance(far, close.open_price) >= distance(near, close.open_price), "{near} {far}");
    }

    #[test]
    fn rollover_brings_the_liquidation_nearer(close in any_close(), due in 0u64..1_000_000) {
        let at = |due: u64| {
            let (open, due) = (close.open_price, Usdc(U256::from(due)));
            liquidation_price(open, close.side, close.collateral, close.leverage, due, close.liquidation)
                .map(|price| distance(price, open)).expect("liquidation")
        };
        prop_assert!(at(due) <= at(0));
    }

    #[test]
    fn a_larger_order_never_gets_a_better_price_on_a_balanced_book(
        side in any_side(), notional in 1u64..1_000_000_000_000, more in 0u64..1_000_000_000_000,
        depth in 1_000_000_000_000u64..100_000_000_000_000
    ) {
        let oracle = PriceE10(U256::from(3000 * E10));
        let worse_by = |notional: u64| {
            let notional = Usdc(U256::from(notional));
            let price = execution_price(oracle, side, notional, &spread_params(depth), Default::default());
            distance(price.expect("price"), oracle)
        };
        prop_assert!(worse_by(notional + more) >= worse_by(notional));
    }

    #[test]
    fn the_spread_stays_within_its_caps(
        side in any_side(), notional in 1u64..10_000_000_000_000, long in 0u64..10_000_000_000_000,
        short in 0u64..10_000_000_000_000, caps in any::<[u32; 2]>()
    ) {
        let [favour, adverse] = caps.map(|cap| U256::from(cap) * U256::from(100));
        let params = SpreadParams { favour_cap: favour, adverse_cap: adverse, ..spread_params(1_000_000_000_000) };
        let interest = OpenInterest { long: Usdc(U256::from(long)), short: Usdc(U256::from(short)) };
        let notional = Usdc(U256::from(notional));
        let skew = skew_impact(side, notional, &interest, params.skew_impact_multiplier).expect("skew");
        let spread = spread(side, notional, &params, skew).expect("spread");
        let bound = if spread.is_loss() { favour } else { adverse };
        prop_assert!(spread.amount().0 <= bound / U256::from(10));
    }

    #[test]
    fn nobody_is_paid_more_than_the_most_or_less_than_nothing(close in any_close()) {
        let parts = payout(&close).expect("payout");
        let most = close.collateral.0 * U256::from(26);
        prop_assert!(parts.paid.0 <= most);
        prop_assert!(parts.protected >= parts.gross);
        if parts.is_liquidated {
            prop_assert_eq!(parts.paid.0, parts.gross.amount().0 - parts.protected.amount().0);
        }
    }

    #[test]
    fn a_better_close_price_never_pays_less(close in any_close(), better in 0u64..5_000) {
        let step = close.open_price.0 * U256::from(better) / U256::from(10_000);
        let price = match close.side {
            Side::Long => close.close_price.0 + step,
            Side::Short => close.close_price.0.saturating_sub(step),
        };
        let unprotected = Close { loss_share: 100, ..close };
        let better = payout(&Close { close_price: PriceE10(price), ..unprotected }).expect("payout");
        // A unit: the profit is rounded towards zero, the fee down.
        prop_assert!(better.paid.0 + U256::ONE >= payout(&unprotected).expect("payout").paid.0);
    }

    #[test]
    fn a_position_closed_in_two_parts_is_gone(close in any_close(), part in 1u64..10_000) {
        let size = notional(close.collateral, close.leverage).expect("notional");
        let first = Usdc(close.collateral.0 * U256::from(part) / U256::from(10_000));
        let rest = partial_close(close.collateral, size, close.leverage, first).expect("rest");
        let gone = partial_close(rest.collateral, rest.open_interest, close.leverage, rest.collateral).expect("gone");
        prop_assert!(gone.collateral.0.is_zero() && gone.open_interest.0 <= U256::ONE);
    }

    #[test]
    fn accruals_never_fall_and_the_crowded_side_pays_more(
        long in 1_000_000u64..1_000_000_000_000, short in 1_000_000u64..1_000_000_000_000, blocks in 0u64..1_000_000
    ) {
        let interest = OpenInterest { long: Usdc(U256::from(long)), short: Usdc(U256::from(short)) };
        let most = Usdc(U256::from(4_000_000_000_000u64));
        let utilisation =
            Utilisation { pair: interest, pair_most: most, group: Usdc(U256::from(long + short)), group_most: most };
        let accruals = Accruals { per_block: U256::from(55_555), utilisation, ..Accruals::default() };
        let at = |side, block| accruals.at(side, block).expect("accrual");
        for side in [Side::Long, Side::Short] {
            prop_assert!(at(side, blocks + 1) >= at(side, blocks));
        }
        if long > short {
            prop_assert!(at(Side::Long, blocks) >= at(Side::Short, blocks));
        }
    }
}
