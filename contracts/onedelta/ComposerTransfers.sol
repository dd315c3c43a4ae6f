// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {WrapFailed} from "./Errors.sol";
import {Stream} from "./Stream.sol";
import {Tokens} from "./Tokens.sol";
import {Transfers} from "./Transfers.sol";

interface INonFungible {
    function safeTransferFrom(address from, address to, uint256 tokenId) external;
}

/// @title Transfer ops that only the composer has.
abstract contract ComposerTransfers is Transfers {
    uint256 private constant WRAP = 6;
    uint256 private constant SWEEP_NFT = 7;

    function _transfers(address caller, uint256 cursor) internal override returns (uint256) {
        uint256 operation = Stream.byteAt(cursor + 1);
        if (operation == WRAP) return _wrap(cursor);
        if (operation == SWEEP_NFT) return _sweepNft(cursor);
        return super._transfers(caller, cursor);
    }

    /// @dev weth[20] receiver[20] amount[16]; amount 0 is the whole native balance.
    function _wrap(uint256 cursor) private returns (uint256) {
        address weth = Stream.addressAt(cursor + 2);
        address receiver = Stream.addressAt(cursor + 22);
        uint256 amount = Stream.uint112At(cursor + 42);
        if (amount == 0) amount = address(this).balance;
        (bool success,) = weth.call{value: amount}(abi.encodeWithSignature("deposit()"));
        if (!success) revert WrapFailed();
        if (receiver != address(this)) Tokens.transfer(weth, receiver, amount);
        return cursor + 58;
    }

    /// @dev collection[20] receiver[20] tokenId[32]
    function _sweepNft(uint256 cursor) private returns (uint256) {
        INonFungible(Stream.addressAt(cursor + 2)).safeTransferFrom(
            address(this), Stream.addressAt(cursor + 22), Stream.wordAt(cursor + 42)
        );
        return cursor + 74;
    }
}
