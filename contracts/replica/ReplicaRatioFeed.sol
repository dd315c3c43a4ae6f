// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IAggregator} from "abi/oracle/IAggregator.sol";

/// @title Price feed of the replica for a token that accrues: base feed times exchange rate.
/// @notice What Base's capped-rate adapters answer, without their cap. It is as old as its base feed.
/// Slot 0 is the base feed, slot 1 the ratio.
contract ReplicaRatioFeed {
    int256 private constant ONE = 1e18;

    address public BASE_TO_USD_AGGREGATOR;
    uint256 public ratio;
    string public description;

    /// @param base Feed of the base asset in US dollars, 8 decimals.
    /// @param ratio_ Base units one token is worth, 1e18.
    constructor(address base, uint256 ratio_, string memory description_) {
        BASE_TO_USD_AGGREGATOR = base;
        ratio = ratio_;
        description = description_;
    }

    /// @notice New exchange rate, 1e18. Open to everybody.
    function setRatio(uint256 ratio_) external {
        ratio = ratio_;
    }

    function getRatio() external view returns (int256) {
        return int256(ratio);
    }

    function isCapped() external pure returns (bool) {
        return false;
    }

    function decimals() external pure returns (uint8) {
        return 8;
    }

    /// @notice US dollars with 8 decimals, rounded down.
    function latestAnswer() external view returns (int256) {
        return _scaled(IAggregator(BASE_TO_USD_AGGREGATOR).latestAnswer());
    }

    /// @notice The base feed's round and times with the scaled answer.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) =
            IAggregator(BASE_TO_USD_AGGREGATOR).latestRoundData();
        return (round, _scaled(answer), startedAt, updatedAt, answeredIn);
    }

    function _scaled(int256 answer) private view returns (int256) {
        return (answer * int256(ratio)) / ONE;
    }
}
