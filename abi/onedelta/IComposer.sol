// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// 1delta's composer: a packed stream of ops.
interface IComposer {
    function deltaCompose(bytes calldata ops) external payable;
}
