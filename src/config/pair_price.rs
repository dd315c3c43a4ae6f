//! Which price people mean when they speak of a loop: that of its asset that moves against currencies.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::group_thousands;

/// Symbols of coins that follow a currency: those Aave lists on Base, and those it lists on other chains and may list on
/// Base after this program was built. Compared whole, without case.
const CURRENCY_SYMBOLS: [&str; 20] = [
    "USDC",
    "USDbC",
    "USDC.e",
    "USDT",
    "USD₮0",
    "USDT0",
    "DAI",
    "USDS",
    "sUSDS",
    "USDe",
    "sUSDe",
    "GHO",
    "PYUSD",
    "RLUSD",
    "LUSD",
    "crvUSD",
    "FRAX",
    "syrupUSDC",
    "syrupUSDT",
    "EURC",
];

/// The unit of prices in US dollars.
const DOLLARS: &str = "USD";

/// Whether a token with this symbol follows a currency, as far as a symbol can tell.
#[must_use]
pub fn is_currency_symbol(symbol: &str) -> bool {
    CURRENCY_SYMBOLS.iter().any(|known| known.eq_ignore_ascii_case(symbol))
}

/// A way for a price to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PriceMove {
    /// Down.
    Fall,
    /// Up.
    Rise,
}

impl PriceMove {
    /// The other way.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Fall => Self::Rise,
            Self::Rise => Self::Fall,
        }
    }

    /// Whether a price that goes this way has come to a level, or beyond it.
    #[must_use]
    pub fn has_reached(self, price: Decimal, level: Decimal) -> bool {
        match self {
            Self::Fall => price <= level,
            Self::Rise => price >= level,
        }
    }

    /// `falls` or `rises`.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Fall => "falls",
            Self::Rise => "rises",
        }
    }
}

/// One side of a pair.
#[derive(Debug, Clone, Copy)]
pub struct PairSide<'a> {
    /// The token's symbol.
    pub symbol: &'a str,
    /// Whether it follows a currency.
    pub is_currency: bool,
}

impl<'a> PairSide<'a> {
    /// A side of which no more than the symbol is known.
    #[must_use]
    pub fn of_symbol(symbol: &'a str) -> Self {
        Self { symbol, is_currency: is_currency_symbol(symbol) }
    }
}

/// What a pair's prices are: of which asset, in what, and which way the loop loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PairPrice {
    /// Symbol of the asset.
    pub symbol: String,
    /// `USD`, or the symbol of the debt asset where the price is a ratio.
    pub unit: String,
    /// Where the price goes when the loop loses.
    pub loses_on: PriceMove,
}

impl PairPrice {
    /// Against a currency, the other asset's price in dollars; it is the debt's in a short loop, which loses when that
    /// rises. Of two assets that both move, or that both follow currencies, what the collateral is worth in the debt.
    #[must_use]
    pub fn of(collateral: PairSide<'_>, debt: PairSide<'_>) -> Self {
        let price = |of: &str, unit: &str, loses_on| Self { symbol: of.to_owned(), unit: unit.to_owned(), loses_on };
        match (collateral.is_currency, debt.is_currency) {
            (false, true) => price(collateral.symbol, DOLLARS, PriceMove::Fall),
            (true, false) => price(debt.symbol, DOLLARS, PriceMove::Rise),
            _ => price(collateral.symbol, debt.symbol, PriceMove::Fall),
        }
    }

    /// Whether it is a price in US dollars; else it is a ratio.
    #[must_use]
    pub fn is_in_dollars(&self) -> bool {
        self.unit == DOLLARS
    }

    /// Whether it is simply the collateral's price in dollars, which goes without saying.
    #[must_use]
    pub fn is_of_collateral_in_dollars(&self) -> bool {
        self.is_in_dollars() && self.loses_on == PriceMove::Fall
    }

    /// Whether the price stands where a stop-loss closes the loop.
    #[must_use]
    pub fn has_stopped(&self, price: Decimal, stop_loss: Decimal) -> bool {
        self.loses_on.has_reached(price, stop_loss)
    }

    /// Whether the price stands where a take-profit closes the loop.
    #[must_use]
    pub fn has_profited(&self, price: Decimal, take_profit: Decimal) -> bool {
        self.loses_on.opposite().has_reached(price, take_profit)
    }

    /// Why these two cannot be stop-loss and take-profit of one loop.
    #[must_use]
    pub fn order_problem(&self, stop_loss: Decimal, take_profit: Decimal) -> Option<String> {
        let wanted = match self.loses_on {
            PriceMove::Fall if stop_loss >= take_profit => "below",
            PriceMove::Rise if stop_loss <= take_profit => "above",
            _ => return None,
        };
        let Self { symbol, unit, loses_on } = self;
        let verb = loses_on.verb();
        Some(format!(
            "stop_loss {stop_loss} must be {wanted} take_profit {take_profit}: both are prices of {symbol} in {unit}, and \
             the loop loses when {symbol} {verb}"
        ))
    }

    /// A price with its asset and unit: `WETH 4,680 USD`.
    #[must_use]
    pub fn words(&self, price: Decimal) -> String {
        let digits = price.round_sf(12).unwrap_or(price).normalize().to_string();
        format!("{} {} {}", self.symbol, group_thousands(&digits), self.unit)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    fn pair(collateral: &str, debt: &str) -> PairPrice {
        PairPrice::of(PairSide::of_symbol(collateral), PairSide::of_symbol(debt))
    }

    #[test]
    fn the_price_of_a_pair_is_that_of_the_asset_that_moves() {
        let shown = |collateral, debt| {
            let PairPrice { symbol, unit, loses_on } = pair(collateral, debt);
            format!("{symbol} in {unit}, loses when it {}", loses_on.verb())
        };
        assert_eq!(shown("WETH", "USDC"), "WETH in USD, loses when it falls");
        assert_eq!(shown("USDC", "WETH"), "WETH in USD, loses when it rises");
        assert_eq!(shown("EURC", "cbBTC"), "cbBTC in USD, loses when it rises");
        assert_eq!(shown("cbBTC", "WETH"), "cbBTC in WETH, loses when it falls");
        assert_eq!(shown("cbETH", "WETH"), "cbETH in WETH, loses when it falls");
        assert_eq!(shown("EURC", "USDC"), "EURC in USDC, loses when it falls");
        assert_eq!(shown("syrupUSDC", "GHO"), "syrupUSDC in GHO, loses when it falls");
        assert_eq!(shown("usdc", "weth"), "weth in USD, loses when it rises");
    }

    #[test]
    fn a_stop_loss_of_a_short_loop_stands_above_and_its_take_profit_below() {
        let (long, short) = (pair("WETH", "USDC"), pair("USDC", "WETH"));
        assert!(long.has_stopped(dec!(2500), dec!(2500)) && !long.has_stopped(dec!(2500.01), dec!(2500)));
        assert!(long.has_profited(dec!(4000), dec!(4000)) && !long.has_profited(dec!(3999), dec!(4000)));
        assert!(short.has_stopped(dec!(4000), dec!(4000)) && !short.has_stopped(dec!(3000), dec!(4000)));
        assert!(short.has_profited(dec!(2500), dec!(2500)) && !short.has_profited(dec!(3000), dec!(2500)));
        assert_eq!(long.order_problem(dec!(2500), dec!(4000)), None);
        assert_eq!(short.order_problem(dec!(4000), dec!(2500)), None);
        let problem = short.order_problem(dec!(2500), dec!(4000)).expect("the wrong way round");
        assert_eq!(
            problem,
            "stop_loss 2500 must be above take_profit 4000: both are prices of WETH in USD, and the loop loses when WETH \
             rises"
        );
        assert!(long.order_problem(dec!(4000), dec!(2500)).is_some_and(|problem| problem.contains("must be below")));
        assert!(short.order_problem(dec!(4000), dec!(4000)).is_some());
    }

    #[test]
    fn a_symbol_that_only_resembles_a_coins_is_none() {
        assert!(is_currency_symbol("USDC") && is_currency_symbol("eurc") && is_currency_symbol("USD₮0"));
        for symbol in ["USDCx", "wUSDC", "WETH", "cbBTC", ""] {
            assert!(!is_currency_symbol(symbol), "{symbol}");
        }
    }
}
