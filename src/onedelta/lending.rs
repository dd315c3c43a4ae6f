//! LENDING (0x30) on Aave v3 (onedelta-composer.md §4).

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{
    Amount, DecodeError, DecodeReason, EncodeError, Exact,
    bytes::{Cursor, Writer},
};

pub(super) const LENDING: u8 = 0x30;

/// The lender id written for Aave v3; the pool itself stands in the op (onedelta-composer.md §4).
pub const AAVE_V3_LENDER: u16 = 999;

/// Variable interest, the only mode of Aave v3.2 and later.
const VARIABLE: u8 = 2;

/// An Aave v3 action of the composer. Amounts have 112 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lending {
    /// Supplies the composer's tokens; needs an earlier APPROVE of (asset, pool).
    Deposit {
        /// Underlying token.
        asset: Address,
        /// Exact, or `All` of the composer's balance.
        amount: Amount,
        /// Who receives the aTokens.
        on_behalf_of: Address,
        /// Aave pool.
        pool: Address,
    },
    /// Borrows for the caller at the variable rate, by credit delegation.
    Borrow {
        /// Underlying token.
        asset: Address,
        /// There is no special amount.
        amount: Exact,
        /// Where the tokens go.
        receiver: Address,
        /// Aave pool.
        pool: Address,
    },
    /// Repays with the composer's tokens; needs an earlier APPROVE of (asset, pool).
    Repay {
        /// Underlying token.
        asset: Address,
        /// Exact, `All` of the composer's balance, or `Max` = the smaller of balance and debt.
        amount: Amount,
        /// Whose debt.
        on_behalf_of: Address,
        /// Variable debt token, read for `Max`.
        debt_token: Address,
        /// Aave pool.
        pool: Address,
    },
    /// Pulls the caller's aTokens and withdraws.
    Withdraw {
        /// Underlying token.
        asset: Address,
        /// Exact, or `Max` = the caller's whole aToken balance.
        amount: Amount,
        /// Where the tokens go.
        receiver: Address,
        /// aToken pulled from the caller.
        a_token: Address,
        /// Aave pool.
        pool: Address,
    },
}

impl Lending {
    /// The op's name as the reference spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Deposit { .. } => "DEPOSIT",
            Self::Borrow { .. } => "BORROW",
            Self::Repay { .. } => "REPAY",
            Self::Withdraw { .. } => "WITHDRAW",
        }
    }

    pub(super) const fn encoded_len(&self) -> usize {
        match self {
            Self::Deposit { .. } => 80,
            Self::Borrow { .. } => 81,
            Self::Repay { .. } => 101,
            Self::Withdraw { .. } => 100,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) -> Result<(), EncodeError> {
        let op = self.name();
        writer.u8(LENDING);
        match *self {
            Self::Deposit { asset, amount, on_behalf_of, pool } => {
                writer.u8(0).u16(AAVE_V3_LENDER).address(asset).u128(amount.exact_or_all_112(op)?);
                writer.address(on_behalf_of).address(pool);
            }
            Self::Borrow { asset, amount, receiver, pool } => {
                writer.u8(1).u16(AAVE_V3_LENDER).address(asset).u128(amount.in_112_bits(op)?);
                writer.address(receiver).u8(VARIABLE).address(pool);
            }
            Self::Repay { asset, amount, on_behalf_of, debt_token, pool } => {
                writer.u8(2).u16(AAVE_V3_LENDER).address(asset).u128(amount.with_max(op, true)?);
                writer.address(on_behalf_of).u8(VARIABLE).address(debt_token).address(pool);
            }
            Self::Withdraw { asset, amount, receiver, a_token, pool } => {
                writer.u8(3).u16(AAVE_V3_LENDER).address(asset).u128(amount.with_max(op, false)?);
                writer.address(receiver).address(a_token).address(pool);
            }
        }
        Ok(())
    }

    /// Reads what follows the byte `30`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        cursor.reading("LENDING");
        let at_sub = cursor.offset();
        let sub = cursor.u8()?;
        let at_lender = cursor.offset();
        let lender = cursor.u16()?;
        if lender != AAVE_V3_LENDER {
            return Err(DecodeError::new(at_lender, DecodeReason::UnknownLender(lender)));
        }
        match sub {
            0 => {
                cursor.reading("DEPOSIT");
                Ok(Self::Deposit {
                    asset: cursor.address()?,
                    amount: Amount::from_field(cursor.u112()?),
                    on_behalf_of: cursor.address()?,
                    pool: cursor.address()?,
                })
            }
            1 => {
                cursor.reading("BORROW");
                let asset = cursor.address()?;
                let amount = nonzero(cursor)?;
                let receiver = cursor.address()?;
                variable_mode(cursor)?;
                Ok(Self::Borrow { asset, amount, receiver, pool: cursor.address()? })
            }
            2 => {
                cursor.reading("REPAY");
                let asset = cursor.address()?;
                let amount = Amount::from_field_with_max(cursor.u112()?);
                let on_behalf_of = cursor.address()?;
                variable_mode(cursor)?;
                let debt_token = cursor.address()?;
                Ok(Self::Repay { asset, amount, on_behalf_of, debt_token, pool: cursor.address()? })
            }
            3 => {
                cursor.reading("WITHDRAW");
                let asset = cursor.address()?;
                let exact = nonzero(cursor)?;
                let amount = Amount::from_field_with_max(exact.get());
                let receiver = cursor.address()?;
                let a_token = cursor.address()?;
                Ok(Self::Withdraw { asset, amount, receiver, a_token, pool: cursor.address()? })
            }
            _ => Err(DecodeError::new(at_sub, DecodeReason::UnknownSubOp { group: "LENDING", sub })),
        }
    }
}

fn nonzero(cursor: &mut Cursor<'_>) -> Result<Exact, DecodeError> {
    let offset = cursor.offset();
    let field = cursor.u112()?;
    Exact::from_raw(field).ok_or_else(|| cursor.not_canonical(offset, "amount 0, on which Aave reverts"))
}

fn variable_mode(cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
    let offset = cursor.offset();
    let mode = cursor.u8()?;
    if mode == VARIABLE { Ok(()) } else { Err(DecodeError::new(offset, DecodeReason::RateMode(mode))) }
}
