// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaToken} from "../../replica/ReplicaToken.sol";

interface IUniswapV3Borrower {
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}

/// @title Uniswap v3 pool reduced to its flash loan: the borrower pays back by itself.
contract UniswapV3PoolDouble {
    ReplicaToken public token0;
    ReplicaToken public token1;
    uint256 public fee;

    function set(address token0_, address token1_, uint256 fee_) external {
        token0 = ReplicaToken(token0_);
        token1 = ReplicaToken(token1_);
        fee = fee_;
    }

    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external {
        uint256 fee0 = (amount0 * fee + 999_999) / 1e6;
        uint256 fee1 = (amount1 * fee + 999_999) / 1e6;
        uint256 before0 = token0.balanceOf(address(this));
        uint256 before1 = token1.balanceOf(address(this));
        if (amount0 != 0) token0.transfer(recipient, amount0);
        if (amount1 != 0) token1.transfer(recipient, amount1);
        IUniswapV3Borrower(msg.sender).uniswapV3FlashCallback(fee0, fee1, data);
        require(token0.balanceOf(address(this)) >= before0 + fee0, "F0");
        require(token1.balanceOf(address(this)) >= before1 + fee1, "F1");
    }
}
