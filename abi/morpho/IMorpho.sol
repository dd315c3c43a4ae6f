// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Morpho Blue.
interface IMorpho {
    struct MarketParams {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    function enableIrm(address irm) external;
    function enableLltv(uint256 lltv) external;
    function createMarket(MarketParams calldata params) external;
    function supply(MarketParams calldata params, uint256 assets, uint256 shares, address onBehalf, bytes calldata data)
        external
        returns (uint256 assetsSupplied, uint256 sharesSupplied);
    function flashLoan(address token, uint256 assets, bytes calldata data) external;
}
