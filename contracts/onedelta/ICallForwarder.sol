// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

interface ICallForwarder {
    /// @notice Runs a packed stream of ops. Selector 0x6a0c90ff.
    function deltaForwardCompose(bytes calldata ops) external payable;
}
