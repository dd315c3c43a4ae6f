// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {MAX112} from "./Commands.sol";

/// @title Reads packed fields of an op from the calldata.
/// @notice `op` is the absolute position of the op's first byte and `offset` counts from there; neither can overflow, as
/// an op is shorter than 2^18 bytes. Past the end of the calldata everything is zero. That is safe because a stream whose
/// last op does not end at its end reverts as a whole.
library Stream {
    /// @dev Bit 127 of a value field: the whole native balance.
    uint256 private constant WHOLE_BALANCE = 1 << 127;

    function wordAt(uint256 op, uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(op, offset))
        }
    }

    function byteAt(uint256 op, uint256 offset) internal pure returns (uint256) {
        return wordAt(op, offset) >> 248;
    }

    function uint16At(uint256 op, uint256 offset) internal pure returns (uint256) {
        return wordAt(op, offset) >> 240;
    }

    function uint32At(uint256 op, uint256 offset) internal pure returns (uint256) {
        return wordAt(op, offset) >> 224;
    }

    function uint128At(uint256 op, uint256 offset) internal pure returns (uint256) {
        return wordAt(op, offset) >> 128;
    }

    /// @dev Low 112 bits of a 16-byte amount.
    function uint112At(uint256 op, uint256 offset) internal pure returns (uint256) {
        return uint128At(op, offset) & MAX112;
    }

    function addressAt(uint256 op, uint256 offset) internal pure returns (address) {
        return address(uint160(wordAt(op, offset) >> 96));
    }

    /// @dev Native value of a call: the whole balance if the top bit is set, else the low 112 bits.
    function valueAt(uint256 op, uint256 offset) internal view returns (uint256) {
        uint256 field = uint128At(op, offset);
        return field & WHOLE_BALANCE != 0 ? address(this).balance : field & MAX112;
    }

    function bytesAt(uint256 op, uint256 offset, uint256 length) internal pure returns (bytes calldata data) {
        assembly ("memory-safe") {
            data.offset := add(op, offset)
            data.length := length
        }
    }

    /// @dev Position of the first byte.
    function start(bytes calldata data) internal pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := data.offset
        }
    }
}
