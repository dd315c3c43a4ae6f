// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Prices in US dollars with 8 decimals.
interface IAaveOracle {
    function getAssetPrice(address asset) external view returns (uint256);
    function getSourceOfAsset(address asset) external view returns (address);
    function BASE_CURRENCY_UNIT() external view returns (uint256);
}
