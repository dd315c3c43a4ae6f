//! TRANSFERS (0x40): the sub-ops that composer and forwarder share (onedelta-composer.md §3).

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{
    Amount, DecodeError, EncodeError, Exact, SweepAmount,
    amount::narrow_112,
    bytes::{Cursor, Writer},
};

pub(super) const TRANSFERS: u8 = 0x40;

/// Moves tokens or native currency of the composer (in a forwarder stream: of the forwarder).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// `asset.transferFrom(caller, receiver, amount)`; `All` = the caller's whole balance.
    TransferFrom {
        /// Token.
        asset: Address,
        /// Where it goes.
        receiver: Address,
        /// Exact or `All`.
        amount: Amount,
    },
    /// Sends a token, or native currency when `asset` is zero.
    Sweep {
        /// Token; zero = native.
        asset: Address,
        /// Where it goes.
        receiver: Address,
        /// The whole balance with a minimum, or an exact amount.
        amount: SweepAmount,
    },
    /// Unwraps and sends native currency on, unless the receiver is the contract itself. 112-bit amounts.
    Unwrap {
        /// The wrapped native token.
        weth: Address,
        /// Where the native currency goes.
        receiver: Address,
        /// The whole balance with a minimum, or an exact amount.
        amount: SweepAmount,
    },
    /// Permit2 `transferFrom(caller, receiver, amount, token)`; `All` = the caller's whole balance.
    Permit2TransferFrom {
        /// Token.
        token: Address,
        /// Where it goes.
        receiver: Address,
        /// Exact or `All`.
        amount: Amount,
    },
    /// Approves `spender` for the maximum, once and for ever. Anyone can do this: the contract never keeps funds.
    Approve {
        /// Token.
        token: Address,
        /// Who may pull it from the contract.
        spender: Address,
    },
}

impl Transfer {
    /// The op's name as the reference spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TransferFrom { .. } => "TRANSFER_FROM",
            Self::Sweep { .. } => "SWEEP",
            Self::Unwrap { .. } => "UNWRAP",
            Self::Permit2TransferFrom { .. } => "PERMIT2_TRANSFER_FROM",
            Self::Approve { .. } => "APPROVE",
        }
    }

    pub(super) const fn encoded_len(&self) -> usize {
        match self {
            Self::TransferFrom { .. } | Self::Permit2TransferFrom { .. } => 58,
            Self::Sweep { .. } | Self::Unwrap { .. } => 59,
            Self::Approve { .. } => 42,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) -> Result<(), EncodeError> {
        let op = self.name();
        writer.u8(TRANSFERS);
        match *self {
            Self::TransferFrom { asset, receiver, amount } => {
                writer.u8(0).address(asset).address(receiver).u128(amount.exact_or_all_128(op)?);
            }
            Self::Sweep { asset, receiver, amount } => {
                let (mode, field) = amount.mode_and_field();
                writer.u8(1).address(asset).address(receiver).u8(mode).u128(field);
            }
            Self::Unwrap { weth, receiver, amount } => {
                let (mode, field) = amount.mode_and_field();
                writer.u8(3).address(weth).address(receiver).u8(mode).u128(narrow_112(field, op)?);
            }
            Self::Permit2TransferFrom { token, receiver, amount } => {
                writer.u8(4).address(token).address(receiver).u128(amount.exact_or_all_128(op)?);
            }
            Self::Approve { token, spender } => {
                writer.u8(5).address(token).address(spender);
            }
        }
        Ok(())
    }

    /// Reads what follows the two bytes `40 sub`; `None` for a sub-op that is not shared.
    pub(super) fn read(sub: u8, cursor: &mut Cursor<'_>) -> Result<Option<Self>, DecodeError> {
        let op = match sub {
            0 => {
                cursor.reading("TRANSFER_FROM");
                Self::TransferFrom {
                    asset: cursor.address()?,
                    receiver: cursor.address()?,
                    amount: Amount::from_field(cursor.u128()?),
                }
            }
            1 => {
                cursor.reading("SWEEP");
                Self::Sweep { asset: cursor.address()?, receiver: cursor.address()?, amount: sweep(cursor, false)? }
            }
            3 => {
                cursor.reading("UNWRAP");
                Self::Unwrap { weth: cursor.address()?, receiver: cursor.address()?, amount: sweep(cursor, true)? }
            }
            4 => {
                cursor.reading("PERMIT2_TRANSFER_FROM");
                Self::Permit2TransferFrom {
                    token: cursor.address()?,
                    receiver: cursor.address()?,
                    amount: Amount::from_field(cursor.u128()?),
                }
            }
            5 => {
                cursor.reading("APPROVE");
                Self::Approve { token: cursor.address()?, spender: cursor.address()? }
            }
            _ => return Ok(None),
        };
        Ok(Some(op))
    }
}

fn sweep(cursor: &mut Cursor<'_>, only_112_bits: bool) -> Result<SweepAmount, DecodeError> {
    let offset = cursor.offset();
    let mode = cursor.u8()?;
    let field = if only_112_bits { cursor.u112()? } else { cursor.u128()? };
    match mode {
        0 => Ok(SweepAmount::AtLeast(field)),
        1 => match Exact::from_raw(field) {
            Some(exact) => Ok(SweepAmount::Exact(exact)),
            None => Err(cursor.not_canonical(offset, "exact amount 0, which the contract skips")),
        },
        _ => Err(cursor.not_canonical(offset, "mode above 1, which the contract reads as 1")),
    }
}
