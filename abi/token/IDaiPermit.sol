// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Allowances by signature as DAI has them: all or nothing.
interface IDaiPermit {
    function permit(
        address holder,
        address spender,
        uint256 nonce,
        uint256 expiry,
        bool allowed,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
