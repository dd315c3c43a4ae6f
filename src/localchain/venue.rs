//! The perpetuals venue that the replica shows: pairs, their parameters and where their prices come from, from
//! `venue.json`.

use std::sync::OnceLock;

use alloy::primitives::{Address, B256, U256, keccak256};
use serde::Deserialize;

use super::{
    LocalChainError,
    market::{Market, amount},
};

/// The data.
const VENUE_JSON: &str = include_str!("venue.json");
/// Decimals of dollar prices in feeds and in price updates.
pub(crate) const PRICE_DECIMALS: u8 = 8;

/// Everything `venue.json` says. Percentages and leverages are 1e10, plain percent where a field says so.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Venue {
    /// Groups of pairs: name and share of the vault that they may hold open, plain percent.
    pub(crate) groups: Vec<(String, u64)>,
    /// Share of the profit that positions without opening fee pay: profit up to, share.
    pub(crate) profit_shares: Vec<(u64, u64)>,
    /// Pairs in the order of their indexes.
    pub(crate) pairs: Vec<PairListing>,
}

/// One pair.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PairListing {
    /// What is traded; always against the dollar.
    pub(crate) from: String,
    /// Index on Base.
    pub(crate) index: u64,
    /// Id of its price at the oracle.
    pub(crate) feed_id: B256,
    /// Where its price comes from on a local chain.
    #[serde(flatten)]
    pub(crate) price: PriceSource,
    /// Index of its group.
    pub(crate) group: u64,
    /// Constant spread.
    pub(crate) spread: u64,
    /// Spread of positions without opening fee.
    pub(crate) pnl_spread: u64,
    /// Least and most leverage; then of positions without opening fee.
    pub(crate) leverages: [u64; 4],
    /// How unsure a price may be that closes a position.
    pub(crate) max_close_deviation: u64,
    /// Multiplier of the price impact.
    pub(crate) price_impact: u64,
    /// Multiplier of the skew's impact.
    pub(crate) skew_impact: u64,
    /// Most profit, plain percent of the collateral.
    pub(crate) max_gain: u64,
    /// Deepest stop loss, plain percent of the collateral.
    pub(crate) max_loss: u64,
    /// Share of the pair's open interest for longs, plain percent.
    pub(crate) max_long: u64,
    /// Share for shorts, plain percent.
    pub(crate) max_short: u64,
    /// Share of the group's open interest for the pair, plain percent.
    pub(crate) group_share: u64,
    /// Share of the vault for one wallet, plain percent.
    pub(crate) wallet_share: u64,
    /// Notional that may be opened in one block, USDC 1e6.
    pub(crate) block_limit: u64,
    /// Notional that moves the price by one percent upwards and downwards, USDC 1e6.
    pub(crate) depth: [u64; 2],
    /// Rollover per block, 1e-10 percent.
    pub(crate) rollover: u64,
    /// Most spread against and in favour of the trader.
    pub(crate) spread_caps: [u64; 2],
}

/// Where a pair's price comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PriceSource {
    /// The feed of one of the market's assets, so that loops and perps see one price: the standard one, where Aave's follows
    /// one, because perps do not wait for Aave.
    PricedAs(String),
    /// A feed of its own, with these dollars at the start.
    Usd(String),
}

impl Venue {
    /// The venue of this program.
    pub(crate) fn get() -> Result<&'static Self, LocalChainError> {
        static VENUE: OnceLock<Result<Venue, String>> = OnceLock::new();
        VENUE.get_or_init(|| serde_json::from_str(VENUE_JSON).map_err(|error| error.to_string())).as_ref().map_err(
            |error| LocalChainError::Mismatch {
                what: "venue.json".to_owned(),
                wanted: "the venue's shape".to_owned(),
                found: error.clone(),
            },
        )
    }

    /// The pair of an asset that only the venue prices.
    pub(crate) fn priced_here(&self, asset: &str) -> Option<&PairListing> {
        self.pairs
            .iter()
            .find(|pair| matches!(pair.price, PriceSource::Usd(_)) && pair.from.eq_ignore_ascii_case(asset))
    }

    /// The pair with this index.
    pub(crate) fn pair(&self, index: u64) -> Option<&PairListing> {
        self.pairs.iter().find(|pair| pair.index == index)
    }
}

impl PairListing {
    /// Such as `SOL/USD`.
    pub(crate) fn name(&self) -> String {
        format!("{}/USD", self.from)
    }

    /// The feed that has its price on a local chain: where Aave's feed follows a standard one, that is the price now.
    pub(crate) fn feed(&self) -> Result<Address, LocalChainError> {
        match &self.price {
            PriceSource::PricedAs(asset) => {
                let market = Market::get()?;
                let reserve = market.reserve(asset)?;
                Ok(market.standard_feed_of(reserve).map_or(reserve.feed, |standard| standard.address))
            }
            PriceSource::Usd(_) => {
                Ok(Address::from_word(keccak256(format!("trimtab replica feed {} / USD", self.from))))
            }
        }
    }

    /// Dollars at the start, if its feed is its own.
    pub(crate) fn initial_price(&self) -> Result<Option<U256>, LocalChainError> {
        match &self.price {
            PriceSource::PricedAs(_) => Ok(None),
            PriceSource::Usd(text) => amount(text, PRICE_DECIMALS).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stand_at_their_indexes_on_base() {
        let venue = Venue::get().expect("venue");
        for (name, index) in [("ETH/USD", 0), ("BTC/USD", 1), ("SOL/USD", 2), ("ARB/USD", 4), ("OP/USD", 7)] {
            assert_eq!(venue.pair(index).expect(name).name(), name);
        }
        let in_order = venue.pairs.iter().zip(0..).all(|(pair, index)| pair.index == index);
        assert!(in_order, "the contracts number pairs in the order of their listing");
    }

    #[test]
    fn ether_and_bitcoin_have_one_price_for_loops_and_perps() {
        let (venue, market) = (Venue::get().expect("venue"), Market::get().expect("market"));
        let feed = |index| venue.pair(index).expect("pair").feed().expect("feed");
        let standard = |symbol| market.standard_feed_of(market.reserve(symbol).expect("reserve"));
        assert_eq!(Some(feed(0)), standard("WETH").map(|standard| standard.address));
        assert_eq!(Some(feed(1)), standard("cbBTC").map(|standard| standard.address));
        assert!(venue.priced_here("eth").is_none());
        assert_eq!(venue.priced_here("sol").map(|pair| pair.index), Some(2));
    }
}
