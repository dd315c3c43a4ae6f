//! What the chain itself says a pair costs, beside the price service: a service that lies must not choose at what price a position
//! is opened. Aave's oracle for ether and bitcoin, the venue's own backup feed where it names one, and the price that Pyth's
//! contract stored last. The one that is nearest counts: each of them is enough to say no to double and half.

use alloy::{
    primitives::{Address, I256, U256, address},
    sol,
};

use super::AvantisV1;
use crate::{
    aave,
    chain::{Answers, Batch, Reader, Slot},
    config::PriceCheck,
    perps::{PerpError, PriceE10, PriceOff, PriceUnconfirmed, VenueDetail, VenueSnapshot},
    units::{Bps, Secs, mul_div_up},
};

sol! {
    #[derive(Debug)]
    struct StoredPrice { int64 price; uint64 conf; int32 expo; uint256 publishTime; }
    #[derive(Debug)]
    interface IPyth {
        function getPriceUnsafe(bytes32 id) external view returns (StoredPrice memory price);
    }
    #[derive(Debug)]
    interface IFeed {
        function decimals() external view returns (uint8 decimals);
        function latestRoundData() external view
            returns (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn);
    }
}

/// Tokens by which Aave knows what a pair's base costs.
const AAVE_KNOWS: [(&str, Address); 2] = [
    ("ETH", address!("4200000000000000000000000000000000000006")),
    ("BTC", address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf")),
];
/// Digits behind the point of Aave's prices.
const AAVE_DECIMALS: u8 = 8;

/// One of the chain's prices of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChainPrice {
    source: &'static str,
    price: PriceE10,
    /// `None` for one that is kept fresh by others' money: what Aave lends on.
    age: Option<Secs>,
}

/// How far a deviation stops what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// It opens or takes margin out: the chain must confirm the price.
    Confirmed,
    /// It moves levels: the chain must not contradict the price.
    NotContradicted,
    /// It closes or puts margin in: told only.
    Told,
}

/// Holds the price service's price of a pair against the chain's; gives what is to be told.
pub(super) fn judge(
    (pair, service): (&str, PriceE10),
    chain: &[ChainPrice],
    check: &PriceCheck,
    strictness: Strictness,
) -> Result<String, PerpError> {
    let fresh = chain.iter().filter(|price| price.age.is_none_or(|age| age <= check.oracle_ttl));
    let nearest = fresh.map(|price| (apart(service, price.price), price)).min_by_key(|(apart, _)| *apart);
    let Some((apart, price)) = nearest else {
        let why = match chain.first() {
            Some(ChainPrice { source, price, age }) => {
                let age = age.unwrap_or_default().0;
                format!("{source} said {price} last, {age} s ago, longer than perps.oracle_ttl")
            }
            None => "neither Aave's oracle nor Pyth's contract nor a feed of the venue has its price".to_owned(),
        };
        let error = PriceUnconfirmed { pair: pair.to_owned(), service, why };
        return match strictness {
            Strictness::Confirmed if !check.unchecked_prices => Err(PerpError::PriceUnconfirmed(Box::new(error))),
            _ => Ok(format!("price of {pair} not checked: {}", error.why)),
        };
    };
    let off = PriceOff {
        pair: pair.to_owned(),
        service,
        by: price.source,
        chain: price.price,
        apart: Bps(apart),
        most: check.max_price_deviation_bps,
    };
    if apart <= check.max_price_deviation_bps.0 {
        return Ok(format!("price {service} of the price service, {} by {}: {} apart", off.chain, off.by, off.apart));
    }
    match strictness {
        Strictness::Told => Ok(format!("WRONG PRICE: {off}; what is done does not depend on it")),
        Strictness::Confirmed | Strictness::NotContradicted => Err(PerpError::PriceOff(Box::new(off))),
    }
}

/// How far two prices are apart, of the second; rounded up.
fn apart(service: PriceE10, chain: PriceE10) -> u32 {
    let share = mul_div_up(service.0.abs_diff(chain.0), U256::from(Bps::ONE.0), chain.0);
    share.map_or(u32::MAX, |share| share.saturating_to())
}

/// Where a batch has the chain's prices of a pair.
#[derive(Debug)]
struct ReferenceQuery {
    aave: Option<Slot<aave::abi::IAaveOracle::getAssetPriceCall>>,
    feed: Option<(Slot<IFeed::latestRoundDataCall>, Slot<IFeed::decimalsCall>)>,
    pyth: Option<Slot<IPyth::getPriceUnsafeCall>>,
}

impl ReferenceQuery {
    fn add(snapshot: &VenueSnapshot, pair_index: u64, batch: &mut Batch) -> Self {
        let VenueDetail::AvantisV1(detail) = &snapshot.detail;
        let base = snapshot.pair_at(pair_index).and_then(|pair| pair.name.split_once('/'));
        let base = base.filter(|(_, quote)| *quote == "USD").map(|(base, _)| base);
        let token = AAVE_KNOWS.iter().find(|(name, _)| base == Some(*name)).map(|(_, token)| *token);
        let oracle = aave::Deployment::BASE.oracle;
        let pair = detail.pair(pair_index);
        let backup = pair.map(|pair| pair.backup_feed).filter(|feed| !feed.is_zero());
        let pyth = pair.map(|pair| pair.feed_id).filter(|id| !id.is_zero() && !detail.pyth.is_zero());
        Self {
            aave: token.map(|asset| batch.add(oracle, &aave::abi::IAaveOracle::getAssetPriceCall { asset })),
            feed: backup.map(|feed| {
                (batch.add(feed, &IFeed::latestRoundDataCall {}), batch.add(feed, &IFeed::decimalsCall {}))
            }),
            pyth: pyth.map(|id| batch.add(detail.pyth, &IPyth::getPriceUnsafeCall { id })),
        }
    }

    fn decode(&self, answers: &Answers, now: Secs) -> Vec<ChainPrice> {
        let age = |time: U256| Some(Secs(now.0.saturating_sub(time.saturating_to())));
        let aave = self.aave.and_then(|slot| answers.find(slot)).and_then(|price| scaled(price, AAVE_DECIMALS));
        let aave = aave.map(|price| ChainPrice { source: "Aave's oracle", price, age: None });
        let feed = self.feed.and_then(|(round, decimals)| {
            let (round, decimals) = (answers.find(round)?, answers.find(decimals)?);
            let price = scaled(positive(round.answer)?, decimals)?;
            Some(ChainPrice { source: "the venue's backup feed", price, age: age(round.updatedAt) })
        });
        let pyth = self.pyth.and_then(|slot| answers.find(slot)).and_then(|stored| {
            let decimals = u8::try_from(stored.expo.checked_neg()?).ok()?;
            let price = scaled(U256::from(u64::try_from(stored.price).ok()?), decimals)?;
            Some(ChainPrice { source: "Pyth's contract", price, age: age(stored.publishTime) })
        });
        [aave, feed, pyth].into_iter().flatten().collect()
    }
}

fn positive(answer: I256) -> Option<U256> {
    U256::try_from(answer).ok()
}

/// A price of so many decimals as the venue counts; `None` for none at all.
fn scaled(raw: U256, decimals: u8) -> Option<PriceE10> {
    let power = |digits: u8| U256::from(10u8).checked_pow(U256::from(digits));
    let price = match PriceE10::DECIMALS.checked_sub(decimals) {
        Some(more) => raw.checked_mul(power(more)?)?,
        None => raw.checked_div(power(decimals.checked_sub(PriceE10::DECIMALS)?)?)?,
    };
    Some(PriceE10(price)).filter(|price| *price > PriceE10::ZERO)
}

impl AvantisV1 {
    /// The chain's prices of a pair at the snapshot's block.
    pub(super) async fn chain_prices(
        &self,
        snapshot: &VenueSnapshot,
        pair_index: u64,
    ) -> Result<Vec<ChainPrice>, PerpError> {
        let mut batch = Batch::new();
        let query = ReferenceQuery::add(snapshot, pair_index, &mut batch);
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.endpoints.read(snapshot.block, &batch).await?;
        Ok(query.decode(&answers, snapshot.block.timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(price: u64) -> PriceE10 {
        PriceE10(U256::from(price) * U256::from(10_000_000_000u64))
    }

    fn said(source: &'static str, price: u64, age: Option<u64>) -> ChainPrice {
        ChainPrice { source, price: dollars(price), age: age.map(Secs) }
    }

    fn held(service: u64, chain: &[ChainPrice], strictness: Strictness) -> Result<String, PerpError> {
        judge(("ETH/USD", dollars(service)), chain, &PriceCheck::default(), strictness)
    }

    #[test]
    fn double_and_half_are_refused_with_both_prices_and_a_close_is_only_told() {
        let chain = [said("Aave's oracle", 3_000, None)];
        for service in [6_000, 1_500, 3_151, 2_849] {
            for strictness in [Strictness::Confirmed, Strictness::NotContradicted] {
                let told = held(service, &chain, strictness).expect_err("refused");
                assert_eq!(told.exit_code(), 4);
                let told = told.to_string();
                for word in [&service.to_string(), "3000", "Aave's oracle", "perps.max_price_deviation_bps"] {
                    assert!(told.contains(word), "`{word}` is not in {told}");
                }
            }
            let told = held(service, &chain, Strictness::Told).expect("never stopped");
            assert!(told.contains("WRONG PRICE") && told.contains("3000"), "{told}");
        }
        for service in [3_000, 3_150, 2_850] {
            held(service, &chain, Strictness::Confirmed).expect("near enough");
        }
    }

    #[test]
    fn what_is_too_old_confirms_nothing() {
        let old = [said("Pyth's contract", 3_000, Some(3_601))];
        for chain in [&old[..], &[]] {
            let told = held(3_000, chain, Strictness::Confirmed).expect_err("refused").to_string();
            assert!(told.contains("--unchecked-price"), "{told}");
            held(3_000, chain, Strictness::NotContradicted).expect("told");
            let check = PriceCheck { unchecked_prices: true, ..PriceCheck::default() };
            let told = judge(("ETH/USD", dollars(3_000)), chain, &check, Strictness::Confirmed).expect("allowed");
            assert!(told.contains("not checked"), "{told}");
        }
        held(3_000, &[said("Pyth's contract", 3_000, Some(3_600))], Strictness::Confirmed).expect("fresh");
    }

    #[test]
    fn the_nearest_fresh_price_counts() {
        let chain = [said("Aave's oracle", 4_000, None), said("Pyth's contract", 3_010, Some(5))];
        held(3_000, &chain, Strictness::Confirmed).expect("Pyth says so too");
        held(6_000, &chain, Strictness::Confirmed).expect_err("nobody says so");
    }

    #[test]
    fn prices_of_any_scale_are_the_venues() {
        assert_eq!(scaled(U256::from(300_000_000_000u64), 8), Some(dollars(3_000)));
        assert_eq!(scaled(U256::from(3_000_000_000_000_000_000_000u128), 18), Some(dollars(3_000)));
        assert_eq!((scaled(U256::ZERO, 8), scaled(U256::MAX, 0)), (None, None));
    }
}
