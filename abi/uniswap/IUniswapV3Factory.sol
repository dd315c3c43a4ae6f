// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Pools by their tokens and fee.
interface IUniswapV3Factory {
    function enableFeeAmount(uint24 fee, int24 tickSpacing) external;
    function getPool(address token0, address token1, uint24 fee) external view returns (address);
}
