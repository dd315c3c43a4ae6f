// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Writes ops as a client would, independently of the code that reads them.
library Ops {
    uint8 internal constant VALIDATE = 0;
    uint8 internal constant AMOUNT = 1;
    uint16 internal constant AAVE_V3 = 999;
    uint128 internal constant MAX112 = type(uint112).max;

    function transferFrom(address asset, address receiver, uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4000", asset, receiver, amount);
    }

    function sweep(address asset, address receiver, uint8 mode, uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4001", asset, receiver, mode, amount);
    }

    function unwrap(address weth, address receiver, uint8 mode, uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4003", weth, receiver, mode, amount);
    }

    function permit2TransferFrom(address token, address receiver, uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4004", token, receiver, amount);
    }

    function approve(address token, address spender) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4005", token, spender);
    }

    function wrap(address weth, address receiver, uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4006", weth, receiver, amount);
    }

    function sweepNft(address collection, address receiver, uint256 id) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"4007", collection, receiver, id);
    }

    function deposit(address asset, uint128 amount, address onBehalfOf, address pool)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"3000", AAVE_V3, asset, amount, onBehalfOf, pool);
    }

    function borrow(address asset, uint128 amount, address receiver, address pool)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"3001", AAVE_V3, asset, amount, receiver, hex"02", pool);
    }

    function repay(address asset, uint128 amount, address onBehalfOf, address debtToken, address pool)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"3002", AAVE_V3, asset, amount, onBehalfOf, hex"02", debtToken, pool);
    }

    function withdraw(address asset, uint128 amount, address receiver, address aToken, address pool)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"3003", AAVE_V3, asset, amount, receiver, aToken, pool);
    }

    function permit(uint8 kind, address target, bytes memory data) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"50", kind, target, uint16(data.length), data);
    }

    function aaveFlash(address asset, address pool, uint128 amount, uint8 poolId, bytes memory inner)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"6002", asset, pool, amount, uint16(1 + inner.length), poolId, inner);
    }

    function morphoFlash(address asset, address pool, uint128 amount, uint8 poolId, bytes memory inner)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"6000", asset, pool, amount, uint16(1 + inner.length), poolId, inner);
    }

    struct V3Flash {
        uint8 forkId;
        address pool;
        address tokenA;
        address tokenB;
        uint16 fee;
        uint128 amount0;
        uint128 amount1;
    }

    function v3Flash(V3Flash memory f, bytes memory inner) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(hex"6001", f.forkId, f.pool, f.tokenA, f.tokenB, f.fee);
        return abi.encodePacked(head, f.amount0, f.amount1, uint16(inner.length), inner);
    }

    /// @dev The same bytes for composer and forwarder.
    function call(address target, uint128 value, bytes memory data) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"20", target, value, uint16(data.length), data);
    }

    function tryCall(address target, bytes memory data, uint8 handling, bytes memory inner)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            hex"21", target, uint128(0), uint16(data.length), data, handling, uint16(inner.length), inner
        );
    }

    function callWithReplace(address target, address token, uint16 offset, bytes memory data)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(hex"22", target, uint128(0), token, offset, uint16(data.length), data);
    }

    function tryCallWithReplace(
        address target,
        address token,
        uint16 offset,
        bytes memory data,
        uint8 handling,
        bytes memory inner
    ) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(hex"23", target, uint128(0), token, offset, uint16(data.length));
        return abi.encodePacked(head, handling, uint16(inner.length), data, inner);
    }
}
