// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {SignedOrder} from "../../replica/avantis_v2/VenueTypes.sol";
import {VenueFixture} from "./VenueFixture.sol";

/// @title Every intent that others made and signed is taken by the stand-in once, and as nobody else's.
contract GoldenIntentsTest is VenueFixture {
    address private constant GOLDEN_ROUTER = 0x5FbDB2315678afecb367f032d93F642f64180aa3;
    address private constant ROUTER = 0x44914408af82bC9983bbb330e3578E1105e11d4e;

    /// One intent of a file.
    struct Golden {
        string kind;
        bytes intent;
        bytes signature;
    }

    /// What was signed, whatever the kind.
    struct Signed {
        bytes32 structHash;
        address trader;
        uint256 nonce;
        uint256 deadline;
    }

    function test_intents_of_the_official_client_are_accepted_once() public {
        _place(ROUTER);
        vm.chainId(8453);
        assertEq(_all(vm.readFile("tests/vectors/veranta-golden.json"), ".cases", ROUTER), 20);
    }

    function test_vectors_of_the_venue_are_accepted_once() public {
        _place(GOLDEN_ROUTER);
        string memory file = vm.readFile("tests/vectors/avantis-v2-intent-vectors.json");
        vm.chainId(31337);
        assertEq(_all(file, ".vectors", GOLDEN_ROUTER), 8);
        _place(ROUTER);
        vm.chainId(8453);
        assertEq(_all(file, ".vectors", ROUTER), 5);
    }

    function test_a_signed_delegation_needs_its_signature_and_its_terms() public {
        _place(ROUTER);
        vm.chainId(8453);
        string memory file = vm.readFile("tests/vectors/veranta-golden.json");
        Golden memory golden = _find(file, "DelegateReq");
        (address from, address to, uint256 expiry) = _delegation(golden.intent);
        router.setDelegateWithSig(golden.signature, golden.intent);
        (bool enabled, uint256 until) = router.multipleDelegations(from, to);
        assertTrue(enabled, "a delegate");
        assertEq(until, expiry);
        vm.expectRevert(IV2Router.InvalidNonce.selector);
        router.setDelegateWithSig(golden.signature, golden.intent);
        bytes memory other = bytes.concat(golden.intent);
        // A letter of the text.
        other[32 * 8] = "x";
        vm.expectRevert(IV2StandIn.WrongTerms.selector);
        router.setDelegateWithSig(golden.signature, other);
    }

    /// @dev Accepts every intent of a file that a router of this domain takes; counts them.
    function _all(string memory file, string memory list, address domain) private returns (uint256 count) {
        for (uint256 i = 0;; i++) {
            string memory at = string.concat(list, "[", vm.toString(i), "]");
            if (!vm.keyExistsJson(file, string.concat(at, ".kind"))) return count;
            if (vm.parseJsonAddress(file, string.concat(at, ".domain.verifyingContract")) != domain) continue;
            Golden memory golden = _golden(file, at);
            Signed memory signed;
            bool known;
            (signed, known) = _read(golden);
            if (!known) continue;
            // The files use a nonce in several intents.
            uint256 state = vm.snapshotState();
            _once(signed, golden.signature);
            vm.revertToState(state);
            count++;
        }
    }

    function _once(Signed memory signed, bytes memory signature) private {
        address signer = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;
        if (signed.trader != signer) {
            vm.expectRevert(IV2StandIn.DelegateNotAllowed.selector);
            _accept(signed, signature);
            vm.prank(signed.trader);
            router.setDelegate(signer, block.timestamp + 1);
        }
        _refuseForgeries(signed, signature);
        _accept(signed, signature);
        assertTrue(router.nonceBitmap(signer, signed.nonce >> 8) & (1 << (signed.nonce & 255)) != 0, "nonce used");
        vm.expectRevert(IV2Router.InvalidNonce.selector);
        _accept(signed, signature);
    }

    function _refuseForgeries(Signed memory signed, bytes memory signature) private {
        // The same signature as its mirror image.
        (bytes32 r, bytes32 s, uint8 v) = _split(signature);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        vm.expectRevert(IV2StandIn.InvalidSignature.selector);
        _accept(signed, abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27)));
        vm.expectRevert(IV2StandIn.InvalidSignature.selector);
        _accept(signed, abi.encodePacked(r, s, v - 27));
        vm.expectRevert(IV2StandIn.InvalidSignature.selector);
        _accept(signed, abi.encodePacked(r, s));
        // Another content has another signer.
        Signed memory other = Signed(~signed.structHash, signed.trader, signed.nonce, signed.deadline);
        vm.expectRevert(IV2StandIn.DelegateNotAllowed.selector);
        _accept(other, signature);
        Signed memory late = Signed(signed.structHash, signed.trader, signed.nonce, block.timestamp * 1000 - 1);
        vm.expectRevert(IV2Router.InvalidDeadline.selector);
        _accept(late, signature);
    }

    function _accept(Signed memory signed, bytes memory signature) private {
        router.accept(signed.structHash, signature, signed.trader, signed.nonce, signed.deadline);
    }

    function _read(Golden memory golden) private view returns (Signed memory signed, bool known) {
        bytes32 kind = keccak256(bytes(golden.kind));
        if (kind == keccak256("UpdateTpSlReq")) {
            uint256[7] memory words = abi.decode(golden.intent, (uint256[7]));
            bytes32 hash = router.updateTpSlHash(golden.intent);
            return (Signed(hash, address(uint160(words[0])), words[6], words[5]), true);
        }
        if (kind == keccak256("TpSlReq")) {
            uint256[12] memory words = abi.decode(golden.intent, (uint256[12]));
            bytes32 hash = router.tpSlHash(golden.intent);
            return (Signed(hash, address(uint160(words[0])), words[11], type(uint256).max), true);
        }
        (uint8 orderType, bool isOrder) = _orderType(golden, kind);
        if (!isOrder) return (signed, false);
        SignedOrder memory order = reader.read(orderType, golden.intent);
        return (Signed(order.structHash, order.order.trader, order.nonce, order.deadline), true);
    }

    /// @dev The type that the service gives an order of this kind; opens without fees have their own.
    function _orderType(Golden memory golden, bytes32 kind) private pure returns (uint8, bool) {
        if (kind == keccak256("OpenTradeReq")) return (_word(golden.intent, 11) == 3 ? 6 : 0, true);
        if (kind == keccak256("OpenTradeCoinExposureReq")) return (_word(golden.intent, 11) == 3 ? 13 : 12, true);
        if (kind == keccak256("CloseTradeReq")) return (1, true);
        if (kind == keccak256("CloseTradeCoinExposureReq")) return (15, true);
        if (kind == keccak256("IncreasePositionSizeReq")) return (9, true);
        if (kind == keccak256("IncreasePositionSizeWithCoinExposureReq")) return (14, true);
        return (0, false);
    }

    function _golden(string memory file, string memory at) private pure returns (Golden memory golden) {
        golden.kind = vm.parseJsonString(file, string.concat(at, ".kind"));
        if (keccak256(bytes(golden.kind)) == keccak256("CancelOffchainOrder")) return golden;
        golden.intent = vm.parseJsonBytes(file, string.concat(at, ".encodedIntent"));
        golden.signature = vm.parseJsonBytes(file, string.concat(at, ".signature"));
    }

    function _find(string memory file, string memory kind) private view returns (Golden memory) {
        for (uint256 i = 0;; i++) {
            string memory at = string.concat(".cases[", vm.toString(i), "]");
            assertTrue(vm.keyExistsJson(file, string.concat(at, ".kind")), "the kind is in the file");
            Golden memory golden = _golden(file, at);
            if (keccak256(bytes(golden.kind)) == keccak256(bytes(kind))) return golden;
        }
        revert("unreachable");
    }

    function _delegation(bytes memory intent) private pure returns (address from, address to, uint256 expiry) {
        from = address(uint160(_word(intent, 1)));
        to = address(uint160(_word(intent, 2)));
        expiry = _word(intent, 3);
    }

    function _word(bytes memory data, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), mul(32, index)))
        }
    }

    function _split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
