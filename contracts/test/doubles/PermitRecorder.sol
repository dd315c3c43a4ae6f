// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Takes any permit call without a word, or refuses all of them.
contract PermitRecorder {
    error SignatureUsed(uint256 nonce);

    bool public refusing;

    function refuse() external {
        refusing = true;
    }

    fallback() external {
        if (refusing) revert SignatureUsed(7);
    }
}
