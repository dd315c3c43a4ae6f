//! Singleton ops (0x80): fee-free loans of Uniswap v4 and Balancer V3 by unlocking (onedelta-composer.md §7).

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{
    DecodeError, DecodeReason, EncodeError, Exact, Op,
    amount::decimal,
    bytes::{Cursor, Writer},
    stream,
};

pub(super) const SINGLETON: u8 = 0x80;

/// What the composer can do with a singleton. Inside UNLOCK: TAKE, (SYNC,) ops, pay the singleton, SETTLE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Singleton {
    /// Calls `unlock`; the inner ops run in the callback.
    Unlock {
        /// The singleton.
        manager: Address,
        /// Inner ops.
        ops: Vec<Op>,
    },
    /// Uniswap v4 `take`.
    V4Take {
        /// PoolManager.
        manager: Address,
        /// Token, zero = native.
        asset: Address,
        /// Where it goes.
        receiver: Address,
        /// How much.
        amount: Exact,
    },
    /// Uniswap v4 `settle`.
    V4Settle {
        /// PoolManager.
        manager: Address,
        /// Native currency sent along, 0 for tokens.
        #[serde(with = "decimal")]
        native_amount: u128,
    },
    /// Uniswap v4 `sync`: before the payment, with no other sync in between.
    V4Sync {
        /// PoolManager.
        manager: Address,
        /// Token paid next.
        asset: Address,
    },
    /// Balancer V3 `sendTo`.
    BalancerTake {
        /// Vault.
        vault: Address,
        /// Token.
        asset: Address,
        /// Where it goes.
        receiver: Address,
        /// How much.
        amount: Exact,
    },
    /// Balancer V3 `settle`.
    BalancerSettle {
        /// Vault.
        vault: Address,
        /// Token.
        asset: Address,
        /// Amount paid; all ones is read as the maximum of 256 bits.
        #[serde(with = "decimal")]
        amount_hint: u128,
    },
}

impl Singleton {
    /// The op's name as the reference spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unlock { .. } => "UNLOCK",
            Self::V4Take { .. } => "V4_TAKE",
            Self::V4Settle { .. } => "V4_SETTLE",
            Self::V4Sync { .. } => "V4_SYNC",
            Self::BalancerTake { .. } => "BALANCER_TAKE",
            Self::BalancerSettle { .. } => "BALANCER_SETTLE",
        }
    }

    /// The singleton the op calls.
    #[must_use]
    pub const fn manager(&self) -> Address {
        match self {
            Self::Unlock { manager, .. }
            | Self::V4Take { manager, .. }
            | Self::V4Settle { manager, .. }
            | Self::V4Sync { manager, .. } => *manager,
            Self::BalancerTake { vault, .. } | Self::BalancerSettle { vault, .. } => *vault,
        }
    }

    /// Bytes before the inner ops, or of the whole op when it has none.
    pub(super) const fn header_len(&self) -> usize {
        match self {
            Self::Unlock { .. } => 25,
            Self::V4Take { .. } | Self::BalancerTake { .. } => 78,
            Self::V4Settle { .. } => 38,
            Self::V4Sync { .. } => 42,
            Self::BalancerSettle { .. } => 58,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer, depth: usize) -> Result<(), EncodeError> {
        match self {
            Self::Unlock { manager, ops } => {
                if ops.is_empty() {
                    return Err(EncodeError::EmptyList { what: "the inner op list of UNLOCK" });
                }
                let inner = stream::nested_ops(ops, depth)?;
                writer.u8(SINGLETON).u8(0).address(*manager).length("UNLOCK", inner.len() + 1)?.u8(0).raw(&inner);
            }
            Self::V4Take { manager, asset, receiver, amount } => {
                writer.u8(SINGLETON).u8(1).address(*manager).address(*asset).address(*receiver).u128(amount.get());
            }
            Self::V4Settle { manager, native_amount } => {
                writer.u8(SINGLETON).u8(2).address(*manager).u128(*native_amount);
            }
            Self::V4Sync { manager, asset } => {
                writer.u8(SINGLETON).u8(3).address(*manager).address(*asset);
            }
            Self::BalancerTake { vault, asset, receiver, amount } => {
                writer.u8(SINGLETON).u8(4).address(*vault).address(*asset).address(*receiver).u128(amount.get());
            }
            Self::BalancerSettle { vault, asset, amount_hint } => {
                writer.u8(SINGLETON).u8(5).address(*vault).address(*asset).u128(*amount_hint);
            }
        }
        Ok(())
    }

    /// Reads what follows the byte `80`.
    pub(super) fn read(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        cursor.reading("singleton op");
        let at_sub = cursor.offset();
        let sub = cursor.u8()?;
        if sub > 5 {
            return Err(DecodeError::new(at_sub, DecodeReason::UnknownSubOp { group: "singleton (0x80)", sub }));
        }
        let manager = cursor.address()?;
        match sub {
            0 => Ok(Self::Unlock { manager, ops: stream::read_prefixed(cursor, "UNLOCK", depth)? }),
            2 => {
                cursor.reading("V4_SETTLE");
                Ok(Self::V4Settle { manager, native_amount: cursor.u128()? })
            }
            3 => {
                cursor.reading("V4_SYNC");
                Ok(Self::V4Sync { manager, asset: cursor.address()? })
            }
            5 => {
                cursor.reading("BALANCER_SETTLE");
                Ok(Self::BalancerSettle { vault: manager, asset: cursor.address()?, amount_hint: cursor.u128()? })
            }
            _ => {
                cursor.reading("TAKE");
                let (asset, receiver) = (cursor.address()?, cursor.address()?);
                let offset = cursor.offset();
                let field = cursor.u128()?;
                let amount = Exact::from_raw(field).ok_or_else(|| cursor.not_canonical(offset, "a loan of 0"))?;
                Ok(if sub == 1 {
                    Self::V4Take { manager, asset, receiver, amount }
                } else {
                    Self::BalancerTake { vault: manager, asset, receiver, amount }
                })
            }
        }
    }
}
