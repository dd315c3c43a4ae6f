//! Why the venue cannot be used as asked.

use alloy::primitives::{Address, B256};

use super::{LeverageE10, PriceE10, PriceOff, PriceUnconfirmed, Side, Usdc};
use crate::{chain::ReadError, units::MathError};

/// Why something is not read, planned or known; nothing was sent.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PerpError {
    /// The code at the venue's address is not one this program can write to.
    #[error(
        "the perp venue at {address} runs code {code_hash} that this program does not know ({why}): \
         nothing is written to it; positions there are to be managed with a version that knows it"
    )]
    UnknownVenue {
        /// Where.
        address: Address,
        /// Hash of the code found.
        code_hash: B256,
        /// What did not fit.
        why: String,
    },
    /// There is no contract at all.
    #[error("there is no perp venue at {0} on this network")]
    NoVenue(Address),
    /// None was recognised on this network, or none was looked for.
    #[error("no perp venue is known here")]
    NoneKnown,
    /// The pair is not listed.
    #[error("pair: {name} is not listed; listed are {listed}")]
    UnknownPair {
        /// What was asked.
        name: String,
        /// What there is.
        listed: String,
    },
    /// Margin times leverage is too little.
    #[error(transparent)]
    BelowMinimum(Box<BelowMinimum>),
    /// Leverage outside the pair's range.
    #[error("leverage: {leverage}x is outside {pair}'s range of {least}x to {most}x")]
    Leverage {
        /// Asked.
        leverage: LeverageE10,
        /// Pair.
        pair: Box<str>,
        /// Least.
        least: LeverageE10,
        /// Most.
        most: LeverageE10,
    },
    /// A level on the wrong side.
    #[error("{level}: {price} is on the wrong side of {reference} for a {side}")]
    WrongSide {
        /// `stop` or `target`.
        level: &'static str,
        /// Where it was to be.
        price: PriceE10,
        /// Entry or mark.
        reference: PriceE10,
        /// Direction.
        side: Side,
    },
    /// A field out of range.
    #[error("{field}: {reason}")]
    Field {
        /// Flag without dashes.
        field: &'static str,
        /// What is wrong, and the fix.
        reason: String,
    },
    /// The venue would not do it, or would do something else.
    #[error("{0}")]
    Refused(String),
    /// The wallet is short.
    #[error("{what}: {needed} needed, the wallet has {available}")]
    Short {
        /// `USDC` or `ETH`.
        what: &'static str,
        /// Needed.
        needed: String,
        /// There.
        available: String,
    },
    /// No such position or order.
    #[error("there is no {what} {key} for {account}")]
    NotFound {
        /// `position` or `limit order`.
        what: &'static str,
        /// Its name.
        key: String,
        /// Whose.
        account: Address,
    },
    /// The venue cannot do this at all.
    #[error("{venue} has no {what}")]
    Incapable {
        /// Adapter.
        venue: &'static str,
        /// What.
        what: &'static str,
    },
    /// The price service contradicts the chain.
    #[error(transparent)]
    PriceOff(Box<PriceOff>),
    /// The chain does not confirm the price service.
    #[error(transparent)]
    PriceUnconfirmed(Box<PriceUnconfirmed>),
    /// The price service.
    #[error("price service: {0}")]
    Prices(String),
    /// No price service is configured.
    #[error(
        "no price service: give --price-url or set perps.price_url (a replica started by `trimtab replica start` has \
         one of its own)"
    )]
    NoPriceService,
    /// The chain.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Arithmetic on the edge of its type.
    #[error(transparent)]
    Math(#[from] MathError),
}

/// Margin times leverage is below what the pair takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "margin: {margin} USDC at {leverage}x orders {notional} USDC, below the pair's minimum of {minimum}: \
     give at least {least_margin} USDC"
)]
pub struct BelowMinimum {
    /// Offered.
    pub margin: Usdc,
    /// Leverage.
    pub leverage: LeverageE10,
    /// Product.
    pub notional: Usdc,
    /// Least.
    pub minimum: Usdc,
    /// Margin that would do.
    pub least_margin: Usdc,
}

impl PerpError {
    /// The program's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::UnknownVenue { .. } | Self::NoVenue(_) | Self::NoneKnown | Self::NoPriceService => 3,
            Self::UnknownPair { .. } | Self::Field { .. } | Self::NotFound { .. } => 2,
            Self::Prices(_) => 6,
            Self::Read(error) => error.exit_code(),
            Self::Math(_) => 1,
            _ => 4,
        }
    }
}
