// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A price feed of the replica.
interface IReplicaFeed {
    function set(int256 answer) external;
    function setAt(int256 answer, uint256 updatedAt) external;
    function setLater(int256 answer, uint256 delay) external;
    function refresh() external;
    function latestAnswer() external view returns (int256);
    function description() external view returns (string memory);
}
