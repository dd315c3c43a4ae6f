//! The contracts of Uniswap v3, read from `abi/uniswap`.

use crate::abi::interfaces;

pub(crate) use crate::abi::IERC20 as IBalance;

interfaces!("abi/uniswap/ISwapRouter02.sol", "abi/uniswap/ITickLens.sol", "abi/uniswap/IUniswapV3Pool.sol",);
