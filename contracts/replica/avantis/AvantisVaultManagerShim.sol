// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AvantisShim} from "./AvantisShim.sol";

/// @title VaultManager as TradingCallbacks expects it.
contract AvantisVaultManagerShim is AvantisShim {
    error OnlyCallbacks(address caller);

    /// @dev Where the genuine contract keeps `pnlRewards`.
    uint256 private constant PNL_REWARDS_SLOT = 29;

    address private immutable callbacks;

    constructor(address genuine, address callbacks_) AvantisShim(genuine) {
        callbacks = callbacks_;
    }

    /// @notice Takes a paid profit out of the rewards booked from losses, as far as there are any.
    /// @param amount USDC, 1e6.
    function decrementPnlRewards(uint256 amount) external {
        require(msg.sender == callbacks, OnlyCallbacks(msg.sender));
        assembly ("memory-safe") {
            let booked := sload(PNL_REWARDS_SLOT)
            sstore(PNL_REWARDS_SLOT, mul(gt(booked, amount), sub(booked, amount)))
        }
    }
}
