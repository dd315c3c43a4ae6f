// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Carries out what was triggered.
interface IExecute {
    function openLimitOrderTypes(address trader, uint256 pairIndex, uint256 index) external view returns (uint8);
}
