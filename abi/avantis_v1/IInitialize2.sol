// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// An initializer with two contracts.
interface IInitialize2 {
    function initialize(address first, address second) external;
}
