//! `watch.exits`: prices at which a loop is left.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{PairPrice, PairSide, values};

/// When a loop is left by the price that moves it: that of its volatile asset in US dollars, or, of two that are both
/// volatile, what the collateral is worth in the debt asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopExit {
    /// Collateral and debt: `WETH/USDC` is a long loop, `USDC/WETH` a short one.
    pub pair: String,
    /// Where the loss ends: at or below this, in a short loop at or above.
    #[serde(default, with = "values::optional_decimal", skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Decimal>,
    /// Where the profit is taken: at or above this, in a short loop at or below.
    #[serde(default, with = "values::optional_decimal", skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<Decimal>,
    /// Go down to this leverage; unset closes the loop.
    #[serde(default, with = "values::optional_decimal", skip_serializing_if = "Option::is_none")]
    pub leverage: Option<Decimal>,
}

impl LoopExit {
    /// Symbols of collateral and debt; `None` when the pair is not written so.
    #[must_use]
    pub fn symbols(&self) -> Option<(&str, &str)> {
        self.pair.split_once('/').filter(|(collateral, debt)| !collateral.is_empty() && !debt.is_empty())
    }

    /// Why its two prices cannot both be meant, when they are these.
    #[must_use]
    pub fn order_problem(&self, prices: &PairPrice) -> Option<String> {
        let problem = prices.order_problem(self.stop_loss?, self.take_profit?)?;
        Some(format!("{}: {problem}", self.pair))
    }

    /// What is wrong, as far as symbols tell; a start of the watch asks the market which price is meant.
    pub(super) fn problem(&self) -> Option<String> {
        let Self { pair, stop_loss, take_profit, leverage } = self;
        let Some((collateral, debt)) = self.symbols() else {
            return Some(format!("pair `{pair}` is not written as COLLATERAL/DEBT"));
        };
        if stop_loss.is_none() && take_profit.is_none() {
            return Some(format!("{pair} needs stop_loss, take_profit or both"));
        }
        if let Some(price) = [stop_loss, take_profit].into_iter().flatten().find(|price| **price <= Decimal::ZERO) {
            return Some(format!("{pair}: the price {price} must be above 0"));
        }
        let prices = PairPrice::of(PairSide::of_symbol(collateral), PairSide::of_symbol(debt));
        if let Some(problem) = self.order_problem(&prices) {
            return Some(problem);
        }
        let leverage = leverage.filter(|leverage| *leverage <= Decimal::ONE)?;
        Some(format!("{pair}: leverage {leverage} must be above 1; leave it out to close the loop"))
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn a_short_loops_exits_written_as_a_longs_are_refused_with_the_asset_that_is_meant() {
        let exit = |pair: &str, stop_loss, take_profit| LoopExit {
            pair: pair.to_owned(),
            stop_loss: Some(stop_loss),
            take_profit: Some(take_profit),
            leverage: None,
        };
        assert_eq!(exit("WETH/USDC", dec!(2400), dec!(4000)).problem(), None);
        assert_eq!(exit("usdc/weth", dec!(4000), dec!(2400)).problem(), None);
        assert_eq!(exit("cbBTC/WETH", dec!(20), dec!(40)).problem(), None);
        let problem = exit("USDC/WETH", dec!(2400), dec!(4000)).problem().expect("the wrong way round");
        assert!(problem.contains("USDC/WETH: stop_loss 2400 must be above take_profit 4000"), "{problem}");
        assert!(problem.contains("prices of WETH in USD"), "{problem}");
        let ratio = exit("cbBTC/WETH", dec!(40), dec!(20)).problem().expect("the wrong way round");
        assert!(ratio.contains("must be below") && ratio.contains("prices of cbBTC in WETH"), "{ratio}");
        assert!(exit("WETH-USDC", dec!(1), dec!(2)).problem().is_some_and(|text| text.contains("COLLATERAL/DEBT")));
    }
}
