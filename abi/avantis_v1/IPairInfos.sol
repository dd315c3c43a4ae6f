// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Spread, rollover and liquidation.
interface IPairInfos {
    struct PairParams {
        uint256 onePercentDepthAbove;
        uint256 onePercentDepthBelow;
        uint256 rolloverFeePerBlockP;
    }

    function liqThreshold() external view returns (uint256);
    function getRolloverFeePerBlockP(uint256 pairIndex) external view returns (uint256);
    function pairRolloverFees(uint256 pairIndex) external view returns (uint256 long, uint256 short, uint256 updated);
    function getOnePercentDepthAbove(uint256 pairIndex) external view returns (uint256);
    function getOnePercentDepthBelow(uint256 pairIndex) external view returns (uint256);
    function lossProtectionNumTiers(uint256 pairIndex) external view returns (uint256);
    function longSkewConfig(uint256 pairIndex, uint256 tier) external view returns (uint256);
    function shortSkewConfig(uint256 pairIndex, uint256 tier) external view returns (uint256);
    function getSkewImpactSpread(uint256 pairIndex, bool buy, uint256 notional, bool isPnl)
        external
        view
        returns (int256);
    function getTradePriceImpact(uint256 price, uint256 pairIndex, bool long, uint256 notional, bool isPnl)
        external
        view
        returns (uint256);
    function getTradeLiquidationPrice(
        address trader,
        uint256 pairIndex,
        uint256 index,
        uint256 openPrice,
        bool long,
        uint256 collateral,
        uint256 leverage
    ) external view returns (uint256);

    function setManager(address manager) external;
    function setKeeper(address keeper) external;
    function setPairParams(uint256 pairIndex, PairParams calldata value) external;
    function setLossProtectionConfig(uint256 pairIndex, uint256[] calldata longSkew, uint256[] calldata shortSkew)
        external;
}
