// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A price feed as Chainlink's aggregators answer. Adapters need not answer `latestRoundData`.
interface IAggregator {
    function decimals() external view returns (uint8);
    function description() external view returns (string memory);
    function latestAnswer() external view returns (int256);
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
