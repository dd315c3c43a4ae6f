// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// An initializer with no contract.
interface IInitialize0 {
    function initialize() external;
}
