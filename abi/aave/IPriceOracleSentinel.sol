// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Gate on borrowing after sequencer downtime (v3.6; gone in v3.7).
interface IPriceOracleSentinel {
    function isBorrowAllowed() external view returns (bool);
}
