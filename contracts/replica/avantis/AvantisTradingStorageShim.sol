// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AvantisShim} from "./AvantisShim.sol";

/// @title TradingStorage as Trading expects it.
contract AvantisTradingStorageShim is AvantisShim {
    /// @dev `openTrades(address,uint256,uint256)` of the genuine contract.
    bytes4 private constant OPEN_TRADES = 0xa3a80ffe;

    constructor(address genuine) AvantisShim(genuine) {}

    /// @notice Stores a take profit and answers what was stored, which may have been corrected.
    /// @return stored Price, 1e10; the ninth word of a trade.
    function updateTp(address trader, uint256 pairIndex, uint256 index, uint256) external returns (uint256 stored) {
        _forward(msg.data);
        uint256[11] memory trade =
            abi.decode(_forward(abi.encodeWithSelector(OPEN_TRADES, trader, pairIndex, index)), (uint256[11]));
        return trade[8];
    }
}
