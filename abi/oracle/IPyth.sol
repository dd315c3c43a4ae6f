// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Pyth's price contract, and the price and update that it knows.
interface IPyth {
    struct Price {
        int64 price;
        uint64 conf;
        int32 expo;
        uint256 publishTime;
    }

    struct PriceFeed {
        bytes32 id;
        Price price;
        Price emaPrice;
    }

    function getPriceUnsafe(bytes32 id) external view returns (Price memory);
    function getUpdateFee(bytes[] calldata updates) external view returns (uint256);
}
