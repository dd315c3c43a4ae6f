// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// An initializer with one contract.
interface IInitialize1 {
    function initialize(address first) external;
}
