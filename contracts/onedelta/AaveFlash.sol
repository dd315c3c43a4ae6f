// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IPool} from "abi/aave/IPool.sol";
import {AAVE_POOL} from "./Addresses.sol";
import {InvalidCaller, InvalidFlashLoan, InvalidInitiator} from "./Errors.sol";
import {OpStream} from "./OpStream.sol";
import {Stream} from "./Stream.sol";

/// @title Flash loan from Aave v3.
/// @notice 0x60 0x02 asset[20] pool[20] amount[16] n[2] poolId[1] ops[n − 1]. Aave pulls amount and premium afterwards.
/// Aave calls back whoever is named as receiver, so a loan that somebody else took for us must be refused here.
abstract contract AaveFlash is OpStream {
    function _aaveFlash(address caller, uint256 op) internal returns (uint256 size) {
        uint256 length = Stream.uint16At(op, 58);
        IPool(Stream.addressAt(op, 22))
            .flashLoanSimple(
                address(this),
                Stream.addressAt(op, 2),
                Stream.uint128At(op, 42),
                abi.encodePacked(caller, Stream.bytesAt(op, 60, length)),
                0
            );
        return 60 + length;
    }

    /// @notice Aave's callback. `params` is caller[20] poolId[1] ops.
    function executeOperation(address, uint256, uint256, address initiator, bytes calldata params)
        external
        returns (bool)
    {
        uint256 start = Stream.start(params);
        if (Stream.byteAt(start, 20) != 0) revert InvalidFlashLoan();
        if (msg.sender != AAVE_POOL) revert InvalidCaller();
        if (initiator != address(this)) revert InvalidInitiator();
        _compose(Stream.addressAt(start, 0), start + 21, start + params.length);
        return true;
    }
}
