//! Which reserves follow a currency, and which move against currencies.

use super::{deployment::Deployment, reserve::Reserve};
use crate::config::{PairSide, is_currency_symbol};

impl Reserve {
    /// Whether the token is a coin of a currency, a yield-bearing one included.
    ///
    /// It is told by what the token is, never by its price: an oracle that answers wrongly (or a coin that has lost its
    /// peg) must not turn a long loop into a short one. The address decides for the coins that were listed when this
    /// program was built; for later ones the symbol does. Strangers cannot use it: reserves are listed by Aave's
    /// governance, not by whoever deploys a token.
    #[must_use]
    pub fn is_currency_coin(&self) -> bool {
        Deployment::CURRENCY_COINS.contains(&self.asset) || is_currency_symbol(&self.symbol)
    }

    /// The reserve as one side of a pair.
    #[must_use]
    pub fn side(&self) -> PairSide<'_> {
        PairSide { symbol: &self.symbol, is_currency: self.is_currency_coin() }
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, U256};

    use crate::aave::reserve::tests::usdc;

    #[test]
    fn a_wrong_price_does_not_make_a_coin_anything_else() {
        let mut coin = usdc();
        coin.price.as_mut().expect("price").value.0 = U256::from(300_000_000_000u64);
        assert!(coin.is_currency_coin());
        coin.price = None;
        "renamed".clone_into(&mut coin.symbol);
        assert!(coin.is_currency_coin());
        // One that was listed later is known by its symbol.
        coin.asset = Address::repeat_byte(1);
        assert!(!coin.is_currency_coin());
        "USDT".clone_into(&mut coin.symbol);
        assert!(coin.is_currency_coin());
    }
}
