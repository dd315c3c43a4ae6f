// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {IntentHash} from "./IntentHash.sol";
import {
    CloseReq,
    IncreasePositionSizeReq,
    IncreasePositionSizeWithCoinExposureReq,
    OpenTradeCoinExposureReq,
    OpenTradeReq
} from "./Intents.sol";
import {CLOSE, INCREASE, IIntentReader, OPEN, SignedOrder} from "./VenueTypes.sol";

/// @title Reads signed market orders: what they ask for, and the hash that was signed.
/// @notice A contract of its own, without state, because the router has no room for it. Types 6, 7, 13 and 16 are those
/// of pairs without fees.
contract IntentReader is IIntentReader {
    /// @inheritdoc IIntentReader
    function read(uint8 orderType, bytes calldata intent) external pure returns (SignedOrder memory) {
        if (orderType == 0 || orderType == 6) return _open(orderType == 6, intent);
        if (orderType == 12 || orderType == 13) return _openCoin(orderType == 13, intent);
        if (orderType == 1 || orderType == 7) return _close(orderType == 7, false, intent);
        if (orderType == 15 || orderType == 16) return _close(orderType == 16, true, intent);
        if (orderType == 9) return _increase(intent);
        if (orderType == 14) return _increaseCoin(intent);
        revert IV2StandIn.UnknownOrderType();
    }

    function _open(bool isPnl, bytes calldata intent) private pure returns (SignedOrder memory signed) {
        signed.structHash = IntentHash.nested(IntentHash.OPEN, IntentHash.TRADE, 11, intent, 15);
        OpenTradeReq memory req = abi.decode(intent, (OpenTradeReq));
        (signed.nonce, signed.deadline) = (req._nonce, req._deadline);
        _opening(signed.order, req._t, req._type, isPnl, req._slippageP);
    }

    function _openCoin(bool isPnl, bytes calldata intent) private pure returns (SignedOrder memory signed) {
        signed.structHash = IntentHash.nested(IntentHash.OPEN_COIN, IntentHash.TRADE, 11, intent, 18);
        OpenTradeCoinExposureReq memory req = abi.decode(intent, (OpenTradeCoinExposureReq));
        (signed.nonce, signed.deadline) = (req._nonce, req._deadline);
        _opening(signed.order, req._t, req._type, isPnl, req._slippageP);
        _sized(signed.order, req._coinExposure, req._minLeverage, req._maxLeverage);
    }

    function _close(bool isPnl, bool byCoins, bytes calldata intent) private pure returns (SignedOrder memory signed) {
        signed.structHash = IntentHash.flat(byCoins ? IntentHash.CLOSE_COIN : IntentHash.CLOSE, intent, 8);
        CloseReq memory req = abi.decode(intent, (CloseReq));
        (signed.nonce, signed.deadline, signed.openTimestamp) = (req._nonce, req._deadline, req._openTimestamp);
        IV2StandIn.Order memory order = signed.order;
        (order.kind, order.isPnl) = (CLOSE, isPnl);
        (order.trader, order.pairIndex, order.index) = (req._trader, req._pairIndex, req._index);
        order.wantedPrice = req._wantedPrice;
        if (byCoins) (order.isCoinExposureFixed, order.coinExposure) = (true, req._size);
        else order.collateral = req._size;
    }

    function _increase(bytes calldata intent) private pure returns (SignedOrder memory signed) {
        signed.structHash = IntentHash.nested(IntentHash.INCREASE, IntentHash.UPDATE, 6, intent, 9);
        IncreasePositionSizeReq memory req = abi.decode(intent, (IncreasePositionSizeReq));
        (signed.nonce, signed.deadline) = (req._nonce, req._deadline);
        _increasing(signed.order, req._updateInfo, req._slippageP);
    }

    function _increaseCoin(bytes calldata intent) private pure returns (SignedOrder memory signed) {
        signed.structHash = IntentHash.nested(IntentHash.INCREASE_COIN, IntentHash.UPDATE, 6, intent, 12);
        IncreasePositionSizeWithCoinExposureReq memory req =
            abi.decode(intent, (IncreasePositionSizeWithCoinExposureReq));
        (signed.nonce, signed.deadline) = (req._nonce, req._deadline);
        _increasing(signed.order, req._updateInfo, req._slippageP);
        _sized(signed.order, req._coinExposure, req._minLeverage, req._maxLeverage);
    }

    function _opening(
        IV2StandIn.Order memory order,
        IV2Router.Trade memory t,
        uint8 openType,
        bool isPnl,
        uint256 slippageP
    ) private pure {
        if (openType != (isPnl ? 3 : 0)) revert IV2StandIn.UnknownOrderType();
        (order.kind, order.isPnl) = (OPEN, isPnl);
        (order.trader, order.pairIndex, order.buy) = (t.trader, t.pairIndex, t.buy);
        (order.collateral, order.leverage) = (t.positionSizeUSDC, t.leverage);
        (order.wantedPrice, order.slippageP, order.tp, order.sl) = (t.openPrice, slippageP, t.tp, t.sl);
    }

    function _increasing(IV2StandIn.Order memory order, IV2Router.UpdatePositionSize memory update, uint256 slippageP)
        private
        pure
    {
        order.kind = INCREASE;
        (order.trader, order.pairIndex, order.index) = (update.trader, update.pairIndex, update.index);
        (order.collateral, order.leverage) = (update.initialPosToken, update.leverage);
        (order.wantedPrice, order.slippageP) = (update.openPrice, slippageP);
    }

    function _sized(IV2StandIn.Order memory order, uint256 coins, uint256 minLeverage, uint256 maxLeverage)
        private
        pure
    {
        (order.isCoinExposureFixed, order.coinExposure) = (true, coins);
        (order.minLeverage, order.maxLeverage) = (minLeverage, maxLeverage);
    }
}
