// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// aTokens and variable debt tokens: balances before interest.
interface IScaledToken {
    function scaledBalanceOf(address user) external view returns (uint256);
    function scaledTotalSupply() external view returns (uint256);
}
