// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IPool} from "abi/aave/IPool.sol";
import {InvalidOperation} from "../onedelta/Errors.sol";
import {ReplicaToken} from "../replica/ReplicaToken.sol";
import {ComposerFixture} from "./ComposerFixture.sol";
import {AavePoolDouble} from "./doubles/AavePoolDouble.sol";
import {Ops} from "./Ops.sol";

contract LendingTest is ComposerFixture {
    ReplicaToken private aToken;
    ReplicaToken private debtToken;

    function setUp() public override {
        super.setUp();
        aToken = aave.aTokenOf(address(usdc));
        debtToken = aave.debtTokenOf(address(usdc));
        compose(Ops.approve(address(usdc), address(aave)));
    }

    function test_depositSuppliesForTheBeneficiary() external {
        usdc.mint(address(composer), 10);
        vm.expectCall(address(aave), abi.encodeCall(IPool.supply, (address(usdc), 4, MALLORY, 0)));
        compose(Ops.deposit(address(usdc), 4, MALLORY, address(aave)));
        assertEq(aToken.balanceOf(MALLORY), 4);
    }

    function test_depositZeroSuppliesEverything() external {
        usdc.mint(address(composer), 10);
        compose(Ops.deposit(address(usdc), 0, USER, address(aave)));
        assertEq(aToken.balanceOf(USER), 10);
    }

    function test_lendingCountsTheLow112BitsOnly() external {
        usdc.mint(address(composer), 10);
        compose(Ops.deposit(address(usdc), (1 << 112) | 4, USER, address(aave)));
        assertEq(aToken.balanceOf(USER), 4);
        compose(Ops.deposit(address(usdc), 1 << 112, USER, address(aave)));
        assertEq(aToken.balanceOf(USER), 10);
    }

    function test_borrowIsForTheCallerAndStaysInTheComposer() external {
        vm.prank(USER);
        aave.delegate(address(composer));
        vm.expectCall(address(aave), abi.encodeCall(IPool.borrow, (address(usdc), 5, 2, 0, USER)));
        compose(Ops.borrow(address(usdc), 5, address(composer), address(aave)));
        assertEq(debtToken.balanceOf(USER), 5);
        assertEq(usdc.balanceOf(address(composer)), 5);
    }

    function test_borrowForwardsToTheReceiver() external {
        vm.prank(USER);
        aave.delegate(address(composer));
        compose(Ops.borrow(address(usdc), 5, MALLORY, address(aave)));
        assertEq(usdc.balanceOf(MALLORY), 5);
        assertEq(usdc.balanceOf(address(composer)), 0);
    }

    function test_strangerCannotBorrowOnTheDelegationOfAnother() external {
        vm.prank(USER);
        aave.delegate(address(composer));
        vm.expectRevert(abi.encodeWithSelector(AavePoolDouble.BorrowNotDelegated.selector, MALLORY, address(composer)));
        vm.prank(MALLORY);
        composer.deltaCompose(Ops.borrow(address(usdc), 5, MALLORY, address(aave)));
    }

    function test_repayPaysTheAmount() external {
        usdc.mint(address(composer), 10);
        vm.expectCall(address(aave), abi.encodeCall(IPool.repay, (address(usdc), 4, 2, USER)));
        compose(Ops.repay(address(usdc), 4, USER, address(debtToken), address(aave)));
        assertEq(usdc.balanceOf(address(composer)), 6);
    }

    function test_repayZeroPaysTheWholeBalanceWhateverTheDebt() external {
        usdc.mint(address(composer), 10);
        debtToken.mint(USER, 3);
        vm.expectCall(address(aave), abi.encodeCall(IPool.repay, (address(usdc), 10, 2, USER)));
        compose(Ops.repay(address(usdc), 0, USER, address(debtToken), address(aave)));
    }

    function test_repayMaxPaysTheDebtWhereTheBalanceIsLarger() external {
        usdc.mint(address(composer), 10);
        debtToken.mint(USER, 3);
        vm.expectCall(address(aave), abi.encodeCall(IPool.repay, (address(usdc), 3, 2, USER)));
        compose(Ops.repay(address(usdc), Ops.MAX112, USER, address(debtToken), address(aave)));
    }

    function test_repayMaxPaysTheBalanceWhereTheDebtIsLarger() external {
        usdc.mint(address(composer), 10);
        debtToken.mint(USER, 30);
        vm.expectCall(address(aave), abi.encodeCall(IPool.repay, (address(usdc), 10, 2, USER)));
        compose(Ops.repay(address(usdc), Ops.MAX112, USER, address(debtToken), address(aave)));
    }

    function test_withdrawTakesTheCallersATokens() external {
        _supplyForUser(10);
        compose(Ops.withdraw(address(usdc), 4, MALLORY, address(aToken), address(aave)));
        assertEq(usdc.balanceOf(MALLORY), 4);
        assertEq(aToken.balanceOf(USER), 6);
    }

    function test_withdrawMaxTakesAllATokens() external {
        _supplyForUser(10);
        compose(Ops.withdraw(address(usdc), Ops.MAX112, address(composer), address(aToken), address(aave)));
        assertEq(usdc.balanceOf(address(composer)), 10);
        assertEq(aToken.balanceOf(USER), 0);
    }

    function test_strangerCannotWithdrawOnTheAllowanceOfAnother() external {
        _supplyForUser(10);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(MALLORY);
        composer.deltaCompose(Ops.withdraw(address(usdc), 10, MALLORY, address(aToken), address(aave)));
    }

    function test_lendersOfOtherKindsAreRefused() external {
        for (uint16 id = 1000; id < 6000; id += 500) {
            vm.expectRevert(InvalidOperation.selector);
            compose(abi.encodePacked(hex"3000", id, address(usdc), uint128(1), USER, address(aave)));
        }
    }

    function test_everyAaveV3LenderIdMeansTheSame() external {
        usdc.mint(address(composer), 2);
        compose(abi.encodePacked(hex"3000", uint16(0), address(usdc), uint128(1), USER, address(aave)));
        compose(abi.encodePacked(hex"3000", uint16(999), address(usdc), uint128(1), USER, address(aave)));
        assertEq(aToken.balanceOf(USER), 2);
    }

    function test_unknownLendingOpsAreRefused() external {
        for (uint8 operation = 4; operation < 255; operation++) {
            vm.expectRevert(InvalidOperation.selector);
            compose(abi.encodePacked(hex"30", operation, uint16(999), new bytes(120)));
        }
    }

    function test_rateModeZeroIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose(abi.encodePacked(hex"300103e7", address(usdc), uint128(1), address(composer), hex"00", address(aave)));
    }

    function _supplyForUser(uint256 amount) private {
        aToken.mint(USER, amount);
        vm.prank(USER);
        aToken.approve(address(composer), amount);
    }
}
