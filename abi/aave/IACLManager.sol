// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Who may do what in the market.
interface IACLManager {
    function addPoolAdmin(address admin) external;
    function addEmergencyAdmin(address admin) external;
    function addRiskAdmin(address admin) external;
}
