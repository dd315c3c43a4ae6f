// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaFeed} from "../replica/ReplicaFeed.sol";
import {ReplicaGasPriceOracle} from "../replica/ReplicaGasPriceOracle.sol";
import {ReplicaPermitToken} from "../replica/ReplicaPermitToken.sol";
import {ReplicaRatioFeed} from "../replica/ReplicaRatioFeed.sol";
import {ReplicaToken} from "../replica/ReplicaToken.sol";
import {Test} from "./Test.sol";

contract ReplicaTest is Test {
    uint256 private constant KEY = 0xA11CE;

    function test_feedAnswersAgeUntilTheyAreSetAgain() external {
        vm.warp(1_000);
        ReplicaFeed feed = new ReplicaFeed(3000e8, "ETH / USD");
        vm.warp(2_000);
        (uint80 round, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        assertEq(round, 1);
        assertEq(uint256(answer), 3000e8);
        assertEq(updatedAt, 1_000);
        feed.set(2500e8);
        (round, answer,, updatedAt,) = feed.latestRoundData();
        assertEq(round, 2);
        assertEq(uint256(answer), 2500e8);
        assertEq(updatedAt, 2_000);
        feed.setAt(2600e8, 1_500);
        assertEq(feed.latestTimestamp(), 1_500);
    }

    function test_firstTwoSlotsOfAFeedAreAnswerAndTime() external {
        vm.warp(1_000);
        ReplicaFeed feed = new ReplicaFeed(3000e8, "ETH / USD");
        assertEq(uint256(vm.load(address(feed), bytes32(0))), 3000e8);
        assertEq(uint256(vm.load(address(feed), bytes32(uint256(1)))), 1_000);
    }

    function test_anAnswerGivenInAdvanceIsSaidFromItsMomentOnAsOfWhenItWasGiven() external {
        vm.warp(1_000);
        ReplicaFeed feed = new ReplicaFeed(3000e8, "ETH / USD");
        vm.warp(2_000);
        feed.setLater(2500e8, 10);
        vm.warp(2_005);
        feed.setLater(2400e8, 10);
        vm.warp(2_009);
        _says(feed, 1, 3000e8, 1_000);
        vm.warp(2_010);
        _says(feed, 2, 2500e8, 2_000);
        vm.warp(2_015);
        _says(feed, 3, 2400e8, 2_005);
        // What came is written down by the next one, and what is to come stays in its order.
        feed.setLater(2300e8, 15);
        feed.setLater(2200e8, 5);
        _says(feed, 3, 2400e8, 2_005);
        vm.warp(2_040);
        _says(feed, 4, 2200e8, 2_015);
        assertEq(uint256(vm.load(address(feed), bytes32(uint256(4)))), 1);
    }

    function test_anUpdateBringsForwardWhatWasToCome() external {
        vm.warp(1_000);
        ReplicaFeed feed = new ReplicaFeed(3000e8, "ETH / USD");
        feed.setLater(2500e8, 10);
        vm.warp(1_002);
        feed.set(2500e8);
        _says(feed, 2, 2500e8, 1_002);
        vm.warp(1_020);
        _says(feed, 2, 2500e8, 1_002);
        // No delay is no delay.
        feed.setLater(2600e8, 0);
        _says(feed, 3, 2600e8, 1_020);
    }

    function test_aRefreshedFeedSaysTheSameAsOfNowAndWhatIsToComeStillComes() external {
        vm.warp(1_000);
        ReplicaFeed feed = new ReplicaFeed(3000e8, "ETH / USD");
        feed.setLater(2500e8, 10);
        feed.setLater(2400e8, 20);
        vm.warp(1_015);
        feed.refresh();
        _says(feed, 3, 2500e8, 1_015);
        vm.warp(1_020);
        _says(feed, 4, 2400e8, 1_000);
    }

    function _says(ReplicaFeed feed, uint256 round, uint256 answer, uint256 updatedAt) private view {
        (uint80 id, int256 current,, uint256 at, uint80 answeredIn) = feed.latestRoundData();
        assertEq(uint256(id), round);
        assertEq(uint256(answeredIn), round);
        assertEq(uint256(current), answer);
        assertEq(at, updatedAt);
        assertEq(uint256(feed.latestAnswer()), answer);
        assertEq(feed.latestTimestamp(), updatedAt);
        assertEq(feed.latestRound(), round);
    }

    function test_ratioFeedFollowsItsBaseInPriceAndAge() external {
        vm.warp(1_000);
        ReplicaFeed base = new ReplicaFeed(3000e8, "ETH / USD");
        ReplicaRatioFeed feed = new ReplicaRatioFeed(address(base), 1.1e18, "cbETH / ETH / USD");
        vm.warp(2_000);
        (, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        assertEq(uint256(answer), 3300e8);
        assertEq(updatedAt, 1_000);
        feed.setRatio(1.2e18);
        base.set(2000e8);
        assertEq(uint256(feed.latestAnswer()), 2400e8);
    }

    function test_permitCountsOnceAndOnlyForItsDomain() external {
        ReplicaPermitToken token = new ReplicaPermitToken("USD Coin", "USDC", 6, "2");
        address owner = vm.addr(KEY);
        bytes32 message = keccak256(abi.encode(token.PERMIT_TYPEHASH(), owner, address(this), 5, 0, block.timestamp));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), message));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        token.permit(owner, address(this), 5, block.timestamp, v, r, s);
        assertEq(token.allowance(owner, address(this)), 5);
        vm.expectRevert(bytes("EIP2612: invalid signature"));
        token.permit(owner, address(this), 5, block.timestamp, v, r, s);
        ReplicaPermitToken other = new ReplicaPermitToken("USD Coin", "USDC", 6, "1");
        vm.expectRevert(bytes("EIP2612: invalid signature"));
        other.permit(owner, address(this), 5, block.timestamp, v, r, s);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(bytes("FiatTokenV2: permit is expired"));
        token.permit(owner, address(this), 5, block.timestamp - 1, v, r, s);
    }

    function test_anOwnerWithCodeIsAskedAndItsKeySignsNothing() external {
        ReplicaPermitToken token = new ReplicaPermitToken("USD Coin", "USDC", 6, "2");
        address owner = vm.addr(KEY);
        bytes32 message = keccak256(abi.encode(token.PERMIT_TYPEHASH(), owner, address(this), 5, 0, block.timestamp));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), message));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        // Nothing is answered; it reverts; another word.
        bytes[3] memory refusing = [bytes(hex"00"), hex"5f5ffd", hex"60015f5260205ff3"];
        for (uint256 i = 0; i < refusing.length; i++) {
            vm.etch(owner, refusing[i]);
            vm.expectRevert(bytes("EIP2612: invalid signature"));
            token.permit(owner, address(this), 5, block.timestamp, v, r, s);
        }
        // ERC-1271's word, whatever the signature.
        vm.etch(owner, hex"631626ba7e60e01b5f5260205ff3");
        token.permit(owner, address(this), 5, block.timestamp, v, s, r);
        assertEq(token.allowance(owner, address(this)), 5);
        assertEq(token.nonces(owner), 1);
    }

    function test_permitDomainIsNameVersionChainAndAddress() external {
        ReplicaPermitToken sample = new ReplicaPermitToken("USD Coin", "USDC", 6, "2");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("USD Coin"),
                keccak256("2"),
                block.chainid,
                address(sample)
            )
        );
        assertEq(sample.DOMAIN_SEPARATOR(), domain);
    }

    function test_plainTokenHasNoPermit() external {
        ReplicaToken token = new ReplicaToken("Coinbase Wrapped Staked ETH", "cbETH", 18);
        (bool success,) = address(token).call(abi.encodeWithSignature("DOMAIN_SEPARATOR()"));
        assertTrue(!success, "no EIP-2612");
        (success,) = address(token).call(abi.encodeWithSignature("nonces(address)", address(this)));
        assertTrue(!success, "no nonces");
    }

    function test_mintIsOpenAndCounted() external {
        ReplicaToken token = new ReplicaToken("Coinbase Wrapped Staked ETH", "cbETH", 18);
        token.mint(address(this), 5);
        assertEq(token.totalSupply(), 5);
        token.transfer(address(1), 2);
        assertEq(token.balanceOf(address(this)), 3);
        assertEq(token.balanceOf(address(1)), 2);
    }

    function test_l1FeeGrowsWithSizeAndPricesAndStaysBelowItsBound() external {
        ReplicaGasPriceOracle oracle = new ReplicaGasPriceOracle();
        uint256 small = oracle.getL1Fee(new bytes(500));
        uint256 large = oracle.getL1Fee(new bytes(1_500));
        assertTrue(0 < small && small < large, "more bytes cost more");
        assertTrue(large <= oracle.getL1FeeUpperBound(1_500), "the bound holds");
        assertEq(oracle.getL1Fee(""), oracle.getL1Fee(new bytes(50)));
        oracle.set(2 gwei, 1);
        assertTrue(oracle.getL1Fee(new bytes(500)) > small, "dearer L1 costs more");
    }
}
