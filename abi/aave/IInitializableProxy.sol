// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A proxy of the pool before it is one.
interface IInitializableProxy {
    function initialize(address implementation, bytes calldata data) external payable;
}
