// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Admin of the composer's proxy after its owner has left.
contract RenouncedAdmin {
    /// @notice Nobody.
    function owner() external pure returns (address) {
        return address(0);
    }
}
