// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {PERMIT2} from "./Addresses.sol";
import {ApproveFailed, InvalidOperation, NativeTransferFailed, Slippage} from "./Errors.sol";
import {Stream} from "./Stream.sol";
import {Tokens} from "./Tokens.sol";

interface IPermit2Transfer {
    function transferFrom(address from, address to, uint160 amount, address token) external;
}

/// @title Transfer ops that composer and forwarder share.
/// @notice Layouts are counted from the op's first byte (0x40, sub-op).
abstract contract Transfers {
    uint256 private constant TRANSFER_FROM = 0;
    uint256 private constant SWEEP = 1;
    uint256 private constant UNWRAP = 3;
    uint256 private constant PERMIT2_TRANSFER_FROM = 4;
    uint256 private constant APPROVE = 5;

    /// @dev Mode of a sweep or unwrap: the whole balance, which must reach the amount. Any other mode: the amount.
    uint256 private constant VALIDATE = 0;

    /// @dev token → spender → approved for the maximum once and for all.
    mapping(address => mapping(address => bool)) private approved;

    function _transfers(address caller, uint256 cursor) internal virtual returns (uint256) {
        uint256 operation = Stream.byteAt(cursor + 1);
        if (operation == SWEEP) return _sweep(cursor);
        if (operation == APPROVE) return _approve(cursor);
        if (operation == TRANSFER_FROM) return _transferFrom(caller, cursor);
        if (operation == UNWRAP) return _unwrap(cursor);
        if (operation == PERMIT2_TRANSFER_FROM) return _permit2TransferFrom(caller, cursor);
        revert InvalidOperation();
    }

    /// @dev asset[20] receiver[20] amount[16]; amount 0 is the caller's whole balance.
    function _transferFrom(address caller, uint256 cursor) private returns (uint256) {
        address asset = Stream.addressAt(cursor + 2);
        uint256 amount = Stream.uint128At(cursor + 42);
        if (amount == 0) amount = Tokens.balanceOf(asset, caller);
        Tokens.transferFrom(asset, caller, Stream.addressAt(cursor + 22), amount);
        return cursor + 58;
    }

    /// @dev asset[20] (zero is native) receiver[20] mode[1] amount[16]; zero transfers are skipped.
    function _sweep(uint256 cursor) private returns (uint256) {
        address asset = Stream.addressAt(cursor + 2);
        address receiver = Stream.addressAt(cursor + 22);
        uint256 amount = Stream.uint128At(cursor + 43);
        if (asset == address(0)) {
            amount = _validated(cursor, amount, address(this).balance);
            if (amount != 0) Tokens.sendNative(receiver, amount);
        } else {
            if (Stream.byteAt(cursor + 42) == VALIDATE) {
                amount = _validated(cursor, amount, Tokens.balanceOf(asset, address(this)));
            }
            if (amount != 0) Tokens.transfer(asset, receiver, amount);
        }
        return cursor + 59;
    }

    /// @dev weth[20] receiver[20] mode[1] amount[16]; native goes on unless the receiver is this contract.
    function _unwrap(uint256 cursor) private returns (uint256) {
        address weth = Stream.addressAt(cursor + 2);
        address receiver = Stream.addressAt(cursor + 22);
        uint256 amount = Stream.uint112At(cursor + 43);
        if (Stream.byteAt(cursor + 42) == VALIDATE) {
            amount = _validated(cursor, amount, Tokens.balanceOf(weth, address(this)));
        }
        if (amount != 0) {
            (bool success,) = weth.call(abi.encodeWithSignature("withdraw(uint256)", amount));
            if (!success) revert NativeTransferFailed();
            if (receiver != address(this)) Tokens.sendNative(receiver, amount);
        }
        return cursor + 59;
    }

    /// @dev token[20] receiver[20] amount[16]; amount 0 is the caller's whole balance.
    function _permit2TransferFrom(address caller, uint256 cursor) private returns (uint256) {
        address token = Stream.addressAt(cursor + 2);
        uint256 amount = Stream.uint128At(cursor + 42);
        if (amount == 0) amount = Tokens.balanceOf(token, caller);
        IPermit2Transfer(PERMIT2).transferFrom(caller, Stream.addressAt(cursor + 22), uint160(amount), token);
        return cursor + 58;
    }

    /// @dev token[20] spender[20]; the second time it does nothing.
    function _approve(uint256 cursor) private returns (uint256) {
        address token = Stream.addressAt(cursor + 2);
        address spender = Stream.addressAt(cursor + 22);
        mapping(address => bool) storage spenders = approved[token];
        if (!spenders[spender]) {
            if (!Tokens.approveMax(token, spender)) revert ApproveFailed();
            spenders[spender] = true;
        }
        return cursor + 42;
    }

    /// @dev What a sweep moves: in mode VALIDATE the whole balance if it reaches `amount`.
    function _validated(uint256 cursor, uint256 amount, uint256 balance) private pure returns (uint256) {
        if (Stream.byteAt(cursor + 42) != VALIDATE) return amount;
        if (balance < amount) revert Slippage();
        return balance;
    }
}
