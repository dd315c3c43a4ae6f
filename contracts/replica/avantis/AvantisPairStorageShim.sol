// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AvantisShim} from "./AvantisShim.sol";

/// @title PairStorage as PriceAggregator and Trading expect it.
contract AvantisPairStorageShim is AvantisShim {
    constructor(address genuine) AvantisShim(genuine) {}

    /// @notice Whether a pair takes orders of the type whose fee is a share of the profit; every pair does.
    function isPnlOrderTypeAllowed(uint256) external pure returns (bool) {
        return true;
    }

    /// @notice The genuine answer (feed, backup feed, order id) behind the two texts that the aggregator decodes first.
    function pairJob(uint256)
        external
        returns (string memory, string memory, bytes32 feed, address backup, uint256 orderId)
    {
        (feed, backup, orderId) = abi.decode(_forward(msg.data), (bytes32, address, uint256));
        return ("", "", feed, backup, orderId);
    }
}
