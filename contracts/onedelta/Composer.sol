// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AaveFlash} from "./AaveFlash.sol";
import {AaveLending} from "./AaveLending.sol";
import {EXT_CALL, FLASH_LOAN, LENDING, PERMIT, TRANSFERS} from "./Commands.sol";
import {ComposerTransfers} from "./ComposerTransfers.sol";
import {InvalidCalldata, InvalidOperation} from "./Errors.sol";
import {ICallForwarder} from "abi/onedelta/ICallForwarder.sol";
import {MorphoFlash} from "./MorphoFlash.sol";
import {Permits} from "./Permits.sol";
import {Stream} from "./Stream.sol";
import {UniswapV3Flash} from "./UniswapV3Flash.sol";

/// @title Stand-in of the 1delta composer on Base, current generation (no swaps of its own).
/// @notice Runs a packed stream of ops for whoever calls. It has no owner and keeps nothing between transactions; what a
/// stream leaves behind belongs to the next caller. See README.md for the checks and their tests.
contract Composer is ComposerTransfers, AaveLending, Permits, AaveFlash, MorphoFlash, UniswapV3Flash {
    uint256 private constant FLASH_MORPHO = 0;
    uint256 private constant FLASH_UNISWAP_V3 = 1;
    uint256 private constant FLASH_AAVE_V3 = 2;

    receive() external payable {}

    /// @notice Runs `ops` for the sender. Selector 0x17d73091.
    function deltaCompose(bytes calldata ops) external payable {
        uint256 start = Stream.start(ops);
        _compose(msg.sender, start, start + ops.length);
        assembly ("memory-safe") {
            log0(0, 0)
        }
    }

    function _compose(address caller, uint256 cursor, uint256 end) internal override {
        do {
            uint256 command = Stream.byteAt(cursor, 0);
            uint256 size;
            if (command == TRANSFERS) size = _transfers(caller, cursor);
            else if (command == LENDING) size = _lending(caller, cursor);
            else if (command == EXT_CALL) size = _forward(cursor);
            else if (command == FLASH_LOAN) size = _flashLoan(caller, cursor);
            else if (command == PERMIT) size = _permit(caller, cursor);
            else revert InvalidOperation();
            unchecked {
                cursor += size;
            }
        } while (cursor < end);
        if (cursor != end) revert InvalidCalldata();
    }

    function _flashLoan(address caller, uint256 op) private returns (uint256 size) {
        uint256 kind = Stream.byteAt(op, 1);
        if (kind == FLASH_MORPHO) return _morphoFlash(caller, op);
        if (kind == FLASH_AAVE_V3) return _aaveFlash(caller, op);
        if (kind == FLASH_UNISWAP_V3) return _uniswapV3Flash(caller, op);
        revert InvalidOperation();
    }

    /// @dev target[20] value[16] n[2] data[n]. The selector is fixed, which is what keeps a stream from calling a token
    /// with the allowances that users gave to the composer.
    function _forward(uint256 op) private returns (uint256 size) {
        uint256 length = Stream.uint16At(op, 37);
        ICallForwarder(Stream.addressAt(op, 1)).deltaForwardCompose{value: Stream.valueAt(op, 21)}(
            Stream.bytesAt(op, 39, length)
        );
        return 39 + length;
    }
}
