//! The market that the replica shows: addresses, parameters, prices and liquidity, from `market.json`.

use std::sync::OnceLock;

use alloy::primitives::{Address, U256, U512};
use serde::Deserialize;

use super::LocalChainError;
use crate::units::{isqrt, parse_units};

/// The data.
const MARKET_JSON: &str = include_str!("market.json");

/// Everything `market.json` says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Market {
    /// Aave's reserves, in the order of their ids.
    pub(crate) reserves: Vec<Reserve>,
    /// Price sources; several reserves may share one.
    pub(crate) feeds: Vec<Feed>,
    /// Standard feeds, which Aave's SVR feeds follow.
    pub(crate) standard_feeds: Vec<FollowedFeed>,
    /// E-mode categories.
    pub(crate) emodes: Vec<EMode>,
    /// Uniswap v3 pools.
    pub(crate) pools: Vec<Pool>,
    /// What the whale supplies to Aave: symbol and amount.
    pub(crate) aave_supply: Vec<(String, String)>,
    /// Who borrows, so that rates are not zero.
    pub(crate) aave_borrowers: Vec<Borrower>,
    /// What lies in Morpho Blue for flash loans.
    pub(crate) morpho_supply: Vec<(String, String)>,
}

/// One Aave reserve; ratios in basis points, caps in whole tokens.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reserve {
    /// The token's symbol.
    pub(crate) symbol: String,
    /// The token's name (part of its permit domain).
    pub(crate) name: String,
    /// Version of the permit domain; none where Base's token has no permit.
    pub(crate) permit_version: Option<String>,
    /// The token's decimals.
    pub(crate) decimals: u8,
    /// The token.
    pub(crate) token: Address,
    /// Its aToken.
    pub(crate) a_token: Address,
    /// Its variable debt token.
    pub(crate) v_token: Address,
    /// Its price source.
    pub(crate) feed: Address,
    /// Loan to value outside e-modes.
    pub(crate) ltv: u16,
    /// Liquidation threshold outside e-modes; 0 makes it no collateral.
    pub(crate) liquidation_threshold: u16,
    /// Liquidation bonus plus 100 %.
    pub(crate) liquidation_bonus: u16,
    /// The treasury's share of interest.
    pub(crate) reserve_factor: u16,
    /// The treasury's share of a liquidation bonus.
    pub(crate) liquidation_fee: u16,
    /// Whether it can be borrowed outside e-modes.
    pub(crate) borrowable: bool,
    /// Whether governance froze it.
    pub(crate) frozen: bool,
    /// Supply cap; 0 is none.
    pub(crate) supply_cap: u64,
    /// Borrow cap; 0 is none.
    pub(crate) borrow_cap: u64,
    /// Interest rate curve.
    pub(crate) rates: Rates,
}

/// Interest rate curve, basis points.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Rates {
    /// Usage at the kink.
    pub(crate) optimal_usage: u16,
    /// Rate at no usage.
    pub(crate) base: u32,
    /// Rise up to the kink.
    pub(crate) slope1: u32,
    /// Rise beyond it.
    pub(crate) slope2: u32,
}

/// A price source.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Feed {
    /// Symbol of the asset it prices.
    pub(crate) asset: String,
    /// The contract Aave's oracle asks.
    pub(crate) address: Address,
    /// Its description.
    pub(crate) description: String,
    /// What it says at the start.
    #[serde(flatten)]
    pub(crate) price: FeedPrice,
}

/// A feed that anybody can read, and that the SVR feed which Aave asks for the same asset follows.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FollowedFeed {
    /// Symbol of an asset whose SVR feed follows it.
    pub(crate) asset: String,
    /// The contract.
    pub(crate) address: Address,
    /// Its description.
    pub(crate) description: String,
}

/// How a feed makes its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum FeedPrice {
    /// Dollars.
    Usd {
        /// Dollars per token.
        usd: String,
    },
    /// Another asset's feed times a ratio, as capped-rate adapters do.
    Ratio {
        /// Units of the base asset per token.
        ratio: String,
        /// Symbol of the base asset.
        base: String,
    },
}

/// An e-mode category; basis points.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EMode {
    /// Its id.
    pub(crate) id: u8,
    /// Its label.
    pub(crate) label: String,
    /// Loan to value.
    pub(crate) ltv: u16,
    /// Liquidation threshold.
    pub(crate) liquidation_threshold: u16,
    /// Liquidation bonus plus 100 %.
    pub(crate) liquidation_bonus: u16,
    /// Assets that count as collateral with these values.
    pub(crate) collateral: Vec<String>,
    /// Assets that may be borrowed.
    pub(crate) borrowable: Vec<String>,
}

/// A Uniswap v3 pool.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pool {
    /// Symbol of the token with the lower address.
    pub(crate) token0: String,
    /// Symbol of the other.
    pub(crate) token1: String,
    /// Fee in millionths.
    pub(crate) fee: u32,
    /// Where CREATE2 puts it.
    pub(crate) address: Address,
    /// Liquidity: a band around the price and the full range, so that the price can be pushed anywhere.
    pub(crate) positions: Vec<Position>,
}

impl Pool {
    /// `WETH/USDC/500`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.token0, self.token1, self.fee)
    }
}

/// One liquidity position.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Position {
    /// Lower tick.
    pub(crate) tick_lower: i32,
    /// Upper tick.
    pub(crate) tick_upper: i32,
    /// Tokens of token0 offered.
    pub(crate) amount0: String,
    /// Tokens of token1 offered.
    pub(crate) amount1: String,
}

/// Somebody with debt.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Borrower {
    /// Symbol and amount supplied.
    pub(crate) collateral: (String, String),
    /// E-mode entered; 0 for none.
    pub(crate) emode: u8,
    /// Symbol and amount borrowed.
    pub(crate) debt: (String, String),
}

/// Address and decimals of a token of the market, by symbol.
pub fn token(symbol: &str) -> Result<(Address, u8), LocalChainError> {
    let reserve = Market::get()?.reserve(symbol)?;
    Ok((reserve.token, reserve.decimals))
}

/// A token of the market with its Aave receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownToken {
    /// Its symbol.
    pub symbol: &'static str,
    /// Its decimals, which its receipts share.
    pub decimals: u8,
    /// The token.
    pub token: Address,
    /// Its aToken.
    pub a_token: Address,
    /// Its variable debt token.
    pub debt_token: Address,
}

/// Every token of the market: Base's, so that addresses have names without an endpoint.
pub fn known_tokens() -> Result<Vec<KnownToken>, LocalChainError> {
    let known = |reserve: &'static Reserve| KnownToken {
        symbol: &reserve.symbol,
        decimals: reserve.decimals,
        token: reserve.token,
        a_token: reserve.a_token,
        debt_token: reserve.v_token,
    };
    Ok(Market::get()?.reserves.iter().map(known).collect())
}

impl Market {
    /// The market of this program.
    pub(crate) fn get() -> Result<&'static Self, LocalChainError> {
        static MARKET: OnceLock<Result<Market, String>> = OnceLock::new();
        MARKET.get_or_init(|| serde_json::from_str(MARKET_JSON).map_err(|error| error.to_string())).as_ref().map_err(
            |error| LocalChainError::Mismatch {
                what: "market.json".to_owned(),
                wanted: "the market's shape".to_owned(),
                found: error.clone(),
            },
        )
    }

    /// The reserve of an asset by symbol (any case; ETH means WETH, BTC means cbBTC).
    pub(crate) fn reserve(&self, asset: &str) -> Result<&Reserve, LocalChainError> {
        let symbol = match asset.to_ascii_uppercase().as_str() {
            "ETH" => "WETH",
            "BTC" => "cbBTC",
            _ => asset,
        };
        self.reserves.iter().find(|reserve| reserve.symbol.eq_ignore_ascii_case(symbol)).ok_or_else(|| {
            LocalChainError::UnknownAsset {
                asset: asset.to_owned(),
                known: self.reserves.iter().map(|reserve| reserve.symbol.as_str()).collect::<Vec<_>>().join(", "),
            }
        })
    }

    /// The feed that prices a reserve.
    pub(crate) fn feed_of(&self, reserve: &Reserve) -> Result<&Feed, LocalChainError> {
        self.feeds.iter().find(|feed| feed.address == reserve.feed).ok_or_else(|| LocalChainError::Mismatch {
            what: format!("price source of {}", reserve.symbol),
            wanted: reserve.feed.to_string(),
            found: "no such feed in market.json".to_owned(),
        })
    }

    /// The standard feed that the reserve's feed follows, if there is one.
    pub(crate) fn standard_feed_of(&self, reserve: &Reserve) -> Option<&FollowedFeed> {
        let is_its_own = |standard: &&FollowedFeed| {
            self.reserve(&standard.asset).is_ok_and(|followed| followed.feed == reserve.feed)
        };
        self.standard_feeds.iter().find(is_its_own)
    }

    /// What a feed says at the start, 8 decimals.
    pub(crate) fn initial_price(&self, feed: &Feed) -> Result<U256, LocalChainError> {
        match &feed.price {
            FeedPrice::Usd { usd } => amount(usd, 8),
            FeedPrice::Ratio { ratio, base } => {
                let base = self.initial_price(self.feed_of(self.reserve(base)?)?)?;
                Ok(ratio_price(base, amount(ratio, 18)?))
            }
        }
    }
}

/// An amount in `market.json` as an integer.
pub(crate) fn amount(text: &str, decimals: u8) -> Result<U256, LocalChainError> {
    parse_units(text, decimals).map_err(|error| LocalChainError::BadAmount(error.to_string()))
}

/// What a ratio feed answers: base price (8 decimals) times ratio (18 decimals), rounded down.
pub(crate) fn ratio_price(base: U256, ratio: U256) -> U256 {
    base.saturating_mul(ratio) / U256::from(10).pow(U256::from(18))
}

/// The pool price that agrees with two oracle prices, as `sqrtPriceX96` rounded down (base-replica.md §3.1).
pub(crate) fn sqrt_price(price0: U256, decimals0: u8, price1: U256, decimals1: u8) -> Result<U256, LocalChainError> {
    let ten: U512 = U512::from(10);
    let numerator: U512 = (U512::from(price0) * ten.pow(U512::from(decimals1))) << 192;
    let denominator: U512 = U512::from(price1) * ten.pow(U512::from(decimals0));
    let root = numerator.checked_div(denominator).map(isqrt);
    root.and_then(|root| U256::checked_from_limbs_slice(root.as_limbs())).ok_or_else(|| {
        LocalChainError::BadAmount(format!("no pool price agrees with oracle prices {price0} and {price1}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_market_means_something() {
        let market = Market::get().expect("market");
        assert_eq!(market.reserves.len(), 15);
        assert_eq!(market.emodes.len(), 15);
        for reserve in &market.reserves {
            market.initial_price(market.feed_of(reserve).expect("feed")).expect("price");
        }
        let symbols = market.emodes.iter().flat_map(|emode| emode.collateral.iter().chain(&emode.borrowable));
        for symbol in symbols.chain(market.pools.iter().flat_map(|pool| [&pool.token0, &pool.token1])) {
            market.reserve(symbol).expect("reserve");
        }
        for standard in &market.standard_feeds {
            let followed = market.reserve(&standard.asset).expect("reserve");
            let feed = market.feed_of(followed).expect("feed");
            assert!(matches!(feed.price, FeedPrice::Usd { .. }) && feed.description == standard.description);
        }
        for pool in &market.pools {
            let (token0, token1) = (market.reserve(&pool.token0), market.reserve(&pool.token1));
            assert!(token0.expect("token0").token < token1.expect("token1").token, "{}", pool.name());
        }
    }

    #[test]
    fn eth_and_btc_are_understood_and_a_typo_is_answered_with_the_list() {
        let market = Market::get().expect("market");
        assert_eq!(market.reserve("eth").expect("eth").symbol, "WETH");
        assert_eq!(market.reserve("Btc").expect("btc").symbol, "cbBTC");
        assert_eq!(market.reserve("cbeth").expect("cbeth").symbol, "cbETH");
        let error = market.reserve("DOGE").expect_err("unknown").to_string();
        assert!(error.contains("DOGE") && error.contains("wstETH"), "{error}");
    }

    #[test]
    fn ether_and_every_bitcoin_of_one_feed_follow_a_standard_feed_and_ratios_do_not() {
        let market = Market::get().expect("market");
        let follows = |symbol| market.standard_feed_of(market.reserve(symbol).expect("reserve"));
        assert_eq!(follows("WETH").map(|feed| feed.description.as_str()), Some("ETH / USD"));
        assert_eq!(follows("tBTC").map(|feed| feed.address), follows("cbBTC").map(|feed| feed.address));
        assert!(follows("cbBTC").is_some() && follows("cbETH").is_none() && follows("USDC").is_none());
    }

    #[test]
    fn pool_prices_agree_with_the_oracle() {
        // WETH 3000 against USDC 1: sqrt(3000e6 / 1e18) * 2^96, from a 60-digit decimal computation.
        let sqrt = sqrt_price(U256::from(3000_0000_0000u64), 18, U256::from(1_0000_0000u64), 6).expect("price");
        assert_eq!(sqrt.to_string(), "4339505179874779489431521");
    }
}
