//! What the chain itself says a pair costs: Aave's oracle for ether and bitcoin, the backup feed that the venue names for the pair,
//! and the price that Pyth's contract stored last.

use alloy::{
    primitives::{Address, I256, U256, address},
    sol,
};

use super::{AvantisV1, PairDetail, detail::detail_of, positions::name_of};
use crate::{
    aave,
    chain::{Answers, Batch, BlockRef, Reader, Slot},
    perps::{PerpError, PriceE10, VenueSnapshot},
    units::Secs,
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
    pub(super) source: &'static str,
    pub(super) price: PriceE10,
    /// `None` for one that is kept fresh by others' money: what Aave lends on.
    pub(super) age: Option<Secs>,
}

/// Where a batch has the chain's prices of a pair.
#[derive(Debug)]
struct ReferenceQuery {
    aave: Option<Slot<aave::abi::IAaveOracle::getAssetPriceCall>>,
    feed: Option<(Slot<IFeed::latestRoundDataCall>, Slot<IFeed::decimalsCall>)>,
    pyth: Option<Slot<IPyth::getPriceUnsafeCall>>,
}

impl ReferenceQuery {
    fn add(name: &str, (pair, stored): (Option<&PairDetail>, Address), batch: &mut Batch) -> Self {
        let base = name.strip_suffix("/USD");
        let token = AAVE_KNOWS.iter().find(|(name, _)| base == Some(*name)).map(|(_, token)| *token);
        let oracle = aave::Deployment::BASE.oracle;
        let backup = pair.map(|pair| pair.backup_feed).filter(|feed| !feed.is_zero());
        let pyth = pair.map(|pair| pair.feed_id).filter(|id| !id.is_zero() && !stored.is_zero());
        Self {
            aave: token.map(|asset| batch.add(oracle, &aave::abi::IAaveOracle::getAssetPriceCall { asset })),
            feed: backup.map(|feed| {
                (batch.add(feed, &IFeed::latestRoundDataCall {}), batch.add(feed, &IFeed::decimalsCall {}))
            }),
            pyth: pyth.map(|id| batch.add(stored, &IPyth::getPriceUnsafeCall { id })),
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
        let detail = detail_of(snapshot)?;
        let name = name_of(&snapshot.pairs, pair_index);
        self.read_prices(&name, (detail.pair(pair_index), detail.pyth), snapshot.block).await
    }

    /// What Aave's oracle says of a pair at a block.
    pub(super) async fn aave_price(&self, name: &str, block: BlockRef) -> Result<Vec<ChainPrice>, PerpError> {
        self.read_prices(name, (None, Address::ZERO), block).await
    }

    async fn read_prices(
        &self,
        name: &str,
        pair: (Option<&PairDetail>, Address),
        block: BlockRef,
    ) -> Result<Vec<ChainPrice>, PerpError> {
        let mut batch = Batch::new();
        let query = ReferenceQuery::add(name, pair, &mut batch);
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.endpoints.read(block, &batch).await?;
        Ok(query.decode(&answers, block.timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_of_any_scale_are_the_venues() {
        assert_eq!(scaled(U256::from(300_000_000_000u64), 8), Some(PriceE10(U256::from(30_000_000_000_000u64))));
        assert_eq!(
            scaled(U256::from(3_000_000_000_000_000_000_000u128), 18),
            Some(PriceE10(U256::from(30_000_000_000_000u64)))
        );
        assert_eq!((scaled(U256::ZERO, 8), scaled(U256::MAX, 0)), (None, None));
    }
}
