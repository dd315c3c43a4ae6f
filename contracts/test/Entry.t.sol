// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {InvalidCalldata, InvalidOperation} from "../onedelta/Errors.sol";
import {ComposerFixture} from "./ComposerFixture.sol";
import {Ops} from "./Ops.sol";
import {Vm} from "./Vm.sol";

contract EntryTest is ComposerFixture {
    function test_probeOfTheGenerationAnswersInvalidOperation() external {
        vm.expectRevert(bytes4(0x398d4d32));
        composer.deltaCompose(hex"10");
    }

    function test_emptyStreamIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose("");
    }

    function test_everyUnknownCommandIsRefused() external {
        for (uint256 command = 0; command < 256; command++) {
            if (command == 0x20 || command == 0x30 || command == 0x40 || command == 0x50 || command == 0x60) continue;
            vm.expectRevert(InvalidOperation.selector);
            compose(abi.encodePacked(uint8(command), new bytes(200)));
        }
    }

    function test_streamThatEndsInsideAnOpIsRefused() external {
        bytes memory op = Ops.approve(address(usdc), MALLORY);
        assembly {
            mstore(op, sub(mload(op), 1))
        }
        vm.expectRevert(InvalidCalldata.selector);
        compose(op);
    }

    function test_byteBehindTheLastOpIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose(abi.encodePacked(Ops.approve(address(usdc), MALLORY), hex"00"));
    }

    function test_nestedDataLongerThanTheStreamIsRefused() external {
        bytes memory cut = abi.encodePacked(hex"5000", address(usdc), uint16(100), new bytes(99));
        vm.expectRevert(InvalidCalldata.selector);
        compose(cut);
    }

    function test_opsRunInOrderForWhoeverCalls() external {
        fund(usdc, 10);
        compose(
            abi.encodePacked(
                Ops.transferFrom(address(usdc), address(composer), 7),
                Ops.sweep(address(usdc), MALLORY, Ops.AMOUNT, 4),
                Ops.sweep(address(usdc), USER, Ops.VALIDATE, 3)
            )
        );
        assertEq(usdc.balanceOf(USER), 6);
        assertEq(usdc.balanceOf(MALLORY), 4);
        assertEq(usdc.balanceOf(address(composer)), 0);
    }

    function test_strangerCannotSpendTheAllowanceOfAnother() external {
        fund(usdc, 10);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(MALLORY);
        composer.deltaCompose(Ops.transferFrom(address(usdc), MALLORY, 10));
    }

    function test_oneEmptyLogEndsTheStream() external {
        vm.recordLogs();
        compose(Ops.sweep(address(usdc), USER, Ops.VALIDATE, 0));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics.length, 0);
        assertEq(logs[0].data.length, 0);
        assertEq(logs[0].emitter, address(composer));
    }

    function test_plainTransferOfNativeIsAccepted() external {
        vm.deal(USER, 1 ether);
        vm.prank(USER);
        (bool success,) = address(composer).call{value: 1 ether}("");
        assertTrue(success, "the composer takes native");
        assertEq(address(composer).balance, 1 ether);
    }
}
