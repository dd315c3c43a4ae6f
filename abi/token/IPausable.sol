// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A token that its owner can stop, as Circle's can.
interface IPausable {
    function paused() external view returns (bool);
}
