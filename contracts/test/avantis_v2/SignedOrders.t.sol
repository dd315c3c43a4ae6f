// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {VenueFixture} from "./VenueFixture.sol";

/// @title Signed orders on the stand-in: money to the last unit, and what is refused. Figures are worked out by hand.
contract SignedOrdersTest is VenueFixture {
    function setUp() public {
        _place(0x44914408af82bC9983bbb330e3578E1105e11d4e);
    }

    function test_a_long_pays_both_fees_and_gets_its_profit() public {
        // 500 of notional, an empty book: 0.045 percent of it is 0.225.
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER);
        IV2StandIn.Position memory position = _position();
        assertEq(position.collateral, 99_775_000);
        assertEq(position.leverage, 5e10);
        assertEq(position.openPrice, ETHER);
        assertEq(position.coinExposure, 0.19955e10);
        assertEq(position.timestamp, NOW);
        // 2500 percent at five times is five times the price on top.
        assertEq(position.tp, ETHER * 6);
        // 85 percent of the collateral at five times is 17 percent of the price.
        assertEq(position.liquidationPrice, 2075e10);
        assertEq(usdc.balanceOf(trader), 9900e6);
        // 4 percent up at five times: 19.955. The book will be empty: 0.045 percent of 498.875 is 0.22449375.
        _bring(1, TRADER_KEY, _closeIntent(NOW, position.collateral, 2600e10, 2), 2600e10);
        assertEq(usdc.balanceOf(trader), 9900e6 + 99_775_000 + 19_955_000 - 224_494);
        assertEq(_position().leverage, 0);
        assertEq(PAIRS.state(0).exposure.coinLong, 0);
        assertEq(PAIRS.state(0).exposure.long, 0);
    }

    function test_who_balances_the_book_pays_the_makers_fee() public {
        _bring(0, TRADER_KEY, _openIntent(true, 200e6, 5e10, 1), ETHER);
        // Shorts are nothing beside 0.3982 coins of longs; 0.2 coins of short stay within.
        _bring(0, TRADER_KEY, _openIntent(false, 100e6, 5e10, 2), ETHER);
        assertEq(router.getPosition(trader, 0, 1).collateral, 100e6 - 50_000);
        // 0.19825 coins more would even it; of 0.4 coins that part pays 0.01 and the rest 0.045 percent.
        uint256 imbalance = PAIRS.state(0).exposure.coinLong - PAIRS.state(0).exposure.coinShort;
        _bring(0, TRADER_KEY, _openIntent(false, 200e6, 5e10, 3), ETHER);
        uint256 percent = (1e8 * imbalance + 4.5e8 * (0.4e10 - imbalance)) / 0.4e10;
        uint256 fee = (1000e6 * percent + 1e12 - 1) / 1e12;
        assertEq(router.getPosition(trader, 0, 2).collateral, 200e6 - fee);
    }

    function test_spread_is_against_the_trader_on_both_ways() public {
        bytes memory intent = _openIntent(true, 100e6, 5e10, 1);
        bytes memory signature = _sign(TRADER_KEY, reader.read(0, intent).structHash);
        IV2Router.SpreadParams memory spread = _flat();
        spread.spreadP = 1e9;
        bytes[] memory updates = _update(ETHER);
        vm.prank(OPERATOR);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, spread);
        assertEq(_position().openPrice, 2502.5e10);
        intent = _closeIntent(NOW, _position().collateral, ETHER, 2);
        signature = _sign(TRADER_KEY, reader.read(1, intent).structHash);
        vm.prank(OPERATOR);
        router.executeMarketOrderBatched(1, signature, intent, updates, 1, spread);
        // A tenth of a percent each way at five times: about one percent of the collateral is lost.
        assertTrue(usdc.balanceOf(trader) < 9900e6 + 99_775_000 - 997_000, "the spread is paid twice");
    }

    function test_an_intent_is_filled_once_and_by_the_operator_only() public {
        bytes memory intent = _openIntent(true, 100e6, 5e10, 7);
        bytes memory signature = _sign(TRADER_KEY, reader.read(0, intent).structHash);
        bytes[] memory updates = _update(ETHER);
        vm.expectRevert(IV2StandIn.NotOperator.selector);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, _flat());
        vm.prank(OPERATOR);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, _flat());
        vm.prank(OPERATOR);
        vm.expectRevert(IV2Router.InvalidNonce.selector);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, _flat());
        assertEq(router.nonceBitmap(trader, 0), 1 << 7);
    }

    function test_an_expired_intent_and_a_strangers_are_refused() public {
        _refused(
            0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1, NOW * 1000 - 1), ETHER, IV2Router.InvalidDeadline.selector
        );
        _refused(0, 0xBAD, _openIntent(true, 100e6, 5e10, 1), ETHER, IV2StandIn.DelegateNotAllowed.selector);
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1, NOW * 1000), ETHER);
    }

    function test_limits_of_the_pair_hold() public {
        bytes4 leverage = IV2StandIn.WrongLeverage.selector;
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 50e10 + 1, 1), ETHER, leverage);
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 1e10 - 1, 1), ETHER, leverage);
        bytes4 small = IV2StandIn.BelowMinimumPosition.selector;
        _refused(0, TRADER_KEY, _openIntent(true, 20e6 - 1, 5e10, 1), ETHER, small);
        IV2StandIn.Pair memory pair = _pair();
        pair.closeOnly = true;
        _change(pair);
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER, IV2StandIn.PairCloseOnly.selector);
        pair = _pair();
        pair.isOpen = false;
        _change(pair);
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER, IV2StandIn.MarketClosed.selector);
        pair = _pair();
        pair.maxOpenInterest = 900e6;
        _change(pair);
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER, IV2StandIn.ExposureLimit.selector);
        pair = _pair();
        pair.isPnl = true;
        _change(pair);
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER, IV2Router.PnlOrderNotAllowed.selector);
        _change(_pair());
        _bring(0, TRADER_KEY, _openIntent(true, 20e6, 5e10, 1), ETHER);
    }

    function test_a_price_beyond_the_slippage_is_refused_on_both_ways() public {
        bytes4 slippage = IV2Router.HighSlippage.selector;
        _refused(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), 2525e10 + 1, slippage);
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), 2525e10);
        uint256 all = _position().collateral;
        _refused(1, TRADER_KEY, _closeIntent(NOW, all, ETHER, 2), 2475e10 - 1, slippage);
        // A wanted price of zero is no leave to fill at any: whether the genuine venue thinks so is not known.
        _refused(1, TRADER_KEY, _closeIntent(NOW, all, 0, 2), 2475e10, slippage);
    }

    function test_a_close_is_bound_to_the_position_that_was_read() public {
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER);
        bytes4 mismatch = IV2Router.PositionMismatch.selector;
        _refused(1, TRADER_KEY, _closeIntent(NOW - 1, 50e6, ETHER, 2), ETHER, mismatch);
        vm.warp(NOW + 60);
        _bring(1, TRADER_KEY, _closeIntent(NOW, 50e6, ETHER, 2), ETHER);
        // The partial close made another position of it.
        assertEq(_position().timestamp, NOW + 60);
        _refused(1, TRADER_KEY, _closeIntent(NOW, 49_775_000, ETHER, 3), ETHER, mismatch);
        _bring(1, TRADER_KEY, _closeIntent(NOW + 60, 49_775_000, ETHER, 3), ETHER);
        assertEq(_position().leverage, 0);
    }

    function test_what_a_partial_close_leaves_must_be_large_enough() public {
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER);
        bytes4 small = IV2StandIn.BelowMinimumPosition.selector;
        _refused(1, TRADER_KEY, _closeIntent(NOW, 80e6, ETHER, 2), ETHER, small);
        _refused(1, TRADER_KEY, _closeIntent(NOW, 100e6, ETHER, 2), ETHER, IV2StandIn.AmountTooLarge.selector);
        // By coins: half of them is half of the collateral.
        _bring(15, TRADER_KEY, _closeIntent(NOW, 0.099775e10, ETHER, 2), ETHER);
        assertEq(_position().collateral, 49_887_500);
        assertEq(_position().coinExposure, 0.099775e10);
    }

    function test_an_increase_averages_the_price_over_coins() public {
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER);
        IV2Router.UpdatePositionSize memory update;
        (update.trader, update.openPrice, update.initialPosToken, update.leverage) = (trader, 3000e10, 120e6, 5e10);
        bytes memory intent = abi.encode(update, uint256(1e10), (NOW + 120) * 1000, uint256(2));
        _bring(9, TRADER_KEY, intent, 3000e10);
        IV2StandIn.Position memory position = _position();
        // 120 at five times: 0.27 of fee; 0.19955 coins for 498.875 and 0.19955 for 598.65.
        assertEq(position.collateral, 99_775_000 + 119_730_000);
        assertEq(position.coinExposure, 0.3991e10);
        assertEq(position.openPrice, 2750e10);
        assertEq(position.leverage, 5e10);
    }

    function test_an_order_by_coins_has_the_leverage_that_follows() public {
        IV2Router.Trade memory t;
        (t.trader, t.positionSizeUSDC, t.openPrice, t.buy, t.leverage) = (trader, 100e6, ETHER, true, 5e10);
        uint256 deadline = (NOW + 120) * 1000;
        uint256 one = 1e10;
        bytes memory narrow = abi.encode(t, uint8(0), one / 5, 5e10, 5.01e10, one, deadline, uint256(1));
        _refused(12, TRADER_KEY, narrow, ETHER, IV2StandIn.WrongLeverage.selector);
        _bring(12, TRADER_KEY, abi.encode(t, uint8(0), one / 5, 5e10, 5.1e10, one, deadline, uint256(1)), ETHER);
        assertEq(_position().coinExposure, 0.2e10);
        assertEq(_position().leverage, 500e6 * one / 99_775_000);
    }

    function test_a_price_must_be_fresh_and_of_the_pair() public {
        bytes memory intent = _openIntent(true, 100e6, 5e10, 1);
        bytes memory signature = _sign(TRADER_KEY, reader.read(0, intent).structHash);
        bytes[] memory updates = new bytes[](1);
        updates[0] = abi.encode(IV2StandIn.PriceUpdate(FEED, ETHER, NOW - 61));
        vm.prank(OPERATOR);
        vm.expectRevert(IV2StandIn.StalePrice.selector);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, _flat());
        updates[0] = abi.encode(IV2StandIn.PriceUpdate(FEED + 1, ETHER, NOW));
        vm.prank(OPERATOR);
        vm.expectRevert(IV2StandIn.WrongPriceFeed.selector);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, _flat());
    }

    function test_rollover_and_funding_accrue_by_the_hour_and_are_taken_at_the_end() public {
        IV2StandIn.Pair memory pair = _pair();
        // A hundredth of a percent an hour to hold, and half of that received.
        (pair.marginLong, pair.fundingLong) = (1e8, -0.5e8);
        _change(pair);
        _bring(0, TRADER_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER);
        vm.warp(NOW + 10 hours);
        IV2StandIn.Position memory position = _position();
        // 498.875 of notional: a tenth of a percent is 0.498875, half of it 0.2494375.
        assertEq(position.rolloverFee, 498_875);
        assertEq(uint256(-position.fundingFee), 249_437);
        uint256 before = usdc.balanceOf(trader);
        _bring(1, TRADER_KEY, _closeIntent(NOW, position.collateral, ETHER, 2), ETHER);
        assertEq(usdc.balanceOf(trader) - before, 99_775_000 - 224_494 - 498_875 + 249_437);
    }

    function test_a_pair_without_fees_keeps_a_share_of_the_profit() public {
        IV2StandIn.Pair memory pair = _pair();
        pair.isPnl = true;
        _change(pair);
        uint256[2][] memory tiers = new uint256[2][](2);
        (tiers[0], tiers[1]) = ([uint256(500e10), 25e10], [uint256(3000e10), 5e10]);
        vm.prank(GOVERNOR);
        PAIRS.setProfitShares(0, tiers);
        IV2Router.Trade memory t;
        (t.trader, t.positionSizeUSDC, t.openPrice, t.buy, t.leverage) = (trader, 100e6, ETHER, true, 5e10);
        _bring(6, TRADER_KEY, abi.encode(t, uint8(3), uint256(1e10), (NOW + 120) * 1000, uint256(1)), ETHER);
        assertEq(_position().collateral, 100e6);
        bytes4 notAllowed = IV2Router.PnlOrderNotAllowed.selector;
        _refused(1, TRADER_KEY, _closeIntent(NOW, 100e6, 2600e10, 2), 2600e10, notAllowed);
        _bring(7, TRADER_KEY, _closeIntent(NOW, 100e6, 2600e10, 2), 2600e10);
        assertEq(usdc.balanceOf(trader), 10_000e6 + 15e6);
    }

    function _change(IV2StandIn.Pair memory pair) private {
        vm.prank(GOVERNOR);
        PAIRS.setPair(0, pair);
    }

    function _refused(uint8 orderType, uint256 key, bytes memory intent, uint256 price, bytes4 reason) private {
        bytes memory signature = _sign(key, reader.read(orderType, intent).structHash);
        bytes[] memory updates = _update(price);
        uint256 held = usdc.balanceOf(trader);
        vm.prank(OPERATOR);
        vm.expectRevert(reason);
        router.executeMarketOrderBatched(orderType, signature, intent, updates, 1, _flat());
        assertEq(usdc.balanceOf(trader), held);
    }
}
