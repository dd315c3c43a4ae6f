//! The trait that every venue's adapter keeps.

use std::{fmt, sync::Arc};

use alloy::primitives::{Address, B256, U256};
use async_trait::async_trait;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AuditError, ClosingFee, Ending, Entry, Forecast, OrderHandle, OrderState, PairTerms, PerpError, PerpRequest,
    Portion, PositionKey, PriceE10, Side, Usdc, VenueSnapshot,
};
use crate::{chain::BlockRef, config::Urgency, plan::Plan, units::Secs};

/// A venue, whichever it is.
pub type Venue = Arc<dyn PerpVenue>;

/// What a venue can do beyond opening at the market, closing in whole, and moving stop, target and margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// A part of a position can be closed.
    pub partial_close: bool,
    /// Limit orders can be placed.
    pub limit_orders: bool,
}

impl Capabilities {
    /// Refuses what the venue cannot do at all.
    pub fn allow(self, venue: &'static str, request: &PerpRequest) -> Result<(), PerpError> {
        let missing = match request {
            PerpRequest::Open(open) if !self.limit_orders && open.entry != Entry::Market => "limit orders",
            PerpRequest::Close { portion: Portion::Part(_), .. } if !self.partial_close => {
                "way to close a part of a position; close all of it"
            }
            _ => return Ok(()),
        };
        Err(PerpError::Incapable { venue, what: missing })
    }
}

/// What a venue usually takes, before a pair's own terms are read; shares, so 0.00045 is 0.045 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsualFees {
    /// Of the ordered notional, out of the margin.
    pub opening: Decimal,
    /// Of the notional that `closing_on` names.
    pub closing: Decimal,
    /// What the closing fee is charged on.
    pub closing_on: ClosingFee,
    /// Of the margin after the opening fee, to the keeper that executes stop or target.
    pub keeper: Decimal,
    /// Loss, as a share of the margin, at which the venue liquidates.
    pub liquidation: Decimal,
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
    pub gas_price: U256,
}

/// What the journal keeps of a plan on the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerpSubject {
    /// The adapter, such as `avantis-v1`.
    pub venue: String,
    /// What was asked.
    pub perp: PerpRequest,
    /// What the fill should come to.
    pub forecast: Option<Forecast>,
}

/// A venue for perpetual futures.
#[async_trait]
pub trait PerpVenue: fmt::Debug + Send + Sync {
    /// The adapter's name, as the journal stores it.
    fn name(&self) -> &'static str;

    /// The contract that takes orders.
    fn address(&self) -> Address;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// What it usually takes.
    fn usual_fees(&self) -> UsualFees;

    /// The same venue, taking a price that nothing on chain confirms. One that the chain contradicts is refused all the same.
    fn with_unchecked_prices(&self) -> Venue;

    /// How the price service stands, in words: what it answers at this block, and how that compares with the chain.
    async fn check_prices(&self, block: BlockRef) -> Result<String, PerpError>;

    /// What of a snapshot a request needs.
    fn interest(&self, request: &PerpRequest) -> Result<Interest, PerpError>;

    /// Reads the venue, the account's positions and its wallet at the newest block.
    async fn snapshot(&self, account: Address, interest: &Interest) -> Result<VenueSnapshot, PerpError>;

    /// Plans a request: checks everything that the venue does not reject itself, writes the transactions, predicts. The
    /// price update of a request that carries one is fetched here, so that it is as fresh as can be.
    async fn plan(
        &self,
        request: &PerpRequest,
        snapshot: &VenueSnapshot,
        settings: &PerpSettings,
    ) -> Result<Plan, PerpError>;

    /// Refuses a plan whose transactions are not to the last argument what its action would send now. The snapshot must have
    /// the mark of the pair that is opened.
    fn audit(&self, plan: &Plan, snapshot: &VenueSnapshot, gas_price: U256) -> Result<(), AuditError>;

    /// The orders that an included transaction placed.
    async fn orders_in(&self, transaction: B256) -> Result<Vec<OrderHandle>, PerpError>;

    /// Where an order stands now. `forecast` and the request let it name the likely reason of a cancellation.
    async fn track(
        &self,
        account: Address,
        order: &OrderHandle,
        subject: Option<&PerpSubject>,
    ) -> Result<OrderState, PerpError>;

    /// How a position that was open at a block came to its end after it; `None` while it is open.
    async fn ending(&self, account: Address, key: PositionKey, since: u64) -> Result<Option<Ending>, PerpError>;

    /// The oracle's price now of the pair that a position is on.
    async fn mark(&self, key: PositionKey) -> Result<PriceE10, PerpError>;

    /// A name on this pair for a position that the venue does not have: one of practice, or one to come.
    fn key_on(&self, pair: &PairTerms) -> PositionKey;
}
