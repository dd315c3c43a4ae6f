// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {ReplicaToken} from "../../replica/ReplicaToken.sol";
import {IntentHash} from "../../replica/avantis_v2/IntentHash.sol";
import {IntentReader} from "../../replica/avantis_v2/IntentReader.sol";
import {VenueFills} from "../../replica/avantis_v2/VenueFills.sol";
import {VenuePairs} from "../../replica/avantis_v2/VenuePairs.sol";
import {VenueRouter} from "../../replica/avantis_v2/VenueRouter.sol";
import {VenueStorage} from "../../replica/avantis_v2/VenueStorage.sol";
import {VenueViews} from "../../replica/avantis_v2/VenueViews.sol";
import {Test} from "../Test.sol";

/// @title The router with its signature check open to tests.
contract OpenRouter is VenueRouter {
    constructor(address governor, address pairs, address books, address fills, address reader)
        VenueRouter(governor, pairs, books, fills, reader)
    {}

    function accept(bytes32 structHash, bytes calldata signature, address trader, uint256 nonce, uint256 deadline)
        external
    {
        _accept(structHash, signature, trader, nonce, deadline);
    }

    function updateTpSlHash(bytes calldata intent) external pure returns (bytes32) {
        return IntentHash.flat(IntentHash.UPDATE_TP_SL, intent, 7);
    }

    function tpSlHash(bytes calldata intent) external pure returns (bytes32) {
        return IntentHash.flat(IntentHash.TP_SL, intent, 12);
    }
}

/// @title The stand-in with one pair, a trader with USDC, and an operator.
abstract contract VenueFixture is Test {
    uint256 internal constant NOW = 1_790_000_000;
    uint256 internal constant ETHER = 2500e10;
    uint256 internal constant FEED = 2;
    uint256 internal constant TRADER_KEY = 0xA11CE;
    uint256 internal constant DELEGATE_KEY = 0xB0B;
    address internal constant GOVERNOR = address(0x60);
    address internal constant OPERATOR = address(0x0e);
    VenuePairs internal constant PAIRS = VenuePairs(0x5db3772136e5557EFE028Db05EE95C84D76faEC4);
    VenueStorage internal constant BOOKS = VenueStorage(0x8a311D7048c35985aa31C131B9A13e03a5f7422d);
    VenueFills internal constant FILLS = VenueFills(0x0C16ff40065Cc3Ab4bc55B60E447504AFB9C7970);

    OpenRouter internal router;
    VenueViews internal views;
    IntentReader internal reader;
    ReplicaToken internal usdc;
    address internal trader;
    address internal delegate;

    /// @dev Puts the venue in place with its router at an address.
    function _place(address routerAddress) internal {
        vm.warp(NOW);
        usdc = new ReplicaToken("USD Coin", "USDC", 6);
        reader = new IntentReader();
        router = OpenRouter(routerAddress);
        vm.etch(address(PAIRS), address(new VenuePairs(GOVERNOR, address(FILLS))).code);
        vm.etch(address(BOOKS), address(new VenueStorage(address(usdc), routerAddress, address(FILLS))).code);
        vm.etch(address(FILLS), address(new VenueFills(address(PAIRS), address(BOOKS), routerAddress)).code);
        vm.etch(
            routerAddress,
            address(new OpenRouter(GOVERNOR, address(PAIRS), address(BOOKS), address(FILLS), address(reader))).code
        );
        views = new VenueViews(address(BOOKS), address(FILLS));
        vm.prank(GOVERNOR);
        router.setOperator(OPERATOR, true);
        // Storage that a constructor would have written.
        vm.prank(GOVERNOR);
        PAIRS.setCloseTolerance(1e10);
        vm.prank(GOVERNOR);
        PAIRS.setPair(0, _pair());
        trader = vm.addr(TRADER_KEY);
        delegate = vm.addr(DELEGATE_KEY);
        usdc.mint(address(BOOKS), 1_000_000e6);
        usdc.mint(trader, 10_000e6);
        vm.prank(trader);
        usdc.approve(address(BOOKS), type(uint256).max);
    }

    /// @dev Ether as on Base: fees of 0.01 and 0.045 percent, and nothing that accrues.
    function _pair() internal pure returns (IV2StandIn.Pair memory pair) {
        (pair.from, pair.feedId, pair.listed, pair.isOpen) = ("ETH", FEED, true, true);
        (pair.minLeverage, pair.maxLeverage, pair.minPosition) = (1e10, 50e10, 100e6);
        (pair.fees.openMakerP, pair.fees.openTakerP) = (1e8, 4.5e8);
        (pair.fees.closeMakerP, pair.fees.closeTakerP) = (1e8, 4.5e8);
        (pair.maxGainP, pair.maxSlP, pair.maxLongP, pair.maxShortP) = (2500, 80, 50, 50);
        (pair.maxOpenInterest, pair.maxWalletOpenInterest) = (10_000_000e6, 5_000_000e6);
    }

    function _update(uint256 price) internal view returns (bytes[] memory updates) {
        updates = new bytes[](1);
        updates[0] = abi.encode(IV2StandIn.PriceUpdate(FEED, price, block.timestamp));
    }

    function _flat() internal pure returns (IV2Router.SpreadParams memory spread) {
        spread.byPass = true;
    }

    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("AvantisTrading"),
                keccak256("1"),
                block.chainid,
                address(router)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    /// @dev Brings a signed order as the operator does.
    function _bring(uint8 orderType, uint256 key, bytes memory intent, uint256 price) internal {
        bytes memory signature = _sign(key, reader.read(orderType, intent).structHash);
        bytes[] memory updates = _update(price);
        vm.prank(OPERATOR);
        router.executeMarketOrderBatched(orderType, signature, intent, updates, 1, _flat());
    }

    function _openIntent(bool buy, uint256 collateral, uint256 leverage, uint256 nonce)
        internal
        view
        returns (bytes memory)
    {
        return _openIntent(buy, collateral, leverage, nonce, (block.timestamp + 120) * 1000);
    }

    function _openIntent(bool buy, uint256 collateral, uint256 leverage, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        IV2Router.Trade memory t;
        (t.trader, t.positionSizeUSDC, t.openPrice, t.buy, t.leverage) = (trader, collateral, ETHER, buy, leverage);
        return abi.encode(t, uint8(0), uint256(1e10), deadline, nonce);
    }

    function _closeIntent(uint256 openTimestamp, uint256 amount, uint256 wanted, uint256 nonce)
        internal
        view
        returns (bytes memory)
    {
        uint256 deadline = (block.timestamp + 120) * 1000;
        return abi.encode(trader, uint256(0), uint256(0), openTimestamp, amount, wanted, deadline, nonce);
    }

    function _position() internal view returns (IV2StandIn.Position memory) {
        return router.getPosition(trader, 0, 0);
    }
}
