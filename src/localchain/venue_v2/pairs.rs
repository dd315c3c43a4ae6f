//! The pairs that the second version of the venue lists on the replica, from `pairs.json`.

use std::sync::OnceLock;

use alloy::primitives::{Address, B256, I256, U256};
use serde::Deserialize;

use super::abi::IV2StandIn;
use crate::localchain::{LocalChainError, venue::Venue};

/// The data.
const PAIRS_JSON: &str = include_str!("pairs.json");

/// Everything `pairs.json` says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listings {
    /// Groups of pairs: name and share of the vault, plain percent.
    pub(crate) groups: Vec<(String, u64)>,
    /// Most open interest of all pairs, USDC 1e6.
    pub(crate) max_open_interest: u64,
    /// Positions that a trader may have on a pair.
    pub(crate) max_trades_per_pair: u64,
    /// The pairs, by index.
    pub(crate) pairs: Vec<Listing>,
}

/// One pair. Percentages, leverages and rates by the hour are 1e10, USDC is 1e6, the rest plain percent.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listing {
    /// What is traded; always against the dollar.
    pub(crate) from: String,
    /// Index on Base.
    pub(crate) index: u64,
    /// The pair of version 1 whose feed has its price on a local chain.
    priced_as_pair: u64,
    /// Id of its feed at Lazer.
    pub(crate) lazer_feed: u64,
    /// Id of its feed at Pyth.
    pub(crate) feed_id: B256,
    /// Index of its group.
    pub(crate) group: u64,
    /// No fees, but a share of the profit.
    pub(crate) upside: bool,
    /// Least and most leverage; then of pairs without fees.
    pub(crate) leverages: [u64; 4],
    /// Least notional.
    pub(crate) min_position: u64,
    /// Constant spread.
    pub(crate) spread: u64,
    /// Opening maker's and taker's fee, closing maker's and taker's.
    pub(crate) fees: [u64; 4],
    /// Most profit of the collateral.
    pub(crate) max_gain: u64,
    /// Deepest stop loss.
    pub(crate) max_loss: u64,
    /// Share of the open interest for longs.
    pub(crate) max_long: u64,
    /// Share for shorts.
    pub(crate) max_short: u64,
    /// Most open interest.
    pub(crate) max_open_interest: u64,
    /// Most open interest of one wallet.
    pub(crate) max_wallet: u64,
    /// What longs and shorts pay for holding.
    pub(crate) margin: [u64; 2],
    /// What longs and shorts pay each other; negative where they receive.
    pub(crate) funding: [i64; 2],
    /// Shares of the profit: profit up to, share.
    pub(crate) profit_shares: Vec<(u64, u64)>,
}

impl Listings {
    /// The listings of this program.
    pub(crate) fn get() -> Result<&'static Self, LocalChainError> {
        static LISTINGS: OnceLock<Result<Listings, String>> = OnceLock::new();
        LISTINGS.get_or_init(|| serde_json::from_str(PAIRS_JSON).map_err(|error| error.to_string())).as_ref().map_err(
            |error| LocalChainError::Mismatch {
                what: "venue_v2/pairs.json".to_owned(),
                wanted: "the listings' shape".to_owned(),
                found: error.clone(),
            },
        )
    }

    /// The pair with this index.
    pub(crate) fn pair(&self, index: u64) -> Option<&Listing> {
        self.pairs.iter().find(|pair| pair.index == index)
    }
}

impl Listing {
    /// The feed that has its price on a local chain.
    pub(crate) fn feed(&self) -> Result<Address, LocalChainError> {
        let pair = Venue::get()?.pair(self.priced_as_pair).ok_or_else(|| LocalChainError::Mismatch {
            what: format!("pair {} of venue_v2/pairs.json", self.from),
            wanted: "a price of a pair in venue.json".to_owned(),
            found: self.priced_as_pair.to_string(),
        })?;
        pair.feed()
    }

    /// Least and most leverage in force.
    pub(crate) const fn leverage(&self) -> (u64, u64) {
        let [least, most, upside_least, upside_most] = self.leverages;
        if self.upside { (upside_least, upside_most) } else { (least, most) }
    }

    /// As the stand-in keeps it.
    pub(crate) fn parameters(&self) -> IV2StandIn::Pair {
        let (least, most) = self.leverage();
        let [open_maker, open_taker, close_maker, close_taker] = self.fees.map(U256::from);
        let [margin_long, margin_short] = self.margin.map(U256::from);
        let [funding_long, funding_short] = self.funding.map(signed);
        IV2StandIn::Pair {
            from: self.from.clone(),
            feedId: U256::from(self.lazer_feed),
            groupIndex: U256::from(self.group),
            listed: true,
            closeOnly: false,
            isOpen: true,
            isPnl: self.upside,
            minLeverage: U256::from(least),
            maxLeverage: U256::from(most),
            minPosition: U256::from(self.min_position),
            spreadP: U256::from(self.spread),
            fees: IV2StandIn::Fees {
                openMakerP: open_maker,
                openTakerP: open_taker,
                closeMakerP: close_maker,
                closeTakerP: close_taker,
            },
            maxGainP: U256::from(self.max_gain),
            maxSlP: U256::from(self.max_loss),
            maxLongP: U256::from(self.max_long),
            maxShortP: U256::from(self.max_short),
            maxOpenInterest: U256::from(self.max_open_interest),
            maxWalletOpenInterest: U256::from(self.max_wallet),
            marginLong: margin_long,
            marginShort: margin_short,
            fundingLong: funding_long,
            fundingShort: funding_short,
        }
    }
}

fn signed(figure: i64) -> I256 {
    let magnitude = I256::from_raw(U256::from(figure.unsigned_abs()));
    if figure < 0 { magnitude.saturating_neg() } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stand_at_their_indexes_and_have_a_price() {
        let listings = Listings::get().expect("listings");
        for (from, index) in [("ETH", 0), ("BTC", 1), ("SOL", 2), ("ARB", 4), ("OP", 7), ("BTC_UPSIDE", 116)] {
            let pair = listings.pair(index).expect(from);
            assert_eq!(pair.from, from);
            assert!(pair.feed().is_ok(), "{from}");
            assert!((pair.group as usize) < listings.groups.len(), "{from}");
        }
    }

    #[test]
    fn both_bitcoin_pairs_have_one_price() {
        let listings = Listings::get().expect("listings");
        let feed = |index| listings.pair(index).expect("pair").feed().expect("feed");
        assert_eq!(feed(1), feed(116));
    }

    #[test]
    fn a_rate_that_is_received_stays_negative() {
        let bitcoin = Listings::get().expect("listings").pair(1).expect("bitcoin").parameters();
        assert!(bitcoin.fundingLong.is_negative());
        assert!(bitcoin.fundingShort.is_positive());
    }
}
