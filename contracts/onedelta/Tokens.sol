// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {NativeTransferFailed} from "./Errors.sol";

/// @title ERC-20 and native transfers that bubble up a refusal unchanged.
/// @notice A token may answer nothing or `true`; anything else is a refusal, and its answer is the revert data.
library Tokens {
    function balanceOf(address token, address owner) internal view returns (uint256 held) {
        assembly ("memory-safe") {
            mstore(0x00, 0x70a08231)
            mstore(0x20, owner)
            let success := staticcall(gas(), token, 0x1c, 0x24, 0x00, 0x20)
            if iszero(and(success, gt(returndatasize(), 0x1f))) {
                let answer := mload(0x40)
                returndatacopy(answer, 0, returndatasize())
                revert(answer, returndatasize())
            }
            held := mload(0x00)
        }
    }

    function transfer(address token, address to, uint256 amount) internal {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, shl(224, 0xa9059cbb))
            mstore(add(data, 0x04), to)
            mstore(add(data, 0x24), amount)
            let success := call(gas(), token, 0, data, 0x44, 0, 0x20)
            let agreed := or(iszero(returndatasize()), and(gt(returndatasize(), 0x1f), eq(mload(0), 1)))
            if iszero(and(success, agreed)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
        }
    }

    function transferFrom(address token, address from, address to, uint256 amount) internal {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, shl(224, 0x23b872dd))
            mstore(add(data, 0x04), from)
            mstore(add(data, 0x24), to)
            mstore(add(data, 0x44), amount)
            let success := call(gas(), token, 0, data, 0x64, 0, 0x20)
            let agreed := or(iszero(returndatasize()), and(gt(returndatasize(), 0x1f), eq(mload(0), 1)))
            if iszero(and(success, agreed)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
        }
    }

    /// @dev Approves the maximum; whether the token agreed.
    function approveMax(address token, address spender) internal returns (bool done) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, shl(224, 0x095ea7b3))
            mstore(add(data, 0x04), spender)
            mstore(add(data, 0x24), not(0))
            let success := call(gas(), token, 0, data, 0x44, 0, 0x20)
            done := and(success, or(iszero(returndatasize()), and(gt(returndatasize(), 0x1f), eq(mload(0), 1))))
        }
    }

    function sendNative(address to, uint256 amount) internal {
        bool success;
        assembly ("memory-safe") {
            success := call(gas(), to, amount, 0, 0, 0, 0)
        }
        if (!success) revert NativeTransferFailed();
    }
}
