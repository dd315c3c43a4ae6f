//! What lends for the length of a transaction: the one place that knows what is particular to each lender.
//!
//! A further lender is a further variant here: how it is recognised in a stream, who is paid back and how, what the stream may
//! touch for it. What it offers at a block is in `flash.rs`.

use std::fmt;

use alloy::primitives::{Address, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aave,
    dex::{Deployment, PoolKey},
    onedelta::{self, AllowList, EncodeError, Exact, FlashLoan, FlashProvider, MORPHO_BLUE, Op, approve_then_flash},
    units::{MathError, mul_div_up},
};

/// One million: fees are in hundredths of a basis point.
const PIPS: u64 = 1_000_000;

/// Who lends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlashSource {
    /// Morpho Blue: no fee, limited by what it holds.
    MorphoBlue,
    /// Aave v3 `flashLoanSimple`.
    AaveV3,
    /// A Uniswap v3 pool, which is locked meanwhile.
    UniswapV3(PoolKey),
}

/// Which kind of source the user insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlashChoice {
    /// Morpho Blue.
    Morpho,
    /// Aave v3.
    Aave,
    /// Any Uniswap v3 pool.
    Uniswap,
}

impl FlashSource {
    /// The fee of a loan, rounded up as every source does.
    pub fn fee(self, fee_pips: u32, amount: U256) -> Result<U256, MathError> {
        mul_div_up(amount, U256::from(fee_pips), U256::from(PIPS))
    }

    /// The pool that must not be swapped in while the loan is out.
    #[must_use]
    pub fn locked_pool(self) -> Option<Address> {
        match self {
            Self::UniswapV3(key) => Some(key.address(&Deployment::BASE)),
            Self::MorphoBlue | Self::AaveV3 => None,
        }
    }

    /// The source of the flash loan in a stream, where it has to be told apart: a pool at the address of its tokens and fee.
    pub(in crate::loops) fn in_stream(ops: &[Op]) -> Option<Self> {
        ops.iter().find_map(|op| match op {
            Op::Flash(FlashLoan::UniswapV3 { pool, token_a, token_b, fee, .. }) => {
                let key = PoolKey::new(*token_a, *token_b, u32::from(*fee)).ok()?;
                (key.address(&Deployment::BASE) == *pool).then_some(Self::UniswapV3(key))
            }
            _ => None,
        })
    }

    /// Allows what a stream with a loan of this source touches besides what every stream may: the pool, and a token that it
    /// may hold besides the pair's.
    pub(in crate::loops) fn allow(self, list: AllowList) -> AllowList {
        match self {
            Self::MorphoBlue => list.flash(MORPHO_BLUE, onedelta::FlashSource::Pulled(FlashProvider::MorphoBlue)),
            Self::AaveV3 => {
                list.flash(aave::Deployment::BASE.pool, onedelta::FlashSource::Pulled(FlashProvider::AaveV3))
            }
            Self::UniswapV3(key) => list
                .flash(key.address(&Deployment::BASE), onedelta::FlashSource::UniswapV3Pool)
                .token(key.token0())
                .token(key.token1()),
        }
    }

    /// Takes a loan and runs `ops` while it is out.
    pub(in crate::loops) fn take(self, token: Address, amount: Exact, ops: Vec<Op>) -> Result<Vec<Op>, EncodeError> {
        Ok(match self {
            Self::MorphoBlue => approve_then_flash(FlashProvider::MorphoBlue, token, MORPHO_BLUE, amount, ops).to_vec(),
            Self::AaveV3 => {
                let pool = aave::Deployment::BASE.pool;
                approve_then_flash(FlashProvider::AaveV3, token, pool, amount, ops).to_vec()
            }
            Self::UniswapV3(key) => {
                let is_first = key.token0() == token;
                let (amount0, amount1) = if is_first { (amount.get(), 0) } else { (0, amount.get()) };
                let fee = u16::try_from(key.fee()).map_err(|_| EncodeError::NothingBorrowed { op: "FLASH_LOAN" })?;
                vec![
                    FlashLoan::UniswapV3 {
                        fork_id: 0,
                        pool: key.address(&Deployment::BASE),
                        token_a: key.token0(),
                        token_b: key.token1(),
                        fee,
                        amount0,
                        amount1,
                        ops,
                    }
                    .into(),
                ]
            }
        })
    }

    pub(super) fn is(self, choice: FlashChoice) -> bool {
        matches!(
            (self, choice),
            (Self::MorphoBlue, FlashChoice::Morpho)
                | (Self::AaveV3, FlashChoice::Aave)
                | (Self::UniswapV3(_), FlashChoice::Uniswap)
        )
    }
}

impl fmt::Display for FlashSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MorphoBlue => f.write_str("Morpho Blue"),
            Self::AaveV3 => f.write_str("Aave v3"),
            Self::UniswapV3(key) => write!(f, "Uniswap v3 pool {}", key.address(&Deployment::BASE)),
        }
    }
}
