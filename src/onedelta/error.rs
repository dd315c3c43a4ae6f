//! Why ops do not become bytes, and why bytes do not become ops.

use alloy::primitives::{Address, U256};

use crate::dex::RouterCallError;

/// Why an op list was not encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An exact amount of zero: the composer would read "everything", or skip the op.
    #[error(
        "an exact amount of 0 is refused: the composer reads 0 as \"everything\"; say `Amount::All` when that is meant"
    )]
    Zero,
    /// The amount has more bits than the composer reads.
    #[error("{op}: amount {amount} has more than the {bits} bits the composer reads; the rest would be cut off")]
    TooWide {
        /// The op.
        op: &'static str,
        /// The amount.
        amount: U256,
        /// Bits the contract reads.
        bits: u32,
    },
    /// An exact amount that the contract reads as "maximum".
    #[error("{op}: the exact amount 2^112-1 is read as \"maximum\"; say `Amount::Max` when that is meant")]
    ReadAsMax {
        /// The op.
        op: &'static str,
    },
    /// The op has no such special amount.
    #[error("{op} takes {takes}, not {given}")]
    AmountKind {
        /// The op.
        op: &'static str,
        /// What was given.
        given: &'static str,
        /// What the op takes.
        takes: &'static str,
    },
    /// Nested data beyond a 16-bit length field.
    #[error("{op}: nested data of {length} bytes exceeds the 65535 its length field can say")]
    NestedTooLong {
        /// The op.
        op: &'static str,
        /// Bytes of nested data, in the unit of the length field.
        length: usize,
    },
    /// The composer reverts with `InvalidOperation()` on an empty list.
    #[error("{what} is empty; the composer reverts on an empty list")]
    EmptyList {
        /// Which list.
        what: &'static str,
    },
    /// Lists within lists beyond [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("op lists are nested deeper than {max}")]
    TooDeep {
        /// The deepest nesting allowed.
        max: usize,
    },
    /// The word to replace lies outside the calldata.
    #[error("replacing 32 bytes at 4 + {offset} needs {needed} bytes of calldata, there are {length}")]
    ReplaceOutOfBounds {
        /// Offset after the selector.
        offset: u16,
        /// Bytes needed.
        needed: usize,
        /// Bytes of calldata.
        length: usize,
    },
    /// The forwarder replaces nothing when the token is zero.
    #[error("a replace call with token 0 replaces nothing; use a plain call")]
    ReplaceWithoutToken,
    /// The forwarder refuses Permit2 as a target (`Forbidden()`).
    #[error("the forwarder refuses to call Permit2 {0}")]
    ForbiddenTarget(Address),
    /// The forwarder refuses `transferFrom` (`Forbidden()`).
    #[error("the forwarder refuses the selector of transferFrom (0x23b872dd)")]
    ForbiddenSelector,
    /// Operations that can never run.
    #[error("{0} catch ops never run: a call that reverts on failure has none")]
    CatchNeverRuns(usize),
    /// A permit deadline that its 32-bit field cannot say.
    #[error("deadline {0} is above 4294967294, the latest a compact permit can say")]
    DeadlineTooLate(u64),
    /// A flash loan of nothing.
    #[error("{op}: nothing is borrowed")]
    NothingBorrowed {
        /// The op.
        op: &'static str,
    },
    /// More loan legs than one byte can count.
    #[error("{0} tokens in one flash loan; the composer counts to 255")]
    TooManyLegs(usize),
    /// A signature whose s is in the upper half cannot be compacted (EIP-2098) and is refused by tokens.
    #[error("the signature's s uses 256 bits; normalise it to the lower half first")]
    HighS,
    /// A swap that the router would misread.
    #[error(transparent)]
    Swap(#[from] RouterCallError),
    /// The route is of an exchange that is not among those known.
    #[error("no exchange is called {0}")]
    UnknownExchange(&'static str),
    /// A packed stream from elsewhere that cannot be read.
    #[error("the given stream is refused {0}")]
    Stream(#[from] DecodeError),
}

/// Why bytes are not an op list, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {reason}")]
#[non_exhaustive]
pub struct DecodeError {
    /// Byte offset from the start of the stream, nested streams counted through.
    pub offset: usize,
    /// What is wrong there.
    pub reason: DecodeReason,
}

impl DecodeError {
    pub(super) fn new(offset: usize, reason: DecodeReason) -> Self {
        Self { offset, reason }
    }
}

/// What is wrong with the bytes at an offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeReason {
    /// The stream ends inside an op.
    #[error("{op} needs {needed} more bytes, {available} are left")]
    Truncated {
        /// The op being read.
        op: &'static str,
        /// Bytes the field needs.
        needed: usize,
        /// Bytes left.
        available: usize,
    },
    /// No ops at all.
    #[error("the stream is empty; the composer reverts with InvalidOperation()")]
    Empty,
    /// A swap of the composer generation before 2026-05.
    #[error(
        "legacy swap op 0x10 (onedelta-composer.md §12): the current composer has no swaps; swap through the call forwarder (0x20)"
    )]
    LegacySwap,
    /// A command byte nobody knows.
    #[error("unknown command 0x{0:02x}")]
    UnknownCommand(u8),
    /// A known command that this contract does not have.
    #[error("{name} (0x{byte:02x}) is not an op of the {place}")]
    WrongPlace {
        /// The command byte.
        byte: u8,
        /// Its name.
        name: &'static str,
        /// `composer` or `call forwarder`.
        place: &'static str,
    },
    /// A known command that this codec leaves out.
    #[error("{name} (0x{byte:02x}) is not supported here")]
    Unsupported {
        /// The command byte.
        byte: u8,
        /// Its name.
        name: &'static str,
    },
    /// An unknown second byte.
    #[error("{group} has no sub-op {sub}")]
    UnknownSubOp {
        /// The group.
        group: &'static str,
        /// The second byte.
        sub: u8,
    },
    /// A lender other than Aave v3.
    #[error("lender id {0} is not 999, the one this codec reads and writes for Aave v3")]
    UnknownLender(u16),
    /// An interest rate mode other than variable.
    #[error("interest rate mode {0}; Aave v3 has only 2 (variable)")]
    RateMode(u8),
    /// A pool id other than 0.
    #[error("{op}: pool id {id}; Base accepts only 0")]
    PoolId {
        /// The op.
        op: &'static str,
        /// The id.
        id: u8,
    },
    /// A field the contract would read differently from what it says.
    #[error("{op}: {what}")]
    NotCanonical {
        /// The op.
        op: &'static str,
        /// Which field, and what would be read.
        what: &'static str,
    },
    /// A permit body of a length the composer does not know (`SafePermitBadLength()`).
    #[error("permit data of {0} bytes; the composer knows 72, 96 and 100")]
    PermitLength(usize),
    /// Lists within lists beyond [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("op lists are nested deeper than {0}")]
    TooDeep(usize),
    /// Not a call of `deltaCompose(bytes)`.
    #[error("not canonical calldata of deltaCompose(bytes): {0}")]
    NotDeltaCompose(&'static str),
    /// Not a call of `deltaForwardCompose(bytes)`.
    #[error("not canonical calldata of deltaForwardCompose(bytes): {0}")]
    NotForwardCompose(&'static str),
}
