//! Perpetual futures, at the level of meaning: what a caller wants of any venue, and adapters that know how.
//!
//! [`PerpVenue`] reads everything at one block, plans each request (pure: bounds, call data, forecast), finds the orders
//! that a transaction placed and follows each to its end. Callers have a [`Venue`] and never ask which it is; [`venues`] is the
//! one list of adapters, recognises the one on the chain by its code, and refuses what no adapter knows.
//! Fails with [`PerpError`]: figures and the fix in every refusal, exit 3 for an unknown venue.

mod apply;
mod audit_error;
pub mod avantis_v1;
pub mod avantis_v2;
mod compare;
mod error;
mod execute;
mod execute_error;
mod forecast;
mod int;
mod order;
mod position;
mod position_key;
mod price_check;
mod records;
mod request;
mod resume;
mod settle;
mod side;
mod snapshot;
mod units;
mod venue;
pub mod venues;

pub use audit_error::AuditError;
pub use compare::compare;
pub use error::{BelowMinimum, PerpError};
pub use execute::{OrderPatience, Placed, Report, execute, follow, place, take_up};
pub use execute_error::ExecuteError;
pub use forecast::{CloseForecast, Forecast, OpenForecast};
pub use order::{EndKind, Ending, Fill, LikelyReason, OrderHandle, OrderKind, OrderState};
pub use position::{LimitOrder, PendingOrder, PerpPosition};
pub use position_key::{KeyError, PositionKey};
pub use price_check::{PriceOff, PriceUnconfirmed};
pub use records::{OpenedRecord, OrderRecord};
pub use request::{Change, Entry, Level, MarginChange, OpenRequest, Outlook, PerpRequest, Portion};
pub use resume::{Looked, Resumed, ended_event, ended_words, resume, resume_from, settle_endings};
pub use settle::settle;
pub use side::Side;
pub use snapshot::{Availability, ClosingFee, PairTerms, VenueDetail, VenueSnapshot};
pub use units::{CoinsE10, LeverageE10, PercentDelta, PercentE10, PriceE10, Usdc, UsdcDelta};
pub use venue::{Capabilities, Interest, PerpSettings, PerpSubject, PerpVenue, UsualFees, Venue};
