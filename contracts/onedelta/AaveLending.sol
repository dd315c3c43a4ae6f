// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IPool} from "abi/aave/IPool.sol";
import {MAX112} from "./Commands.sol";
import {InvalidOperation} from "./Errors.sol";
import {Stream} from "./Stream.sol";
import {Tokens} from "./Tokens.sol";

/// @title Lending ops for Aave v3.
/// @notice Header: 0x30, op, lender id[2]; the id only selects the kind of lender and 0 to 999 is Aave v3. The pool is
/// whatever address stands in the op. Borrow and withdraw act for the caller and nobody else.
abstract contract AaveLending {
    uint256 private constant DEPOSIT = 0;
    uint256 private constant BORROW = 1;
    uint256 private constant REPAY = 2;
    uint256 private constant WITHDRAW = 3;

    uint256 private constant AAVE_V3_LENDERS = 1000;

    function _lending(address caller, uint256 op) internal returns (uint256 size) {
        if (Stream.uint16At(op, 2) >= AAVE_V3_LENDERS) revert InvalidOperation();
        uint256 operation = Stream.byteAt(op, 1);
        if (operation == DEPOSIT) return _deposit(op);
        if (operation == BORROW) return _borrow(caller, op);
        if (operation == REPAY) return _repay(op);
        if (operation == WITHDRAW) return _withdraw(caller, op);
        revert InvalidOperation();
    }

    /// @dev asset[20] amount[16] onBehalfOf[20] pool[20]; amount 0 is this contract's balance.
    function _deposit(uint256 op) private returns (uint256 size) {
        address asset = Stream.addressAt(op, 4);
        uint256 amount = Stream.uint112At(op, 24);
        if (amount == 0) amount = Tokens.balanceOf(asset, address(this));
        IPool(Stream.addressAt(op, 60)).supply(asset, amount, Stream.addressAt(op, 40), 0);
        return 80;
    }

    /// @dev asset[20] amount[16] receiver[20] mode[1] pool[20]
    function _borrow(address caller, uint256 op) private returns (uint256 size) {
        address asset = Stream.addressAt(op, 4);
        uint256 amount = Stream.uint112At(op, 24);
        address receiver = Stream.addressAt(op, 40);
        IPool(Stream.addressAt(op, 61)).borrow(asset, amount, _mode(op, 60), 0, caller);
        if (receiver != address(this)) Tokens.transfer(asset, receiver, amount);
        return 81;
    }

    /// @dev asset[20] amount[16] onBehalfOf[20] mode[1] debtToken[20] pool[20]; amount 0 is this contract's balance,
    /// MAX112 the smaller of that and the debt.
    function _repay(uint256 op) private returns (uint256 size) {
        address asset = Stream.addressAt(op, 4);
        uint256 amount = Stream.uint112At(op, 24);
        address onBehalfOf = Stream.addressAt(op, 40);
        if (amount == 0) {
            amount = Tokens.balanceOf(asset, address(this));
        } else if (amount == MAX112) {
            amount = Tokens.balanceOf(asset, address(this));
            uint256 debt = Tokens.balanceOf(Stream.addressAt(op, 61), onBehalfOf);
            if (debt < amount) amount = debt;
        }
        IPool(Stream.addressAt(op, 81)).repay(asset, amount, _mode(op, 60), onBehalfOf);
        return 101;
    }

    /// @dev asset[20] amount[16] receiver[20] aToken[20] pool[20]; MAX112 is the caller's whole aToken balance.
    function _withdraw(address caller, uint256 op) private returns (uint256 size) {
        uint256 amount = Stream.uint112At(op, 24);
        address aToken = Stream.addressAt(op, 60);
        if (amount == MAX112) amount = Tokens.balanceOf(aToken, caller);
        Tokens.transferFrom(aToken, caller, address(this), amount);
        IPool(Stream.addressAt(op, 80)).withdraw(Stream.addressAt(op, 4), amount, Stream.addressAt(op, 40));
        return 100;
    }

    /// @dev Mode 0 means a fork without rate modes, which has other selectors and is not among the lenders here.
    function _mode(uint256 op, uint256 offset) private pure returns (uint256 mode) {
        mode = Stream.byteAt(op, offset);
        if (mode == 0) revert InvalidOperation();
    }
}
