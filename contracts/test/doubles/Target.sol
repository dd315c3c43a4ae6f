// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Something to call: remembers what it was told, or refuses.
contract Target {
    error Refused(uint256 code);

    uint256 public told;
    uint256 public received;

    function tell(uint256 what) external payable {
        told = what;
        received = msg.value;
    }

    function refuse(uint256 code) external pure {
        revert Refused(code);
    }
}
