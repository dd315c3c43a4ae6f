//! FLASH_LOAN (0x60): tokens lent for the length of an inner op list (onedelta-composer.md §6).

use std::fmt;

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{
    DecodeError, DecodeReason, EncodeError, Exact, Op,
    amount::decimal,
    bytes::{Cursor, Writer},
    stream,
};

pub(super) const FLASH_LOAN: u8 = 0x60;

/// Lenders that pull their loan back by `transferFrom`: an APPROVE of (asset, pool) must have run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlashProvider {
    /// Morpho Blue `flashLoan` (type 0): no fee, 112-bit amounts.
    MorphoBlue,
    /// Aave v3 `flashLoanSimple` (type 2): premium on top, rounded up.
    AaveV3,
}

impl FlashProvider {
    const fn code(self) -> u8 {
        match self {
            Self::MorphoBlue => 0,
            Self::AaveV3 => 2,
        }
    }
}

impl fmt::Display for FlashProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MorphoBlue => "Morpho Blue",
            Self::AaveV3 => "Aave v3",
        })
    }
}

/// One token of a Midnight flash loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MidnightLeg {
    /// Token.
    pub token: Address,
    /// How much of it.
    pub amount: Exact,
}

/// A flash loan with the ops that run while it is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlashLoan {
    /// One token from Aave v3 or Morpho Blue.
    Pulled {
        /// Who lends.
        provider: FlashProvider,
        /// Token.
        asset: Address,
        /// The lender's contract.
        pool: Address,
        /// How much.
        amount: Exact,
        /// Inner ops.
        ops: Vec<Op>,
    },
    /// `flash()` of a Uniswap-v3-style pool (type 1): the inner ops send principal and fee to the pool themselves.
    UniswapV3 {
        /// Which fork's factory the callback derives the pool from.
        fork_id: u8,
        /// The pool.
        pool: Address,
        /// One token.
        token_a: Address,
        /// The other.
        token_b: Address,
        /// Pool fee in 1e-6.
        fee: u16,
        /// Amount of the lower token.
        #[serde(with = "decimal")]
        amount0: u128,
        /// Amount of the higher token.
        #[serde(with = "decimal")]
        amount1: u128,
        /// Inner ops.
        ops: Vec<Op>,
    },
    /// Morpho Midnight (type 4): several tokens, pulled back.
    Midnight {
        /// The lender's contract.
        pool: Address,
        /// Tokens and amounts.
        legs: Vec<MidnightLeg>,
        /// Inner ops.
        ops: Vec<Op>,
    },
}

impl FlashLoan {
    /// The inner ops.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        match self {
            Self::Pulled { ops, .. } | Self::UniswapV3 { ops, .. } | Self::Midnight { ops, .. } => ops,
        }
    }

    /// Bytes before the inner ops.
    pub(super) fn header_len(&self) -> usize {
        match self {
            Self::Pulled { .. } => 61,
            Self::UniswapV3 { .. } => 99,
            Self::Midnight { legs, .. } => 26 + 36 * legs.len(),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer, depth: usize) -> Result<(), EncodeError> {
        let op = "FLASH_LOAN";
        if self.ops().is_empty() {
            return Err(EncodeError::EmptyList { what: "the inner op list of FLASH_LOAN" });
        }
        let inner = stream::nested_ops(self.ops(), depth)?;
        match self {
            Self::Pulled { provider, asset, pool, amount, .. } => {
                let field = match provider {
                    FlashProvider::MorphoBlue => amount.in_112_bits(op)?,
                    FlashProvider::AaveV3 => amount.get(),
                };
                writer.u8(FLASH_LOAN).u8(provider.code()).address(*asset).address(*pool).u128(field);
                writer.length(op, inner.len() + 1)?.u8(0);
            }
            Self::UniswapV3 { fork_id, pool, token_a, token_b, fee, amount0, amount1, .. } => {
                if *amount0 == 0 && *amount1 == 0 {
                    return Err(EncodeError::NothingBorrowed { op });
                }
                writer.u8(FLASH_LOAN).u8(1).u8(*fork_id).address(*pool).address(*token_a).address(*token_b);
                writer.u16(*fee).u128(*amount0).u128(*amount1).length(op, inner.len())?;
            }
            Self::Midnight { pool, legs, .. } => {
                let count = u8::try_from(legs.len()).map_err(|_| EncodeError::TooManyLegs(legs.len()))?;
                if count == 0 {
                    return Err(EncodeError::NothingBorrowed { op });
                }
                writer.u8(FLASH_LOAN).u8(4).address(*pool).u8(count);
                for leg in legs {
                    writer.address(leg.token).u128(leg.amount.get());
                }
                writer.length(op, inner.len() + 1)?.u8(0);
            }
        }
        writer.raw(&inner);
        Ok(())
    }

    /// Reads what follows the byte `60`. An empty inner list is read (it reverts on chain) but not written.
    pub(super) fn read(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        cursor.reading("FLASH_LOAN");
        let at_kind = cursor.offset();
        match cursor.u8()? {
            0 => Self::read_pulled(FlashProvider::MorphoBlue, cursor, depth),
            2 => Self::read_pulled(FlashProvider::AaveV3, cursor, depth),
            1 => Self::read_v3(cursor, depth),
            4 => Self::read_midnight(cursor, depth),
            sub => Err(DecodeError::new(at_kind, DecodeReason::UnknownSubOp { group: "FLASH_LOAN on Base", sub })),
        }
    }

    fn read_pulled(provider: FlashProvider, cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        let asset = cursor.address()?;
        let pool = cursor.address()?;
        let offset = cursor.offset();
        let field = match provider {
            FlashProvider::MorphoBlue => cursor.u112()?,
            FlashProvider::AaveV3 => cursor.u128()?,
        };
        let amount = Exact::from_raw(field).ok_or_else(|| cursor.not_canonical(offset, "a loan of 0"))?;
        let ops = read_inner(cursor, depth)?;
        Ok(Self::Pulled { provider, asset, pool, amount, ops })
    }

    fn read_v3(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        let fork_id = cursor.u8()?;
        let (pool, token_a, token_b) = (cursor.address()?, cursor.address()?, cursor.address()?);
        let fee = cursor.u16()?;
        let offset = cursor.offset();
        let (amount0, amount1) = (cursor.u128()?, cursor.u128()?);
        if amount0 == 0 && amount1 == 0 {
            return Err(cursor.not_canonical(offset, "a loan of 0"));
        }
        let length = usize::from(cursor.u16()?);
        let ops = stream::read_ops(cursor.nested(length)?, depth)?;
        Ok(Self::UniswapV3 { fork_id, pool, token_a, token_b, fee, amount0, amount1, ops })
    }

    fn read_midnight(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        let pool = cursor.address()?;
        let at_count = cursor.offset();
        let count = cursor.u8()?;
        if count == 0 {
            return Err(cursor.not_canonical(at_count, "a loan of no tokens"));
        }
        let mut legs = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let token = cursor.address()?;
            let offset = cursor.offset();
            let field = cursor.u128()?;
            let amount = Exact::from_raw(field).ok_or_else(|| cursor.not_canonical(offset, "a loan of 0"))?;
            legs.push(MidnightLeg { token, amount });
        }
        let ops = read_inner(cursor, depth)?;
        Ok(Self::Midnight { pool, legs, ops })
    }
}

/// `length[2] · poolId[1] · ops[length − 1]`.
fn read_inner(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Op>, DecodeError> {
    stream::read_prefixed(cursor, "FLASH_LOAN", depth)
}
