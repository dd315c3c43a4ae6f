// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A contract that judges signatures made in its name (ERC-1271).
interface IERC1271 {
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);
}
