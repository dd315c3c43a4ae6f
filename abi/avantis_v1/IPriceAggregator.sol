// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Takes prices in.
interface IPriceAggregator {
    /// The price that an execution was given.
    event PriceReceived(uint256 orderId, uint256 pairIndex, uint256 price);

    function pyth() external view returns (address);
    function setPyth(address newPyth) external;
}
