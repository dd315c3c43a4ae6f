// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaFeed} from "../../replica/ReplicaFeed.sol";
import {ReplicaToken} from "../../replica/ReplicaToken.sol";

/// @title Aave pool reduced to liquidations: half of a debt at a time, two for one, while the feed is below a price.
contract LiquidationPoolDouble {
    error Healthy();

    ReplicaFeed private immutable FEED;
    int256 private immutable LIQUIDATABLE_BELOW;

    mapping(address => uint256) public debtOf;

    constructor(ReplicaFeed feed, int256 liquidatableBelow) {
        FEED = feed;
        LIQUIDATABLE_BELOW = liquidatableBelow;
    }

    function owe(address user, uint256 debt) external {
        debtOf[user] = debt;
    }

    function liquidationCall(address collateral, address debt, address user, uint256, bool) external {
        uint256 covered = debtOf[user] - debtOf[user] / 2;
        if (FEED.latestAnswer() >= LIQUIDATABLE_BELOW || covered == 0) revert Healthy();
        debtOf[user] -= covered;
        ReplicaToken(debt).transferFrom(msg.sender, address(this), covered);
        ReplicaToken(collateral).mint(msg.sender, 2 * covered);
    }
}
