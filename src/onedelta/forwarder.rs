//! Ops of the call forwarder (onedelta-composer.md §8): calls of routers, and the shared transfers.

use alloy::primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

use super::{
    DecodeError, EncodeError, NativeValue, PERMIT2, Transfer,
    bytes::{Cursor, Writer},
    stream,
};

const CALL: u8 = 0x20;
const TRY_CALL: u8 = 0x21;
const CALL_WITH_REPLACE: u8 = 0x22;
const TRY_CALL_WITH_REPLACE: u8 = 0x23;
const TRANSFER_FROM_SELECTOR: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];

/// What happens when a tried call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Revert everything.
    Revert,
    /// Run the catch ops, then skip everything behind in the forwarder's stream, sweeps with a minimum included.
    Leave,
    /// Run the catch ops, then go on.
    Continue,
}

/// The failure side of a tried call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailurePath {
    /// What happens.
    pub on_failure: OnFailure,
    /// Ops that run on failure; none with `Revert`, at least one otherwise.
    pub catch: Vec<ForwarderOp>,
}

impl FailurePath {
    /// Revert on failure, as a plain call does.
    pub const REVERT: Self = Self { on_failure: OnFailure::Revert, catch: Vec::new() };

    fn handling(&self) -> u8 {
        match self.on_failure {
            OnFailure::Revert => 0,
            OnFailure::Leave => 1,
            OnFailure::Continue => 2,
        }
    }

    fn encode(&self, depth: usize) -> Result<Vec<u8>, EncodeError> {
        match (self.on_failure, self.catch.len()) {
            (OnFailure::Revert, 0) => Ok(Vec::new()),
            (OnFailure::Revert, count) => Err(EncodeError::CatchNeverRuns(count)),
            (_, 0) => Err(EncodeError::EmptyList { what: "the catch list of a tried call" }),
            _ => stream::nested_forwarder_ops(&self.catch, depth),
        }
    }
}

/// Writes the forwarder's balance of `token` over 32 bytes of the calldata before calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Replace {
    /// Whose balance.
    pub token: Address,
    /// Offset of the 32 bytes, counted after the selector.
    pub offset: u16,
}

impl Replace {
    fn check(&self, data: &[u8]) -> Result<(), EncodeError> {
        if self.token.is_zero() {
            return Err(EncodeError::ReplaceWithoutToken);
        }
        let needed = usize::from(self.offset) + 36;
        if needed > data.len() {
            return Err(EncodeError::ReplaceOutOfBounds { offset: self.offset, needed, length: data.len() });
        }
        Ok(())
    }
}

/// One op of a forwarder stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwarderOp {
    /// Calls any target but Permit2, any function but `transferFrom`.
    Call {
        /// Contract.
        target: Address,
        /// Native currency sent along.
        value: NativeValue,
        /// Calldata.
        data: Bytes,
    },
    /// The same, with a way on when it fails.
    TryCall {
        /// Contract.
        target: Address,
        /// Native currency sent along.
        value: NativeValue,
        /// Calldata.
        data: Bytes,
        /// What then.
        failure: FailurePath,
    },
    /// A call with the forwarder's balance of a token written into it.
    CallWithReplace {
        /// Contract.
        target: Address,
        /// Native currency sent along.
        value: NativeValue,
        /// What is written where.
        replace: Replace,
        /// Calldata.
        data: Bytes,
    },
    /// The same, with a way on when it fails.
    TryCallWithReplace {
        /// Contract.
        target: Address,
        /// Native currency sent along.
        value: NativeValue,
        /// What is written where.
        replace: Replace,
        /// Calldata.
        data: Bytes,
        /// What then.
        failure: FailurePath,
    },
    /// A transfer of the forwarder's holdings; "caller" is the composer here.
    Transfer(Transfer),
}

impl From<Transfer> for ForwarderOp {
    fn from(transfer: Transfer) -> Self {
        Self::Transfer(transfer)
    }
}

impl ForwarderOp {
    /// The op's name as the reference spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Call { .. } => "EXT_CALL",
            Self::TryCall { .. } => "EXT_TRY_CALL",
            Self::CallWithReplace { .. } => "EXT_CALL_WITH_REPLACE",
            Self::TryCallWithReplace { .. } => "EXT_TRY_CALL_WITH_REPLACE",
            Self::Transfer(transfer) => transfer.name(),
        }
    }

    /// Bytes from the op's start to its calldata and to its catch ops; the op's own length for transfers.
    pub(super) fn inner_offsets(&self) -> (usize, usize) {
        match self {
            Self::Call { data, .. } => (39, 39 + data.len()),
            Self::TryCall { data, .. } => (39, 42 + data.len()),
            Self::CallWithReplace { data, .. } => (61, 61 + data.len()),
            Self::TryCallWithReplace { data, .. } => (64, 64 + data.len()),
            Self::Transfer(transfer) => (transfer.encoded_len(), transfer.encoded_len()),
        }
    }

    pub(super) fn encoded_len(&self) -> usize {
        let catch = match self {
            Self::TryCall { failure, .. } | Self::TryCallWithReplace { failure, .. } => {
                failure.catch.iter().map(Self::encoded_len).sum()
            }
            _ => 0,
        };
        self.inner_offsets().1 + catch
    }

    pub(super) fn write(&self, writer: &mut Writer, depth: usize) -> Result<(), EncodeError> {
        let op = self.name();
        match self {
            Self::Call { target, value, data } => {
                check_call(*target, data)?;
                writer.u8(CALL).address(*target).u128(value.field(op)?).length(op, data.len())?.raw(data);
            }
            Self::TryCall { target, value, data, failure } => {
                check_call(*target, data)?;
                let catch = failure.encode(depth)?;
                writer.u8(TRY_CALL).address(*target).u128(value.field(op)?).length(op, data.len())?.raw(data);
                writer.u8(failure.handling()).length(op, catch.len())?.raw(&catch);
            }
            Self::CallWithReplace { target, value, replace, data } => {
                check_call(*target, data)?;
                replace.check(data)?;
                writer.u8(CALL_WITH_REPLACE).address(*target).u128(value.field(op)?);
                writer.address(replace.token).u16(replace.offset).length(op, data.len())?.raw(data);
            }
            Self::TryCallWithReplace { target, value, replace, data, failure } => {
                check_call(*target, data)?;
                replace.check(data)?;
                let catch = failure.encode(depth)?;
                writer.u8(TRY_CALL_WITH_REPLACE).address(*target).u128(value.field(op)?);
                writer.address(replace.token).u16(replace.offset).length(op, data.len())?;
                writer.u8(failure.handling()).length(op, catch.len())?.raw(data).raw(&catch);
            }
            Self::Transfer(transfer) => transfer.write(writer)?,
        }
        Ok(())
    }

    /// Reads a call op whose command byte was `command` (0x20–0x23).
    pub(super) fn read_call(command: u8, cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        cursor.reading("EXT_CALL");
        let target = cursor.address()?;
        let value = read_value(cursor)?;
        match command {
            CALL => Ok(Self::Call { target, value, data: read_data(cursor)? }),
            TRY_CALL => {
                let data = read_data(cursor)?;
                let on_failure = read_handling(cursor)?;
                let length = usize::from(cursor.u16()?);
                let catch = stream::read_forwarder_ops(cursor.nested(length)?, depth)?;
                Ok(Self::TryCall { target, value, data, failure: FailurePath { on_failure, catch } })
            }
            CALL_WITH_REPLACE => {
                let replace = Replace { token: cursor.address()?, offset: cursor.u16()? };
                Ok(Self::CallWithReplace { target, value, replace, data: read_data(cursor)? })
            }
            _ => {
                let replace = Replace { token: cursor.address()?, offset: cursor.u16()? };
                let data_length = usize::from(cursor.u16()?);
                let on_failure = read_handling(cursor)?;
                let catch_length = usize::from(cursor.u16()?);
                let data = Bytes::copy_from_slice(cursor.take(data_length)?);
                let catch = stream::read_forwarder_ops(cursor.nested(catch_length)?, depth)?;
                let failure = FailurePath { on_failure, catch };
                Ok(Self::TryCallWithReplace { target, value, replace, data, failure })
            }
        }
    }
}

/// The value field of a call, on composer and forwarder alike.
pub(super) fn read_value(cursor: &mut Cursor<'_>) -> Result<NativeValue, DecodeError> {
    let offset = cursor.offset();
    let field = cursor.u128()?;
    NativeValue::from_field(field)
        .ok_or_else(|| cursor.not_canonical(offset, "value has bits above 112, which the contract ignores"))
}

fn read_data(cursor: &mut Cursor<'_>) -> Result<Bytes, DecodeError> {
    let length = usize::from(cursor.u16()?);
    cursor.take(length).map(Bytes::copy_from_slice)
}

fn read_handling(cursor: &mut Cursor<'_>) -> Result<OnFailure, DecodeError> {
    let offset = cursor.offset();
    match cursor.u8()? {
        0 => Ok(OnFailure::Revert),
        1 => Ok(OnFailure::Leave),
        2 => Ok(OnFailure::Continue),
        _ => Err(cursor.not_canonical(offset, "failure handling above 2, which the contract reads as 2")),
    }
}

fn check_call(target: Address, data: &[u8]) -> Result<(), EncodeError> {
    if target == PERMIT2 {
        return Err(EncodeError::ForbiddenTarget(target));
    }
    if data.starts_with(&TRANSFER_FROM_SELECTOR) {
        return Err(EncodeError::ForbiddenSelector);
    }
    Ok(())
}
