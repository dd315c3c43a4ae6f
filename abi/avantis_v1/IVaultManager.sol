// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// The vault's manager.
interface IVaultManager {
    function setKeeper(address keeper) external;
    function setJuniorTranche(address tranche) external;
    function setSeniorTranche(address tranche) external;
    function addTradingContract(address trading) external;
}
