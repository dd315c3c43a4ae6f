// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// An aToken or debt token before it is one.
interface IInitializableToken {
    function initialize(
        address pool,
        address underlying,
        uint8 decimals,
        string calldata name,
        string calldata symbol,
        bytes calldata params
    ) external;
}
