//! Op lists ↔ packed bytes, with nesting.

use alloy::primitives::Bytes;

use super::{
    DecodeError, DecodeReason, EncodeError, FlashLoan, ForwarderOp, Lending, Op, Permit, Singleton, Transfer,
    bytes::{Cursor, Writer},
    flash::FLASH_LOAN,
    lending::LENDING,
    op::EXT_CALL,
    permit::PERMIT,
    singleton::SINGLETON,
    transfer::TRANSFERS,
};

/// How deep op lists may nest; a loop needs three (flash loan, forwarder, catch).
pub const MAX_DEPTH: usize = 8;

const SWAPS: u8 = 0x10;
const ERC4626: u8 = 0x70;
const BRIDGING: u8 = 0x90;

/// Packs composer ops: the `bytes` argument of `deltaCompose`.
pub fn encode(ops: &[Op]) -> Result<Bytes, EncodeError> {
    if ops.is_empty() {
        return Err(EncodeError::EmptyList { what: "the op list" });
    }
    write_ops(ops, 0).map(Bytes::from)
}

/// Packs forwarder ops: the `bytes` argument of `deltaForwardCompose`.
pub fn encode_forwarder(ops: &[ForwarderOp]) -> Result<Bytes, EncodeError> {
    if ops.is_empty() {
        return Err(EncodeError::EmptyList { what: "the forwarder op list" });
    }
    write_forwarder_ops(ops, 0).map(Bytes::from)
}

/// Reads a composer stream; [`encode`] of the result gives the same bytes, except that an empty inner list is read
/// but not written.
pub fn decode(stream: &[u8]) -> Result<Vec<Op>, DecodeError> {
    if stream.is_empty() {
        return Err(DecodeError::new(0, DecodeReason::Empty));
    }
    read_list(Cursor::new(stream), 0, read_op)
}

/// Reads a forwarder stream.
pub fn decode_forwarder(stream: &[u8]) -> Result<Vec<ForwarderOp>, DecodeError> {
    if stream.is_empty() {
        return Err(DecodeError::new(0, DecodeReason::Empty));
    }
    read_list(Cursor::new(stream), 0, read_forwarder_op)
}

/// Bytes the ops take when packed.
#[must_use]
pub fn encoded_len(ops: &[Op]) -> usize {
    ops.iter().map(Op::encoded_len).sum()
}

fn write_ops(ops: &[Op], depth: usize) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer::default();
    for op in ops {
        op.write(&mut writer, depth)?;
    }
    Ok(writer.into_bytes())
}

fn write_forwarder_ops(ops: &[ForwarderOp], depth: usize) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer::default();
    for op in ops {
        op.write(&mut writer, depth)?;
    }
    Ok(writer.into_bytes())
}

/// Packs a list inside an op of a list at `depth`.
pub(super) fn nested_ops(ops: &[Op], depth: usize) -> Result<Vec<u8>, EncodeError> {
    write_ops(ops, deeper(depth).ok_or(EncodeError::TooDeep { max: MAX_DEPTH })?)
}

/// Packs a forwarder list inside an op of a list at `depth`.
pub(super) fn nested_forwarder_ops(ops: &[ForwarderOp], depth: usize) -> Result<Vec<u8>, EncodeError> {
    write_forwarder_ops(ops, deeper(depth).ok_or(EncodeError::TooDeep { max: MAX_DEPTH })?)
}

/// Reads a list inside an op of a list at `depth`; may be empty.
pub(super) fn read_ops(nested: Cursor<'_>, depth: usize) -> Result<Vec<Op>, DecodeError> {
    let depth = deeper(depth).ok_or_else(|| too_deep(&nested))?;
    read_list(nested, depth, read_op)
}

/// Reads a forwarder list inside an op of a list at `depth`; may be empty.
pub(super) fn read_forwarder_ops(nested: Cursor<'_>, depth: usize) -> Result<Vec<ForwarderOp>, DecodeError> {
    let depth = deeper(depth).ok_or_else(|| too_deep(&nested))?;
    read_list(nested, depth, read_forwarder_op)
}

/// Reads `length[2] · poolId[1] = 0 · ops[length − 1]`.
pub(super) fn read_prefixed(cursor: &mut Cursor<'_>, op: &'static str, depth: usize) -> Result<Vec<Op>, DecodeError> {
    cursor.reading(op);
    let at_length = cursor.offset();
    let length = usize::from(cursor.u16()?);
    let Some(inner) = length.checked_sub(1) else {
        return Err(cursor.not_canonical(at_length, "length 0 has no room for the pool id"));
    };
    let at_id = cursor.offset();
    let id = cursor.u8()?;
    if id != 0 {
        return Err(DecodeError::new(at_id, DecodeReason::PoolId { op, id }));
    }
    read_ops(cursor.nested(inner)?, depth)
}

const fn deeper(depth: usize) -> Option<usize> {
    if depth < MAX_DEPTH { Some(depth + 1) } else { None }
}

fn too_deep(nested: &Cursor<'_>) -> DecodeError {
    DecodeError::new(nested.offset(), DecodeReason::TooDeep(MAX_DEPTH))
}

fn read_list<'a, T>(
    mut cursor: Cursor<'a>,
    depth: usize,
    read_one: fn(&mut Cursor<'a>, usize) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut list = Vec::new();
    while !cursor.is_at_end() {
        cursor.reading("op");
        list.push(read_one(&mut cursor, depth)?);
    }
    Ok(list)
}

fn read_op(cursor: &mut Cursor<'_>, depth: usize) -> Result<Op, DecodeError> {
    let offset = cursor.offset();
    let byte = cursor.u8()?;
    match byte {
        EXT_CALL => Op::read_forwarder_call(cursor, depth),
        LENDING => Lending::read(cursor).map(Op::Lending),
        TRANSFERS => Op::read_transfer(cursor),
        PERMIT => Permit::read(cursor).map(Op::Permit),
        FLASH_LOAN => FlashLoan::read(cursor, depth).map(Op::Flash),
        SINGLETON => Singleton::read(cursor, depth).map(Op::Singleton),
        _ => Err(DecodeError::new(offset, not_in_composer(byte))),
    }
}

fn read_forwarder_op(cursor: &mut Cursor<'_>, depth: usize) -> Result<ForwarderOp, DecodeError> {
    let offset = cursor.offset();
    let byte = cursor.u8()?;
    match byte {
        0x20..=0x23 => ForwarderOp::read_call(byte, cursor, depth),
        TRANSFERS => {
            let at_sub = cursor.offset();
            let sub = cursor.u8()?;
            let group = "TRANSFERS of the call forwarder";
            Transfer::read(sub, cursor)?
                .map(ForwarderOp::Transfer)
                .ok_or_else(|| DecodeError::new(at_sub, DecodeReason::UnknownSubOp { group, sub }))
        }
        _ => Err(DecodeError::new(offset, not_in_forwarder(byte))),
    }
}

/// Why the composer's stream has no such op (onedelta-composer.md §2).
const fn not_in_composer(byte: u8) -> DecodeReason {
    let name = match byte {
        SWAPS => return DecodeReason::LegacySwap,
        ERC4626 => return DecodeReason::Unsupported { byte, name: "ERC4626" },
        0x21 => "EXT_TRY_CALL",
        0x22 => "EXT_CALL_WITH_REPLACE",
        0x23 => "EXT_TRY_CALL_WITH_REPLACE",
        BRIDGING => "BRIDGING",
        _ => return DecodeReason::UnknownCommand(byte),
    };
    DecodeReason::WrongPlace { byte, name, place: "composer" }
}

/// Why the forwarder's stream has no such op (onedelta-composer.md §2).
const fn not_in_forwarder(byte: u8) -> DecodeReason {
    let name = match byte {
        SWAPS => return DecodeReason::LegacySwap,
        BRIDGING => return DecodeReason::Unsupported { byte, name: "BRIDGING" },
        LENDING => "LENDING",
        PERMIT => "PERMIT",
        FLASH_LOAN => "FLASH_LOAN",
        ERC4626 => "ERC4626",
        SINGLETON => "singleton op",
        _ => return DecodeReason::UnknownCommand(byte),
    };
    DecodeReason::WrongPlace { byte, name, place: "call forwarder" }
}
