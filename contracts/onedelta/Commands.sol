// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

// First byte of every op.
uint256 constant EXT_CALL = 0x20;
uint256 constant EXT_TRY_CALL = 0x21;
uint256 constant EXT_CALL_WITH_REPLACE = 0x22;
uint256 constant EXT_TRY_CALL_WITH_REPLACE = 0x23;
uint256 constant LENDING = 0x30;
uint256 constant TRANSFERS = 0x40;
uint256 constant PERMIT = 0x50;
uint256 constant FLASH_LOAN = 0x60;

/// @dev The highest 112-bit amount: "everything" where an op says so.
uint256 constant MAX112 = type(uint112).max;
