// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IERC721} from "abi/token/IERC721.sol";
import {InvalidOperation, WrapFailed} from "./Errors.sol";
import {Stream} from "./Stream.sol";
import {Tokens} from "./Tokens.sol";
import {Transfers} from "./Transfers.sol";

/// @title Transfer ops that only the composer has.
abstract contract ComposerTransfers is Transfers {
    uint256 private constant WRAP = 6;
    uint256 private constant SWEEP_NFT = 7;

    function _furtherTransfers(uint256 operation, uint256 op) internal override returns (uint256 size) {
        if (operation == WRAP) return _wrap(op);
        if (operation == SWEEP_NFT) return _sweepNft(op);
        revert InvalidOperation();
    }

    /// @dev weth[20] receiver[20] amount[16]; amount 0 is the whole native balance.
    function _wrap(uint256 op) private returns (uint256 size) {
        address weth = Stream.addressAt(op, 2);
        address receiver = Stream.addressAt(op, 22);
        uint256 amount = Stream.uint112At(op, 42);
        if (amount == 0) amount = address(this).balance;
        (bool success,) = weth.call{value: amount}(abi.encodeWithSignature("deposit()"));
        if (!success) revert WrapFailed();
        if (receiver != address(this)) Tokens.transfer(weth, receiver, amount);
        return 58;
    }

    /// @dev collection[20] receiver[20] tokenId[32]
    function _sweepNft(uint256 op) private returns (uint256 size) {
        IERC721(Stream.addressAt(op, 2))
            .safeTransferFrom(address(this), Stream.addressAt(op, 22), Stream.wordAt(op, 42));
        return 74;
    }
}
