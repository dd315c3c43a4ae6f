// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";

/// @dev A position as it is stored. Units are those of IV2StandIn.
struct StoredPosition {
    bool buy;
    bool isPnl;
    bool closing;
    uint256 collateral;
    uint256 leverage;
    uint256 openPrice;
    uint256 tp;
    uint256 sl;
    uint256 timestamp;
    uint256 coinExposure;
    /// What the pair's open interest has of it, USDC.
    uint256 openInterest;
    /// The pair's accrual indexes when fees were last settled, and what was owed then in fine USDC (1e18).
    uint256 rolloverIndex;
    int256 fundingIndex;
    uint256 rolloverOwed;
    int256 fundingOwed;
}

/// @dev Who, on which pair, which of the trader's positions or orders there.
struct Key {
    address trader;
    uint256 pairIndex;
    uint256 index;
}

/// @dev Positions, and as many limit orders, that a trader may have on a pair.
uint256 constant MAX_TRADES = 40;

/// @dev What a market order does.
uint8 constant OPEN = 0;
uint8 constant CLOSE = 1;
uint8 constant INCREASE = 2;

/// @title The pairs as the stand-in's other contracts call them.
interface IVenuePairs {
    function feedId(uint256 pairIndex) external view returns (uint256);
    function state(uint256 pairIndex) external view returns (IV2StandIn.PairState memory);
    function indexes(uint256 pairIndex, bool buy) external view returns (uint256 rollover, int256 funding);
    function profitShareP(uint256 pairIndex, uint256 profitP) external view returns (uint256);
    function change(uint256 pairIndex, bool buy, int256 usdc, int256 coins) external;
}

/// @title The books and the escrow as the stand-in's other contracts call them.
interface IVenueStorage {
    function position(Key calldata key) external view returns (StoredPosition memory);
    function walletOpenInterest(address trader, uint256 pairIndex) external view returns (uint256);
    function limitOrder(Key calldata key) external view returns (IV2StandIn.LimitOrder memory);
    function order(uint256 orderId) external view returns (IV2StandIn.Order memory);
    function freePosition(address trader, uint256 pairIndex) external view returns (uint256 index);
    function freeLimitOrder(address trader, uint256 pairIndex) external view returns (uint256 index);
    function nextOrderId() external returns (uint256);
    function put(Key calldata key, StoredPosition calldata value) external;
    function remove(Key calldata key) external;
    function putLimitOrder(IV2StandIn.LimitOrder calldata value) external;
    function removeLimitOrder(Key calldata key) external;
    function putOrder(uint256 orderId, IV2StandIn.Order calldata value) external;
    function removeOrder(uint256 orderId) external;
    function pull(address from, uint256 amount) external;
    function pay(address to, uint256 amount) external;
    function positionKeys() external view returns (Key[] memory);
    function limitOrderKeys() external view returns (Key[] memory);
    function orderIds() external view returns (uint256[] memory);
}

/// @dev A market order out of a signed intent. Of a position's orders the side is not in it.
struct SignedOrder {
    bytes32 structHash;
    uint256 nonce;
    uint256 deadline;
    /// Of orders that close.
    uint256 openTimestamp;
    IV2StandIn.Order order;
}

/// @title The reader of signed market orders as the router calls it.
interface IIntentReader {
    function read(uint8 orderType, bytes calldata intent) external pure returns (SignedOrder memory);
}

/// @title The fills as the router calls them. A reason is an error's selector; zero where all is well.
interface IVenueFills {
    function refusal(IV2StandIn.Order calldata order) external view returns (bytes4 reason);
    function fill(
        uint256 orderId,
        IV2StandIn.Order calldata order,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) external returns (bytes4 reason);
    function trigger(uint8 triggerType, Key calldata key, uint256 price, IV2Router.SpreadParams calldata spread)
        external;
    function closePart(
        uint8 triggerType,
        Key calldata key,
        uint256 coins,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) external;
    function openLimit(Key calldata key, uint256 price, IV2Router.SpreadParams calldata spread) external;
    function updateMargin(Key calldata key, uint8 updateType, uint256 amount, uint256 price) external;
    function updateTpSl(Key calldata key, uint256 tp, uint256 sl, uint256 price) external;
    function view_(Key calldata key) external view returns (IV2StandIn.Position memory);
}
