// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title What a flash callback needs of the composer: to run the ops that the loan is for.
abstract contract OpStream {
    /// @dev Runs the ops in calldata from `cursor` to `end` on behalf of `caller`.
    function _compose(address caller, uint256 cursor, uint256 end) internal virtual;
}
