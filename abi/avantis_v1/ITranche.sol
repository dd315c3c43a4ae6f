// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A tranche of the vault.
interface ITranche {
    function initialize(address asset, address vaultManager, string calldata name, string calldata symbol) external;
    function setVeTranche(address veTranche) external;
    function deposit(uint256 assets, address receiver) external returns (uint256);
}
