// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {PERMIT2} from "../onedelta/Addresses.sol";
import {ApproveFailed, InvalidOperation, NativeTransferFailed, Slippage, WrapFailed} from "../onedelta/Errors.sol";
import {ReplicaToken} from "../replica/ReplicaToken.sol";
import {ComposerFixture} from "./ComposerFixture.sol";
import {NftDouble} from "./doubles/NftDouble.sol";
import {RefusingToken} from "./doubles/RefusingToken.sol";
import {SilentToken} from "./doubles/SilentToken.sol";
import {Target} from "./doubles/Target.sol";
import {Ops} from "./Ops.sol";

contract TransfersTest is ComposerFixture {
    address private receiver = address(0x2222);

    function test_transferFromTakesTheAmount() external {
        fund(usdc, 10);
        compose(Ops.transferFrom(address(usdc), receiver, 4));
        assertEq(usdc.balanceOf(receiver), 4);
    }

    function test_transferFromZeroTakesEverything() external {
        fund(usdc, 10);
        compose(Ops.transferFrom(address(usdc), receiver, 0));
        assertEq(usdc.balanceOf(receiver), 10);
        assertEq(usdc.balanceOf(USER), 0);
    }

    function test_transferFromAmountKeepsAllOf128Bits() external {
        uint128 amount = type(uint128).max;
        fund(usdc, amount);
        compose(Ops.transferFrom(address(usdc), receiver, amount));
        assertEq(usdc.balanceOf(receiver), amount);
    }

    function test_tokenThatAnswersFalseIsARefusal() external {
        RefusingToken token = new RefusingToken();
        vm.expectRevert(abi.encode(false));
        compose(Ops.transferFrom(address(token), receiver, 1));
        vm.expectRevert(abi.encode(false));
        compose(Ops.sweep(address(token), receiver, Ops.AMOUNT, 1));
    }

    function test_tokenThatAnswersNothingIsFine() external {
        SilentToken token = new SilentToken();
        token.mint(address(composer), 5);
        compose(
            abi.encodePacked(Ops.approve(address(token), MALLORY), Ops.sweep(address(token), receiver, Ops.VALIDATE, 5))
        );
        assertEq(token.balanceOf(receiver), 5);
        assertEq(token.allowance(address(composer), MALLORY), type(uint256).max);
    }

    function test_sweepValidateSendsAllAndChecksTheMinimum() external {
        usdc.mint(address(composer), 10);
        vm.expectRevert(Slippage.selector);
        compose(Ops.sweep(address(usdc), receiver, Ops.VALIDATE, 11));
        compose(Ops.sweep(address(usdc), receiver, Ops.VALIDATE, 10));
        assertEq(usdc.balanceOf(receiver), 10);
    }

    function test_sweepAmountSendsExactlyThatForAnyOtherMode() external {
        usdc.mint(address(composer), 10);
        compose(Ops.sweep(address(usdc), receiver, Ops.AMOUNT, 4));
        compose(Ops.sweep(address(usdc), receiver, 255, 3));
        assertEq(usdc.balanceOf(receiver), 7);
        assertEq(usdc.balanceOf(address(composer)), 3);
    }

    function test_sweepAmountAboveTheBalanceBubblesTheTokensRefusal() external {
        usdc.mint(address(composer), 10);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds balance"));
        compose(Ops.sweep(address(usdc), receiver, Ops.AMOUNT, 11));
    }

    function test_zeroSweepIsSkipped() external {
        RefusingToken token = new RefusingToken();
        compose(Ops.sweep(address(token), receiver, Ops.AMOUNT, 0));
        compose(Ops.sweep(address(usdc), receiver, Ops.VALIDATE, 0));
        compose(Ops.sweep(address(0), address(weth), Ops.VALIDATE, 0));
        assertEq(weth.balanceOf(address(composer)), 0);
    }

    function test_sweepToItselfAssertsABalance() external {
        usdc.mint(address(composer), 10);
        compose(Ops.sweep(address(usdc), address(composer), Ops.VALIDATE, 10));
        assertEq(usdc.balanceOf(address(composer)), 10);
    }

    function test_nativeSweepWorksInBothModes() external {
        vm.deal(address(composer), 10);
        compose(Ops.sweep(address(0), receiver, Ops.AMOUNT, 4));
        assertEq(receiver.balance, 4);
        vm.expectRevert(Slippage.selector);
        compose(Ops.sweep(address(0), receiver, Ops.VALIDATE, 7));
        compose(Ops.sweep(address(0), receiver, Ops.VALIDATE, 6));
        assertEq(receiver.balance, 10);
    }

    function test_nativeSweepToAReceiverThatRefusesFails() external {
        vm.deal(address(composer), 10);
        address refuser = address(new Target());
        vm.expectRevert(NativeTransferFailed.selector);
        compose(Ops.sweep(address(0), refuser, Ops.AMOUNT, 4));
    }

    function test_unwrapSendsNativeOrKeepsIt() external {
        vm.deal(USER, 10);
        vm.prank(USER);
        composer.deltaCompose{value: 10}(Ops.wrap(address(weth), address(composer), 0));
        compose(Ops.unwrap(address(weth), receiver, Ops.AMOUNT, 3));
        assertEq(receiver.balance, 3);
        compose(Ops.unwrap(address(weth), address(composer), Ops.AMOUNT, 2));
        assertEq(address(composer).balance, 2);
        vm.expectRevert(Slippage.selector);
        compose(Ops.unwrap(address(weth), receiver, Ops.VALIDATE, 6));
        compose(Ops.unwrap(address(weth), receiver, Ops.VALIDATE, 5));
        assertEq(receiver.balance, 8);
        assertEq(weth.balanceOf(address(composer)), 0);
    }

    function test_unwrapOfMoreThanThereIsFails() external {
        vm.expectRevert(NativeTransferFailed.selector);
        compose(Ops.unwrap(address(weth), receiver, Ops.AMOUNT, 1));
    }

    function test_unwrapToAReceiverThatRefusesFails() external {
        vm.deal(USER, 1);
        vm.prank(USER);
        composer.deltaCompose{value: 1}(Ops.wrap(address(weth), address(composer), 0));
        address refuser = address(new Target());
        vm.expectRevert(NativeTransferFailed.selector);
        compose(Ops.unwrap(address(weth), refuser, Ops.VALIDATE, 1));
    }

    function test_unwrapCountsTheLow112BitsOnly() external {
        vm.deal(USER, 5);
        vm.prank(USER);
        composer.deltaCompose{value: 5}(Ops.wrap(address(weth), address(composer), 0));
        compose(Ops.unwrap(address(weth), receiver, Ops.AMOUNT, (1 << 112) | 3));
        assertEq(receiver.balance, 3);
    }

    function test_wrapForwardsToTheReceiver() external {
        vm.deal(USER, 10);
        vm.prank(USER);
        composer.deltaCompose{value: 10}(
            abi.encodePacked(Ops.wrap(address(weth), receiver, 4), Ops.wrap(address(weth), address(composer), 0))
        );
        assertEq(weth.balanceOf(receiver), 4);
        assertEq(weth.balanceOf(address(composer)), 6);
    }

    function test_wrapOfMoreThanThereIsFails() external {
        vm.expectRevert(WrapFailed.selector);
        compose(Ops.wrap(address(weth), receiver, 1));
    }

    function test_nativeSweepToWethWrapsOnEveryGeneration() external {
        vm.deal(address(composer), 3);
        compose(Ops.sweep(address(0), address(weth), Ops.AMOUNT, 2));
        assertEq(weth.balanceOf(address(composer)), 2);
        assertEq(address(composer).balance, 1);
    }

    function test_permit2TransferFromMovesTheCallersTokens() external {
        vm.etch(PERMIT2, hex"00");
        bytes4 selector = bytes4(keccak256("transferFrom(address,address,uint160,address)"));
        vm.expectCall(PERMIT2, abi.encodeWithSelector(selector, USER, receiver, 7, address(usdc)));
        compose(Ops.permit2TransferFrom(address(usdc), receiver, 7));
    }

    function test_refusalOfPermit2BubblesUp() external {
        vm.etch(PERMIT2, address(new RefusingPermit2()).code);
        vm.expectRevert(RefusingPermit2.AllowanceExpired.selector);
        compose(Ops.permit2TransferFrom(address(usdc), receiver, 7));
    }

    function test_permit2TransferFromZeroTakesEverything() external {
        usdc.mint(USER, 12);
        vm.etch(PERMIT2, hex"00");
        bytes4 selector = bytes4(keccak256("transferFrom(address,address,uint160,address)"));
        vm.expectCall(PERMIT2, abi.encodeWithSelector(selector, USER, receiver, 12, address(usdc)));
        compose(Ops.permit2TransferFrom(address(usdc), receiver, 0));
    }

    function test_approveIsForTheMaximumAndOnce() external {
        compose(Ops.approve(address(usdc), MALLORY));
        assertEq(usdc.allowance(address(composer), MALLORY), type(uint256).max);
        vm.prank(address(composer));
        usdc.approve(MALLORY, 0);
        compose(Ops.approve(address(usdc), MALLORY));
        assertEq(usdc.allowance(address(composer), MALLORY), 0);
    }

    function test_approveFlagIsPerTokenAndSpender() external {
        ReplicaToken other = new ReplicaToken("other", "O", 18);
        compose(Ops.approve(address(usdc), MALLORY));
        compose(Ops.approve(address(usdc), receiver));
        compose(Ops.approve(address(other), MALLORY));
        assertEq(usdc.allowance(address(composer), receiver), type(uint256).max);
        assertEq(other.allowance(address(composer), MALLORY), type(uint256).max);
    }

    function test_refusedApprovalFails() external {
        RefusingToken token = new RefusingToken();
        vm.expectRevert(ApproveFailed.selector);
        compose(Ops.approve(address(token), MALLORY));
    }

    function test_sweepNftHandsOverTheToken() external {
        NftDouble nft = new NftDouble();
        nft.mint(address(composer), 42);
        compose(Ops.sweepNft(address(nft), receiver, 42));
        assertEq(nft.ownerOf(42), receiver);
    }

    function test_unknownTransfersAreRefused() external {
        for (uint8 operation = 0; operation < 255; operation++) {
            if (operation < 8 && operation != 2) continue;
            vm.expectRevert(InvalidOperation.selector);
            compose(abi.encodePacked(hex"40", operation, new bytes(80)));
        }
    }

    function test_hostileReceiverCanTakeWhatIsStillInside() external {
        usdc.mint(address(composer), 100);
        vm.deal(address(composer), 1);
        Thief thief = new Thief(address(composer), address(usdc));
        compose(Ops.sweep(address(0), address(thief), Ops.AMOUNT, 1));
        assertEq(usdc.balanceOf(address(thief)), 100);
    }
}

/// @dev Sweeps the composer when it is handed control: there is no guard against it, as on Base.
contract Thief {
    address private composer;
    address private token;

    constructor(address composer_, address token_) {
        composer = composer_;
        token = token_;
    }

    receive() external payable {
        (bool success,) = composer.call(
            abi.encodeWithSignature("deltaCompose(bytes)", Ops.sweep(token, address(this), Ops.VALIDATE, 0))
        );
        require(success);
    }
}

contract RefusingPermit2 {
    error AllowanceExpired();

    function transferFrom(address, address, uint160, address) external pure {
        revert AllowanceExpired();
    }
}
