//! The contracts that the recipe and the controls call: Aave's, Uniswap's, and those of `abi` that only a local chain has.

pub(crate) use crate::{
    aave::abi::{IAaveOracle, IPool, IPoolAddressesProvider, IRateStrategy},
    abi::{IERC20, IWETH9, interfaces},
    dex::uniswap_v3::abi::{ISwapRouter02, IUniswapV3Pool},
};

interfaces!(
    "abi/aave/IACLManager.sol",
    "abi/aave/IEmissionManager.sol",
    "abi/aave/IInitializableProxy.sol",
    "abi/aave/IInitializableToken.sol",
    "abi/aave/IPoolConfigurator.sol",
    "abi/morpho/IMorpho.sol",
    "abi/replica/IAtomicLiquidator.sol",
    "abi/replica/IReplicaFeed.sol",
    "abi/replica/IReplicaRatioFeed.sol",
    "abi/replica/IReplicaToken.sol",
    "abi/uniswap/INonfungiblePositionManager.sol",
    "abi/uniswap/IUniswapV3Factory.sol",
);
