// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IERC20} from "abi/token/IERC20.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {IVenueStorage, Key, StoredPosition} from "./VenueTypes.sol";

/// @title The stand-in's books and escrow. It stands where TradingStorage stands: traders approve USDC to it.
/// @notice Ours, from docs/reference/avantis-v2.md; the genuine contract's source is private. It also holds what
/// winners are paid from: whoever sends it USDC makes it more liquid.
contract VenueStorage is IVenueStorage {
    IERC20 private immutable usdc;
    address private immutable router;
    address private immutable callbacks;

    uint256 private lastOrderId;
    mapping(bytes32 => StoredPosition) private positions;
    mapping(bytes32 => IV2StandIn.LimitOrder) private limitOrders;
    mapping(uint256 => IV2StandIn.Order) private orders;
    mapping(address => mapping(uint256 => uint256)) private walletInterest;
    Key[] private openKeys;
    Key[] private limitKeys;
    uint256[] private waiting;

    modifier onlyVenue() {
        if (msg.sender != router && msg.sender != callbacks) revert IV2StandIn.NotVenue();
        _;
    }

    constructor(address usdc_, address router_, address callbacks_) {
        usdc = IERC20(usdc_);
        router = router_;
        callbacks = callbacks_;
    }

    /// @inheritdoc IVenueStorage
    function nextOrderId() external onlyVenue returns (uint256) {
        return ++lastOrderId;
    }

    /// @inheritdoc IVenueStorage
    function put(Key calldata key, StoredPosition calldata value) external onlyVenue {
        StoredPosition storage stored = positions[_id(key)];
        if (stored.leverage == 0) openKeys.push(key);
        uint256 others = walletInterest[key.trader][key.pairIndex] - stored.openInterest;
        walletInterest[key.trader][key.pairIndex] = others + value.openInterest;
        positions[_id(key)] = value;
    }

    /// @inheritdoc IVenueStorage
    function remove(Key calldata key) external onlyVenue {
        walletInterest[key.trader][key.pairIndex] -= positions[_id(key)].openInterest;
        delete positions[_id(key)];
        _forget(openKeys, key);
    }

    /// @inheritdoc IVenueStorage
    function putLimitOrder(IV2StandIn.LimitOrder calldata value) external onlyVenue {
        Key memory key = Key(value.trader, value.pairIndex, value.index);
        if (limitOrders[_id(key)].leverage == 0) limitKeys.push(key);
        limitOrders[_id(key)] = value;
    }

    /// @inheritdoc IVenueStorage
    function removeLimitOrder(Key calldata key) external onlyVenue {
        delete limitOrders[_id(key)];
        _forget(limitKeys, key);
    }

    /// @inheritdoc IVenueStorage
    function putOrder(uint256 orderId, IV2StandIn.Order calldata value) external onlyVenue {
        orders[orderId] = value;
        waiting.push(orderId);
    }

    /// @inheritdoc IVenueStorage
    function removeOrder(uint256 orderId) external onlyVenue {
        delete orders[orderId];
        for (uint256 i = 0; i < waiting.length; i++) {
            if (waiting[i] != orderId) continue;
            waiting[i] = waiting[waiting.length - 1];
            waiting.pop();
            return;
        }
    }

    /// @inheritdoc IVenueStorage
    function pull(address from, uint256 amount) external onlyVenue {
        usdc.transferFrom(from, address(this), amount);
    }

    /// @inheritdoc IVenueStorage
    function pay(address to, uint256 amount) external onlyVenue {
        if (amount != 0) usdc.transfer(to, amount);
    }

    /// @inheritdoc IVenueStorage
    function position(Key calldata key) external view returns (StoredPosition memory) {
        return positions[_id(key)];
    }

    /// @inheritdoc IVenueStorage
    function walletOpenInterest(address trader, uint256 pairIndex) external view returns (uint256) {
        return walletInterest[trader][pairIndex];
    }

    /// @inheritdoc IVenueStorage
    function limitOrder(Key calldata key) external view returns (IV2StandIn.LimitOrder memory) {
        return limitOrders[_id(key)];
    }

    /// @inheritdoc IVenueStorage
    function order(uint256 orderId) external view returns (IV2StandIn.Order memory) {
        return orders[orderId];
    }

    /// @inheritdoc IVenueStorage
    function freePosition(address trader, uint256 pairIndex) external view returns (uint256 index) {
        while (positions[_id(Key(trader, pairIndex, index))].leverage != 0) index++;
    }

    /// @inheritdoc IVenueStorage
    function freeLimitOrder(address trader, uint256 pairIndex) external view returns (uint256 index) {
        while (limitOrders[_id(Key(trader, pairIndex, index))].leverage != 0) index++;
    }

    /// @inheritdoc IVenueStorage
    function positionKeys() external view returns (Key[] memory) {
        return openKeys;
    }

    /// @inheritdoc IVenueStorage
    function limitOrderKeys() external view returns (Key[] memory) {
        return limitKeys;
    }

    /// @inheritdoc IVenueStorage
    function orderIds() external view returns (uint256[] memory) {
        return waiting;
    }

    function _id(Key memory key) private pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    function _forget(Key[] storage keys, Key calldata key) private {
        bytes32 id = _id(key);
        for (uint256 i = 0; i < keys.length; i++) {
            if (_id(keys[i]) != id) continue;
            keys[i] = keys[keys.length - 1];
            keys.pop();
            return;
        }
    }
}
