//! Words for addresses and amounts.

use alloy::primitives::{Address, U256};

use crate::units::{format_units, group_thousands};

/// What the reader of an explanation calls things.
pub trait Names {
    /// A contract's or person's name.
    fn address(&self, address: Address) -> Option<String>;
    /// A token's symbol and decimals; zero is the native currency.
    fn token(&self, token: Address) -> Option<(String, u8)>;
}

/// Knows nothing but native currency: addresses in hex, amounts in smallest units.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn address(&self, _: Address) -> Option<String> {
        None
    }

    fn token(&self, token: Address) -> Option<(String, u8)> {
        token.is_zero().then(|| ("ETH".to_owned(), 18))
    }
}

/// The name, or the checksummed address.
pub(super) fn address(names: &dyn Names, address: Address) -> String {
    names.address(address).unwrap_or_else(|| address.to_checksum(None))
}

/// The symbol, or the token's name or address.
pub(super) fn token(names: &dyn Names, token: Address) -> String {
    names.token(token).map_or_else(|| address(names, token), |(symbol, _)| symbol)
}

/// `6,000 USDC`, or `6000000000 units of 0x…` for a token nobody knows.
pub(super) fn amount(names: &dyn Names, amount: U256, asset: Address) -> String {
    match names.token(asset) {
        Some((symbol, decimals)) => format!("{} {symbol}", group_thousands(&format_units(amount, decimals))),
        None => format!("{amount} units of {}", address(names, asset)),
    }
}

/// A permit's value for people: the maximum is "unlimited".
pub(super) fn allowance(names: &dyn Names, value: U256, asset: Address) -> String {
    if value == U256::MAX { format!("unlimited {}", token(names, asset)) } else { amount(names, value, asset) }
}
