// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A token of which each is one (ERC-721).
interface IERC721 {
    function safeTransferFrom(address from, address to, uint256 tokenId) external;
}
