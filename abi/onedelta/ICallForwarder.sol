// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// The composer's forwarder: a packed stream of ops that may call anything.
interface ICallForwarder {
    /// Selector 0x6a0c90ff.
    function deltaForwardCompose(bytes calldata ops) external payable;
}
