//! Packed big-endian fields: a cursor to read them with offsets, and a writer.

use alloy::primitives::{Address, B256, U256};

use super::{DecodeError, DecodeReason, EncodeError};

/// Reads fields in order; every error carries the absolute offset of the field.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    offset: usize,
    op: &'static str,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { rest: data, offset: 0, op: "op" }
    }

    /// Names the op whose fields are read next, for errors.
    pub(super) const fn reading(&mut self, op: &'static str) {
        self.op = op;
    }

    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let Some((field, rest)) = self.rest.split_at_checked(length) else {
            let available = self.rest.len();
            let reason = DecodeReason::Truncated { op: self.op, needed: length, available };
            return Err(DecodeError::new(self.offset, reason));
        };
        self.rest = rest;
        self.offset += length;
        Ok(field)
    }

    /// A cursor of its own over the next `length` bytes, offsets counted on.
    pub(super) fn nested(&mut self, length: usize) -> Result<Self, DecodeError> {
        let offset = self.offset;
        let op = self.op;
        Ok(Self { rest: self.take(length)?, offset, op })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u128(&mut self) -> Result<u128, DecodeError> {
        self.array().map(u128::from_be_bytes)
    }

    /// A 16-byte field of which the contract reads 112 bits; others must be clear.
    pub(super) fn u112(&mut self) -> Result<u128, DecodeError> {
        let offset = self.offset;
        let value = self.u128()?;
        if value > super::MAX_112 {
            return Err(self.not_canonical(offset, "amount has bits above 112, which the contract ignores"));
        }
        Ok(value)
    }

    pub(super) fn address(&mut self) -> Result<Address, DecodeError> {
        self.array().map(|bytes: [u8; 20]| Address::from(bytes))
    }

    pub(super) fn b256(&mut self) -> Result<B256, DecodeError> {
        self.array().map(|bytes: [u8; 32]| B256::from(bytes))
    }

    pub(super) fn u256(&mut self) -> Result<U256, DecodeError> {
        self.array().map(|bytes: [u8; 32]| U256::from_be_bytes(bytes))
    }

    pub(super) const fn not_canonical(&self, offset: usize, what: &'static str) -> DecodeError {
        DecodeError { offset, reason: DecodeReason::NotCanonical { op: self.op, what } }
    }
}

/// Appends fields.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u128(&mut self, value: u128) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u256(&mut self, value: U256) -> &mut Self {
        self.raw(&value.to_be_bytes::<32>())
    }

    pub(super) fn address(&mut self, value: Address) -> &mut Self {
        self.raw(value.as_slice())
    }

    /// A 16-bit length; refuses what does not fit.
    pub(super) fn length(&mut self, op: &'static str, length: usize) -> Result<&mut Self, EncodeError> {
        let narrow = u16::try_from(length).map_err(|_| EncodeError::NestedTooLong { op, length })?;
        Ok(self.u16(narrow))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
