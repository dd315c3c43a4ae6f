// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// The one interest rate strategy that all reserves of a v3.4+ pool share. Basis points.
interface IRateStrategy {
    struct InterestRateData {
        uint16 optimalUsageRatio;
        uint32 baseVariableBorrowRate;
        uint32 variableRateSlope1;
        uint32 variableRateSlope2;
    }

    function getInterestRateDataBps(address reserve) external view returns (InterestRateData memory);
    function setInterestRateParams(address asset, bytes calldata params) external;
}
