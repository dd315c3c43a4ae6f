// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {PERMIT2} from "../onedelta/Addresses.sol";
import {Forbidden, InvalidCalldata, InvalidOperation, ReplaceOffsetOutOfBounds, Slippage} from "../onedelta/Errors.sol";
import {ComposerFixture} from "./ComposerFixture.sol";
import {Target} from "./doubles/Target.sol";
import {Ops} from "./Ops.sol";

contract CallForwarderTest is ComposerFixture {
    uint8 private constant REVERT = 0;
    uint8 private constant LEAVE = 1;
    uint8 private constant GO_ON = 2;

    Target private target;

    function setUp() public override {
        super.setUp();
        target = new Target();
    }

    function test_composerPushesFundsAndSweepsThemBack() external {
        fund(usdc, 10);
        bytes memory stream = abi.encodePacked(
            Ops.call(address(target), 0, _tell(5)), Ops.sweep(address(usdc), address(composer), Ops.VALIDATE, 10)
        );
        compose(
            abi.encodePacked(
                Ops.transferFrom(address(usdc), address(forwarder), 10),
                Ops.call(address(forwarder), 0, stream),
                Ops.sweep(address(usdc), USER, Ops.VALIDATE, 10)
            )
        );
        assertEq(target.told(), 5);
        assertEq(usdc.balanceOf(USER), 10);
    }

    function test_composerCannotBeMadeToCallAnythingElse() external {
        fund(usdc, 10);
        vm.expectCall(
            address(target), abi.encodeWithSignature("deltaForwardCompose(bytes)", _transferFrom(USER, MALLORY, 10))
        );
        vm.expectRevert(bytes(""));
        compose(Ops.call(address(target), 0, _transferFrom(USER, MALLORY, 10)));
    }

    function test_minOutBehindTheCallBubblesThroughTheComposer() external {
        bytes memory stream = Ops.sweep(address(usdc), address(composer), Ops.VALIDATE, 1);
        vm.expectRevert(Slippage.selector);
        compose(Ops.call(address(forwarder), 0, stream));
    }

    function test_valueIsTheLow112BitsOrTheWholeBalance() external {
        vm.deal(address(composer), 10);
        bytes memory tell = Ops.call(address(target), 1 << 127, _tell(1));
        compose(Ops.call(address(forwarder), (1 << 112) | 4, tell));
        assertEq(target.received(), 4);
        assertEq(address(composer).balance, 6);
        compose(Ops.call(address(forwarder), 1 << 127, Ops.call(address(target), 5, _tell(1))));
        assertEq(target.received(), 5);
        assertEq(address(forwarder).balance, 1);
    }

    function test_refusedCallBubblesUp() external {
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 9));
        forwarder.deltaForwardCompose(Ops.call(address(target), 0, _refuse(9)));
    }

    function test_transferFromIsForbiddenEverywhere() external {
        usdc.mint(USER, 10);
        vm.prank(USER);
        usdc.approve(address(forwarder), 10);
        bytes memory data = _transferFrom(USER, MALLORY, 10);
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.call(address(usdc), 0, data));
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.tryCall(address(usdc), data, GO_ON, ""));
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.callWithReplace(address(usdc), address(usdc), 64, data));
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.tryCallWithReplace(address(usdc), address(usdc), 64, data, GO_ON, ""));
    }

    function test_permit2IsForbiddenWhateverTheCall() external {
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.call(PERMIT2, 0, _tell(1)));
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.tryCall(PERMIT2, _tell(1), GO_ON, ""));
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.callWithReplace(PERMIT2, address(0), 0, _tell(1)));
        vm.expectRevert(Forbidden.selector);
        forwarder.deltaForwardCompose(Ops.tryCallWithReplace(PERMIT2, address(0), 0, _tell(1), LEAVE, ""));
    }

    function test_tryCallThatSucceedsSkipsItsCatch() external {
        forwarder.deltaForwardCompose(
            abi.encodePacked(
                Ops.tryCall(address(target), _tell(3), LEAVE, Ops.call(address(target), 0, _refuse(1))),
                Ops.approve(address(usdc), MALLORY)
            )
        );
        assertEq(target.told(), 3);
        assertEq(usdc.allowance(address(forwarder), MALLORY), type(uint256).max);
    }

    function test_tryCallHandlingZeroReverts() external {
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 9));
        forwarder.deltaForwardCompose(
            Ops.tryCall(address(target), _refuse(9), REVERT, Ops.call(address(target), 0, _tell(1)))
        );
    }

    function test_tryCallHandlingOneRunsTheCatchAndLeaves() external {
        forwarder.deltaForwardCompose(
            abi.encodePacked(
                Ops.tryCall(address(target), _refuse(9), LEAVE, Ops.call(address(target), 0, _tell(4))),
                Ops.sweep(address(usdc), address(this), Ops.VALIDATE, 1)
            )
        );
        assertEq(target.told(), 4);
    }

    function test_tryCallHandlingTwoRunsTheCatchAndGoesOn() external {
        bytes memory op = Ops.tryCall(address(target), _refuse(9), GO_ON, Ops.call(address(target), 0, _tell(4)));
        forwarder.deltaForwardCompose(abi.encodePacked(op, Ops.approve(address(usdc), MALLORY)));
        assertEq(target.told(), 4);
        assertEq(usdc.allowance(address(forwarder), MALLORY), type(uint256).max);
        vm.expectRevert(Slippage.selector);
        forwarder.deltaForwardCompose(abi.encodePacked(op, Ops.sweep(address(usdc), address(this), Ops.VALIDATE, 1)));
    }

    function test_tryCallMayHaveNothingToCatchWith() external {
        forwarder.deltaForwardCompose(
            abi.encodePacked(
                Ops.tryCall(address(target), _refuse(9), GO_ON, ""), Ops.call(address(target), 0, _tell(6))
            )
        );
        assertEq(target.told(), 6);
        forwarder.deltaForwardCompose(
            abi.encodePacked(
                Ops.tryCall(address(target), _refuse(9), LEAVE, ""), Ops.call(address(target), 0, _tell(7))
            )
        );
        assertEq(target.told(), 6);
    }

    function test_catchOpsMustEndWhereTheyEnd() external {
        bytes memory inner = Ops.approve(address(usdc), MALLORY);
        assembly {
            mstore(inner, sub(mload(inner), 1))
        }
        vm.expectRevert(InvalidCalldata.selector);
        forwarder.deltaForwardCompose(Ops.tryCall(address(target), _refuse(9), GO_ON, inner));
    }

    function test_replacePutsTheBalanceIntoTheCall() external {
        usdc.mint(address(forwarder), 77);
        forwarder.deltaForwardCompose(Ops.callWithReplace(address(target), address(usdc), 0, _tell(1)));
        assertEq(target.told(), 77);
    }

    function test_replaceWithTokenZeroLeavesTheCallAlone() external {
        forwarder.deltaForwardCompose(Ops.callWithReplace(address(target), address(0), 9_999, _tell(8)));
        assertEq(target.told(), 8);
    }

    function test_replaceHitsTheWordAtItsOffset() external {
        usdc.mint(address(forwarder), 9);
        bytes memory data = abi.encodeWithSignature("transfer(address,uint256)", MALLORY, uint256(1));
        forwarder.deltaForwardCompose(Ops.callWithReplace(address(usdc), address(usdc), 32, data));
        assertEq(usdc.balanceOf(MALLORY), 9);
    }

    function test_replaceOutsideOfTheCallIsRefused() external {
        vm.expectRevert(ReplaceOffsetOutOfBounds.selector);
        forwarder.deltaForwardCompose(Ops.callWithReplace(address(target), address(usdc), 1, _tell(1)));
        vm.expectRevert(ReplaceOffsetOutOfBounds.selector);
        forwarder.deltaForwardCompose(Ops.callWithReplace(address(target), address(usdc), 65_535, _tell(1)));
        vm.expectRevert(ReplaceOffsetOutOfBounds.selector);
        forwarder.deltaForwardCompose(Ops.tryCallWithReplace(address(target), address(usdc), 1, _tell(1), GO_ON, ""));
    }

    function test_tryReplaceHandlesFailureLikeTryCall() external {
        usdc.mint(address(forwarder), 77);
        bytes memory tell = Ops.call(address(target), 0, _tell(4));
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 77));
        forwarder.deltaForwardCompose(
            Ops.tryCallWithReplace(address(target), address(usdc), 0, _refuse(1), REVERT, tell)
        );
        bytes memory leave = Ops.tryCallWithReplace(address(target), address(usdc), 0, _refuse(1), LEAVE, tell);
        forwarder.deltaForwardCompose(abi.encodePacked(leave, Ops.approve(address(usdc), MALLORY)));
        assertEq(target.told(), 4);
        assertEq(usdc.allowance(address(forwarder), MALLORY), 0);
        bytes memory goOn = Ops.tryCallWithReplace(address(target), address(usdc), 0, _refuse(1), GO_ON, tell);
        forwarder.deltaForwardCompose(abi.encodePacked(goOn, Ops.approve(address(usdc), MALLORY)));
        assertEq(usdc.allowance(address(forwarder), MALLORY), type(uint256).max);
    }

    function test_transferOpsWorkForWhoeverCalls() external {
        usdc.mint(USER, 10);
        vm.prank(USER);
        usdc.approve(address(forwarder), 10);
        vm.prank(USER);
        forwarder.deltaForwardCompose(
            abi.encodePacked(
                Ops.transferFrom(address(usdc), address(forwarder), 0),
                Ops.sweep(address(usdc), MALLORY, Ops.VALIDATE, 10)
            )
        );
        assertEq(usdc.balanceOf(MALLORY), 10);
    }

    function test_forwarderUnwrapsAndTakesNative() external {
        vm.deal(address(this), 5);
        weth.deposit{value: 5}();
        weth.transfer(address(forwarder), 5);
        forwarder.deltaForwardCompose(Ops.unwrap(address(weth), MALLORY, Ops.VALIDATE, 5));
        assertEq(MALLORY.balance, 5);
    }

    function test_forwarderHasNoWrapAndNoNftSweep() external {
        vm.expectRevert(InvalidOperation.selector);
        forwarder.deltaForwardCompose(Ops.wrap(address(weth), MALLORY, 0));
        vm.expectRevert(InvalidOperation.selector);
        forwarder.deltaForwardCompose(Ops.sweepNft(address(usdc), MALLORY, 1));
    }

    function test_everyOtherCommandIsRefused() external {
        for (uint256 command = 0; command < 256; command++) {
            if (command == 0x40 || (command >= 0x20 && command < 0x24)) continue;
            vm.expectRevert(InvalidOperation.selector);
            forwarder.deltaForwardCompose(abi.encodePacked(uint8(command), new bytes(200)));
        }
    }

    function test_emptyStreamIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        forwarder.deltaForwardCompose("");
    }

    function test_streamThatEndsInsideAnOpIsRefused() external {
        bytes memory op = Ops.approve(address(usdc), MALLORY);
        assembly {
            mstore(op, sub(mload(op), 1))
        }
        vm.expectRevert(InvalidCalldata.selector);
        forwarder.deltaForwardCompose(op);
    }

    function _tell(uint256 what) private pure returns (bytes memory) {
        return abi.encodeCall(Target.tell, (what));
    }

    function _refuse(uint256 code) private pure returns (bytes memory) {
        return abi.encodeCall(Target.refuse, (code));
    }

    function _transferFrom(address from, address to, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSignature("transferFrom(address,address,uint256)", from, to, amount);
    }
}
