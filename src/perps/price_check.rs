//! Why a price is not acted on: the price service and the chain say different things, or the chain says nothing.

use super::PriceE10;
use crate::units::Bps;

/// The price service contradicts the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the price service says that {pair} is at {service}, {by} on chain says {chain}: {apart} apart, more than the {most} of \
     perps.max_price_deviation_bps"
)]
pub struct PriceOff {
    /// Pair.
    pub pair: String,
    /// The service's price.
    pub service: PriceE10,
    /// Who says otherwise.
    pub by: &'static str,
    /// What it says.
    pub chain: PriceE10,
    /// How far they are apart.
    pub apart: Bps,
    /// How far they may be.
    pub most: Bps,
}

/// Nothing on chain says what the pair costs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "nothing on chain confirms that {pair} is at {service}, as the price service says ({why}): --unchecked-price takes its word, \
     perps.unchecked_prices = true always"
)]
pub struct PriceUnconfirmed {
    /// Pair.
    pub pair: String,
    /// The service's price.
    pub service: PriceE10,
    /// What there is.
    pub why: String,
}
