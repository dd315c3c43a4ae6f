// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {PERMIT2} from "./Addresses.sol";
import {EXT_CALL, EXT_CALL_WITH_REPLACE, EXT_TRY_CALL, EXT_TRY_CALL_WITH_REPLACE, TRANSFERS} from "./Commands.sol";
import {Forbidden, InvalidCalldata, InvalidOperation, ReplaceOffsetOutOfBounds} from "./Errors.sol";
import {ICallForwarder} from "abi/onedelta/ICallForwarder.sol";
import {Stream} from "./Stream.sol";
import {Tokens} from "./Tokens.sol";
import {Transfers} from "./Transfers.sol";

/// @title Stand-in of the 1delta call forwarder: makes arbitrary calls on funds that were pushed to it.
/// @notice Public and stateless but for its own approvals. Nobody may give it an allowance, and nothing may stay in it.
contract CallForwarder is ICallForwarder, Transfers {
    uint256 private constant TRANSFER_FROM_SELECTOR = 0x23b872dd;

    /// @dev What a failed try call does: revert, or run its ops and leave the stream. Any other: run its ops and go on.
    uint256 private constant REVERT = 0;
    uint256 private constant CATCH_AND_LEAVE = 1;

    receive() external payable {}

    /// @inheritdoc ICallForwarder
    function deltaForwardCompose(bytes calldata ops) external payable {
        uint256 start = Stream.start(ops);
        _run(start, start + ops.length);
    }

    /// @dev Runs the ops from `cursor` to `end`; whether a failed try call left the stream early.
    function _run(uint256 cursor, uint256 end) private returns (bool left) {
        do {
            uint256 command = Stream.byteAt(cursor, 0);
            uint256 size;
            if (command == TRANSFERS) size = _transfers(msg.sender, cursor);
            else if (command == EXT_CALL) size = _call(cursor);
            else if (command == EXT_TRY_CALL) (size, left) = _tryCall(cursor);
            else if (command == EXT_CALL_WITH_REPLACE) size = _callWithReplace(cursor);
            else if (command == EXT_TRY_CALL_WITH_REPLACE) (size, left) = _tryCallWithReplace(cursor);
            else revert InvalidOperation();
            if (left) return true;
            unchecked {
                cursor += size;
            }
        } while (cursor < end);
        if (cursor != end) revert InvalidCalldata();
    }

    /// @dev target[20] value[16] n[2] data[n]
    function _call(uint256 op) private returns (uint256 size) {
        uint256 length = Stream.uint16At(op, 37);
        if (!_execute(op, Stream.bytesAt(op, 39, length))) _bubble();
        return 39 + length;
    }

    /// @dev target[20] value[16] n[2] data[n] handling[1] m[2] ops[m]
    function _tryCall(uint256 op) private returns (uint256 size, bool left) {
        uint256 length = Stream.uint16At(op, 37);
        uint256 tail = 39 + length;
        size = tail + 3 + Stream.uint16At(op, tail + 1);
        if (!_execute(op, Stream.bytesAt(op, 39, length))) {
            left = _catch(Stream.byteAt(op, tail), op + tail + 3, op + size);
        }
    }

    /// @dev target[20] value[16] token[20] offset[2] n[2] data[n]
    function _callWithReplace(uint256 op) private returns (uint256 size) {
        uint256 length = Stream.uint16At(op, 59);
        if (!_execute(op, _replaced(op, Stream.bytesAt(op, 61, length)))) _bubble();
        return 61 + length;
    }

    /// @dev target[20] value[16] token[20] offset[2] n[2] handling[1] m[2] data[n] ops[m]
    function _tryCallWithReplace(uint256 op) private returns (uint256 size, bool left) {
        uint256 length = Stream.uint16At(op, 59);
        size = 64 + length + Stream.uint16At(op, 62);
        if (!_execute(op, _replaced(op, Stream.bytesAt(op, 64, length)))) {
            left = _catch(Stream.byteAt(op, 61), op + 64 + length, op + size);
        }
    }

    /// @dev Answers a failed call: reverts, or runs the ops from `cursor` to `end` (there may be none); whether to leave.
    function _catch(uint256 handling, uint256 cursor, uint256 end) private returns (bool left) {
        if (handling == REVERT) _bubble();
        left = cursor != end && _run(cursor, end);
        return left || handling == CATCH_AND_LEAVE;
    }

    /// @dev The data with our balance of the op's token put in, at the offset counted from behind the selector. The
    /// selector itself is out of reach. Token zero: the data as it is.
    function _replaced(uint256 op, bytes memory data) private view returns (bytes memory) {
        address token = Stream.addressAt(op, 37);
        if (token == address(0)) return data;
        uint256 offset = Stream.uint16At(op, 57);
        if (offset + 36 > data.length) revert ReplaceOffsetOutOfBounds();
        uint256 held = Tokens.balanceOf(token, address(this));
        assembly ("memory-safe") {
            mstore(add(add(data, 0x24), offset), held)
        }
        return data;
    }

    /// @dev Calls the op's target with the op's value. An allowance somebody gave us cannot be used: neither by Permit2
    /// nor by a token's own transferFrom.
    function _execute(uint256 op, bytes memory data) private returns (bool success) {
        address target = Stream.addressAt(op, 1);
        uint256 value = Stream.valueAt(op, 21);
        uint256 selector;
        assembly ("memory-safe") {
            selector := shr(224, mload(add(data, 0x20)))
        }
        if (target == PERMIT2 || (data.length > 3 && selector == TRANSFER_FROM_SELECTOR)) revert Forbidden();
        assembly ("memory-safe") {
            success := call(gas(), target, value, add(data, 0x20), mload(data), 0, 0)
        }
    }

    /// @dev Reverts with what the last call answered.
    function _bubble() private pure {
        assembly ("memory-safe") {
            let answer := mload(0x40)
            returndatacopy(answer, 0, returndatasize())
            revert(answer, returndatasize())
        }
    }
}
