//! What a perp has to come to: pure arithmetic on the venue's parameters before it was ordered. Of what the chain says
//! later only the blocks of fill and end go in.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use crate::{
    perps::{
        EndKind, Level, LeverageE10, OpenRequest, PercentE10, PriceE10, Side, Usdc,
        avantis_v1::{
            PairDetail,
            math::{
                Accruals, Close, OpenInterest, clip_stop, clip_target, collateral_after_fee, execution_price,
                loss_share, notional, opening_fee, payout, protection_tier, rollover, skew_impact,
            },
        },
    },
    units::{MathError, WAD, from_decimal, mul_div_down},
};

/// A position as it has to be once it is filled.
#[derive(Debug, Clone)]
pub(super) struct Expected<'a> {
    pair: &'a PairDetail,
    liquidation: PercentE10,
    side: Side,
    leverage: LeverageE10,
    /// What of a loss is borne, plain per cent.
    loss_share: u64,
    pub(super) entry: PriceE10,
    pub(super) collateral: Usdc,
    pub(super) stop: PriceE10,
    pub(super) target: PriceE10,
}

/// What an end pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payment {
    pub(super) rollover: Usdc,
    pub(super) paid: Usdc,
}

impl<'a> Expected<'a> {
    /// A market order that is filled at this price of the oracle, on a venue whose threshold of liquidation is given.
    pub(super) fn new(
        pair: &'a PairDetail,
        liquidation: PercentE10,
        order: &OpenRequest,
        oracle: PriceE10,
    ) -> Result<Self, MathError> {
        let (side, leverage) = (order.side, order.leverage);
        let ordered = notional(order.margin, leverage)?;
        let skew = skew_impact(side, ordered, &pair.interest, pair.spread.skew_impact_multiplier)?;
        let entry = execution_price(oracle, side, ordered, &pair.spread, skew)?;
        let fee = opening_fee(ordered, pair.fee_rows.percent(side, ordered, &pair.interest)?)?;
        let collateral = collateral_after_fee(order.margin, fee)?;
        let thresholds = match (&pair.protected_from, side) {
            ([long, _], Side::Long) => long,
            ([_, short], Side::Short) => short,
        };
        let tier = protection_tier(side, notional(collateral, leverage)?, &pair.interest, thresholds)?;
        let stop = level(order.stop, entry, side.is_long())?;
        let target = level(order.target, entry, !side.is_long())?;
        Ok(Self {
            pair,
            liquidation,
            side,
            leverage,
            loss_share: loss_share(tier, &pair.borne).unwrap_or(100),
            entry,
            collateral,
            stop: clip_stop(entry, side, leverage, stop, pair.deepest_stop)?,
            target: clip_target(entry, side, leverage, target, pair.max_gain)?,
        })
    }

    /// What it pays when it was filled in one block and ended in another, nothing else having been traded on the pair's
    /// group. A stop and a target are executed at their price, a close at the oracle's; nothing for a liquidation.
    pub(super) fn ended(
        &self,
        by: EndKind,
        oracle: PriceE10,
        filled: u64,
        ended: u64,
    ) -> Result<Option<Payment>, MathError> {
        let (close_price, keeper_fee) = match by {
            EndKind::Target => (self.target, self.pair.keeper_fee),
            EndKind::Stop => (self.stop, self.pair.keeper_fee),
            EndKind::Closed => (oracle, PercentE10::ZERO),
            EndKind::Liquidation => return Ok(None),
        };
        let rollover = self.rollover(filled, ended)?;
        let parts = payout(&Close {
            side: self.side,
            collateral: self.collateral,
            leverage: self.leverage,
            open_price: self.entry,
            close_price,
            rollover,
            closing_fee: self.pair.closing_fee,
            keeper_fee,
            max_gain: self.pair.max_gain,
            liquidation: self.liquidation,
            loss_share: self.loss_share,
        })?;
        Ok(Some(Payment { rollover, paid: parts.paid }))
    }

    /// The fill stores the pair's accruals and then adds the position to what is used; a position pays from there on.
    fn rollover(&self, filled: u64, ended: u64) -> Result<Usdc, MathError> {
        let before = self.pair.accruals;
        let (long, short) = (before.at(Side::Long, filled)?, before.at(Side::Short, filled)?);
        let size = notional(self.collateral, self.leverage)?;
        let mut utilisation = before.utilisation;
        utilisation.pair = with(utilisation.pair, self.side, size)?;
        utilisation.group = plus(utilisation.group, size)?;
        let after = Accruals { long, short, updated: filled, utilisation, ..before };
        let since = match self.side {
            Side::Long => long,
            Side::Short => short,
        };
        rollover(since, after.at(self.side, ended)?, self.collateral, self.leverage)
    }
}

fn plus(amount: Usdc, more: Usdc) -> Result<Usdc, MathError> {
    amount.0.checked_add(more.0).map(Usdc).ok_or(MathError::Overflow)
}

fn with(interest: OpenInterest, side: Side, size: Usdc) -> Result<OpenInterest, MathError> {
    let OpenInterest { long, short } = interest;
    Ok(match side {
        Side::Long => OpenInterest { long: plus(long, size)?, short },
        Side::Short => OpenInterest { long, short: plus(short, size)? },
    })
}

/// A level as a price, zero for none; a distance goes below the entry or above it, rounded down.
fn level(level: Option<Level>, entry: PriceE10, below: bool) -> Result<PriceE10, MathError> {
    let distance = match level {
        None => return Ok(PriceE10::ZERO),
        Some(Level::Price(price)) => return Ok(price),
        Some(Level::Distance(distance)) => distance,
    };
    let moved = mul_div_down(entry.0, share(distance)?, WAD)?;
    let price = if below { entry.0.checked_sub(moved) } else { entry.0.checked_add(moved) };
    price.map(PriceE10).ok_or(MathError::Overflow)
}

fn share(distance: Decimal) -> Result<U256, MathError> {
    from_decimal(distance, 18).ok_or(MathError::Overflow)
}

#[cfg(test)]
mod tests {
    use alloy::primitives::I256;
    use rust_decimal::dec;

    use super::*;
    use crate::perps::{
        Entry,
        avantis_v1::math::{FeeRow, FeeRows, SpreadParams, Utilisation},
    };

    fn usdc(whole: u64) -> Usdc {
        Usdc(U256::from(whole * 1_000_000))
    }

    fn percent(text: &str) -> PercentE10 {
        PercentE10::from_decimal(text.parse().expect("decimal")).expect("ten digits")
    }

    fn price(text: &str) -> PriceE10 {
        PriceE10::from_decimal(text.parse().expect("decimal")).expect("ten digits")
    }

    /// An empty pair without spread: a fee of 0.045 % each way, rollover as in avantis-v1.md §5.
    fn pair() -> PairDetail {
        let caps = SpreadParams {
            depth_above: usdc(1),
            depth_below: usdc(1),
            favour_cap: U256::from(20_000_000_000u64),
            adverse_cap: U256::from(250_000_000_000u64),
            ..SpreadParams::default()
        };
        let row = FeeRow { slope: I256::ZERO, constant: I256::unchecked_from(450) };
        let utilisation =
            Utilisation { pair_most: usdc(4_000_000), group_most: usdc(4_000_000), ..Utilisation::default() };
        PairDetail {
            spread: caps,
            fee_rows: FeeRows([row; 10]),
            closing_fee: percent("0.045"),
            keeper_fee: percent("0.01"),
            max_gain: percent("2500"),
            deepest_stop: percent("80"),
            accruals: Accruals { per_block: U256::from(55_555), utilisation, ..Accruals::default() },
            ..PairDetail::default()
        }
    }

    fn order() -> OpenRequest {
        OpenRequest {
            pair: "ETH/USD".to_owned(),
            side: Side::Long,
            margin: usdc(1_000),
            leverage: LeverageE10(U256::from(100_000_000_000u64)),
            entry: Entry::Market,
            stop: Some(Level::Distance(dec!(0.02))),
            target: Some(Level::Distance(dec!(0.04))),
            slippage: percent("1"),
            signal: None,
            outlook: None,
        }
    }

    #[test]
    fn a_target_4_percent_away_pays_ten_times_that_less_fees() {
        let pair = pair();
        let expected = Expected::new(&pair, percent("85"), &order(), price("3000")).expect("expected");
        assert_eq!((expected.entry, expected.stop, expected.target), (price("3000"), price("2940"), price("3120")));
        // 4.5 of 1000 is the opening fee.
        assert_eq!(expected.collateral, Usdc(U256::from(995_500_000u64)));
        let paid = expected.ended(EndKind::Target, price("3121"), 100, 100).expect("sum").expect("paid");
        // 995.5 + 398.2 − 0.045 % of 10 353.2 − 0.01 % of 995.5.
        assert_eq!(paid, Payment { rollover: Usdc::ZERO, paid: Usdc(U256::from(1_388_941_510u64)) });
        assert_eq!(expected.ended(EndKind::Liquidation, price("1"), 100, 200), Ok(None));
    }

    #[test]
    fn rollover_is_for_the_blocks_between_fill_and_end_and_is_paid_by_a_close_too() {
        let pair = pair();
        let big = OpenRequest { margin: usdc(20_000), ..order() };
        let expected = Expected::new(&pair, percent("85"), &big, price("3000")).expect("expected");
        let at = |ended| expected.ended(EndKind::Closed, price("3000"), 1_000, ended).expect("sum").expect("paid");
        let (now, later) = (at(1_000), at(6_000));
        assert_eq!(now.rollover, Usdc::ZERO);
        // The reference's example: 2.897004 on 199 100.
        assert_eq!(later.rollover, Usdc(U256::from(2_897_004u64)));
        assert_eq!(now.paid.0 - later.paid.0, later.rollover.0);
    }
}
