//! The interfaces of `abi/` that belong to no protocol of ours: tokens, permits, Multicall3, Base's gas oracle, price feeds.
//!
//! Each is read from its Solidity file, which `contracts/` imports too. A protocol's own interfaces are read in its room
//! (`aave::abi`, `dex::abi`, …) by the same macro. An interface holds only what is called.

/// Reads interfaces from their files, each path from the root of the package.
macro_rules! interfaces {
    ($($path:tt),+ $(,)?) => {
        $(::alloy::sol! { #![sol(extra_derives(Debug))] $path })+
    };
}
pub(crate) use interfaces;

interfaces!(
    "abi/aave/ICreditDelegation.sol",
    "abi/base/ICodeLens.sol",
    "abi/base/IGasPriceOracle.sol",
    "abi/base/IMulticall3.sol",
    "abi/oracle/IAggregator.sol",
    "abi/oracle/IPyth.sol",
    "abi/oracle/IRatioSource.sol",
    "abi/token/IERC1271.sol",
    "abi/token/IERC20.sol",
    "abi/token/IERC20Permit.sol",
    "abi/token/IOwnable.sol",
    "abi/token/IPausable.sol",
    "abi/token/IWETH9.sol",
);
