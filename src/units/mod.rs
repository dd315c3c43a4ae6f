//! Money, ratios and times as types whose arithmetic names its rounding.
//!
//! Integers inside, [`rust_decimal::Decimal`] at the human edge, never floating point.
//! Division names its direction ([`mul_div_down`], [`mul_div_up`]); overflow and division by zero are
//! [`MathError`], never a panic and never a wrapped number.

mod amount;
mod human;
mod math;
mod ratio;
mod time;
mod written;

pub use amount::{AmountError, format_units, from_decimal, group_thousands, parse_units, to_decimal};
pub use human::{health_factor, percent, rounded};
pub use math::{MathError, isqrt, mul_div_down, mul_div_up};
pub use ratio::{Bps, Ray, UsdE8, WAD, Wad};
pub use time::{Millis, Secs};
pub use written::{Ether, Form, Gwei, Integer, Optional, Raw, Usd, Written};
pub(crate) use written::{read as read_as, write as write_as, written};
