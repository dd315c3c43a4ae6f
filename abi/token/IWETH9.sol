// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Wrapped ether.
interface IWETH9 {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}
