// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IUniswapV3Pool} from "abi/uniswap/IUniswapV3Pool.sol";
import {UNISWAP_V3_FACTORY, UNISWAP_V3_POOL_INIT_CODE_HASH} from "./Addresses.sol";
import {BadPool} from "./Errors.sol";
import {OpStream} from "./OpStream.sol";
import {Stream} from "./Stream.sol";

/// @title Flash loan from a Uniswap v3 pool.
/// @notice 0x60 0x01 forkId[1] pool[20] tokenA[20] tokenB[20] fee[2] amount0[16] amount1[16] n[2] ops[n]. The ops send
/// principal and fee back to the pool themselves. Fork 0, Uniswap, is the only one known here.
abstract contract UniswapV3Flash is OpStream {
    /// @dev caller[20] forkId[1] tokenA[20] tokenB[20] fee[2]
    uint256 private constant HEADER = 63;

    function _uniswapV3Flash(address caller, uint256 op) internal returns (uint256 size) {
        uint256 length = Stream.uint16At(op, 97);
        bytes memory data = abi.encodePacked(
            caller, Stream.bytesAt(op, 2, 1), Stream.bytesAt(op, 23, 42), Stream.bytesAt(op, 99, length)
        );
        IUniswapV3Pool(Stream.addressAt(op, 3))
            .flash(address(this), Stream.uint128At(op, 65), Stream.uint128At(op, 81), data);
        return 99 + length;
    }

    /// @notice The pool's callback. `data` is caller[20] forkId[1] tokenA[20] tokenB[20] fee[2] ops; the sender must be
    /// the pool that the factory would create for these tokens and this fee.
    function uniswapV3FlashCallback(uint256, uint256, bytes calldata data) external {
        uint256 start = Stream.start(data);
        if (Stream.byteAt(start, 20) != 0) revert BadPool();
        address pool = _poolOf(Stream.addressAt(start, 21), Stream.addressAt(start, 41), Stream.uint16At(start, 61));
        if (msg.sender != pool) revert BadPool();
        _compose(Stream.addressAt(start, 0), start + HEADER, start + data.length);
    }

    function _poolOf(address tokenA, address tokenB, uint256 fee) private pure returns (address) {
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        return address(
            uint160(
                uint256(keccak256(abi.encodePacked(hex"ff", UNISWAP_V3_FACTORY, salt, UNISWAP_V3_POOL_INIT_CODE_HASH)))
            )
        );
    }
}
