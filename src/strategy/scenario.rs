//! The five scenarios of strategy.md §10, and their arithmetic under any table and capital.

use rust_decimal::{Decimal, dec};
use serde::Serialize;

use super::{Capital, Costs, Kind, Outcome, Side, Signal, Size, SizingError, exact::x, outcome, size};
use crate::{
    config::{StrategyConfig, Volatility},
    units::Millis,
};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scenario {
    /// 1–5.
    pub number: u8,
    /// What people call it.
    pub name: &'static str,
    /// 0–100.
    pub score: Decimal,
    /// Of the market.
    pub volatility: Volatility,
    /// Direction.
    pub side: Side,
    /// The perp's pair.
    pub pair: &'static str,
    /// Price at entry.
    pub entry: Decimal,
    /// Price of the stop.
    pub stop: Decimal,
    /// Price of the target.
    pub target: Decimal,
    /// Loop leverage of the naive table, for comparison.
    pub naive_leverage: Decimal,
}

macro_rules! scenario {
    ($number:literal $name:literal, $score:literal $volatility:ident, $side:ident $pair:literal,
     $entry:literal $stop:literal $target:literal, $naive:literal) => {
        Scenario {
            number: $number,
            name: $name,
            score: dec!($score),
            volatility: Volatility::$volatility,
            side: Side::$side,
            pair: $pair,
            entry: dec!($entry),
            stop: dec!($stop),
            target: dec!($target),
            naive_leverage: dec!($naive),
        }
    };
}

/// The scenarios, in their order.
pub const SCENARIOS: [Scenario; 5] = [
    scenario!(1 "perfect setup", 95 Low, Short "ARB/USD", 0.0958 0.0979 0.0918, 10),
    scenario!(2 "strong", 75 Normal, Long "OP/USD", 0.1246 0.1221 0.1296, 5),
    scenario!(3 "good", 65 Normal, Short "ETH/USD", 1969 2009 1890, 3),
    scenario!(4 "medium", 55 Normal, Long "ARB/USD", 0.0958 0.0939 0.0996, 2),
    scenario!(5 "weak", 45 Normal, Short "OP/USD", 0.1246 0.1271 0.1196, 1),
];

/// The arithmetic of one scenario under one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioResult {
    /// What the table asks for; whether the chain allows it is [`examine`](super::examine)'s to say.
    pub size: Size,
    /// The perp at its target and its stop.
    pub outcome: Outcome,
    /// Result of the loop's exposure when its collateral moves by the shock, before interest: `L × B × shock`.
    pub shock: Decimal,
}

impl Scenario {
    /// The signal that it is, made at a moment.
    #[must_use]
    pub fn signal(&self, at: Millis) -> Signal {
        Signal {
            id: format!("scenario-{}", self.number),
            pair: self.pair.to_owned(),
            side: self.side,
            score: self.score,
            volatility: self.volatility,
            entry: self.entry,
            stop: self.stop,
            target: self.target,
            drift: None,
            confidence: None,
            half_life_s: None,
            kind: Kind::Primary,
            features: None,
            at,
        }
    }

    /// Sizes it and computes both ends and the shock (a share: −0.10 is a fall of 10 %).
    pub fn compute(
        &self,
        settings: &StrategyConfig,
        capital: &Capital,
        costs: &Costs,
        shock: Decimal,
    ) -> Result<ScenarioResult, SizingError> {
        let signal = self.signal(Millis(0));
        let size = size(&signal, settings, capital)?;
        let levels = signal.levels().map_err(|_| SizingError::Unfit)?;
        let outcome = outcome(size.margin, size.perp_leverage, levels, costs).ok_or(SizingError::Unfit)?;
        let exposure = if size.has_loop() { x(size.base_capital) * size.loop_leverage } else { x(Decimal::ZERO) };
        let shock = (exposure * shock).get().ok_or(SizingError::Unfit)?;
        Ok(ScenarioResult { size, outcome, shock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TableName;

    fn compute(scenario: &Scenario, table: TableName, base: Decimal, costs: &Costs) -> ScenarioResult {
        let settings = StrategyConfig { table, base_capital: Some(base), ..StrategyConfig::default() };
        let round_trip = costs.round_trip().expect("fits");
        // Free funds and risk grow with the capital, so that every table scales.
        let capital = Capital { free_usdc: base, risk: base * dec!(0.02), round_trip, live: false, forced: false };
        scenario.compute(&settings, &capital, costs, dec!(-0.1)).expect("arithmetic")
    }

    #[test]
    fn every_scenario_under_every_table_is_a_hundred_times_as_big_at_a_hundred_times_the_capital() {
        let costs = Costs::example(dec!(0.0002));
        let mut cells = 0;
        for scenario in &SCENARIOS {
            for table in TableName::ALL.iter().copied().filter(|table| *table != TableName::Custom) {
                let (small, big) =
                    (compute(scenario, table, dec!(30), &costs), compute(scenario, table, dec!(3000), &costs));
                let near = |small: Decimal, big: Decimal| (big - small * dec!(100)).abs() < dec!(0.005);
                assert!(near(small.outcome.win.net, big.outcome.win.net), "{} {table}", scenario.name);
                assert!(near(small.outcome.loss.net, big.outcome.loss.net), "{} {table}", scenario.name);
                assert_eq!(small.shock * dec!(100), big.shock);
                assert_eq!(
                    small.outcome.break_even().map(|rate| rate.round_dp(5)),
                    big.outcome.break_even().map(|rate| rate.round_dp(5))
                );
                let Outcome { win, loss, liquidated_first, .. } = small.outcome;
                // At 50x these stops lie beyond liquidation: gross and net are the whole margin.
                assert_eq!(liquidated_first, table == TableName::KellyNotional);
                assert!(win.net < win.gross && (liquidated_first || loss.net < loss.gross));
                cells += 1;
            }
        }
        assert_eq!(cells, 30);
    }

    #[test]
    fn the_scenarios_win_and_lose_notional_times_distance_and_nothing_with_leverage_twice() {
        let free = Costs { opening_fee: dec!(0), closing_fee: dec!(0), keeper_fee: dec!(0), ..Costs::example(dec!(0)) };
        // Margin × 15 × distance at 30: figures of strategy.md §10's prices under option-c.
        for (scenario, win, loss, shock) in [
            (&SCENARIOS[0], dec!(9.395), dec!(-4.932), dec!(-9)),
            (&SCENARIOS[1], dec!(6.019), dec!(-3.010), dec!(-6)),
            (&SCENARIOS[2], dec!(4.514), dec!(-2.285), dec!(-4.5)),
            (&SCENARIOS[3], dec!(3.570), dec!(-1.785), dec!(0)),
            (&SCENARIOS[4], dec!(3.612), dec!(-1.806), dec!(0)),
        ] {
            let result = compute(scenario, TableName::OptionC, dec!(30), &free);
            let Outcome { win: at_target, loss: at_stop, .. } = result.outcome;
            assert_eq!((at_target.gross.round_dp(3), at_stop.gross.round_dp(3)), (win, loss), "{}", scenario.name);
            assert_eq!(
                (at_target.net.round_dp(9), at_stop.net.round_dp(9)),
                (at_target.gross.round_dp(9), at_stop.gross.round_dp(9))
            );
            assert_eq!(result.shock, shock);
        }
    }

    #[test]
    fn a_loop_changes_nothing_about_the_perp() {
        use crate::strategy::LoopShare;
        let costs = Costs::example(dec!(0));
        let with = compute(&SCENARIOS[0], TableName::OptionC, dec!(30), &costs);
        let without = Size { loop_leverage: dec!(1), ..with.size.clone() };
        let share = |size: &Size| LoopShare::new(size, &with.outcome, dec!(0.05), dec!(0.02)).expect("fits");
        let (loop_, none) = (share(&with.size), share(&without));
        assert_eq!((loop_.perp_win, loop_.perp_loss), (none.perp_win, none.perp_loss));
        assert_eq!((loop_.added_exposure, none.added_exposure, none.cost_per_day), (dec!(60), dec!(0), dec!(0)));
        // 60 at 5 % less 90 at 2 %, over 365 days.
        assert_eq!(loop_.cost_per_day.round_dp(6), dec!(0.003288));
        assert!(
            loop_
                .line("WETH")
                .starts_with("the loop adds 60 USD of WETH exposure and costs 0.0033 USD a day; it adds nothing")
        );
    }

    #[test]
    fn a_scenario_is_a_signal_that_parses() {
        let settings = StrategyConfig::default();
        for scenario in &SCENARIOS {
            let Scenario { score, side, pair, entry, stop, target, volatility, number, .. } = scenario;
            let text = serde_json::json!({
                "id": format!("scenario-{number}"), "pair": pair, "side": side, "score": score.to_string(),
                "volatility": volatility, "entry": entry.to_string(), "stop": stop.to_string(),
                "target": target.to_string(), "at": "1970-01-01T00:00:00Z",
            });
            assert_eq!(Signal::parse(&text.to_string(), &settings), Ok(scenario.signal(Millis(0))));
        }
    }
}
