// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {IVenueFills, IVenueStorage, Key} from "./VenueTypes.sol";

/// @title Everything that is open at the stand-in, in one call each. It stands where the venue's Multicall stands.
contract VenueViews {
    IVenueStorage private immutable books;
    IVenueFills private immutable fills;

    constructor(address books_, address fills_) {
        books = IVenueStorage(books_);
        fills = IVenueFills(fills_);
    }

    /// @notice All open positions.
    function allPositions() external view returns (IV2StandIn.Position[] memory positions) {
        Key[] memory keys = books.positionKeys();
        positions = new IV2StandIn.Position[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            positions[i] = fills.view_(keys[i]);
        }
    }

    /// @notice All limit orders that wait.
    function allLimitOrders() external view returns (IV2StandIn.LimitOrder[] memory orders) {
        Key[] memory keys = books.limitOrderKeys();
        orders = new IV2StandIn.LimitOrder[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            orders[i] = books.limitOrder(keys[i]);
        }
    }

    /// @notice All market orders of the direct mode that wait, with their ids.
    function allOrders() external view returns (uint256[] memory ids, IV2StandIn.Order[] memory orders) {
        ids = books.orderIds();
        orders = new IV2StandIn.Order[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            orders[i] = books.order(ids[i]);
        }
    }
}
