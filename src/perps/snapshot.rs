//! Everything a plan on the venue is made from, read at one block.

use std::{any::Any, fmt::Debug, sync::Arc};

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{LeverageE10, LimitOrder, PendingOrder, PercentE10, PerpPosition, PositionKey, PriceE10, Usdc};
use crate::chain::BlockRef;

/// Whether a pair can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Availability {
    /// It can.
    Open,
    /// Positions may only be closed.
    CloseOnly,
    /// Outside market hours.
    Closed,
    /// The venue is paused: nothing can be opened or closed.
    Paused,
}

/// What a closing fee is charged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClosingFee {
    /// The notional at the close price.
    OnCloseNotional,
    /// The notional at entry.
    OnEntryNotional,
}

/// What the venue demands and takes on one pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairTerms {
    /// The venue's number of it; only the adapter reads it.
    pub index: u64,
    /// Such as `ETH/USD`.
    pub name: String,
    /// Whether it can be opened.
    pub availability: Availability,
    /// Least margin × leverage.
    pub minimum_notional: Usdc,
    /// Least leverage.
    pub least_leverage: LeverageE10,
    /// Most leverage.
    pub most_leverage: LeverageE10,
    /// Opening fee, of the ordered notional.
    pub opening_fee: PercentE10,
    /// Closing fee, of the notional that `closing_on` names.
    pub closing_fee: PercentE10,
    /// What the closing fee is charged on.
    pub closing_on: ClosingFee,
    /// The keeper's share of the collateral when it executes stop or target.
    pub keeper_fee: PercentE10,
    /// Constant spread of an open.
    pub spread: PercentE10,
    /// Loss, of the collateral, at which it is liquidated.
    pub liquidation: PercentE10,
    /// Deepest stop, as a loss of the collateral.
    pub deepest_stop: PercentE10,
    /// Most profit, of the collateral.
    pub most_profit: PercentE10,
    /// Notional that the tightest open-interest limit still takes: long, short.
    pub room: [Usdc; 2],
    /// The oracle's price now; zero when the price service does not answer.
    pub mark: PriceE10,
}

/// The venue, the account's positions there, and its wallet, at one block.
#[derive(Debug, Clone)]
pub struct VenueSnapshot {
    /// The block.
    pub block: BlockRef,
    /// The account.
    pub account: Address,
    /// Its USDC.
    pub usdc: Usdc,
    /// Its ETH, wei.
    pub native: U256,
    /// USDC that the venue may take from it.
    pub allowance: Usdc,
    /// Every pair that is listed.
    pub pairs: Vec<PairTerms>,
    /// Open positions.
    pub positions: Vec<PerpPosition>,
    /// Market orders that wait for the keeper.
    pub pending: Vec<PendingOrder>,
    /// Limit orders that wait for their price.
    pub limits: Vec<LimitOrder>,
    /// Most market orders that may wait at a time.
    pub most_pending: usize,
    /// What only the adapter reads.
    pub detail: Arc<dyn VenueDetail>,
}

/// What only the adapter of a venue reads of its own snapshot.
pub trait VenueDetail: Any + Debug + Send + Sync {}

impl<T: Any + Debug + Send + Sync> VenueDetail for T {}

impl VenueSnapshot {
    /// The terms of a pair by its name.
    #[must_use]
    pub fn pair(&self, name: &str) -> Option<&PairTerms> {
        self.pairs.iter().find(|pair| pair.name.eq_ignore_ascii_case(name))
    }

    /// The detail as its adapter made it; `None` when another one did.
    #[must_use]
    pub fn detail_as<T: Any>(&self) -> Option<&T> {
        let detail: &dyn Any = &*self.detail;
        detail.downcast_ref()
    }

    /// A position by its name.
    #[must_use]
    pub fn position(&self, key: PositionKey) -> Option<&PerpPosition> {
        self.positions.iter().find(|position| position.key == key)
    }
}
