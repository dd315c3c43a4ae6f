//! One op of a composer stream.

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{
    Amount, DecodeError, DecodeReason, EncodeError, FlashLoan, ForwarderOp, Lending, NativeValue, Permit, Singleton,
    Transfer,
    bytes::{Cursor, Writer},
    forwarder, stream, transfer,
};

pub(super) const EXT_CALL: u8 = 0x20;

/// One op of a composer stream. "Caller" is whoever calls `deltaCompose`; flash callbacks keep the same caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// A transfer, sweep, unwrap or approval.
    Transfer(Transfer),
    /// Wraps native currency; `All` = the composer's whole native balance. 112-bit amounts.
    Wrap {
        /// The wrapped native token.
        weth: Address,
        /// Where the wrapped token goes.
        receiver: Address,
        /// Exact or `All`.
        amount: Amount,
    },
    /// Sends an NFT.
    SweepNft {
        /// Collection.
        collection: Address,
        /// Where it goes.
        receiver: Address,
        /// Which one.
        token_id: U256,
    },
    /// An Aave v3 action.
    Lending(Lending),
    /// An allowance granted by signature.
    Permit(Permit),
    /// A flash loan and what happens meanwhile.
    Flash(FlashLoan),
    /// Uniswap v4 or Balancer V3.
    Singleton(Singleton),
    /// `forwarder.deltaForwardCompose(stream)`: the only external call the composer makes.
    ForwarderCall {
        /// The call forwarder.
        forwarder: Address,
        /// Native currency sent along.
        value: NativeValue,
        /// What the forwarder does.
        ops: Vec<ForwarderOp>,
    },
}

impl From<Transfer> for Op {
    fn from(transfer: Transfer) -> Self {
        Self::Transfer(transfer)
    }
}

impl From<Lending> for Op {
    fn from(lending: Lending) -> Self {
        Self::Lending(lending)
    }
}

impl From<Permit> for Op {
    fn from(permit: Permit) -> Self {
        Self::Permit(permit)
    }
}

impl From<FlashLoan> for Op {
    fn from(loan: FlashLoan) -> Self {
        Self::Flash(loan)
    }
}

impl From<Singleton> for Op {
    fn from(singleton: Singleton) -> Self {
        Self::Singleton(singleton)
    }
}

impl Op {
    /// The op's name as the reference spells it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Transfer(transfer) => transfer.name(),
            Self::Wrap { .. } => "WRAP",
            Self::SweepNft { .. } => "SWEEP_NFT",
            Self::Lending(lending) => lending.name(),
            Self::Permit(_) => "PERMIT",
            Self::Flash(_) => "FLASH_LOAN",
            Self::Singleton(singleton) => singleton.name(),
            Self::ForwarderCall { .. } => "EXT_CALL",
        }
    }

    /// Bytes before nested ops, or of the whole op when it has none.
    pub(super) fn header_len(&self) -> usize {
        match self {
            Self::Transfer(transfer) => transfer.encoded_len(),
            Self::Wrap { .. } => 58,
            Self::SweepNft { .. } => 74,
            Self::Lending(lending) => lending.encoded_len(),
            Self::Permit(permit) => permit.encoded_len(),
            Self::Flash(loan) => loan.header_len(),
            Self::Singleton(singleton) => singleton.header_len(),
            Self::ForwarderCall { .. } => 39,
        }
    }

    pub(super) fn encoded_len(&self) -> usize {
        let nested = match self {
            Self::Flash(loan) => stream::encoded_len(loan.ops()),
            Self::Singleton(Singleton::Unlock { ops, .. }) => stream::encoded_len(ops),
            Self::ForwarderCall { ops, .. } => ops.iter().map(ForwarderOp::encoded_len).sum(),
            _ => 0,
        };
        self.header_len() + nested
    }

    pub(super) fn write(&self, writer: &mut Writer, depth: usize) -> Result<(), EncodeError> {
        let op = self.name();
        match self {
            Self::Transfer(transfer) => transfer.write(writer)?,
            Self::Wrap { weth, receiver, amount } => {
                let field = amount.exact_or_all_112(op)?;
                writer.u8(transfer::TRANSFERS).u8(6).address(*weth).address(*receiver).u128(field);
            }
            Self::SweepNft { collection, receiver, token_id } => {
                writer.u8(transfer::TRANSFERS).u8(7).address(*collection).address(*receiver).u256(*token_id);
            }
            Self::Lending(lending) => lending.write(writer)?,
            Self::Permit(permit) => permit.write(writer),
            Self::Flash(loan) => loan.write(writer, depth)?,
            Self::Singleton(singleton) => singleton.write(writer, depth)?,
            Self::ForwarderCall { forwarder, value, ops } => {
                if ops.is_empty() {
                    return Err(EncodeError::EmptyList { what: "the forwarder stream of EXT_CALL" });
                }
                let inner = stream::nested_forwarder_ops(ops, depth)?;
                writer.u8(EXT_CALL).address(*forwarder).u128(value.field(op)?).length(op, inner.len())?.raw(&inner);
            }
        }
        Ok(())
    }

    /// Reads what follows the byte `40`.
    pub(super) fn read_transfer(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let at_sub = cursor.offset();
        let sub = cursor.u8()?;
        match sub {
            6 => {
                cursor.reading("WRAP");
                let (weth, receiver) = (cursor.address()?, cursor.address()?);
                Ok(Self::Wrap { weth, receiver, amount: Amount::from_field(cursor.u112()?) })
            }
            7 => {
                cursor.reading("SWEEP_NFT");
                let (collection, receiver) = (cursor.address()?, cursor.address()?);
                Ok(Self::SweepNft { collection, receiver, token_id: cursor.u256()? })
            }
            _ => Transfer::read(sub, cursor)?
                .map(Self::Transfer)
                .ok_or_else(|| DecodeError::new(at_sub, DecodeReason::UnknownSubOp { group: "TRANSFERS", sub })),
        }
    }

    /// Reads what follows the byte `20`.
    pub(super) fn read_forwarder_call(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, DecodeError> {
        cursor.reading("EXT_CALL");
        let forwarder = cursor.address()?;
        let value = forwarder::read_value(cursor)?;
        let length = usize::from(cursor.u16()?);
        let ops = stream::read_forwarder_ops(cursor.nested(length)?, depth)?;
        Ok(Self::ForwarderCall { forwarder, value, ops })
    }
}
