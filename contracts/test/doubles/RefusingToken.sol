// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Token that says no by answering false.
contract RefusingToken {
    function balanceOf(address) external pure returns (uint256) {
        return 1;
    }

    function approve(address, uint256) external pure returns (bool) {
        return false;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) external pure returns (bool) {
        return false;
    }
}
