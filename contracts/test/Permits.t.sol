// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {PERMIT2} from "../onedelta/Addresses.sol";
import {InvalidOperation, SafePermitBadLength} from "../onedelta/Errors.sol";
import {ReplicaPermitToken} from "../replica/ReplicaPermitToken.sol";
import {ComposerFixture} from "./ComposerFixture.sol";
import {PermitRecorder} from "./doubles/PermitRecorder.sol";
import {Ops} from "./Ops.sol";

contract PermitsTest is ComposerFixture {
    uint256 private constant KEY = 0xA11CE;
    bytes32 private constant R = bytes32(uint256(0x1234));
    bytes32 private constant S = bytes32(uint256(0x5678));
    uint8 private constant TOKEN = 0;
    uint8 private constant CREDIT = 1;

    ReplicaPermitToken private token;
    PermitRecorder private recorder;

    function setUp() public override {
        super.setUp();
        token = new ReplicaPermitToken("USD Coin", "USDC", 6, "2");
        recorder = new PermitRecorder();
    }

    function test_tokenPermitLetsTheSameStreamPull() external {
        address owner = vm.addr(KEY);
        token.mint(owner, 10);
        bytes memory op = Ops.permit(TOKEN, address(token), _signed(owner, 10, block.timestamp + 60));
        vm.prank(owner);
        composer.deltaCompose(abi.encodePacked(op, Ops.transferFrom(address(token), MALLORY, 10)));
        assertEq(token.balanceOf(MALLORY), 10);
        assertEq(token.nonces(owner), 1);
    }

    function test_zeroPermitAtTheEndTakesTheRestBack() external {
        address owner = vm.addr(KEY);
        token.mint(owner, 10);
        bytes memory grant = Ops.permit(TOKEN, address(token), _signed(owner, 10, block.timestamp + 60));
        bytes memory pull = Ops.transferFrom(address(token), owner, 3);
        bytes memory revoke = Ops.permit(TOKEN, address(token), _sign(owner, 0, 1, block.timestamp + 60));
        vm.prank(owner);
        composer.deltaCompose(abi.encodePacked(grant, pull, revoke));
        assertEq(token.allowance(owner, address(composer)), 0);
        assertEq(token.nonces(owner), 2);
    }

    function test_copiedTokenPermitDoesNotStopTheStream() external {
        address owner = vm.addr(KEY);
        token.mint(owner, 10);
        uint256 deadline = block.timestamp + 60;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(owner, 10, 0, deadline));
        bytes memory op = Ops.permit(TOKEN, address(token), _signed(owner, 10, deadline));
        token.permit(owner, address(composer), 10, deadline, v, r, s);
        vm.prank(owner);
        composer.deltaCompose(abi.encodePacked(op, Ops.transferFrom(address(token), MALLORY, 10)));
        assertEq(token.balanceOf(MALLORY), 10);
    }

    function test_expiredTokenPermitFailsWhereTheAllowanceIsNeeded() external {
        address owner = vm.addr(KEY);
        token.mint(owner, 10);
        uint256 deadline = block.timestamp;
        bytes memory op = Ops.permit(TOKEN, address(token), _signed(owner, 10, deadline));
        vm.warp(deadline + 1);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(owner);
        composer.deltaCompose(abi.encodePacked(op, Ops.transferFrom(address(token), MALLORY, 10)));
    }

    function test_deadlineZeroMeansForEver() external {
        bytes memory data = abi.encodePacked(uint256(10), uint32(0), R, S);
        _expect("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", type(uint256).max, 27);
        compose(Ops.permit(TOKEN, address(recorder), data));
    }

    function test_topBitOfTheSignatureIsItsParity() external {
        bytes memory data = abi.encodePacked(uint256(10), uint32(100), R, bytes32(uint256(S) | (1 << 255)));
        _expect("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", 99, 28);
        compose(Ops.permit(TOKEN, address(recorder), data));
    }

    function test_daiPermitAllows() external {
        bytes4 selector = bytes4(keccak256("permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)"));
        vm.expectCall(
            address(recorder), abi.encodeWithSelector(selector, USER, address(composer), 3, 99, true, 27, R, S)
        );
        compose(Ops.permit(TOKEN, address(recorder), abi.encodePacked(uint32(3), uint32(100), R, S)));
    }

    function test_permit2PermitGoesToPermit2() external {
        vm.etch(PERMIT2, address(recorder).code);
        bytes4 selector = bytes4(keccak256("permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)"));
        vm.expectCall(
            PERMIT2,
            abi.encodeWithSelector(selector, USER, address(token), 10, 99, 3, address(composer), 199, 0x100, 64, R, S)
        );
        bytes memory data = abi.encodePacked(uint160(10), uint32(100), uint32(3), uint32(200), R, S);
        compose(Ops.permit(TOKEN, address(token), data));
    }

    function test_refusalOfATokenPermitIsIgnored() external {
        recorder.refuse();
        compose(Ops.permit(TOKEN, address(recorder), new bytes(100)));
        compose(Ops.permit(TOKEN, address(recorder), new bytes(72)));
    }

    function test_creditPermitDelegatesToTheComposer() external {
        bytes memory data = abi.encodePacked(uint256(10), uint32(100), R, S);
        _expect("delegationWithSig(address,address,uint256,uint256,uint8,bytes32,bytes32)", 99, 27);
        compose(Ops.permit(CREDIT, address(recorder), data));
    }

    function test_refusalOfACreditPermitBubblesUp() external {
        recorder.refuse();
        vm.expectRevert(abi.encodeWithSelector(PermitRecorder.SignatureUsed.selector, 7));
        compose(Ops.permit(CREDIT, address(recorder), new bytes(100)));
    }

    function test_permitDataOfAnyOtherLengthIsRefused() external {
        for (uint256 length = 0; length < 130; length++) {
            if (length == 72 || length == 96 || length == 100) continue;
            vm.expectRevert(SafePermitBadLength.selector);
            compose(Ops.permit(TOKEN, address(recorder), new bytes(length)));
        }
        vm.expectRevert(SafePermitBadLength.selector);
        compose(Ops.permit(CREDIT, address(recorder), new bytes(72)));
    }

    function test_unknownKindsAreRefused() external {
        for (uint8 kind = 2; kind < 255; kind++) {
            vm.expectRevert(InvalidOperation.selector);
            compose(Ops.permit(kind, address(recorder), new bytes(100)));
        }
    }

    function _expect(string memory signature, uint256 deadline, uint8 v) private {
        bytes4 selector = bytes4(keccak256(bytes(signature)));
        vm.expectCall(
            address(recorder), abi.encodeWithSelector(selector, USER, address(composer), uint256(10), deadline, v, R, S)
        );
    }

    function _signed(address owner, uint256 value, uint256 deadline) private view returns (bytes memory) {
        return _sign(owner, value, 0, deadline);
    }

    function _sign(address owner, uint256 value, uint256 nonce, uint256 deadline) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(owner, value, nonce, deadline));
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        return abi.encodePacked(value, uint32(deadline + 1), r, vs);
    }

    function _digest(address owner, uint256 value, uint256 nonce, uint256 deadline) private view returns (bytes32) {
        bytes32 message =
            keccak256(abi.encode(token.PERMIT_TYPEHASH(), owner, address(composer), value, nonce, deadline));
        return keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), message));
    }
}
