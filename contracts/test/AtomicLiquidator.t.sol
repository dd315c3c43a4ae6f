// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AtomicLiquidator} from "../replica/AtomicLiquidator.sol";
import {ReplicaFeed} from "../replica/ReplicaFeed.sol";
import {ReplicaToken} from "../replica/ReplicaToken.sol";
import {LiquidationPoolDouble} from "./doubles/LiquidationPoolDouble.sol";
import {Test} from "./Test.sol";

contract AtomicLiquidatorTest is Test {
    address private constant OWNER = address(0xB0);
    address private constant OTHER = address(0xB1);

    ReplicaFeed private feed;
    ReplicaToken private debt;
    ReplicaToken private collateral;
    LiquidationPoolDouble private pool;
    AtomicLiquidator private liquidator;

    function setUp() external {
        vm.warp(1_000);
        feed = new ReplicaFeed(3000e8, "ETH / USD");
        debt = new ReplicaToken("USD Coin", "USDC", 6);
        collateral = new ReplicaToken("Wrapped Ether", "WETH", 18);
        pool = new LiquidationPoolDouble(feed, 2500e8);
        liquidator = new AtomicLiquidator();
        debt.mint(address(this), 1_000);
        debt.approve(address(liquidator), type(uint256).max);
        pool.owe(OWNER, 100);
    }

    function test_aPriceAndTheLiquidationsItAllowsComeInOneTransaction() external {
        vm.warp(2_000);
        assertEq(_strike(2400e8, OWNER), 2);
        assertEq(uint256(feed.latestAnswer()), 2400e8);
        assertEq(feed.latestTimestamp(), 2_000);
        // Half first, then half of the rest: 50 and 25.
        assertEq(pool.debtOf(OWNER), 25);
        assertEq(debt.balanceOf(address(this)), 925);
        assertEq(collateral.balanceOf(address(this)), 150);
    }

    function test_whoeverIsHealthyIsPassedOverAndThePriceStays() external {
        assertEq(_strike(2600e8, OWNER), 0);
        assertEq(uint256(feed.latestAnswer()), 2600e8);
        assertEq(debt.balanceOf(address(this)), 1_000);
        assertEq(_strike(2400e8, OTHER), 0);
        assertEq(pool.debtOf(OWNER), 100);
    }

    function test_nothingStaysInTheContract() external {
        _strike(2400e8, OWNER);
        assertEq(debt.balanceOf(address(liquidator)), 0);
        assertEq(collateral.balanceOf(address(liquidator)), 0);
        assertEq(debt.allowance(address(liquidator), address(pool)), 0);
    }

    function _strike(int256 answer, address user) private returns (uint256) {
        AtomicLiquidator.Update[] memory updates = new AtomicLiquidator.Update[](1);
        updates[0] = AtomicLiquidator.Update(address(feed), answer);
        AtomicLiquidator.Prey[] memory prey = new AtomicLiquidator.Prey[](1);
        prey[0] = AtomicLiquidator.Prey(user, address(collateral), address(debt));
        return liquidator.updateAndLiquidate(address(pool), updates, prey);
    }
}
