//! Prices that are to come, or are imagined, and the health factor of an account at the worst of them.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use crate::{
    config::PriceMove,
    loops::MovingPrice,
    units::{UsdE8, Wad},
};

/// Dollar prices by token, as the loops of an account see them: one loop loses when a token falls, another when the same
/// token rises.
#[derive(Debug, Default)]
pub(super) struct ForwardPrices {
    falls: BTreeMap<Address, UsdE8>,
    rises: BTreeMap<Address, UsdE8>,
}

impl ForwardPrices {
    /// The price of what moves a loop; of several for one token and direction, the one at which most is lost.
    pub(super) fn add(&mut self, moving: &MovingPrice, price: UsdE8) {
        let (prices, worse): (_, fn(UsdE8, UsdE8) -> UsdE8) = match moving.pair.loses_on {
            PriceMove::Fall => (&mut self.falls, Ord::min),
            PriceMove::Rise => (&mut self.rises, Ord::max),
        };
        prices.entry(moving.asset).and_modify(|known| *known = worse(*known, price)).or_insert(price);
    }

    /// The lowest health factor at these prices; `None` without a price. A token that has one for each direction is tried
    /// at both, for it cannot stand at both.
    pub(super) fn worst<E>(
        &self,
        mut health_factor: impl FnMut(&BTreeMap<Address, UsdE8>) -> Result<Wad, E>,
    ) -> Result<Option<Wad>, E> {
        if self.falls.is_empty() && self.rises.is_empty() {
            return Ok(None);
        }
        let joined = |first: &BTreeMap<Address, UsdE8>, second: &BTreeMap<Address, UsdE8>| {
            first.iter().chain(second).map(|(token, price)| (*token, *price)).collect()
        };
        // The later of two prices for a token holds.
        let (risen, fallen) = (joined(&self.falls, &self.rises), joined(&self.rises, &self.falls));
        let worst = health_factor(&risen)?;
        if risen == fallen {
            return Ok(Some(worst));
        }
        Ok(Some(worst.min(health_factor(&fallen)?)))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use alloy::primitives::U256;

    use super::*;
    use crate::{
        config::PairSide,
        dex::{USDC, WETH},
    };

    fn price(dollars: u64) -> UsdE8 {
        UsdE8(U256::from(dollars))
    }

    #[test]
    fn a_token_that_one_loop_holds_and_another_owes_is_tried_both_ways() {
        let (weth, usdc) = ((WETH, PairSide::of_symbol("WETH")), (USDC, PairSide::of_symbol("USDC")));
        let (long, short) = (MovingPrice::of_tokens(weth, usdc), MovingPrice::of_tokens(usdc, weth));
        let mut prices = ForwardPrices::default();
        let mut seen = Vec::new();
        let mut look = |prices: &ForwardPrices| {
            seen.clear();
            let worst = prices.worst(|prices| {
                seen.push(prices[&WETH]);
                Ok::<_, Infallible>(Wad(prices[&WETH].0))
            });
            (worst.expect("no error"), seen.clone())
        };
        assert_eq!(look(&prices), (None, vec![]));
        prices.add(&long, price(2_800));
        prices.add(&long, price(2_700));
        prices.add(&long, price(2_900));
        assert_eq!(look(&prices), (Some(Wad(price(2_700).0)), vec![price(2_700)]));
        prices.add(&short, price(3_200));
        prices.add(&short, price(3_300));
        prices.add(&short, price(3_100));
        assert_eq!(look(&prices), (Some(Wad(price(2_700).0)), vec![price(3_300), price(2_700)]));
    }
}
