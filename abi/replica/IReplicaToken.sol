// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A token of the replica.
interface IReplicaToken {
    function mint(address to, uint256 amount) external;
}
