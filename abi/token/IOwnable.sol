// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A contract with an owner.
interface IOwnable {
    function owner() external view returns (address);
}
