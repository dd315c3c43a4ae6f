//! A price as people give it: dollars, or a ratio for what is priced as one.

use alloy::primitives::U256;

use crate::{
    localchain::{
        LocalChainError,
        market::{FeedPrice, Market},
        venue::Venue,
    },
    units::parse_units,
};

/// A price to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    symbol: String,
    target: PriceTarget,
}

/// What a price is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceTarget {
    /// Dollars per token, 8 decimals.
    Usd(U256),
    /// Units of the base asset per token, 18 decimals.
    Ratio(U256),
}

impl PriceChange {
    /// Reads `ETH 2500` (dollars) or `cbETH 1.10` (units of the asset that its feed is a ratio to).
    pub fn parse(asset: &str, value: &str) -> Result<Self, LocalChainError> {
        let (symbol, is_ratio) = known(asset)?;
        let decimals = if is_ratio { 18 } else { 8 };
        let bad = |why: String| LocalChainError::BadAmount(format!("price of {symbol}: {why}"));
        let units = parse_units(value, decimals).map_err(|error| bad(error.to_string()))?;
        if units.is_zero() || units > U256::from(u128::MAX) {
            return Err(bad(format!("`{value}` is not a price a feed can give")));
        }
        let target = if is_ratio { PriceTarget::Ratio(units) } else { PriceTarget::Usd(units) };
        Ok(Self { symbol: symbol.to_owned(), target })
    }

    /// The asset's symbol.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// What it is set to.
    #[must_use]
    pub const fn target(&self) -> PriceTarget {
        self.target
    }
}

/// The asset's symbol, and whether it is priced as a ratio to another.
fn known(asset: &str) -> Result<(&'static str, bool), LocalChainError> {
    let (market, venue) = (Market::get()?, Venue::get()?);
    if let Some(pair) = venue.priced_here(asset) {
        return Ok((&pair.from, false));
    }
    match market.reserve(asset) {
        Ok(reserve) => Ok((&reserve.symbol, matches!(market.feed_of(reserve)?.price, FeedPrice::Ratio { .. }))),
        Err(LocalChainError::UnknownAsset { asset, known }) => {
            let perps =
                venue.pairs.iter().map(|pair| pair.from.as_str()).filter(|from| venue.priced_here(from).is_some());
            let known = std::iter::once(known.as_str()).chain(perps).collect::<Vec<_>>().join(", ");
            Err(LocalChainError::UnknownAsset { asset, known })
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_asset_takes_dollars_and_a_staked_one_its_ratio() {
        let eth = PriceChange::parse("ETH", "2500").expect("price");
        assert_eq!((eth.symbol(), eth.target()), ("WETH", PriceTarget::Usd(U256::from(2500_0000_0000u64))));
        let staked = PriceChange::parse("cbeth", "1.10").expect("ratio");
        assert_eq!(staked.symbol(), "cbETH");
        let perp_only = PriceChange::parse("sol", "151.5").expect("price");
        assert_eq!((perp_only.symbol(), perp_only.target()), ("SOL", PriceTarget::Usd(U256::from(151_5000_0000u64))));
        assert_eq!(staked.target(), PriceTarget::Ratio(U256::from(1_100_000_000_000_000_000u64)));
    }

    #[test]
    fn prices_that_no_feed_can_give_are_refused() {
        for bad in ["0", "-1", "NaN", "1e3", "", "0.123456789"] {
            assert!(matches!(PriceChange::parse("ETH", bad), Err(LocalChainError::BadAmount(_))), "{bad}");
        }
        assert!(matches!(PriceChange::parse("PEPE", "1"), Err(LocalChainError::UnknownAsset { .. })));
    }
}
