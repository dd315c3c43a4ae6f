// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Pyth as the replica has it: prices arrive in updates, but nobody signs them.
/// @notice An update is one ABI-encoded `PriceFeed` and costs one wei. Unlike the genuine contract, an update as of the
/// same second replaces the one before, because a local chain makes many blocks a second.
contract ReplicaPyth {
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

    error InsufficientFee();
    error PriceFeedNotFound();
    error StalePrice();

    event PriceFeedUpdate(bytes32 indexed id, uint64 publishTime, int64 price, uint64 conf);

    mapping(bytes32 id => PriceFeed) private feeds;

    /// @notice What so many updates cost, wei.
    function getUpdateFee(bytes[] calldata updates) public pure returns (uint256) {
        return updates.length;
    }

    /// @notice Stores prices that are not older than what is stored; older ones are ignored.
    function updatePriceFeeds(bytes[] calldata updates) external payable {
        require(msg.value >= getUpdateFee(updates), InsufficientFee());
        for (uint256 i = 0; i < updates.length; i++) {
            PriceFeed memory feed = abi.decode(updates[i], (PriceFeed));
            if (feed.price.publishTime < feeds[feed.id].price.publishTime) continue;
            feeds[feed.id] = feed;
            emit PriceFeedUpdate(feed.id, uint64(feed.price.publishTime), feed.price.price, feed.price.conf);
        }
    }

    /// @notice The stored price, whatever its age.
    function getPriceUnsafe(bytes32 id) public view returns (Price memory price) {
        price = feeds[id].price;
        require(price.publishTime != 0, PriceFeedNotFound());
    }

    /// @notice The stored price if its time is within `age` seconds of now, on either side.
    function getPriceNoOlderThan(bytes32 id, uint256 age) external view returns (Price memory price) {
        price = getPriceUnsafe(id);
        uint256 time = price.publishTime;
        uint256 distance = time > block.timestamp ? time - block.timestamp : block.timestamp - time;
        require(distance <= age, StalePrice());
    }
}
