// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Referrals.
interface IReferral {
    function setHandler(address handler, bool on) external;
}
