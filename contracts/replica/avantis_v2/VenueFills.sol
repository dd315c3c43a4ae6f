// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {Accounts} from "./Accounts.sol";
import {Economics} from "./Economics.sol";
import {CLOSE, INCREASE, IVenueFills, Key, MAX_TRADES, OPEN, StoredPosition} from "./VenueTypes.sol";

/// @title The stand-in's fills: opens, increases, closes, liquidates, moves margin. It stands where TradingCallbacks
/// stands, and emits MarketExecuted as that does.
/// @notice Ours, from docs/reference/avantis-v2.md; the genuine contract's source is private.
contract VenueFills is IVenueFills, Accounts {
    /// Share of the collateral that may be lost after a withdrawal, percent.
    uint256 private constant WITHDRAW_LOSS_P = 80;

    address private immutable router;

    /// What an order adds once it is filled.
    struct Addition {
        uint256 price;
        uint256 collateral;
        uint256 leverage;
        uint256 coins;
        uint256 size;
    }

    /// What MarketExecuted tells besides the position.
    struct Executed {
        uint256 orderId;
        bool opened;
        bool isFixed;
        uint256 sent;
        int256 percentProfit;
    }

    modifier onlyRouter() {
        if (msg.sender != router) revert IV2StandIn.NotVenue();
        _;
    }

    constructor(address pairs_, address books_, address router_) Accounts(pairs_, books_) {
        router = router_;
    }

    /// @inheritdoc IVenueFills
    function fill(
        uint256 orderId,
        IV2StandIn.Order calldata order,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) external onlyRouter returns (bytes4) {
        if (order.kind == OPEN) return _open(orderId, order, price, spread);
        if (order.kind == CLOSE) return _close(orderId, order, price, spread);
        return _increase(orderId, order, price, spread);
    }

    /// @inheritdoc IVenueFills
    function trigger(uint8 triggerType, Key calldata key, uint256 price, IV2Router.SpreadParams calldata spread)
        external
        onlyRouter
    {
        StoredPosition memory position = _existing(key);
        bool liquidation = triggerType == 2;
        uint256 level =
            triggerType == 0 ? position.tp : triggerType == 1 ? position.sl : _liquidationPrice(key, position);
        bool above = position.buy == (triggerType == 0);
        if (level == 0 || (above ? price < level : price > level)) revert IV2StandIn.NotDue();
        uint256 filled = price;
        if (!liquidation) {
            uint256 constantP = pairs.state(key.pairIndex).pair.spreadP;
            filled =
                Economics.filledAt(price, Economics.spread(spread, constantP, position.coinExposure), !position.buy);
        }
        _endByTrigger(
            triggerType, key, position, Ending(position.collateral, position.coinExposure, filled, liquidation)
        );
    }

    /// @inheritdoc IVenueFills
    function closePart(
        uint8 triggerType,
        Key calldata key,
        uint256 coins,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) external onlyRouter {
        StoredPosition memory position = _existing(key);
        if (coins > position.coinExposure) revert IV2StandIn.AmountTooLarge();
        uint256 constantP = pairs.state(key.pairIndex).pair.spreadP;
        Ending memory ending;
        ending.coins = coins;
        ending.collateral = _collateralOf(position, coins);
        ending.price = Economics.filledAt(price, Economics.spread(spread, constantP, coins), !position.buy);
        _endByTrigger(triggerType, key, position, ending);
    }

    /// @inheritdoc IVenueFills
    function openLimit(Key calldata key, uint256 price, IV2Router.SpreadParams calldata spread) external onlyRouter {
        IV2StandIn.LimitOrder memory limit = books.limitOrder(key);
        if (limit.leverage == 0) revert IV2StandIn.NoOrder();
        bool waitsBelow = limit.buy == (limit.orderType == 2);
        if (waitsBelow ? price > limit.price : price < limit.price) revert IV2StandIn.NotDue();
        IV2StandIn.Order memory order;
        order.trader = limit.trader;
        order.pairIndex = limit.pairIndex;
        order.buy = limit.buy;
        order.collateral = limit.collateral;
        order.leverage = limit.leverage;
        order.wantedPrice = limit.price;
        order.slippageP = limit.slippageP;
        (order.tp, order.sl) = (limit.tp, limit.sl);
        (Addition memory added, Key memory opened, bytes4 reason) = _opened(order, price, spread);
        _revertFor(reason);
        books.removeLimitOrder(key);
        emit IV2StandIn.TriggerExecuted(key.trader, key.pairIndex, opened.index, 3, added.price, added.collateral, 0, 0);
    }

    /// @inheritdoc IVenueFills
    /// @dev As version 1 was seen to do it: open interest stays, the collateral changes by the amount and by the fees
    /// accrued so far, and the leverage follows.
    function updateMargin(Key calldata key, uint8 updateType, uint256 amount, uint256 price) external onlyRouter {
        StoredPosition memory position = _existing(key);
        if (position.closing) revert IV2StandIn.AlreadyClosing();
        IV2StandIn.Pair memory pair = pairs.state(key.pairIndex).pair;
        if (updateType > 1) revert IV2StandIn.UnknownOrderType();
        if (updateType == 1 && position.isPnl) revert IV2Router.PnlOrderNotAllowed();
        if (updateType == 0 && pair.closeOnly) revert IV2StandIn.PairCloseOnly();
        _settle(key, position);
        int256 fees = _units(int256(position.rolloverOwed) + position.fundingOwed);
        uint256 size = position.collateral * position.leverage;
        int256 change = updateType == 0 ? int256(amount) : -int256(amount);
        int256 collateral = int256(position.collateral) + change - fees;
        if (collateral <= 0) revert IV2StandIn.WithdrawTooMuch();
        position.collateral = uint256(collateral);
        position.leverage = size / position.collateral;
        (position.rolloverOwed, position.fundingOwed) = (0, 0);
        if (position.leverage < pair.minLeverage || position.leverage > pair.maxLeverage) {
            revert IV2StandIn.WrongLeverage();
        }
        if (updateType == 1) {
            int256 pnl =
                Economics.grossPnl(position.collateral, position.leverage, position.openPrice, price, position.buy);
            if (pnl < -int256(position.collateral * Economics.FINE * WITHDRAW_LOSS_P / 100)) {
                revert IV2StandIn.WithdrawTooMuch();
            }
        }
        _bounded(pair, position);
        position.timestamp = block.timestamp;
        books.put(key, position);
        if (updateType == 0) books.pull(key.trader, amount);
        else books.pay(key.trader, amount);
        emit IV2StandIn.MarginUpdated(key.trader, key.pairIndex, key.index, updateType, amount, fees);
    }

    /// @inheritdoc IVenueFills
    function updateTpSl(Key calldata key, uint256 tp, uint256 sl, uint256 price) external onlyRouter {
        StoredPosition memory position = _existing(key);
        _revertFor(_levels(position.buy, tp, sl, price));
        (position.tp, position.sl) = (tp, sl);
        _bounded(pairs.state(key.pairIndex).pair, position);
        // The deepest stop is a bound that the signer knows; a deeper one is a mistake and no wish.
        if (position.sl != sl) revert IV2Router.WrongSl();
        books.put(key, position);
        emit IV2StandIn.TpSlUpdated(key.trader, key.pairIndex, key.index, position.tp, position.sl);
    }

    /// @inheritdoc IVenueFills
    function refusal(IV2StandIn.Order calldata order) external view returns (bytes4) {
        IV2StandIn.PairState memory state = pairs.state(order.pairIndex);
        bytes4 reason = _closedFor(state, order);
        if (reason != 0) return reason;
        if (order.wantedPrice == 0) return IV2Router.HighSlippage.selector;
        if (order.leverage < state.pair.minLeverage || order.leverage > state.pair.maxLeverage) {
            return IV2StandIn.WrongLeverage.selector;
        }
        uint256 size = order.isCoinExposureFixed
            ? Economics.worth(order.coinExposure, order.wantedPrice)
            : Economics.notional(order.collateral, order.leverage);
        if (size < state.pair.minPosition) return IV2StandIn.BelowMinimumPosition.selector;
        if (order.kind == INCREASE) return 0;
        if (books.freePosition(order.trader, order.pairIndex) >= MAX_TRADES) return IV2StandIn.TooManyTrades.selector;
        reason = _levels(order.buy, order.tp, order.sl, order.wantedPrice);
        if (reason != 0 || order.sl == 0) return reason;
        uint256 deepest = Economics.priceAt(order.wantedPrice, order.leverage, state.pair.maxSlP, !order.buy);
        return (order.buy ? order.sl < deepest : order.sl > deepest) ? IV2Router.WrongSl.selector : bytes4(0);
    }

    /// @inheritdoc IVenueFills
    function view_(Key calldata key) external view returns (IV2StandIn.Position memory shown) {
        StoredPosition memory position = books.position(key);
        if (position.leverage == 0) return shown;
        (shown.trader, shown.pairIndex, shown.index) = (key.trader, key.pairIndex, key.index);
        (shown.buy, shown.isPnl, shown.closing) = (position.buy, position.isPnl, position.closing);
        (shown.collateral, shown.leverage) = (position.collateral, position.leverage);
        (shown.openPrice, shown.coinExposure) = (position.openPrice, position.coinExposure);
        (shown.tp, shown.sl, shown.timestamp) = (position.tp, position.sl, position.timestamp);
        (uint256 rollover, int256 funding,,) = _owed(key, position);
        (shown.rolloverFee, shown.fundingFee) = (uint256(_units(int256(rollover))), _units(funding));
        shown.liquidationPrice = _liquidationPrice(key, position);
    }

    function _open(
        uint256 orderId,
        IV2StandIn.Order calldata order,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) private returns (bytes4) {
        (Addition memory added, Key memory key, bytes4 reason) = _opened(order, price, spread);
        if (reason != 0) return reason;
        Ending memory whole = Ending(added.collateral, added.coins, added.price, false);
        _emitExecuted(Executed(orderId, true, order.isCoinExposureFixed, 0, 0), key, books.position(key), whole);
        return 0;
    }

    function _opened(IV2StandIn.Order memory order, uint256 price, IV2Router.SpreadParams calldata spread)
        private
        returns (Addition memory added, Key memory key, bytes4 reason)
    {
        IV2StandIn.PairState memory state = pairs.state(order.pairIndex);
        (added, reason) = _addition(state, order, price, spread);
        if (reason != 0) return (added, key, reason);
        reason = _levels(order.buy, order.tp, order.sl, added.price);
        if (reason != 0) return (added, key, reason);
        key = Key(order.trader, order.pairIndex, books.freePosition(order.trader, order.pairIndex));
        if (key.index >= MAX_TRADES) return (added, key, IV2StandIn.TooManyTrades.selector);
        StoredPosition memory position;
        (position.buy, position.isPnl) = (order.buy, order.isPnl);
        (position.collateral, position.leverage) = (added.collateral, added.leverage);
        (position.openPrice, position.coinExposure) = (added.price, added.coins);
        (position.tp, position.sl) = (order.tp, order.sl);
        position.openInterest = added.size;
        position.timestamp = block.timestamp;
        (position.rolloverIndex, position.fundingIndex) = pairs.indexes(order.pairIndex, order.buy);
        _bounded(state.pair, position);
        books.put(key, position);
        pairs.change(order.pairIndex, order.buy, int256(added.size), int256(added.coins));
    }

    /// @dev The average price is the one at which all coins cost what both parts cost, so the profit is that of both.
    function _increase(
        uint256 orderId,
        IV2StandIn.Order calldata order,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) private returns (bytes4) {
        IV2StandIn.PairState memory state = pairs.state(order.pairIndex);
        Key memory key = Key(order.trader, order.pairIndex, order.index);
        StoredPosition memory position = books.position(key);
        if (position.leverage == 0 || position.buy != order.buy) return IV2Router.PositionMismatch.selector;
        if (position.closing) return IV2StandIn.AlreadyClosing.selector;
        (Addition memory added, bytes4 reason) = _addition(state, order, price, spread);
        if (reason != 0) return reason;
        _settle(key, position);
        uint256 size = position.collateral * position.leverage + added.collateral * added.leverage;
        position.collateral += added.collateral;
        position.coinExposure += added.coins;
        position.openInterest += added.size;
        position.openPrice = size * 1e4 / position.coinExposure;
        position.leverage = size / position.collateral;
        position.timestamp = block.timestamp;
        _bounded(state.pair, position);
        books.put(key, position);
        pairs.change(order.pairIndex, order.buy, int256(added.size), int256(added.coins));
        _emitIncreased(orderId, key, position.isPnl, order.isCoinExposureFixed, added);
        return 0;
    }

    function _close(
        uint256 orderId,
        IV2StandIn.Order calldata order,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) private returns (bytes4) {
        IV2StandIn.PairState memory state = pairs.state(order.pairIndex);
        Key memory key = Key(order.trader, order.pairIndex, order.index);
        StoredPosition memory position = books.position(key);
        if (position.leverage == 0) return IV2Router.PositionMismatch.selector;
        if (!state.pair.isOpen) return IV2StandIn.MarketClosed.selector;
        // Whether zero means any price at the genuine venue is not known; here it does not.
        if (order.wantedPrice == 0) return IV2Router.HighSlippage.selector;
        Ending memory ending;
        bytes4 reason;
        (ending, reason) = _ending(state, position, order);
        if (reason != 0) return reason;
        ending.price =
            Economics.filledAt(price, Economics.spread(spread, state.pair.spreadP, ending.coins), !position.buy);
        if (_isWorse(ending.price, order.wantedPrice, state.closeToleranceP, !position.buy)) {
            return IV2Router.HighSlippage.selector;
        }
        StoredPosition memory before = books.position(key);
        Executed memory executed = Executed(orderId, false, order.isCoinExposureFixed, 0, 0);
        (executed.sent, executed.percentProfit) = _end(key, position, ending);
        _emitExecuted(executed, key, before, ending);
        return 0;
    }

    /// @dev What a closing order ends: so much collateral, or so many coins. What is left must be large enough.
    function _ending(IV2StandIn.PairState memory state, StoredPosition memory position, IV2StandIn.Order calldata order)
        private
        pure
        returns (Ending memory ending, bytes4 reason)
    {
        if (order.isCoinExposureFixed) {
            if (order.coinExposure > position.coinExposure) return (ending, IV2StandIn.AmountTooLarge.selector);
            ending.coins = order.coinExposure;
            ending.collateral = _collateralOf(position, ending.coins);
        } else {
            if (order.collateral > position.collateral) return (ending, IV2StandIn.AmountTooLarge.selector);
            ending.collateral = order.collateral;
            ending.coins = position.coinExposure * order.collateral / position.collateral;
        }
        uint256 left = position.collateral - ending.collateral;
        if (ending.collateral == 0) return (ending, IV2StandIn.BelowMinimumPosition.selector);
        if (left != 0 && Economics.notional(left, position.leverage) < state.pair.minPosition) {
            return (ending, IV2StandIn.BelowMinimumPosition.selector);
        }
        return (ending, 0);
    }

    /// @dev The price, the fee and all limits of what an order adds.
    function _addition(
        IV2StandIn.PairState memory state,
        IV2StandIn.Order memory order,
        uint256 price,
        IV2Router.SpreadParams calldata spread
    ) private view returns (Addition memory added, bytes4 reason) {
        reason = _closedFor(state, order);
        if (reason != 0) return (added, reason);
        bool isFixed = order.isCoinExposureFixed;
        uint256 coins = isFixed ? order.coinExposure : Economics.coins(order.collateral, order.leverage, price);
        added.price = Economics.filledAt(price, Economics.spread(spread, state.pair.spreadP, coins), order.buy);
        if (_isWorse(added.price, order.wantedPrice, order.slippageP, order.buy)) {
            return (added, IV2Router.HighSlippage.selector);
        }
        if (!isFixed) coins = Economics.coins(order.collateral, order.leverage, added.price);
        uint256 size =
            isFixed ? Economics.worth(coins, added.price) : Economics.notional(order.collateral, order.leverage);
        if (size < state.pair.minPosition) return (added, IV2StandIn.BelowMinimumPosition.selector);
        uint256 fee = order.isPnl ? 0 : Economics.fee(size, _openFeeP(state, coins, order.buy));
        if (fee >= order.collateral) return (added, IV2StandIn.WrongLeverage.selector);
        added.collateral = order.collateral - fee;
        if (isFixed) {
            (added.coins, added.size, added.leverage) = (coins, size, size * Economics.ONE / added.collateral);
            if (added.leverage < order.minLeverage || added.leverage > order.maxLeverage) {
                return (added, IV2StandIn.WrongLeverage.selector);
            }
        } else {
            added.leverage = order.leverage;
            added.size = Economics.notional(added.collateral, added.leverage);
            added.coins = Economics.coins(added.collateral, added.leverage, added.price);
        }
        if (added.leverage < state.pair.minLeverage || added.leverage > state.pair.maxLeverage) {
            return (added, IV2StandIn.WrongLeverage.selector);
        }
        return (added, _fits(state, order, added.size) ? bytes4(0) : IV2StandIn.ExposureLimit.selector);
    }

    function _openFeeP(IV2StandIn.PairState memory state, uint256 coins, bool buy) private pure returns (uint256) {
        return Economics.feeP(
            state.pair.fees.openMakerP,
            state.pair.fees.openTakerP,
            state.exposure.coinLong,
            state.exposure.coinShort,
            coins,
            buy,
            true
        );
    }

    /// @dev Whether the pair takes such an order at all.
    function _closedFor(IV2StandIn.PairState memory state, IV2StandIn.Order memory order)
        private
        pure
        returns (bytes4)
    {
        if (!state.pair.listed) return IV2StandIn.PairNotListed.selector;
        if (state.pair.closeOnly) return IV2StandIn.PairCloseOnly.selector;
        if (!state.pair.isOpen) return IV2StandIn.MarketClosed.selector;
        if (state.pair.isPnl != order.isPnl) return IV2Router.PnlOrderNotAllowed.selector;
        return 0;
    }

    function _fits(IV2StandIn.PairState memory state, IV2StandIn.Order memory order, uint256 size)
        private
        view
        returns (bool)
    {
        uint256 side = order.buy ? state.exposure.long : state.exposure.short;
        uint256 share = order.buy ? state.pair.maxLongP : state.pair.maxShortP;
        uint256 wallet = books.walletOpenInterest(order.trader, order.pairIndex);
        return
            side + size <= state.pair.maxOpenInterest * share / 100 && wallet + size <= state.pair.maxWalletOpenInterest;
    }

    function _endByTrigger(uint8 triggerType, Key calldata key, StoredPosition memory position, Ending memory ending)
        private
    {
        (uint256 sent, int256 percentProfit) = _end(key, position, ending);
        emit IV2StandIn.TriggerExecuted(
            key.trader, key.pairIndex, key.index, triggerType, ending.price, ending.collateral, percentProfit, sent
        );
    }

    function _existing(Key calldata key) private view returns (StoredPosition memory position) {
        position = books.position(key);
        if (position.leverage == 0) revert IV2Router.PositionMismatch();
    }

    function _liquidationPrice(Key calldata key, StoredPosition memory position) private view returns (uint256) {
        (uint256 rollover, int256 funding,,) = _owed(key, position);
        return Economics.liquidationPrice(
            position.openPrice, position.collateral, position.leverage, position.buy, rollover, funding
        );
    }

    /// @dev Fine USDC owed in units, rounded against the trader.
    function _units(int256 owed) private pure returns (int256) {
        if (owed < 0) return -int256(uint256(-owed) / Economics.FINE);
        return int256(Economics.up(uint256(owed), Economics.FINE));
    }

    function _collateralOf(StoredPosition memory position, uint256 coins) private pure returns (uint256) {
        if (coins == position.coinExposure) return position.collateral;
        return position.collateral * coins / position.coinExposure;
    }

    /// @dev Whether a price is worse for who buys (or sells) than the wanted one by more than so many percent.
    function _isWorse(uint256 price, uint256 wanted, uint256 percent, bool buys) private pure returns (bool) {
        if (buys) return price * Economics.HUNDRED > wanted * (Economics.HUNDRED + percent);
        if (percent >= Economics.HUNDRED) return false;
        return price * Economics.HUNDRED < wanted * (Economics.HUNDRED - percent);
    }

    function _revertFor(bytes4 reason) private pure {
        if (reason == 0) return;
        assembly ("memory-safe") {
            mstore(0, reason)
            revert(0, 4)
        }
    }

    function _emitIncreased(uint256 orderId, Key memory key, bool isPnl, bool isFixed, Addition memory added) private {
        emit IV2StandIn.PositionSizeIncreased(
            orderId, key.trader, key.pairIndex, key.index, isPnl, added.coins, isFixed, added.price
        );
    }

    function _emitExecuted(
        Executed memory executed,
        Key memory key,
        StoredPosition memory position,
        Ending memory ending
    ) private {
        IV2Router.Trade memory t;
        (t.trader, t.pairIndex, t.index) = (key.trader, key.pairIndex, key.index);
        (t.initialPosToken, t.positionSizeUSDC) = (position.collateral, position.timestamp);
        (t.openPrice, t.buy, t.leverage) = (position.openPrice, position.buy, position.leverage);
        (t.tp, t.sl, t.timestamp) = (position.tp, position.sl, position.timestamp);
        emit IV2Router.MarketExecuted(
            executed.orderId,
            t,
            executed.opened,
            ending.price,
            ending.collateral,
            executed.percentProfit,
            executed.sent,
            position.isPnl,
            ending.coins,
            executed.isFixed
        );
    }
}
