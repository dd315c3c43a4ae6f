//! What a transaction will pay: gas on L2, and its data on L1.

use alloy::primitives::{Address, Bytes, U256, address};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Answers, Batch, ReadError, Slot};
use crate::abi::IGasPriceOracle;
use crate::units::{format_units, from_decimal};

/// Where GasPriceOracle lives on every OP chain (base-replica.md §1.1).
pub const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");

/// The two fee fields of an EIP-1559 transaction, wei per gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// Most in all.
    pub max_fee: U256,
    /// Most of it as tip.
    pub max_tip: U256,
}

/// Why no fee within the ceiling gets a transaction mined. Exit code 4.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// The next block may already cost more than we pay.
    #[error("the next block's base fee may be {} gwei, above the ceiling of {} gwei; raise {key} or wait", gwei(.next_base_fee), gwei(.ceiling))]
    AboveCeiling {
        /// The highest that the next base fee can be, wei.
        next_base_fee: U256,
        /// What the configuration allows, wei.
        ceiling: U256,
        /// Key of the ceiling.
        key: &'static str,
    },
    /// A ceiling that is no amount of gwei.
    #[error("fee ceiling {0} gwei is not an amount")]
    NotAnAmount(String),
}

impl FeeError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::AboveCeiling { .. } => 4,
            Self::NotAnAmount(_) => 3,
        }
    }
}

/// What a transaction costs, wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GasCost {
    /// Gas on L2.
    pub l2: U256,
    /// Data on L1.
    pub l1: U256,
}

impl GasCost {
    /// Cost of this much gas at this price per gas, and of the data.
    #[must_use]
    pub fn new(gas: u64, price: U256, l1: U256) -> Self {
        Self { l2: U256::from(gas).saturating_mul(price), l1 }
    }

    /// Both together.
    #[must_use]
    pub fn total(&self) -> U256 {
        self.l2.saturating_add(self.l1)
    }
}

/// The question for the L1 data fee of one transaction, as part of a batch.
#[derive(Debug, Clone, Copy)]
pub struct L1FeeQuery(Slot<IGasPriceOracle::getL1FeeCall>);

impl L1FeeQuery {
    /// Asks for the fee of an unsigned transaction in its EIP-2718 encoding.
    pub fn add(batch: &mut Batch, unsigned: &Bytes) -> Self {
        Self(batch.add(GAS_PRICE_ORACLE, &IGasPriceOracle::getL1FeeCall { data: unsigned.clone() }))
    }

    /// The fee, wei.
    pub fn read(&self, answers: &Answers) -> Result<U256, ReadError> {
        answers.get(self.0)
    }
}

/// A ceiling of the configuration in wei.
pub(crate) fn wei(gwei: Decimal) -> Result<U256, FeeError> {
    from_decimal(gwei, 9).ok_or_else(|| FeeError::NotAnAmount(gwei.to_string()))
}

fn gwei(wei: &U256) -> String {
    format_units(*wei, 9)
}
