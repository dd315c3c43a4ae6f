// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IPermit2} from "abi/token/IPermit2.sol";
import {PERMIT2} from "./Addresses.sol";
import {ApproveFailed, InvalidOperation, NativeTransferFailed, Slippage} from "./Errors.sol";
import {Stream} from "./Stream.sol";
import {Tokens} from "./Tokens.sol";

/// @title Transfer ops that composer and forwarder share.
/// @notice Header: 0x40, sub-op. Here and in the other rooms a function that carries out an op answers its size in bytes,
/// and its @dev line names the fields behind the header.
abstract contract Transfers {
    uint256 private constant TRANSFER_FROM = 0;
    uint256 private constant SWEEP = 1;
    uint256 private constant UNWRAP = 3;
    uint256 private constant PERMIT2_TRANSFER_FROM = 4;
    uint256 private constant APPROVE = 5;

    /// @dev Mode of a sweep or unwrap: the whole balance, which must reach the amount. Any other mode: the amount.
    uint256 private constant VALIDATE = 0;

    /// @dev token → spender → 1 once the maximum is approved, for good.
    mapping(address => mapping(address => uint256)) private approved;

    function _transfers(address caller, uint256 op) internal returns (uint256 size) {
        uint256 operation = Stream.byteAt(op, 1);
        if (operation == SWEEP) return _sweep(op);
        if (operation == APPROVE) return _approve(op);
        if (operation == TRANSFER_FROM) return _transferFrom(caller, op);
        if (operation == UNWRAP) return _unwrap(op);
        if (operation == PERMIT2_TRANSFER_FROM) return _permit2TransferFrom(caller, op);
        return _furtherTransfers(operation, op);
    }

    /// @dev Sub-ops that not everybody has.
    function _furtherTransfers(uint256, uint256) internal virtual returns (uint256) {
        revert InvalidOperation();
    }

    /// @dev asset[20] receiver[20] amount[16]; amount 0 is the caller's whole balance.
    function _transferFrom(address caller, uint256 op) private returns (uint256 size) {
        address asset = Stream.addressAt(op, 2);
        uint256 amount = Stream.uint128At(op, 42);
        if (amount == 0) amount = Tokens.balanceOf(asset, caller);
        Tokens.transferFrom(asset, caller, Stream.addressAt(op, 22), amount);
        return 58;
    }

    /// @dev asset[20] (zero is native) receiver[20] mode[1] amount[16]; zero transfers are skipped.
    function _sweep(uint256 op) private returns (uint256 size) {
        address asset = Stream.addressAt(op, 2);
        address receiver = Stream.addressAt(op, 22);
        uint256 amount = Stream.uint128At(op, 43);
        bool whole = Stream.byteAt(op, 42) == VALIDATE;
        if (asset == address(0)) {
            if (whole) amount = _atLeast(amount, address(this).balance);
            if (amount != 0) Tokens.sendNative(receiver, amount);
        } else {
            if (whole) amount = _atLeast(amount, Tokens.balanceOf(asset, address(this)));
            if (amount != 0) Tokens.transfer(asset, receiver, amount);
        }
        return 59;
    }

    /// @dev weth[20] receiver[20] mode[1] amount[16]; native goes on unless the receiver is this contract.
    function _unwrap(uint256 op) private returns (uint256 size) {
        address weth = Stream.addressAt(op, 2);
        address receiver = Stream.addressAt(op, 22);
        uint256 amount = Stream.uint112At(op, 43);
        if (Stream.byteAt(op, 42) == VALIDATE) amount = _atLeast(amount, Tokens.balanceOf(weth, address(this)));
        if (amount != 0) {
            (bool success,) = weth.call(abi.encodeWithSignature("withdraw(uint256)", amount));
            if (!success) revert NativeTransferFailed();
            if (receiver != address(this)) Tokens.sendNative(receiver, amount);
        }
        return 59;
    }

    /// @dev token[20] receiver[20] amount[16]; amount 0 is the caller's whole balance.
    function _permit2TransferFrom(address caller, uint256 op) private returns (uint256 size) {
        address token = Stream.addressAt(op, 2);
        uint256 amount = Stream.uint128At(op, 42);
        if (amount == 0) amount = Tokens.balanceOf(token, caller);
        IPermit2(PERMIT2).transferFrom(caller, Stream.addressAt(op, 22), uint160(amount), token);
        return 58;
    }

    /// @dev token[20] spender[20]; the second time it does nothing.
    function _approve(uint256 op) private returns (uint256 size) {
        address token = Stream.addressAt(op, 2);
        address spender = Stream.addressAt(op, 22);
        mapping(address => uint256) storage spenders = approved[token];
        if (spenders[spender] == 0) {
            if (!Tokens.approveMax(token, spender)) revert ApproveFailed();
            spenders[spender] = 1;
        }
        return 42;
    }

    /// @dev The whole balance, which must reach `minimum`.
    function _atLeast(uint256 minimum, uint256 balance) private pure returns (uint256) {
        if (balance < minimum) revert Slippage();
        return balance;
    }
}
