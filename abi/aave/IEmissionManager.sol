// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Owner of the rewards controller.
interface IEmissionManager {
    function setRewardsController(address controller) external;
}
