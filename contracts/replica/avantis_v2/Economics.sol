// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";

/// @title The venue's arithmetic, written from docs/reference/avantis-v2.md and from nothing else.
/// @notice The program has its own in Rust; the two are compared by their results only. Units: USDC 1e6; prices,
/// leverages, percentages and coin sizes 1e10. What a position earns and owes is kept in fine USDC (1e18), so that a payout
/// is rounded once: to the unit below what was earned. Every other division rounds against the trader.
library Economics {
    uint256 internal constant ONE = 1e10;
    /// Fine USDC in a unit.
    uint256 internal constant FINE = 1e12;
    /// Hundred percent.
    uint256 internal constant HUNDRED = 100 * ONE;
    /// Share of the collateral that may be lost before liquidation, percent.
    uint256 internal constant LIQUIDATION_P = 85;

    /// @notice Collateral times leverage, USDC.
    function notional(uint256 collateral, uint256 leverage) internal pure returns (uint256) {
        return collateral * leverage / ONE;
    }

    /// @notice Coins of a position; each step rounds down, as the venue does.
    function coins(uint256 collateral, uint256 leverage, uint256 price) internal pure returns (uint256) {
        return notional(collateral, leverage) * ONE * ONE / price / 1e6;
    }

    /// @notice USDC that so many coins are worth.
    function worth(uint256 coinExposure, uint256 price) internal pure returns (uint256) {
        return coinExposure * price / 1e14;
    }

    /// @notice The spread that an order is filled with: what the operator says, or its square-root model.
    function spread(IV2Router.SpreadParams memory params, uint256 constantP, uint256 coinExposure)
        internal
        pure
        returns (uint256)
    {
        if (params.byPass) return params.spreadP > 0 ? uint256(params.spreadP) : 0;
        uint256 total = constantP;
        if (params.bookDepth != 0 && params.impactParam > 0) {
            // The root of a ratio of scale 1e20 has scale 1e10.
            total += uint256(params.impactParam) * root(coinExposure * 1e20 / params.bookDepth) / ONE;
        }
        if (params.maxSpreadP > 0 && total > uint256(params.maxSpreadP)) return uint256(params.maxSpreadP);
        return total;
    }

    /// @notice The oracle's price with the spread on it: upwards for who buys, downwards for who sells.
    function filledAt(uint256 price, uint256 spreadP, bool buys) internal pure returns (uint256) {
        return buys ? up(price * (HUNDRED + spreadP), HUNDRED) : price * (HUNDRED - spreadP) / HUNDRED;
    }

    /// @notice Maker's, taker's or mixed fee by what an order does to the balance of the pair's coins.
    /// @param long Coins of all longs before the order; `short` likewise.
    /// @param buys Whether the order makes longs heavier or shorts lighter by `size`: true for an opened long.
    function feeP(uint256 maker, uint256 taker, uint256 long, uint256 short, uint256 size, bool buys, bool opens)
        internal
        pure
        returns (uint256)
    {
        if (!opens) {
            uint256 side = buys ? long : short;
            if (size > side) size = side;
        }
        uint256 left = opens ? long + short + size : long + short - size;
        if (long + short == 0 || left == 0 || long == short || size == 0) return taker;
        // Opening a short and closing a long both weigh for the shorts.
        bool forLongs = buys == opens;
        bool balances = forLongs ? long < short : short < long;
        if (!balances) return taker;
        uint256 imbalance = long < short ? short - long : long - short;
        if (size <= imbalance) return maker;
        return (maker * imbalance + taker * (size - imbalance)) / size;
    }

    /// @notice A percentage of an amount.
    function fee(uint256 amount, uint256 percent) internal pure returns (uint256) {
        return up(amount * percent, HUNDRED);
    }

    /// @notice Collateral times leverage, fine USDC and exact.
    function fineNotional(uint256 collateral, uint256 leverage) internal pure returns (uint256) {
        return collateral * leverage * (FINE / ONE);
    }

    /// @notice What the price's way made of a collateral, before any fee: fine USDC.
    function grossPnl(uint256 collateral, uint256 leverage, uint256 openPrice, uint256 price, bool buy)
        internal
        pure
        returns (int256)
    {
        bool won = buy ? price >= openPrice : price <= openPrice;
        uint256 way = price > openPrice ? price - openPrice : openPrice - price;
        uint256 product = fineNotional(collateral, leverage) * way;
        return won ? int256(product / openPrice) : -int256(up(product, openPrice));
    }

    /// @notice A profit in fine USDC as a percentage of the collateral.
    function profitP(int256 pnl, uint256 collateral) internal pure returns (int256) {
        return collateral == 0 ? int256(0) : pnl * int256(HUNDRED) / int256(collateral * FINE);
    }

    /// @notice Where so much percent of profit (or of loss) lies from a price. Zero where no price is so low.
    function priceAt(uint256 openPrice, uint256 leverage, uint256 plainPercent, bool above)
        internal
        pure
        returns (uint256)
    {
        uint256 way = openPrice * plainPercent * ONE / (100 * leverage);
        if (above) return openPrice + way;
        return way < openPrice ? openPrice - way : 0;
    }

    /// @notice The price at which a position is liquidated, with what it owes in fine USDC. Zero where there is none.
    function liquidationPrice(
        uint256 openPrice,
        uint256 collateral,
        uint256 leverage,
        bool buy,
        uint256 rollover,
        int256 funding
    ) internal pure returns (uint256) {
        int256 room = int256(collateral * FINE * LIQUIDATION_P / 100) - int256(rollover) - funding;
        int256 way = int256(openPrice) * room / int256(fineNotional(collateral, leverage));
        int256 price = buy ? int256(openPrice) - way : int256(openPrice) + way;
        return price > 0 ? uint256(price) : 0;
    }

    /// @notice Accrued since an index: percent 1e10 times seconds, of rates that are by the hour.
    function accrued(uint256 amount, uint256 since) internal pure returns (uint256) {
        return up(amount * since, 3600 * HUNDRED);
    }

    /// @notice The same with a sign.
    function accruedSigned(uint256 amount, int256 since) internal pure returns (int256) {
        if (since >= 0) return int256(accrued(amount, uint256(since)));
        return -int256(amount * uint256(-since) / (3600 * HUNDRED));
    }

    /// @notice A part of an amount with a sign.
    function part(int256 amount, uint256 numerator, uint256 denominator) internal pure returns (int256) {
        if (amount < 0) return -int256(uint256(-amount) * numerator / denominator);
        return int256(up(uint256(amount) * numerator, denominator));
    }

    /// @notice Division that rounds up.
    function up(uint256 numerator, uint256 denominator) internal pure returns (uint256) {
        return numerator == 0 ? 0 : (numerator - 1) / denominator + 1;
    }

    /// @notice The whole part of a square root, by Newton's method.
    function root(uint256 square) internal pure returns (uint256 guess) {
        if (square == 0) return 0;
        guess = square;
        uint256 next = square / 2 + 1;
        while (next < guess) {
            guess = next;
            next = (square / next + next) / 2;
        }
    }
}
