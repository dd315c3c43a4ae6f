// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// @title Views of our own on the stand-in of the venue's version 2: the genuine router has none of them.
/// @dev Only the local venue and its tests ask them. How the genuine contracts show positions is not known.
interface IV2StandIn {
    /// A position with what the stand-in computes of it now. All zero where there is none.
    struct Position {
        address trader;
        uint256 pairIndex;
        uint256 index;
        bool buy;
        bool isPnl;
        /// USDC 1e6.
        uint256 collateral;
        uint256 leverage;
        uint256 openPrice;
        uint256 tp;
        uint256 sl;
        /// Unix seconds; intents that close bind to it.
        uint256 timestamp;
        uint256 coinExposure;
        /// A close is waiting for the operator.
        bool closing;
        /// USDC 1e6, accrued by now.
        uint256 rolloverFee;
        /// USDC 1e6, accrued by now; negative where the position receives.
        int256 fundingFee;
        uint256 liquidationPrice;
    }

    function getPosition(address trader, uint256 pairIndex, uint256 index) external view returns (Position memory);
}
