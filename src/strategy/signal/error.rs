//! Why a signal is not traded.

use rust_decimal::Decimal;

use super::Side;
use crate::strategy::exact::{percent, shown};
use crate::units::Secs;

/// What is wrong with a signal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// Not one JSON object.
    #[error("not a signal: {0}; a signal is one JSON object")]
    NotAnObject(String),
    /// Longer than any signal.
    #[error("not a signal: {bytes} bytes are more than the {most} a signal may have")]
    TooLong {
        /// Length of the text.
        bytes: usize,
        /// Most that is read.
        most: usize,
    },
    /// A field that means nothing.
    #[error("unknown field `{field}` in the signal; {advice}")]
    UnknownField {
        /// As written.
        field: String,
        /// The field that was meant, or the list.
        advice: String,
    },
    /// The same field twice.
    #[error("field `{0}` stands twice in the signal")]
    RepeatedField(String),
    /// A field that must be there.
    #[error("the signal has no `{0}`")]
    MissingField(&'static str),
    /// A value of the wrong form or out of range.
    #[error("`{field}` is {value}: expected {expected}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// As written, shortened.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A stop that would win, or a target that would lose.
    #[error("`{field}` {price} is on the wrong side of the entry {entry} for a {side} position")]
    WrongSide {
        /// `stop` or `target`.
        field: &'static str,
        /// Its price.
        price: Decimal,
        /// The entry price.
        entry: Decimal,
        /// Direction.
        side: Side,
    },
    /// Too old.
    #[error("the signal is {} s old, at most {} s are traded (`strategy.max_signal_age`)", age.0, most.0)]
    Stale {
        /// Its age by the wall clock.
        age: Secs,
        /// Oldest that is traded.
        most: Secs,
    },
    /// Dated so far ahead that it would stay fresh for longer than a signal may.
    #[error("the signal is dated {} s ahead of this machine's clock, at most {} s are taken; compare the clocks", ahead.0, most.0)]
    Ahead {
        /// How far ahead.
        ahead: Secs,
        /// Most that is taken.
        most: Secs,
    },
    /// The market has moved away.
    #[error(
        "the mark {mark} is {} from the entry {entry}, at most {} is traded (`strategy.max_entry_deviation`)",
        percent(*deviation), percent(*most)
    )]
    EntryDeviation {
        /// Price now.
        mark: Decimal,
        /// Price in the signal.
        entry: Decimal,
        /// Distance as a share of the entry.
        deviation: Decimal,
        /// Farthest that is traded.
        most: Decimal,
    },
    /// A price that does not fit the arithmetic.
    #[error("prices {} and {} cannot be compared", shown(*.0, 10), shown(*.1, 10))]
    Unfit(Decimal, Decimal),
}

impl SignalError {
    /// The process's exit code: 4 when a rule refuses a well-formed signal, else 2.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Stale { .. } | Self::Ahead { .. } | Self::EntryDeviation { .. } => 4,
            _ => 2,
        }
    }
}
