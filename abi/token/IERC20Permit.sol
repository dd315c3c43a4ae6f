// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Allowances by signature (ERC-2612), and the version that some tokens have in their signing domain.
interface IERC20Permit {
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;
    function nonces(address owner) external view returns (uint256);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    function version() external view returns (string memory);
}
