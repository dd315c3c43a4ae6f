// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {Delegates} from "./Delegates.sol";
import {
    CLOSE,
    INCREASE,
    IVenueFills,
    IVenuePairs,
    IVenueStorage,
    Key,
    MAX_TRADES,
    OPEN,
    StoredPosition
} from "./VenueTypes.sol";

/// @title Orders by the trader's own transaction: market orders wait for the operator, margin and limit orders are done
/// at once (docs/reference/avantis-v2.md).
abstract contract DirectOrders is Delegates {
    /// Highest slippage that an order may allow, percent 1e10.
    uint256 private constant MAX_SLIPPAGE = 80e10;
    /// How old a price may be, and how far ahead of the block, in seconds.
    uint256 private constant PRICE_AGE = 60;

    IVenuePairs internal immutable pairs;
    IVenueStorage internal immutable books;
    IVenueFills internal immutable fills;

    constructor(address pairs_, address books_, address fills_) {
        pairs = IVenuePairs(pairs_);
        books = IVenueStorage(books_);
        fills = IVenueFills(fills_);
    }

    /// @notice Opens at the market (0, or 3 on pairs without fees), as a stop-limit (1) or as a limit order (2).
    function openTrade(IV2Router.Trade calldata t, uint8 orderType, uint256 slippageP) external payable {
        if (t.trader != _trader()) revert IV2StandIn.WrongTrader();
        IV2StandIn.Order memory order = _opening(t, orderType == 3, slippageP);
        if (orderType == 0 || orderType == 3) {
            _wait(order);
        } else if (orderType == 1 || orderType == 2) {
            _placeLimit(order, orderType);
        } else {
            revert IV2StandIn.UnknownOrderType();
        }
    }

    /// @notice Opens so many coins at the market; the leverage follows from the fill.
    function openTradeWithCoinExposure(
        IV2Router.Trade calldata t,
        uint8 orderType,
        uint256 coinExposure,
        uint256 minLeverage,
        uint256 maxLeverage,
        uint256 slippageP
    ) external payable {
        if (t.trader != _trader()) revert IV2StandIn.WrongTrader();
        if (orderType != 0 && orderType != 3) revert IV2StandIn.UnknownOrderType();
        _wait(_sized(_opening(t, orderType == 3, slippageP), coinExposure, minLeverage, maxLeverage));
    }

    /// @notice Closes so much of a position's collateral.
    function closeTradeMarket(uint256 pairIndex, uint256 index, uint256 amount, uint256 wantedPrice) external payable {
        IV2StandIn.Order memory order = _closing(Key(_trader(), pairIndex, index), wantedPrice);
        order.collateral = amount;
        _wait(order);
    }

    /// @notice Closes so many of a position's coins.
    function closeTradeMarketWithCoinExposure(
        uint256 pairIndex,
        uint256 index,
        uint256 coinExposure,
        uint256 wantedPrice
    ) external payable {
        IV2StandIn.Order memory order = _closing(Key(_trader(), pairIndex, index), wantedPrice);
        (order.coinExposure, order.isCoinExposureFixed) = (coinExposure, true);
        _wait(order);
    }

    /// @notice Adds to a position.
    function increasePositionSize(IV2Router.UpdatePositionSize calldata update, uint256 slippageP) external payable {
        if (update.trader != _trader()) revert IV2StandIn.WrongTrader();
        _wait(_increasing(update, slippageP));
    }

    /// @notice Adds so many coins to a position.
    function increasePositionSizeWithCoinExposure(
        IV2Router.UpdatePositionSize calldata update,
        uint256 coinExposure,
        uint256 minLeverage,
        uint256 maxLeverage,
        uint256 slippageP
    ) external payable {
        if (update.trader != _trader()) revert IV2StandIn.WrongTrader();
        _wait(_sized(_increasing(update, slippageP), coinExposure, minLeverage, maxLeverage));
    }

    /// @notice Deposits (0) or withdraws (1) margin at once; costs one wei for each price update.
    function updateMargin(
        uint256 pairIndex,
        uint256 index,
        uint8 updateType,
        uint256 amount,
        bytes[] calldata priceUpdateData,
        uint8
    ) external payable {
        if (msg.value < priceUpdateData.length) revert IV2StandIn.OracleFeeMissing();
        uint256 price = _price(pairIndex, priceUpdateData);
        fills.updateMargin(Key(_trader(), pairIndex, index), updateType, amount, price);
    }

    /// @notice Takes a limit order back; its collateral returns.
    function cancelOpenLimitOrder(uint256 pairIndex, uint256 index) external {
        Key memory key = Key(_trader(), pairIndex, index);
        IV2StandIn.LimitOrder memory limit = books.limitOrder(key);
        if (limit.leverage == 0) revert IV2StandIn.NoOrder();
        books.removeLimitOrder(key);
        books.pay(key.trader, limit.collateral);
        emit IV2StandIn.LimitOrderCanceled(key.trader, pairIndex, index);
    }

    /// @notice Changes a limit order in place.
    function updateOpenLimitOrder(
        uint256 pairIndex,
        uint256 index,
        uint256 price,
        uint256 slippageP,
        uint256 tp,
        uint256 sl
    ) external {
        IV2StandIn.LimitOrder memory limit = books.limitOrder(Key(_trader(), pairIndex, index));
        if (limit.leverage == 0) revert IV2StandIn.NoOrder();
        if (slippageP > MAX_SLIPPAGE) revert IV2Router.HighSlippage();
        (limit.price, limit.slippageP, limit.tp, limit.sl) = (price, slippageP, tp, sl);
        limit.blockNumber = block.number;
        IV2StandIn.Order memory order;
        (order.trader, order.pairIndex, order.buy) = (limit.trader, pairIndex, limit.buy);
        (order.collateral, order.leverage, order.wantedPrice) = (limit.collateral, limit.leverage, price);
        (order.tp, order.sl) = (tp, sl);
        _revertFor(fills.refusal(order));
        books.putLimitOrder(limit);
        emit IV2StandIn.LimitOrderUpdated(limit.trader, pairIndex, index);
    }

    function _isDelegable(bytes4 selector) internal pure override returns (bool) {
        return selector == this.openTrade.selector || selector == this.openTradeWithCoinExposure.selector
            || selector == this.closeTradeMarket.selector || selector == this.closeTradeMarketWithCoinExposure.selector
            || selector == this.increasePositionSize.selector
            || selector == this.increasePositionSizeWithCoinExposure.selector || selector == this.updateMargin.selector
            || selector == this.cancelOpenLimitOrder.selector || selector == this.updateOpenLimitOrder.selector;
    }

    function _opening(IV2Router.Trade memory t, bool isPnl, uint256 slippageP)
        internal
        pure
        returns (IV2StandIn.Order memory order)
    {
        order.kind = OPEN;
        (order.trader, order.pairIndex, order.buy, order.isPnl) = (t.trader, t.pairIndex, t.buy, isPnl);
        (order.collateral, order.leverage) = (t.positionSizeUSDC, t.leverage);
        (order.wantedPrice, order.slippageP, order.tp, order.sl) = (t.openPrice, slippageP, t.tp, t.sl);
    }

    function _increasing(IV2Router.UpdatePositionSize memory update, uint256 slippageP)
        internal
        view
        returns (IV2StandIn.Order memory order)
    {
        order.kind = INCREASE;
        (order.trader, order.pairIndex, order.index) = (update.trader, update.pairIndex, update.index);
        (order.collateral, order.leverage) = (update.initialPosToken, update.leverage);
        (order.wantedPrice, order.slippageP) = (update.openPrice, slippageP);
        _of(order, _position(Key(update.trader, update.pairIndex, update.index)));
    }

    function _closing(Key memory key, uint256 wantedPrice) internal view returns (IV2StandIn.Order memory order) {
        order.kind = CLOSE;
        (order.trader, order.pairIndex, order.index) = (key.trader, key.pairIndex, key.index);
        order.wantedPrice = wantedPrice;
        _of(order, _position(key));
    }

    /// @dev Completes an order by the position that it is about.
    function _of(IV2StandIn.Order memory order, IV2StandIn.Position memory position) internal pure {
        (order.buy, order.isPnl) = (position.buy, position.isPnl);
        if (order.kind == CLOSE) order.leverage = position.leverage;
    }

    function _sized(IV2StandIn.Order memory order, uint256 coins, uint256 minLeverage, uint256 maxLeverage)
        internal
        pure
        returns (IV2StandIn.Order memory)
    {
        (order.isCoinExposureFixed, order.coinExposure) = (true, coins);
        (order.minLeverage, order.maxLeverage) = (minLeverage, maxLeverage);
        return order;
    }

    /// @dev Takes an order in: its collateral goes into escrow, and the log tells of it.
    function _register(IV2StandIn.Order memory order) internal returns (uint256 orderId) {
        order.timestamp = block.timestamp;
        orderId = books.nextOrderId();
        if (order.kind != CLOSE) {
            if (order.slippageP > MAX_SLIPPAGE) revert IV2Router.HighSlippage();
            _revertFor(fills.refusal(order));
            books.pull(order.trader, order.collateral);
        }
        if (order.kind == INCREASE) {
            emit IV2StandIn.IncreasePositionRequested(
                orderId,
                order.trader,
                order.pairIndex,
                order.index,
                order.buy,
                order.isPnl,
                order.collateral,
                order.coinExposure,
                order.isCoinExposureFixed
            );
            return orderId;
        }
        _emitInitiated(orderId, order);
    }

    /// @dev The price of a pair in the update that came along, if it is fresh and of that pair.
    function _price(uint256 pairIndex, bytes[] calldata updates) internal view returns (uint256) {
        if (updates.length != 1) revert IV2StandIn.StalePrice();
        IV2StandIn.PriceUpdate memory update = abi.decode(updates[0], (IV2StandIn.PriceUpdate));
        if (update.feedId != pairs.feedId(pairIndex)) revert IV2StandIn.WrongPriceFeed();
        if (
            update.publishTime + PRICE_AGE < block.timestamp || update.publishTime > block.timestamp + PRICE_AGE
                || update.price == 0
        ) revert IV2StandIn.StalePrice();
        return update.price;
    }

    function _position(Key memory key) internal view returns (IV2StandIn.Position memory position) {
        position = fills.view_(key);
        if (position.leverage == 0) revert IV2Router.PositionMismatch();
        if (position.closing) revert IV2StandIn.AlreadyClosing();
    }

    function _revertFor(bytes4 reason) internal pure {
        if (reason == 0) return;
        assembly ("memory-safe") {
            mstore(0, reason)
            revert(0, 4)
        }
    }

    /// @dev While a close waits, nothing else is done to its position.
    function _markClosing(Key memory key, bool closing) internal {
        StoredPosition memory position = books.position(key);
        if (position.leverage == 0) return;
        position.closing = closing;
        books.put(key, position);
    }

    /// @dev Leaves a market order to the operator.
    function _wait(IV2StandIn.Order memory order) private {
        uint256 orderId = _register(order);
        books.putOrder(orderId, order);
        if (order.kind == CLOSE) _markClosing(Key(order.trader, order.pairIndex, order.index), true);
    }

    function _placeLimit(IV2StandIn.Order memory order, uint8 orderType) private {
        _revertFor(fills.refusal(order));
        IV2StandIn.LimitOrder memory limit;
        limit.index = books.freeLimitOrder(order.trader, order.pairIndex);
        if (limit.index >= MAX_TRADES) revert IV2StandIn.TooManyTrades();
        (limit.trader, limit.pairIndex, limit.buy) = (order.trader, order.pairIndex, order.buy);
        (limit.orderType, limit.collateral, limit.leverage) = (orderType, order.collateral, order.leverage);
        (limit.price, limit.slippageP, limit.tp, limit.sl) = (order.wantedPrice, order.slippageP, order.tp, order.sl);
        (limit.timestamp, limit.blockNumber) = (block.timestamp, block.number);
        books.putLimitOrder(limit);
        books.pull(order.trader, order.collateral);
        emit IV2StandIn.LimitOrderPlaced(order.trader, order.pairIndex, limit.index);
    }

    function _emitInitiated(uint256 orderId, IV2StandIn.Order memory order) private {
        emit IV2Router.MarketOrderInitiated(
            order.trader,
            order.pairIndex,
            order.kind == OPEN,
            orderId,
            block.timestamp,
            order.buy,
            order.isPnl,
            order.collateral,
            order.isCoinExposureFixed ? order.minLeverage : order.leverage,
            order.isCoinExposureFixed ? order.maxLeverage : order.leverage,
            order.coinExposure,
            order.isCoinExposureFixed,
            order.wantedPrice
        );
    }
}
