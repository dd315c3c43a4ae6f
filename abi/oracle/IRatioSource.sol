// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A source of Aave's oracle that is a ratio to another feed, as its capped-rate adapters are.
interface IRatioSource {
    function BASE_TO_USD_AGGREGATOR() external view returns (address);
    function description() external view returns (string memory);
}
