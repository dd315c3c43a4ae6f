// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {DirectOrders} from "./DirectOrders.sol";
import {Economics} from "./Economics.sol";
import {IntentHash} from "./IntentHash.sol";
import {TpSlReq, UpdateTpSlReq} from "./Intents.sol";
import {CLOSE, IIntentReader, Key, OPEN, SignedOrder} from "./VenueTypes.sol";

/// @title The stand-in's router: where traders send orders, and the operator brings signed ones.
/// @notice Ours, written from docs/reference/avantis-v2.md: the genuine contracts' source is private, nothing of them is
/// copied. It stands at the genuine router's address on a local chain and on nothing else: anybody may forge its
/// prices, as no update is signed. What is known of the genuine one, it does; where that is unknown, it is strict.
contract VenueRouter is DirectOrders {
    address private immutable governor;
    IIntentReader private immutable reader;
    mapping(address => bool) public isOperator;

    modifier onlyOperator() {
        if (!isOperator[msg.sender]) revert IV2StandIn.NotOperator();
        _;
    }

    constructor(address governor_, address pairs_, address books_, address fills_, address reader_)
        DirectOrders(pairs_, books_, fills_)
    {
        governor = governor_;
        reader = IIntentReader(reader_);
    }

    /// @notice Lets an account fill orders, or no longer.
    function setOperator(address who, bool on) external {
        if (msg.sender != governor) revert IV2StandIn.NotGovernor();
        isOperator[who] = on;
    }

    /// @notice Registers and fills a signed market order in one transaction. It reverts where the order cannot be filled,
    /// so that its nonce stays unused.
    function executeMarketOrderBatched(
        uint8 orderType,
        bytes calldata signature,
        bytes calldata encodedIntent,
        bytes[] calldata priceUpdateData,
        uint8,
        IV2Router.SpreadParams calldata spread
    ) external payable onlyOperator {
        IV2StandIn.Order memory order = _signedOrder(orderType, signature, encodedIntent);
        uint256 price = _price(order.pairIndex, priceUpdateData);
        uint256 orderId = _register(order);
        _revertFor(fills.fill(orderId, order, price, spread));
    }

    /// @notice Carries out a signed change of take profit and stop loss (5), or a signed partial trigger that is due (11).
    function executePositionUpdateBatched(
        uint8 orderType,
        bytes calldata signature,
        bytes calldata encodedIntent,
        bytes[] calldata priceUpdateData,
        uint8,
        IV2Router.SpreadParams calldata spread
    ) external payable onlyOperator {
        if (orderType == 5) {
            UpdateTpSlReq memory req = abi.decode(encodedIntent, (UpdateTpSlReq));
            bytes32 structHash = IntentHash.flat(IntentHash.UPDATE_TP_SL, encodedIntent, 7);
            _accept(structHash, signature, req.trader, req._nonce, req._deadline);
            Key memory key = Key(req.trader, req._pairIndex, req._index);
            fills.updateTpSl(key, req._newTp, req._newSl, _price(req._pairIndex, priceUpdateData));
        } else if (orderType == 11) {
            _partialTrigger(signature, encodedIntent, priceUpdateData, spread);
        } else {
            revert IV2StandIn.UnknownOrderType();
        }
    }

    /// @notice Fills a market order of the direct mode, or cancels it and gives the collateral back.
    function executeMarketOrder(uint256 orderId, bytes[] calldata priceUpdateData, uint8, int256 spreadP)
        external
        payable
        onlyOperator
    {
        IV2StandIn.Order memory order = books.order(orderId);
        if (order.trader == address(0)) revert IV2StandIn.NoOrder();
        books.removeOrder(orderId);
        uint256 price = _price(order.pairIndex, priceUpdateData);
        bytes4 reason = fills.fill(orderId, order, price, _plain(spreadP));
        if (reason == 0) return;
        if (order.kind == CLOSE) _markClosing(Key(order.trader, order.pairIndex, order.index), false);
        else books.pay(order.trader, order.collateral);
        emit IV2StandIn.MarketOrderCanceled(orderId, order.trader, order.pairIndex, order.kind != CLOSE, reason);
    }

    /// @notice Carries out a take profit (0), a stop loss (1), a liquidation (2) or a limit order (3) that is due.
    function executeTrigger(
        uint8 triggerType,
        address trader,
        uint256 pairIndex,
        uint256 index,
        bytes[] calldata priceUpdateData,
        uint8,
        int256 spreadP
    ) external payable onlyOperator {
        uint256 price = _price(pairIndex, priceUpdateData);
        Key memory key = Key(trader, pairIndex, index);
        if (triggerType < 3) fills.trigger(triggerType, key, price, _plain(spreadP));
        else if (triggerType == 3) fills.openLimit(key, price, _plain(spreadP));
        else revert IV2StandIn.UnknownOrderType();
    }

    /// @notice A position with its fees and its liquidation price by now; all zero where there is none.
    function getPosition(address trader, uint256 pairIndex, uint256 index)
        external
        view
        returns (IV2StandIn.Position memory)
    {
        return fills.view_(Key(trader, pairIndex, index));
    }

    /// @dev The order in a signed intent, with its signature checked and its nonce used up.
    function _signedOrder(uint8 orderType, bytes calldata signature, bytes calldata intent)
        private
        returns (IV2StandIn.Order memory order)
    {
        SignedOrder memory signed = reader.read(orderType, intent);
        order = signed.order;
        _accept(signed.structHash, signature, order.trader, signed.nonce, signed.deadline);
        if (order.kind == OPEN) return order;
        IV2StandIn.Position memory position = _position(Key(order.trader, order.pairIndex, order.index));
        if (order.kind == CLOSE) {
            if (position.timestamp != signed.openTimestamp) revert IV2Router.PositionMismatch();
            if (position.isPnl != order.isPnl) revert IV2Router.PnlOrderNotAllowed();
        }
        _of(order, position);
    }

    /// @dev A partial trigger has no deadline, and is bound to the position by its time. When it was signed is a matter of
    /// the service: the clock of a local chain is not that of its users.
    function _partialTrigger(
        bytes calldata signature,
        bytes calldata intent,
        bytes[] calldata priceUpdateData,
        IV2Router.SpreadParams calldata spread
    ) private {
        bytes32 structHash = IntentHash.flat(IntentHash.TP_SL, intent, 12);
        TpSlReq memory req = abi.decode(intent, (TpSlReq));
        _accept(structHash, signature, req.trader, req.nonce, type(uint256).max);
        Key memory key = Key(req.trader, req.pairIndex, req.index);
        IV2StandIn.Position memory position = _position(key);
        if (position.timestamp != req.timestamp || position.buy != req.buy) revert IV2Router.PositionMismatch();
        uint256 price = _price(req.pairIndex, priceUpdateData);
        if (!_isDue(req, position, price)) revert IV2StandIn.NotDue();
        fills.closePart(req.orderType, key, req.coinSize, price, spread);
    }

    /// @dev Fixed triggers (0) compare prices, percentage triggers (1) the profit in percent of the collateral.
    function _isDue(TpSlReq memory req, IV2StandIn.Position memory position, uint256 price)
        private
        pure
        returns (bool)
    {
        if (req.orderType != 4 && req.orderType != 5) revert IV2StandIn.UnknownOrderType();
        bool wins = req.orderType == 4;
        if (req.triggerType == 0) return position.buy == wins ? price >= req.price : price <= req.price;
        if (req.triggerType != 1) revert IV2StandIn.UnknownOrderType();
        int256 pnl = Economics.grossPnl(position.collateral, position.leverage, position.openPrice, price, position.buy);
        int256 percent = Economics.profitP(pnl, position.collateral);
        return wins ? percent >= req.percentage : percent <= req.percentage;
    }

    /// @dev A spread that is filled with as it is.
    function _plain(int256 spreadP) private pure returns (IV2Router.SpreadParams memory spread) {
        (spread.spreadP, spread.byPass) = (spreadP, true);
    }
}
