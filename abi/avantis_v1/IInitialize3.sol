// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// An initializer with three contracts.
interface IInitialize3 {
    function initialize(address first, address second, address third) external;
}
