// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {Economics} from "./Economics.sol";
import {IVenuePairs, IVenueStorage, Key, StoredPosition} from "./VenueTypes.sol";

/// @title What the fills know of a position: fees owed, limits of its take profit and stop loss, how a part of it is
/// paid out.
abstract contract Accounts {
    /// A part of a position is to be ended.
    struct Ending {
        uint256 collateral;
        uint256 coins;
        uint256 price;
        /// Nothing is paid out.
        bool liquidation;
    }

    IVenuePairs internal immutable pairs;
    IVenueStorage internal immutable books;

    constructor(address pairs_, address books_) {
        pairs = IVenuePairs(pairs_);
        books = IVenueStorage(books_);
    }

    /// @dev Rollover and funding of the whole position by now, fine USDC.
    function _owed(Key memory key, StoredPosition memory position)
        internal
        view
        returns (uint256 rollover, int256 funding, uint256 rolloverIndex, int256 fundingIndex)
    {
        (rolloverIndex, fundingIndex) = pairs.indexes(key.pairIndex, position.buy);
        uint256 size = Economics.fineNotional(position.collateral, position.leverage);
        rollover = position.rolloverOwed + Economics.accrued(size, rolloverIndex - position.rolloverIndex);
        funding = position.fundingOwed + Economics.accruedSigned(size, fundingIndex - position.fundingIndex);
    }

    /// @dev Writes down what is owed by now, so that size or leverage may change.
    function _settle(Key memory key, StoredPosition memory position) internal view {
        (position.rolloverOwed, position.fundingOwed, position.rolloverIndex, position.fundingIndex) =
            _owed(key, position);
    }

    /// @dev Take profit and stop loss as they are kept: at most the highest gain and the deepest loss of the pair. A
    /// position always has a take profit, unless no price is so low.
    function _bounded(IV2StandIn.Pair memory pair, StoredPosition memory position) internal pure {
        bool buy = position.buy;
        uint256 highest = Economics.priceAt(position.openPrice, position.leverage, pair.maxGainP, buy);
        if (position.tp == 0 || (buy ? position.tp > highest : position.tp < highest)) position.tp = highest;
        if (position.sl == 0) return;
        uint256 deepest = Economics.priceAt(position.openPrice, position.leverage, pair.maxSlP, !buy);
        if (buy ? position.sl < deepest : position.sl > deepest) position.sl = deepest;
    }

    /// @dev Whether take profit and stop loss lie on their sides of a price.
    function _levels(bool buy, uint256 tp, uint256 sl, uint256 price) internal pure returns (bytes4) {
        if (tp != 0 && (buy ? tp <= price : tp >= price)) return IV2Router.WrongTp.selector;
        if (sl != 0 && (buy ? sl >= price : sl <= price)) return IV2Router.WrongSl.selector;
        return 0;
    }

    /// @dev Ends a part of a position, or all of it, and pays the trader.
    function _end(Key memory key, StoredPosition memory position, Ending memory ending)
        internal
        returns (uint256 sent, int256 percentProfit)
    {
        IV2StandIn.PairState memory state = pairs.state(key.pairIndex);
        _settle(key, position);
        uint256 whole = position.collateral;
        uint256 rollover = Economics.up(position.rolloverOwed * ending.collateral, whole);
        int256 funding = Economics.part(position.fundingOwed, ending.collateral, whole);
        int256 gross =
            Economics.grossPnl(ending.collateral, position.leverage, position.openPrice, ending.price, position.buy);
        percentProfit = Economics.profitP(gross, ending.collateral);
        if (!ending.liquidation) {
            int256 most = int256(ending.collateral * Economics.FINE * state.pair.maxGainP / 100);
            if (gross > most) gross = most;
            int256 net = int256(ending.collateral * Economics.FINE) + gross - int256(rollover) - funding
                - int256(_takenOf(key.pairIndex, state, position, ending, gross));
            if (net > 0) sent = uint256(net) / Economics.FINE;
        }
        _shrink(key, position, ending, rollover, funding);
        books.pay(key.trader, sent);
    }

    /// @dev The closing fee; of a pair without fees the share of the profit. Fine USDC.
    function _takenOf(
        uint256 pairIndex,
        IV2StandIn.PairState memory state,
        StoredPosition memory position,
        Ending memory ending,
        int256 gross
    ) private view returns (uint256) {
        if (position.isPnl) {
            if (gross <= 0) return 0;
            uint256 profitP = uint256(Economics.profitP(gross, ending.collateral));
            return Economics.fee(uint256(gross), pairs.profitShareP(pairIndex, profitP));
        }
        uint256 percent = Economics.feeP(
            state.pair.fees.closeMakerP,
            state.pair.fees.closeTakerP,
            state.exposure.coinLong,
            state.exposure.coinShort,
            ending.coins,
            position.buy,
            false
        );
        return Economics.fee(Economics.fineNotional(ending.collateral, position.leverage), percent);
    }

    function _shrink(
        Key memory key,
        StoredPosition memory position,
        Ending memory ending,
        uint256 rollover,
        int256 funding
    ) private {
        bool all = ending.collateral == position.collateral;
        uint256 interest = all ? position.openInterest : position.openInterest * ending.collateral / position.collateral;
        uint256 coins = all ? position.coinExposure : ending.coins;
        pairs.change(key.pairIndex, position.buy, -int256(interest), -int256(coins));
        if (all) {
            books.remove(key);
            return;
        }
        position.collateral -= ending.collateral;
        position.coinExposure -= coins;
        position.openInterest -= interest;
        position.rolloverOwed -= rollover;
        position.fundingOwed -= funding;
        position.timestamp = block.timestamp;
        position.closing = false;
        books.put(key, position);
    }
}
