//! The contracts of Aave v3, read from `abi/aave`.

use crate::abi::interfaces;

interfaces!(
    "abi/aave/IAaveOracle.sol",
    "abi/aave/IPool.sol",
    "abi/aave/IPoolAddressesProvider.sol",
    "abi/aave/IPriceOracleSentinel.sol",
    "abi/aave/IRateStrategy.sol",
    "abi/aave/IScaledToken.sol",
);
