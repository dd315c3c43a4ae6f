// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {Economics} from "../../replica/avantis_v2/Economics.sol";
import {Test} from "../Test.sol";

/// @title The stand-in's arithmetic beside what the venue's official client computes (tests/vectors).
contract EconomicsTest is Test {
    uint256 private constant LONG = 442.9e10;
    uint256 private constant SHORT = 457.41e10;
    uint256 private constant MAKER = 0.01e10;
    uint256 private constant TAKER = 0.045e10;

    function test_profit_and_loss_are_the_clients() public pure {
        int256 won = Economics.grossPnl(249_887_500, 5e10, 2567.98e10, 2700e10, true);
        _near(uint256(won), 64_233_653_980_950_000_000);
        int256 lost = Economics.grossPnl(249_887_500, 5e10, 2567.98e10, 2700e10, false);
        _near(uint256(-lost), 64_233_653_980_950_000_000);
    }

    function test_liquidation_prices_are_the_clients() public pure {
        uint256 rollover = 120_000 * 1e12;
        int256 funding = 50_000 * 1e12;
        assertEq(
            Economics.liquidationPrice(2567.98e10, 249_437_500, 5e10, true, rollover, funding) / 100, 213_177_343_285
        );
        assertEq(
            Economics.liquidationPrice(2567.98e10, 249_437_500, 5e10, false, rollover, funding) / 100, 300_418_656_714
        );
    }

    function test_fees_by_the_balance_of_the_book_are_the_clients() public pure {
        assertEq(Economics.feeP(MAKER, TAKER, LONG, SHORT, 5e10, true, true), MAKER);
        assertEq(Economics.feeP(MAKER, TAKER, LONG, SHORT, 5e10, true, false), TAKER);
        assertEq(Economics.feeP(MAKER, TAKER, LONG, SHORT, 5e10, false, true), TAKER);
        assertEq(Economics.feeP(MAKER, TAKER, LONG, SHORT, 5e10, false, false), MAKER);
        assertEq(Economics.feeP(MAKER, TAKER, LONG, SHORT, 100e10, true, true), 399_215_000);
        assertEq(Economics.feeP(MAKER, TAKER, LONG, SHORT, 100e10, true, false), TAKER);
        assertEq(Economics.feeP(MAKER, TAKER, 0, 0, 1e10, true, true), TAKER);
        assertEq(Economics.feeP(MAKER, TAKER, 10e10, 10e10, 1e10, true, true), TAKER);
        assertEq(Economics.feeP(MAKER, TAKER, 10e10, 10e10, 1e10, true, false), TAKER);
    }

    function test_prices_of_take_profit_and_stop_loss_are_the_clients() public pure {
        assertEq(Economics.priceAt(2567.98e10, 5e10, 2500, true), 15_407.88e10);
        assertEq(Economics.priceAt(2567.98e10, 5e10, 80, false), 2157.1032e10);
        assertEq(Economics.priceAt(2567.98e10, 5e10, 80, true), 2978.8568e10);
        // The client computes -10271.92: there is no such price.
        assertEq(Economics.priceAt(2567.98e10, 5e10, 2500, false), 0);
    }

    function test_the_spread_is_the_operators_or_its_model() public pure {
        IV2Router.SpreadParams memory params;
        (params.impactParam, params.bookDepth, params.maxSpreadP) = (1e9, 100e10, 5e8);
        // A quarter of the depth: half of the impact, and the constant on top, up to the most.
        assertEq(Economics.spread(params, 1e8, 25e10), 5e8);
        params.maxSpreadP = 0;
        assertEq(Economics.spread(params, 1e8, 25e10), 6e8);
        (params.byPass, params.spreadP) = (true, 3e8);
        assertEq(Economics.spread(params, 1e8, 25e10), 3e8);
        // Nobody is paid for trading.
        params.spreadP = -3e8;
        assertEq(Economics.spread(params, 1e8, 25e10), 0);
    }

    /// @dev The client computes with floating point: so much of fine USDC is a millionth of a unit.
    function _near(uint256 got, uint256 wanted) private pure {
        assertTrue((got > wanted ? got - wanted : wanted - got) < 1e6, "far");
    }
}
