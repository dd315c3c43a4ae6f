//! The price service's price held against what the chain itself says a pair costs: a service that lies must not choose at what
//! price a position is opened. The chain's price that is nearest counts: each of them is enough to say no to double and half.

use alloy::primitives::U256;

use super::{AvantisV1, chain_price::ChainPrice};
use crate::{
    chain::BlockRef,
    config::PriceCheck,
    perps::{PerpError, PriceE10, PriceOff, PriceUnconfirmed},
    units::{Bps, mul_div_up},
};

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

impl AvantisV1 {
    /// How the price service's price of ether stands against Aave's oracle at a block, in words; an error where they contradict
    /// each other.
    pub async fn ether_against_chain(&self, service: PriceE10, block: BlockRef) -> Result<String, PerpError> {
        const ETHER: &str = "ETH/USD";
        let chain = self.aave_price(ETHER, block).await?;
        judge((ETHER, service), &chain, &self.check, Strictness::NotContradicted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Secs;

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
}
