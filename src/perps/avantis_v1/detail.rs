//! What the adapter reads beyond the neutral snapshot.

use alloy::primitives::{Address, B256, U256};

use super::math::{Accruals, Close, FeeRows, OpenInterest, SpreadParams, loss_share};
use crate::perps::{LeverageE10, PercentDelta, PercentE10, PerpError, PriceE10, Side, Usdc, VenueSnapshot};

/// What the adapter's plans need beyond the neutral snapshot.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    /// By pair, in the order of the snapshot's pairs.
    pub pairs: Vec<PairDetail>,
    /// Blocks between two changes of a position's levels or margin, or of a limit order.
    pub timelock: u64,
    /// Loss of the collateral at which the venue takes a position.
    pub liquidation: PercentE10,
    /// Positions, waiting orders and limit orders that an account may have on a pair.
    pub trades_per_pair: u64,
    /// What the venue says about an open of a given size.
    pub quotes: Vec<Quote>,
    /// Where the venue's prices are stored; zero where it does not say.
    pub pyth: Address,
}

/// The detail of a snapshot that this adapter has read.
pub(super) fn detail_of(snapshot: &VenueSnapshot) -> Result<&Detail, PerpError> {
    let foreign = || PerpError::Refused("the snapshot is another venue's".to_owned());
    snapshot.detail_as().ok_or_else(foreign)
}

/// One pair's parameters and state.
#[derive(Debug, Clone, Default)]
pub struct PairDetail {
    /// Index at the venue.
    pub index: u64,
    /// What the execution price of an open is made from.
    pub spread: SpreadParams,
    /// Open interest of both sides.
    pub interest: OpenInterest,
    /// Rollover as last stored, and what it grows by.
    pub accruals: Accruals,
    /// Lines of the opening fee.
    pub fee_rows: FeeRows,
    /// Closing fee.
    pub closing_fee: PercentE10,
    /// The keeper's fee at stop and target.
    pub keeper_fee: PercentE10,
    /// Most profit.
    pub max_gain: PercentE10,
    /// Deepest stop.
    pub deepest_stop: PercentE10,
    /// Thresholds of loss protection: longs, shorts; plain per cent of the other side.
    pub protected_from: [Vec<u64>; 2],
    /// What of a loss is borne, by tier, plain per cent.
    pub borne: Vec<u64>,
    /// The account's positions, waiting opens and limit orders on the pair.
    pub used: u64,
    /// Of these, limit orders.
    pub limits: u64,
    /// Its name at Pyth.
    pub feed_id: B256,
    /// A second source of its price, on chain; zero for none.
    pub backup_feed: Address,
}

/// The venue's word about an open of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Pair.
    pub pair_index: u64,
    /// Direction.
    pub side: Side,
    /// Margin × leverage as ordered.
    pub notional: Usdc,
    /// What the skew adds to the spread.
    pub skew_impact: PercentDelta,
    /// Whether it is within all exposure limits.
    pub within_limits: bool,
}

impl Detail {
    /// A pair's detail.
    #[must_use]
    pub fn pair(&self, index: u64) -> Option<&PairDetail> {
        self.pairs.iter().find(|pair| pair.index == index)
    }

    /// The venue's word about this open, if it was asked.
    #[must_use]
    pub fn quote(&self, pair_index: u64, side: Side, notional: Usdc) -> Option<&Quote> {
        self.quotes
            .iter()
            .find(|quote| quote.pair_index == pair_index && quote.side == side && quote.notional == notional)
    }
}

/// A close of something: what [`PairDetail::close`] needs of the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) side: Side,
    pub(super) collateral: Usdc,
    pub(super) leverage: LeverageE10,
    pub(super) entry: PriceE10,
    pub(super) at: PriceE10,
    pub(super) rollover: Usdc,
    /// Plain per cent of a loss that is borne.
    pub(super) borne: u64,
    /// Stop or target, so that the keeper takes its fee.
    pub(super) by_keeper: bool,
}

impl PairDetail {
    /// The arithmetic's view of a close on this pair.
    pub(super) fn close(&self, closing: &Closing, liquidation: PercentE10) -> Close {
        Close {
            side: closing.side,
            collateral: closing.collateral,
            leverage: closing.leverage,
            open_price: closing.entry,
            close_price: closing.at,
            rollover: closing.rollover,
            closing_fee: self.closing_fee,
            keeper_fee: if closing.by_keeper { self.keeper_fee } else { PercentE10(U256::ZERO) },
            max_gain: self.max_gain,
            liquidation,
            loss_share: closing.borne,
        }
    }

    /// What of a loss is borne in a tier, plain per cent; all of it in one that is not configured.
    pub(super) fn borne(&self, tier: usize) -> u64 {
        loss_share(tier, &self.borne).unwrap_or(100)
    }

    /// Thresholds of loss protection of one side.
    pub(super) fn protected_from(&self, side: Side) -> &[u64] {
        let [long, short] = &self.protected_from;
        if side.is_long() { long } else { short }
    }
}
