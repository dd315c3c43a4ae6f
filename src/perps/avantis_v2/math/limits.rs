//! What the venue does not take, checked before anything is signed: each refusal names its rule and both figures
//! (avantis-v2.md §5).

use std::fmt;

use alloy::primitives::U256;

use super::{
    levels::{UpsideShare, fixed_fee_least_stop, stop_percent, target_percent, upside_least_stop},
    size::notional,
};
use crate::{
    perps::{
        Entry, LeverageE10, PercentE10, PriceE10, Side, Usdc,
        int::{E10, e10, unsigned},
    },
    units::{MathError, mul_div_up},
};

/// Half of the spread may be at most so much: 0.5 %.
const MOST_HALF_SPREAD: u64 = E10 / 2;
/// Spread times leverage must be below 25.1 %.
const MOST_LEVERAGED_SPREAD: u64 = 251 * E10 / 10;
/// Least collateral: 1 USDC.
const LEAST_COLLATERAL: u64 = 1_000_000;

/// Which rule an order breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitRule {
    /// The pair is listed.
    Listed,
    /// The pair takes more than closes.
    CloseOnly,
    /// The market is open.
    MarketOpen,
    /// Leverage is in the pair's range.
    Leverage,
    /// At least 1 USDC.
    LeastCollateral,
    /// Notional is not below the pair's least.
    LeastNotional,
    /// Notional fits the open-interest limits.
    Headroom,
    /// Not too many positions on the pair.
    OpenTrades,
    /// A limit price is on its side of the market.
    LimitPrice,
    /// A target brings at most so much.
    Target,
    /// A stop loses at most so much.
    DeepestStop,
    /// A stop is not too near.
    NearestStop,
    /// The spread is not too wide.
    Spread,
    /// The spread is not too wide at this leverage.
    LeveragedSpread,
}

impl LimitRule {
    /// Its name, for messages and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listed => "pair-listed",
            Self::CloseOnly => "close-only",
            Self::MarketOpen => "market-open",
            Self::Leverage => "leverage-range",
            Self::LeastCollateral => "least-collateral",
            Self::LeastNotional => "least-notional",
            Self::Headroom => "open-interest",
            Self::OpenTrades => "open-trades",
            Self::LimitPrice => "limit-price",
            Self::Target => "most-gain",
            Self::DeepestStop => "deepest-stop",
            Self::NearestStop => "nearest-stop",
            Self::Spread => "spread",
            Self::LeveragedSpread => "leveraged-spread",
        }
    }
}

impl fmt::Display for LimitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an order is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A rule is broken.
    #[error("rule {rule}: {found}, allowed is {allowed}")]
    Broken {
        /// Which.
        rule: LimitRule,
        /// What the order has.
        found: String,
        /// What the rule wants.
        allowed: String,
    },
    /// Arithmetic on the edge of its type.
    #[error(transparent)]
    Math(#[from] MathError),
}

/// How stops are limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopLimit {
    /// On a pair with fees.
    FixedFee,
    /// On one with a profit share.
    Upside(UpsideShare),
}

/// What a pair allows now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Whether the pair is listed.
    pub is_listed: bool,
    /// Whether it takes closes only.
    pub is_close_only: bool,
    /// Whether its market is open.
    pub is_open: bool,
    /// Least and most leverage, of the kind of order.
    pub leverage: [LeverageE10; 2],
    /// Least notional.
    pub least_notional: Usdc,
    /// What the open-interest limits still take on this side.
    pub headroom: Usdc,
    /// Most positions on the pair.
    pub most_trades: u64,
    /// Most gain, per cent of the collateral.
    pub most_gain: PercentE10,
    /// Deepest stop, per cent of the collateral.
    pub deepest_stop: PercentE10,
    /// How near stops may be.
    pub stop_limit: StopLimit,
}

/// An open to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCheck {
    /// Direction.
    pub side: Side,
    /// Offered.
    pub collateral: Usdc,
    /// Its leverage.
    pub leverage: LeverageE10,
    /// At the market or not.
    pub entry: Entry,
    /// The market.
    pub market: PriceE10,
    /// Target; zero for none.
    pub target: PriceE10,
    /// Stop; zero for none.
    pub stop: PriceE10,
    /// The quoted spread.
    pub spread: PercentE10,
    /// Positions on the pair so far.
    pub open_trades: u64,
}

fn hold(rule: LimitRule, holds: bool, found: impl fmt::Display, allowed: impl fmt::Display) -> Result<(), LimitError> {
    if holds {
        return Ok(());
    }
    Err(LimitError::Broken { rule, found: found.to_string(), allowed: allowed.to_string() })
}

impl Limits {
    /// Refuses an open that the venue would not take, by the first rule that it breaks.
    pub fn check_open(&self, order: &OpenCheck) -> Result<(), LimitError> {
        hold(LimitRule::Listed, self.is_listed, "the pair is not listed", "a listed pair")?;
        hold(LimitRule::CloseOnly, !self.is_close_only, "the pair takes closes only", "closing")?;
        hold(LimitRule::MarketOpen, self.is_open, "the market is closed", "its opening hours")?;
        let [least, most] = self.leverage;
        let (leverage, range) = (order.leverage, format!("{least}x to {most}x"));
        hold(LimitRule::Leverage, (least..=most).contains(&leverage), format!("{leverage}x"), range)?;
        let usdc = |amount: Usdc| format!("{amount} USDC");
        let least_collateral = Usdc(U256::from(LEAST_COLLATERAL));
        let (collateral, floor) = (order.collateral, format!("at least {}", usdc(least_collateral)));
        hold(LimitRule::LeastCollateral, collateral >= least_collateral, usdc(collateral), floor)?;
        let size = notional(collateral, leverage)?;
        let floor = format!("at least {}", usdc(self.least_notional));
        hold(LimitRule::LeastNotional, size >= self.least_notional, usdc(size), floor)?;
        hold(LimitRule::Headroom, size <= self.headroom, usdc(size), format!("at most {}", usdc(self.headroom)))?;
        let trades = format!("{} are open", order.open_trades);
        hold(
            LimitRule::OpenTrades,
            order.open_trades < self.most_trades,
            trades,
            format!("{} of them", self.most_trades),
        )?;
        let base = self.entry_price(order)?;
        self.check_spread(order)?;
        self.check_target(order, base)?;
        self.check_stop(order, base)
    }

    /// Where the order enters; a limit must wait for a better price.
    fn entry_price(&self, order: &OpenCheck) -> Result<PriceE10, LimitError> {
        let Entry::Limit(price) = order.entry else { return Ok(order.market) };
        let (waits, where_) =
            if order.side.is_long() { (price < order.market, "below") } else { (price > order.market, "above") };
        hold(LimitRule::LimitPrice, waits, price, format!("{where_} the market at {}", order.market))?;
        Ok(price)
    }

    fn check_spread(&self, order: &OpenCheck) -> Result<(), LimitError> {
        let spread = order.spread;
        let percent = |value: PercentE10| format!("{value} %");
        let most = PercentE10(U256::from(2 * MOST_HALF_SPREAD));
        hold(LimitRule::Spread, spread <= most, percent(spread), format!("at most {}", percent(most)))?;
        let leveraged = PercentE10(mul_div_up(spread.0, order.leverage.0, e10())?);
        let most = PercentE10(U256::from(MOST_LEVERAGED_SPREAD));
        hold(LimitRule::LeveragedSpread, leveraged < most, percent(leveraged), format!("below {}", percent(most)))
    }

    fn check_target(&self, order: &OpenCheck, base: PriceE10) -> Result<(), LimitError> {
        if order.target == PriceE10::ZERO {
            return Ok(());
        }
        let most = match &self.stop_limit {
            StopLimit::FixedFee => self.most_gain,
            StopLimit::Upside(share) => share.most_gain(self.most_gain)?,
        };
        let gain = target_percent(base, order.target, order.leverage, order.side)?;
        let gain = unsigned(gain).ok().filter(|gain| !gain.is_zero()).map(PercentE10);
        let found = gain.map_or_else(|| format!("{} loses from {base}", order.target), |gain| format!("{gain} %"));
        hold(LimitRule::Target, gain.is_some_and(|gain| gain <= most), found, format!("a gain of at most {most} %"))
    }

    fn check_stop(&self, order: &OpenCheck, base: PriceE10) -> Result<(), LimitError> {
        if order.stop == PriceE10::ZERO {
            return Ok(());
        }
        let nearest = match &self.stop_limit {
            StopLimit::FixedFee => fixed_fee_least_stop(order.spread, order.leverage)?,
            StopLimit::Upside(_) => upside_least_stop(order.spread, order.leverage)?,
        };
        let loss = stop_percent(base, order.stop, order.leverage, order.side)?;
        let loss = unsigned(loss).ok().map(PercentE10);
        let found = loss.map_or_else(|| format!("{} gains from {base}", order.stop), |loss| format!("{loss} %"));
        let near = format!("a loss of at least {nearest} %");
        hold(LimitRule::NearestStop, loss.is_some_and(|loss| loss >= nearest), &found, near)?;
        let deep = format!("a loss of at most {} %", self.deepest_stop);
        hold(LimitRule::DeepestStop, loss.is_some_and(|loss| loss <= self.deepest_stop), &found, deep)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::{Decimal, dec};

    use super::*;

    fn percent(value: Decimal) -> PercentE10 {
        PercentE10::from_decimal(value).expect("percent")
    }

    fn price(value: Decimal) -> PriceE10 {
        PriceE10::from_decimal(value).expect("price")
    }

    fn x(value: Decimal) -> LeverageE10 {
        LeverageE10::from_decimal(value).expect("leverage")
    }

    fn usdc(value: Decimal) -> Usdc {
        Usdc::from_decimal(value).expect("usdc")
    }

    /// ETH/USD of the recordings.
    fn limits() -> Limits {
        Limits {
            is_listed: true,
            is_close_only: false,
            is_open: true,
            leverage: [x(dec!(1)), x(dec!(50))],
            least_notional: usdc(dec!(100)),
            headroom: usdc(dec!(5000)),
            most_trades: 40,
            most_gain: percent(dec!(2500)),
            deepest_stop: percent(dec!(80)),
            stop_limit: StopLimit::FixedFee,
        }
    }

    fn order() -> OpenCheck {
        OpenCheck {
            side: Side::Long,
            collateral: usdc(dec!(250)),
            leverage: x(dec!(5)),
            entry: Entry::Market,
            market: price(dec!(2500)),
            target: PriceE10::ZERO,
            stop: PriceE10::ZERO,
            spread: percent(dec!(0.01)),
            open_trades: 0,
        }
    }

    fn told(limits: &Limits, order: &OpenCheck) -> String {
        limits.check_open(order).expect_err("refused").to_string()
    }

    #[test]
    fn each_rule_refuses_by_its_name_with_both_figures() {
        let (limits, order) = (limits(), order());
        limits.check_open(&order).expect("allowed");
        let with = |change: &dyn Fn(&mut Limits, &mut OpenCheck)| {
            let (mut limits, mut order) = (limits.clone(), order);
            change(&mut limits, &mut order);
            told(&limits, &order)
        };
        assert_eq!(
            with(&|l, _| l.is_listed = false),
            "rule pair-listed: the pair is not listed, allowed is a listed pair"
        );
        assert!(with(&|l, _| l.is_close_only = true).starts_with("rule close-only: "));
        assert!(with(&|l, _| l.is_open = false).starts_with("rule market-open: "));
        assert_eq!(with(&|_, o| o.leverage = x(dec!(50.1))), "rule leverage-range: 50.1x, allowed is 1x to 50x");
        assert!(with(&|_, o| o.leverage = x(dec!(0.9))).starts_with("rule leverage-range: 0.9x"));
        assert_eq!(
            with(&|_, o| o.collateral = usdc(dec!(0.999999))),
            "rule least-collateral: 0.999999 USDC, allowed is at least 1 USDC"
        );
        assert_eq!(
            with(&|_, o| o.collateral = usdc(dec!(19.999999))),
            "rule least-notional: 99.999995 USDC, allowed is at least 100 USDC"
        );
        assert_eq!(
            with(&|_, o| o.collateral = usdc(dec!(1000.000001))),
            "rule open-interest: 5000.000005 USDC, allowed is at most 5000 USDC"
        );
        assert_eq!(with(&|_, o| o.open_trades = 40), "rule open-trades: 40 are open, allowed is 40 of them");
        assert_eq!(
            with(&|_, o| o.entry = Entry::Limit(price(dec!(2500)))),
            "rule limit-price: 2500, allowed is below the market at 2500"
        );
        assert_eq!(with(&|_, o| o.spread = percent(dec!(1.01))), "rule spread: 1.01 %, allowed is at most 1 %");
        assert_eq!(
            with(&|_, o| {
                (o.spread, o.leverage, o.collateral) = (percent(dec!(0.502)), x(dec!(50)), usdc(dec!(100)));
            }),
            "rule leveraged-spread: 25.1 %, allowed is below 25.1 %"
        );
        assert_eq!(
            with(&|_, o| o.target = price(dec!(15000.1))),
            "rule most-gain: 2500.02 %, allowed is a gain of at most 2500 %"
        );
        assert!(with(&|_, o| o.target = price(dec!(2499))).contains("2499 loses from 2500"));
        assert_eq!(
            with(&|_, o| o.stop = price(dec!(2499.6))),
            "rule nearest-stop: 0.08 %, allowed is a loss of at least 0.1 %"
        );
        assert!(with(&|_, o| o.stop = price(dec!(2501))).contains("2501 gains from 2500"));
        assert_eq!(
            with(&|_, o| o.stop = price(dec!(2099))),
            "rule deepest-stop: 80.2 %, allowed is a loss of at most 80 %"
        );
    }

    #[test]
    fn a_short_is_the_mirror_of_a_long() {
        let short = OpenCheck { side: Side::Short, stop: price(dec!(2600)), target: price(dec!(2400)), ..order() };
        limits().check_open(&short).expect("allowed");
        let limit = OpenCheck { entry: Entry::Limit(price(dec!(2400))), ..short };
        assert!(told(&limits(), &limit).starts_with("rule limit-price: 2400, allowed is above"));
    }

    #[test]
    fn a_pair_with_a_profit_share_wants_stops_further_away_and_caps_the_gain_after_the_share() {
        let share = UpsideShare(vec![(percent(dec!(1)), percent(dec!(25))), (percent(dec!(2500)), percent(dec!(5)))]);
        let limits = Limits { stop_limit: StopLimit::Upside(share), ..limits() };
        let near = OpenCheck { stop: price(dec!(2480)), ..order() };
        assert!(told(&limits, &near).contains("nearest-stop: 4 %, allowed is a loss of at least 5 %"));
        let far = OpenCheck { target: price(dec!(14400)), ..order() };
        assert!(told(&limits, &far).contains("most-gain: 2380 %, allowed is a gain of at most 2375 %"));
    }
}
