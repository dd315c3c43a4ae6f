// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Credit delegation of variable debt tokens: who may borrow at whose expense.
interface ICreditDelegation {
    function borrowAllowance(address fromUser, address toUser) external view returns (uint256);
    function approveDelegation(address delegatee, uint256 amount) external;
    function delegationWithSig(
        address delegator,
        address delegatee,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
