// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Permit2: allowances of any token by signature.
interface IPermit2 {
    struct Details {
        address token;
        uint160 amount;
        uint48 expiration;
        uint48 nonce;
    }

    struct Single {
        Details details;
        address spender;
        uint256 sigDeadline;
    }

    function permit(address owner, Single calldata single, bytes calldata signature) external;
    function transferFrom(address from, address to, uint160 amount, address token) external;
}
