//! The one list of adapters: which venue is on the chain, and what all of them together know. Whoever writes an adapter adds
//! it here; nobody else names one.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Address;

use super::{
    PerpError,
    avantis_v1::{self, AvantisV1, PriceService},
    venue::Venue,
};
use crate::{
    chain::{Endpoints, ErrorTable},
    config::{ExecutionFee, PriceCheck, RpcUrl},
};

/// What an adapter is set up with.
#[derive(Debug, Clone, Default)]
pub struct VenueSettings {
    /// The price service; without one nothing is planned that needs a price.
    pub price_url: Option<RpcUrl>,
    /// How long the price service may take to answer.
    pub deadline: Duration,
    /// How its prices are held against the chain.
    pub price_check: PriceCheck,
    /// What the keeper is given.
    pub execution_fee: ExecutionFee,
    /// Believe the end of an order or a position only from a block that has so many on top of it.
    pub depth: u64,
}

/// The venue that is on this network, recognised by its code and never by date. What no adapter knows is
/// [`PerpError::UnknownVenue`].
pub async fn recognise(endpoints: &Endpoints, settings: VenueSettings) -> Result<Venue, PerpError> {
    let VenueSettings { price_url, deadline, price_check, execution_fee, depth } = settings;
    let prices = PriceService::new(price_url, deadline)?;
    let venue = AvantisV1::recognise(endpoints, prices).await?;
    Ok(Arc::new(venue.with_price_check(price_check).with_execution_fee(execution_fee).with_depth(depth)))
}

/// What a call of any venue's contracts does, one line each; `None` for anything else.
#[must_use]
pub fn explain(data: &[u8]) -> Option<Vec<String>> {
    avantis_v1::explain(data)
}

/// Contracts that take the margin of perps, with what they are called.
pub const SPENDERS: [(Address, &str); 1] = [(avantis_v1::Deployment::BASE.storage, "perp venue")];

/// With the errors of all venues.
pub fn with_errors(table: ErrorTable) -> ErrorTable {
    table.with(avantis_v1::ERRORS).with_strings(avantis_v1::STRINGS)
}
