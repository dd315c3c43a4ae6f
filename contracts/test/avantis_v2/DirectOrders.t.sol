// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {VenueFixture} from "./VenueFixture.sol";

/// @title Orders by the trader's or a delegate's own transaction, triggers, and what delegates may not do.
contract DirectOrdersTest is VenueFixture {
    function setUp() public {
        _place(0x44914408af82bC9983bbb330e3578E1105e11d4e);
    }

    function test_a_market_order_waits_for_the_operator() public {
        _openDirectly(0);
        assertEq(usdc.balanceOf(trader), 9900e6);
        assertEq(_position().leverage, 0);
        (uint256[] memory ids, IV2StandIn.Order[] memory orders) = views.allOrders();
        assertEq(ids.length, 1);
        assertEq(orders[0].trader, trader);
        _fill(ids[0], ETHER);
        assertEq(_position().collateral, 99_775_000);
        vm.prank(OPERATOR);
        vm.expectRevert(IV2StandIn.NoOrder.selector);
        router.executeMarketOrder(ids[0], new bytes[](0), 1, 0);
    }

    function test_an_order_that_cannot_be_filled_is_refunded() public {
        _openDirectly(0);
        _fill(1, 2526e10);
        assertEq(usdc.balanceOf(trader), 10_000e6);
        assertEq(_position().leverage, 0);
        (uint256[] memory ids,) = views.allOrders();
        assertEq(ids.length, 0);
    }

    function test_while_a_close_waits_nothing_else_is_done() public {
        _openDirectly(0);
        _fill(1, ETHER);
        uint256 all = _position().collateral;
        vm.prank(trader);
        router.closeTradeMarket(0, 0, all, ETHER);
        assertTrue(_position().closing, "closing");
        vm.prank(trader);
        vm.expectRevert(IV2StandIn.AlreadyClosing.selector);
        router.closeTradeMarket(0, 0, all, ETHER);
        vm.deal(trader, 1 ether);
        bytes[] memory updates = _update(ETHER);
        vm.prank(trader);
        vm.expectRevert(IV2StandIn.AlreadyClosing.selector);
        router.updateMargin{value: 1}(0, 0, 0, 10e6, updates, 1);
        // Too far from the wanted price: the position stays, and may be closed again.
        _fill(2, 2400e10);
        assertTrue(!_position().closing, "not closing any more");
        vm.prank(trader);
        router.closeTradeMarket(0, 0, all, ETHER);
        _fill(3, ETHER);
        assertEq(usdc.balanceOf(trader), 9900e6 + all - 224_494);
    }

    function test_margin_moves_at_once_and_makes_another_position_of_it() public {
        _openDirectly(0);
        _fill(1, ETHER);
        vm.deal(trader, 1 ether);
        vm.warp(NOW + 100);
        bytes[] memory updates = _update(ETHER);
        vm.prank(trader);
        vm.expectRevert(IV2StandIn.OracleFeeMissing.selector);
        router.updateMargin(0, 0, 0, 100e6, updates, 1);
        vm.prank(trader);
        router.updateMargin{value: 1}(0, 0, 0, 100e6, updates, 1);
        assertEq(_position().collateral, 199_775_000);
        // 498.875 of notional over 199.775.
        assertEq(_position().leverage, 498_875_000 * uint256(1e10) / 199_775_000);
        assertEq(_position().timestamp, NOW + 100);
        vm.prank(trader);
        router.updateMargin{value: 1}(0, 0, 1, 150e6, updates, 1);
        assertEq(usdc.balanceOf(trader), 9950e6);
        // 8 percent down at ten times: more than 80 percent of what would be left is lost.
        bytes[] memory low = _update(2280e10);
        vm.prank(trader);
        vm.expectRevert(IV2StandIn.WithdrawTooMuch.selector);
        router.updateMargin{value: 1}(0, 0, 1, 1e6, low, 1);
    }

    function test_a_limit_order_is_placed_changed_filled_or_taken_back() public {
        _openDirectly(2);
        assertEq(usdc.balanceOf(trader), 9900e6);
        vm.prank(trader);
        router.updateOpenLimitOrder(0, 0, 2400e10, 1e10, 0, 2300e10);
        bytes[] memory above = _update(2401e10);
        vm.prank(OPERATOR);
        vm.expectRevert(IV2StandIn.NotDue.selector);
        router.executeTrigger(3, trader, 0, 0, above, 1, 0);
        bytes[] memory at = _update(2399e10);
        vm.prank(OPERATOR);
        router.executeTrigger(3, trader, 0, 0, at, 1, 0);
        assertEq(_position().openPrice, 2399e10);
        assertEq(_position().sl, 2300e10);
        assertEq(views.allLimitOrders().length, 0);
        _openDirectly(1);
        vm.prank(trader);
        router.cancelOpenLimitOrder(0, 0);
        assertEq(usdc.balanceOf(trader), 9900e6);
        vm.prank(trader);
        vm.expectRevert(IV2StandIn.NoOrder.selector);
        router.cancelOpenLimitOrder(0, 0);
    }

    function test_take_profit_and_stop_loss_are_changed_by_a_signature_and_carried_out() public {
        _openDirectly(0);
        _fill(1, ETHER);
        _tpSl(2600e10, 2400e10, 2, bytes4(0));
        assertEq(_position().tp, 2600e10);
        _tpSl(2600e10, 2500e10, 3, IV2Router.WrongSl.selector);
        _tpSl(2500e10, 2400e10, 3, IV2Router.WrongTp.selector);
        // Deeper than 80 percent of the collateral.
        _tpSl(2600e10, 2099e10, 3, IV2Router.WrongSl.selector);
        _trigger(0, 2599e10, IV2StandIn.NotDue.selector);
        _trigger(1, 2401e10, IV2StandIn.NotDue.selector);
        _trigger(1, 2400e10, bytes4(0));
        // 4 percent down at five times, and the fee.
        assertEq(usdc.balanceOf(trader), 9900e6 + 99_775_000 - 19_955_000 - 224_494);
    }

    function test_a_liquidated_position_pays_nothing() public {
        _openDirectly(0);
        _fill(1, ETHER);
        _trigger(2, 2075e10 + 1, IV2StandIn.NotDue.selector);
        _trigger(2, 2075e10, bytes4(0));
        assertEq(usdc.balanceOf(trader), 9900e6);
        assertEq(views.allPositions().length, 0);
    }

    function test_a_partial_trigger_closes_so_many_coins_once() public {
        _openDirectly(0);
        _fill(1, ETHER);
        uint256 half = _position().coinExposure / 2;
        bytes memory intent = abi.encode(
            trader,
            uint256(0),
            uint256(0),
            uint8(0),
            half,
            true,
            uint256(2600e10),
            int256(0),
            NOW,
            NOW * 1000,
            uint8(4),
            uint256(9)
        );
        bytes memory signature = _sign(TRADER_KEY, router.tpSlHash(intent));
        bytes[] memory low = _update(2599e10);
        vm.prank(OPERATOR);
        vm.expectRevert(IV2StandIn.NotDue.selector);
        router.executePositionUpdateBatched(11, signature, intent, low, 1, _flat());
        bytes[] memory high = _update(2600e10);
        vm.prank(OPERATOR);
        router.executePositionUpdateBatched(11, signature, intent, high, 1, _flat());
        assertEq(_position().collateral, 49_887_500);
        vm.prank(OPERATOR);
        vm.expectRevert(IV2Router.InvalidNonce.selector);
        router.executePositionUpdateBatched(11, signature, intent, high, 1, _flat());
    }

    function test_a_delegate_trades_until_its_expiry_and_does_nothing_else() public {
        bytes memory open = abi.encodeCall(IV2Router.openTrade, (_trade(), 0, 1e10));
        vm.prank(delegate);
        vm.expectRevert(IV2StandIn.DelegateNotAllowed.selector);
        router.delegatedAction(trader, open);
        vm.prank(trader);
        router.setDelegate(delegate, NOW + 100);
        vm.prank(delegate);
        router.delegatedAction(trader, open);
        (, IV2StandIn.Order[] memory orders) = views.allOrders();
        assertEq(orders[0].trader, trader);
        bytes memory rights = abi.encodeCall(IV2Router.setDelegate, (address(0xE41), NOW + 1000));
        vm.prank(delegate);
        vm.expectRevert(IV2StandIn.ActionNotDelegable.selector);
        router.delegatedAction(trader, rights);
        // At the very second of its expiry its signature still counts, its transaction does not.
        vm.warp(NOW + 100);
        vm.prank(delegate);
        vm.expectRevert(IV2StandIn.DelegateNotAllowed.selector);
        router.delegatedAction(trader, open);
        _bring(0, DELEGATE_KEY, _openIntent(true, 100e6, 5e10, 1), ETHER);
        // The nonce is the signer's.
        assertEq(router.nonceBitmap(delegate, 0), 2);
        assertEq(router.nonceBitmap(trader, 0), 0);
        vm.prank(trader);
        router.removeDelegate(delegate);
        bytes memory intent = _openIntent(true, 100e6, 5e10, 2);
        bytes memory signature = _sign(DELEGATE_KEY, reader.read(0, intent).structHash);
        bytes[] memory updates = _update(ETHER);
        vm.prank(OPERATOR);
        vm.expectRevert(IV2StandIn.DelegateNotAllowed.selector);
        router.executeMarketOrderBatched(0, signature, intent, updates, 1, _flat());
    }

    function test_take_profit_and_stop_loss_have_no_direct_form() public {
        // Version 1's updateTpAndSl: nothing answers.
        (bool done,) = address(router).call(abi.encodeWithSelector(0x8dffdc3c, 0, 0, 0, 0));
        assertTrue(!done, "no such function");
        vm.prank(trader);
        vm.expectRevert(IV2StandIn.NotOperator.selector);
        router.executePositionUpdateBatched(5, "", "", new bytes[](0), 1, _flat());
    }

    function _trade() private view returns (IV2Router.Trade memory t) {
        (t.trader, t.positionSizeUSDC, t.openPrice, t.buy, t.leverage) = (trader, 100e6, ETHER, true, 5e10);
    }

    function _openDirectly(uint8 orderType) private {
        vm.prank(trader);
        router.openTrade(_trade(), orderType, 1e10);
    }

    function _fill(uint256 orderId, uint256 price) private {
        bytes[] memory updates = _update(price);
        vm.prank(OPERATOR);
        router.executeMarketOrder(orderId, updates, 1, 0);
    }

    function _trigger(uint8 triggerType, uint256 price, bytes4 reason) private {
        bytes[] memory updates = _update(price);
        vm.prank(OPERATOR);
        if (reason != 0) vm.expectRevert(reason);
        router.executeTrigger(triggerType, trader, 0, 0, updates, 1, 0);
    }

    function _tpSl(uint256 tp, uint256 sl, uint256 nonce, bytes4 reason) private {
        bytes memory intent = abi.encode(trader, uint256(0), uint256(0), tp, sl, (NOW + 120) * 1000, nonce);
        bytes memory signature = _sign(TRADER_KEY, router.updateTpSlHash(intent));
        bytes[] memory updates = _update(ETHER);
        vm.prank(OPERATOR);
        if (reason != 0) vm.expectRevert(reason);
        router.executePositionUpdateBatched(5, signature, intent, updates, 1, _flat());
    }
}
