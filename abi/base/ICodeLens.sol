// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// What a question about an account's code is answered by: forty bytes that the program puts on an imagined chain.
interface ICodeLens {
    function codeOf(address account) external view returns (uint256 size, bytes32 head);
}
