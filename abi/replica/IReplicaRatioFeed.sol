// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A price feed of the replica for a token that accrues.
interface IReplicaRatioFeed {
    function ratio() external view returns (uint256);
    function setRatio(uint256 newRatio) external;
}
