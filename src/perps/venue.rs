//! The trait that every venue's adapter keeps.

use std::future::Future;

use alloy::primitives::{Address, B256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Ending, Forecast, OrderHandle, OrderState, PerpError, PerpRequest, PositionKey, PriceE10, Side, Usdc, VenueSnapshot,
};
use crate::{config::Urgency, plan::Plan, units::Secs};

/// What a venue can do beyond opening and closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_excessive_bools)]
pub struct Capabilities {
    /// Orders are transactions that need gas and an execution fee.
    pub needs_gas: bool,
    /// A market order is filled in its own transaction; otherwise a keeper fills it.
    pub atomic_fill: bool,
    /// Stop and target are transactions.
    pub levels_on_chain: bool,
    /// A position can be made larger.
    pub increase: bool,
    /// A part of a position can be closed.
    pub partial_close: bool,
    /// Limit orders can be placed.
    pub limit_orders: bool,
    /// Positions pay or earn funding.
    pub funding: bool,
    /// A close can carry a slippage bound.
    pub close_slippage: bool,
}

/// What a snapshot is wanted for: the venue's quote depends on pair, side and size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interest {
    /// Pair, side and ordered notional of an open.
    pub open: Option<(String, Side, Usdc)>,
    /// Pairs whose mark is needed; positions' pairs are always read.
    pub marks: Vec<String>,
}

/// Settings of one plan.
#[derive(Debug, Clone)]
pub struct PerpSettings {
    /// Identifies the intent.
    pub id: String,
    /// The network the plan is for.
    pub network: String,
    /// Class of fee ceilings.
    pub urgency: Urgency,
    /// How long it is valid at most; price updates shorten it.
    pub valid_for: Secs,
    /// Wei per gas, for the execution fee.
    pub gas_price: alloy::primitives::U256,
}

/// What the journal keeps of a plan on the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerpSubject {
    /// The adapter: `avantis-v1`.
    pub venue: String,
    /// What was asked.
    pub perp: PerpRequest,
    /// What the fill should come to.
    pub forecast: Option<Forecast>,
}

/// A venue for perpetual futures.
pub trait PerpVenue: Send + Sync {
    /// The adapter's name, as the journal stores it.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Reads the venue, the account's positions and its wallet at the newest block.
    fn snapshot(
        &self,
        account: Address,
        interest: &Interest,
    ) -> impl Future<Output = Result<VenueSnapshot, PerpError>> + Send;

    /// Plans a request: checks everything that the venue does not reject itself, writes the transactions, predicts. The
    /// price update of a request that carries one is fetched here, so that it is as fresh as can be.
    fn plan(
        &self,
        request: &PerpRequest,
        snapshot: &VenueSnapshot,
        settings: &PerpSettings,
    ) -> impl Future<Output = Result<Plan, PerpError>> + Send;

    /// The orders that an included transaction placed.
    fn orders_in(&self, transaction: B256) -> impl Future<Output = Result<Vec<OrderHandle>, PerpError>> + Send;

    /// Where an order stands now. `forecast` and the request let it name the likely reason of a cancellation.
    fn track(
        &self,
        account: Address,
        order: &OrderHandle,
        subject: Option<&PerpSubject>,
    ) -> impl Future<Output = Result<OrderState, PerpError>> + Send;

    /// How a position that was open at a block came to its end after it; `None` while it is open.
    fn ending(
        &self,
        account: Address,
        key: PositionKey,
        since: u64,
    ) -> impl Future<Output = Result<Option<Ending>, PerpError>> + Send;

    /// The oracle's price of a pair now.
    fn mark(&self, pair_index: u64) -> impl Future<Output = Result<PriceE10, PerpError>> + Send;
}
