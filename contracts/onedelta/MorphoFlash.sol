// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IMorpho} from "abi/morpho/IMorpho.sol";
import {MORPHO} from "./Addresses.sol";
import {InvalidCaller, InvalidFlashLoan} from "./Errors.sol";
import {OpStream} from "./OpStream.sol";
import {Stream} from "./Stream.sol";

/// @title Flash loan from Morpho Blue.
/// @notice 0x60 0x00 asset[20] pool[20] amount[16] n[2] poolId[1] ops[n − 1]. Morpho pulls the amount afterwards and
/// calls back the borrower only, so data in a callback from Morpho is always our own.
abstract contract MorphoFlash is OpStream {
    function _morphoFlash(address caller, uint256 op) internal returns (uint256 size) {
        uint256 length = Stream.uint16At(op, 58);
        IMorpho(Stream.addressAt(op, 22))
            .flashLoan(
                Stream.addressAt(op, 2),
                Stream.uint112At(op, 42),
                abi.encodePacked(caller, Stream.bytesAt(op, 60, length))
            );
        return 60 + length;
    }

    /// @notice Morpho's callback. `data` is caller[20] poolId[1] ops.
    function onMorphoFlashLoan(uint256, bytes calldata data) external {
        uint256 start = Stream.start(data);
        if (Stream.byteAt(start, 20) != 0) revert InvalidFlashLoan();
        if (msg.sender != MORPHO) revert InvalidCaller();
        _compose(Stream.addressAt(start, 0), start + 21, start + data.length);
    }
}
