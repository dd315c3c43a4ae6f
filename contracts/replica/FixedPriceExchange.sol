// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IERC20} from "abi/token/IERC20.sol";

/// @title An exchange of the tests: one contract, pools without contracts of their own, a fixed price for each pair.
/// @notice It shows that a second exchange fits behind the program's traits (tests/loop_stories/second_exchange.rs). No replica
/// deploys it, and anybody may set its prices.
contract FixedPriceExchange {
    /// @notice Hundredths of a basis point, taken from what goes in.
    uint256 public constant FEE = 200;
    uint256 private constant WHOLE = 1_000_000;

    /// @notice So many of token1 for so many of token0; zero where there is no pool.
    struct Price {
        uint128 of0;
        uint128 of1;
    }

    mapping(address token0 => mapping(address token1 => Price)) public prices;

    error NoPool();
    error BeyondLimit(uint256 amount);

    function setPrice(address token0, address token1, uint128 of0, uint128 of1) external {
        prices[token0][token1] = Price(of0, of1);
    }

    /// @notice Sells exactly `amountIn`, pulled from the caller.
    function sell(address tokenIn, address tokenOut, uint256 amountIn, uint256 minOut, address to) external {
        (uint256 ofIn, uint256 ofOut) = _price(tokenIn, tokenOut);
        uint256 amountOut = (amountIn * (WHOLE - FEE) * ofOut) / (ofIn * WHOLE);
        if (amountOut < minOut) revert BeyondLimit(amountOut);
        _move(tokenIn, amountIn, tokenOut, amountOut, to);
    }

    /// @notice Buys exactly `amountOut`; what it costs is pulled from the caller.
    function buy(address tokenIn, address tokenOut, uint256 amountOut, uint256 maxIn, address to) external {
        (uint256 ofIn, uint256 ofOut) = _price(tokenIn, tokenOut);
        uint256 bottom = ofOut * (WHOLE - FEE);
        uint256 amountIn = (amountOut * ofIn * WHOLE + bottom - 1) / bottom;
        if (amountIn > maxIn) revert BeyondLimit(amountIn);
        _move(tokenIn, amountIn, tokenOut, amountOut, to);
    }

    function _price(address tokenIn, address tokenOut) private view returns (uint256 ofIn, uint256 ofOut) {
        bool ascending = tokenIn < tokenOut;
        Price memory price = ascending ? prices[tokenIn][tokenOut] : prices[tokenOut][tokenIn];
        (ofIn, ofOut) = ascending ? (price.of0, price.of1) : (price.of1, price.of0);
        if (ofIn == 0 || ofOut == 0) revert NoPool();
    }

    function _move(address tokenIn, uint256 amountIn, address tokenOut, uint256 amountOut, address to) private {
        require(IERC20(tokenIn).transferFrom(msg.sender, address(this), amountIn));
        require(IERC20(tokenOut).transfer(to, amountOut));
    }
}
